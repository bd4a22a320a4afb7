"""What a response must be: the settings under ``expect``."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from probes.expect.content_settings import FhirSettings, SoapSettings, XPathExpectation, ZipSettings
from probes.expect.jsonpath_text import JsonPathText
from probes.expect.patterns import PatternText
from probes.observation import Reason
from probes.settings import PositiveDuration, Strict

STATUS_PATTERN = r"^[1-5](?:xx|[0-9][0-9])$"

REFUSALS: dict[str, frozenset[Reason]] = {
    "dns": frozenset({Reason.DNS}),
    "connect": frozenset({Reason.CONNECT_REFUSED, Reason.CONNECT_TIMEOUT, Reason.CONNECT_ERROR}),
    "tls": frozenset(reason for reason in Reason if reason.startswith("tls_"))
    - {Reason.TLS_CLIENT_EXPIRED},
    "timeout": frozenset({Reason.TIMEOUT, Reason.CONNECT_TIMEOUT}),
    "reset": frozenset({Reason.RESET}),
    "status": frozenset({Reason.STATUS}),
}
"""Words of ``expect.failure`` and the reasons that each accepts. Any reason's own name works too."""

_REFUSAL_WORDS = sorted(
    {*REFUSALS, *(r.value for r in Reason if r not in (Reason.INTERNAL, Reason.UNEXPECTED_SUCCESS))}
)


def _status(value: object) -> str:
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        text = str(value).lower()
        if re.fullmatch(STATUS_PATTERN[1:-1], text):
            return text
    raise PydanticCustomError(
        "status",
        "{shown} is not an HTTP status: write a number such as 301 or a class such as 2xx",
        {"shown": repr(value)},
    )


_STATUS_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": "^[1-5]([xX][xX]|[0-9][0-9])$"},
    ]
}
StatusPattern = Annotated[str, BeforeValidator(_status), WithJsonSchema(_STATUS_SCHEMA)]


def _refusal(value: object) -> str:
    if isinstance(value, str) and value in _REFUSAL_WORDS:
        return value
    raise PydanticCustomError(
        "refusal",
        "{shown} is not a way to fail: write one of {words}, or a reason's name",
        {"shown": repr(value), "words": ", ".join(REFUSALS)},
    )


Refusal = Annotated[
    str,
    BeforeValidator(_refusal),
    WithJsonSchema({"type": "string", "enum": _REFUSAL_WORDS}),
]


def refusal_reasons(word: str) -> frozenset[Reason]:
    """The reasons that satisfy ``expect.failure: word``."""
    return REFUSALS.get(word) or frozenset({Reason(word)})


class JsonPathExpectation(
    Strict,
    json_schema_extra={
        "anyOf": [
            {"required": [key]} for key in ("equals", "matches", "exists", "at_least", "at_most")
        ]
    },
):
    """One RFC 9535 query and what its result must be."""

    path: JsonPathText
    equals: JsonValue = None
    matches: PatternText | None = None
    exists: bool | None = None
    at_least: float | None = Field(default=None, strict=False)
    at_most: float | None = Field(default=None, strict=False)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        asked = self.model_fields_set - {"path"}
        if not asked:
            raise PydanticCustomError(
                "jsonpath", "needs one of equals, matches, exists, at_least, at_most"
            )
        if self.exists is False and asked != {"exists"}:
            raise PydanticCustomError("jsonpath", "exists: false cannot be joined with another")
        return self


class Range(
    Strict,
    json_schema_extra={"anyOf": [{"required": ["at_least"]}, {"required": ["at_most"]}]},
):
    """Bounds of a number of bytes, both included."""

    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise PydanticCustomError("range", "needs at_least or at_most")
        if None not in (self.at_least, self.at_most) and self.at_least > self.at_most:  # type: ignore[operator]
            raise PydanticCustomError("range", "at_least is more than at_most")
        return self


def _one_or_many(value: object) -> Any:
    return [value] if isinstance(value, (int, str)) and not isinstance(value, bool) else value


class ExpectSettings(Strict):
    """Every expectation that is written must hold; the first that does not is the reason."""

    status: Annotated[
        list[StatusPattern],
        BeforeValidator(_one_or_many),
        Field(min_length=1),
        WithJsonSchema(
            {
                "anyOf": [
                    *_STATUS_SCHEMA["anyOf"],
                    {"type": "array", "items": _STATUS_SCHEMA, "minItems": 1},
                ]
            }
        ),
    ] = Field(default=["2xx"])
    headers: dict[str, PatternText] = Field(default_factory=dict)
    body_matches: list[PatternText] = Field(default_factory=list)
    body_not_matches: list[PatternText] = Field(default_factory=list)
    jsonpath: list[JsonPathExpectation] = Field(default_factory=list)
    last_modified_within: PositiveDuration | None = None
    body_bytes: Range | None = None
    failure: Refusal | None = None
    xpath: list[XPathExpectation] = Field(default_factory=list)
    fhir: FhirSettings | None = None
    soap: SoapSettings | None = None
    zip: ZipSettings | None = None
