"""Settings of the rules under ``expect`` that know a kind of content: XML, SOAP, FHIR, zip."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.expect.patterns import PatternText
from probes.expect.xpath import XPathQuery, XPathText
from probes.settings import PositiveDuration, Strict

_NAMESPACE = r"^[!-~]+$"
_RESOURCE_TYPE = r"^[A-Za-z]{1,80}$"
_DEMANDS = ("equals", "matches", "exists", "at_least", "at_most", "within")


def _simple(value: object) -> Any:
    if isinstance(value, (str, int, float)):
        return value
    raise PydanticCustomError("xpath", "must be a text, a number or a boolean")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError(
            "timezone",
            "{shown} is not a time zone: write a name such as Europe/Stockholm",
            {"shown": repr(value)},
        ) from None
    return value


def _namespace(value: str) -> str:
    if not re.fullmatch(_NAMESPACE, value):
        raise PydanticCustomError(
            "namespace",
            "{shown} is not the name of a namespace: write a URI",
            {"shown": repr(value)},
        )
    return value


def _resource_type(value: str) -> str:
    if not re.fullmatch(_RESOURCE_TYPE, value):
        raise PydanticCustomError(
            "fhir",
            "{shown} is not the name of a FHIR resource, such as MedicationRequest",
            {"shown": repr(value)},
        )
    return value


def _version(value: object) -> Any:
    # YAML reads 1.1 without quotes as a number
    return str(value) if isinstance(value, float) else value


Prefix = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]
NamespaceName = Annotated[
    str,
    AfterValidator(_namespace),
    WithJsonSchema({"type": "string", "pattern": _NAMESPACE}),
]
ResourceType = Annotated[
    str,
    AfterValidator(_resource_type),
    WithJsonSchema({"type": "string", "pattern": _RESOURCE_TYPE}),
]
TimeZone = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string", "minLength": 1})]


class XPathExpectation(
    Strict, json_schema_extra={"anyOf": [{"required": [key]} for key in _DEMANDS]}
):
    """One XPath 1.0 query and what its result must be."""

    path: XPathText
    namespaces: dict[Prefix, NamespaceName] = Field(default_factory=dict)
    """What the prefixes of ``path`` stand for."""
    equals: Annotated[
        str | bool | int | float | None,
        BeforeValidator(_simple),
        WithJsonSchema({"type": ["string", "boolean", "number"]}),
    ] = None
    matches: PatternText | None = None
    exists: bool | None = None
    at_least: float | None = Field(default=None, strict=False)
    at_most: float | None = Field(default=None, strict=False)
    within: PositiveDuration | None = None
    """How far from now a time may be, either way."""
    timezone: TimeZone | None = None
    """Of times that name none; when left out, of UTC and Swedish time the one that is nearer."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        asked = self.model_fields_set & set(_DEMANDS)
        if not asked:
            raise PydanticCustomError("xpath", f"needs one of {', '.join(_DEMANDS)}")
        if self.exists is False and asked != {"exists"}:
            raise PydanticCustomError("xpath", "exists: false cannot be joined with another")
        if self.timezone is not None and self.within is None:
            raise PydanticCustomError("xpath", "timezone is for within, which is not set")
        missing = sorted(XPathQuery(self.path).prefixes - self.namespaces.keys())
        if missing:
            raise PydanticCustomError(
                "xpath",
                "the prefix {prefix} of the path has no namespace: name it under namespaces",
                {"prefix": missing[0]},
            )
        return self


class SoapSettings(Strict, json_schema_extra={"required": ["fault"]}):
    """What a SOAP answer must be, and how it is asked for."""

    fault: Literal["none", "expected"]
    """``expected``: the answer must be a fault, as to a request that is empty on purpose."""
    version: Annotated[
        Literal["1.1", "1.2"],
        BeforeValidator(_version),
        WithJsonSchema({"enum": ["1.1", "1.2", 1.1, 1.2]}),
    ] = "1.1"
    """Of the request; answers of both are read."""
    action: Annotated[str, Field(pattern=r'^[^"\\\x00-\x1f\x7f]*$')] | None = None
    """The SOAPAction header (1.1) or the action parameter of the content type (1.2)."""


class FhirSettings(Strict):
    """What a FHIR CapabilityStatement must say."""

    fhir_version: str | None = None
    software_version: str | None = None
    resources: list[ResourceType] = Field(default_factory=list)


MEMBER_PATTERN_LIMIT = 200
MAX_ZIP_BYTES = 1_073_741_824


class ZipSettings(Strict):
    """What a zip file must be: intact, and these in it."""

    contains: list[Annotated[str, Field(min_length=1, max_length=MEMBER_PATTERN_LIMIT)]] = Field(
        default_factory=list, max_length=50
    )
    """Patterns (``*.xml``) of members' paths; each must be met. XML must be well-formed."""
    max_bytes: Annotated[int, Field(ge=1)] = MAX_ZIP_BYTES
    """Of all members together, decompressed."""
