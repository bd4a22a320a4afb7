"""Small types of the configuration: names, texts in two languages, dates and times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from monitor.model.text import Text
from probes.settings import Strict

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
SERVICE_PATTERN = r"^[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*$"
CHECK_PATTERN = r"^[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*){2}$"


def _matching(pattern: str, what: str) -> Callable[[str], str]:
    compiled = re.compile(pattern[1:-1])

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError("name", f"{{shown}} is not {what}", {"shown": repr(value)})
        return value

    return check


Name = Annotated[
    str,
    AfterValidator(
        _matching(NAME_PATTERN, "a name: use a-z, 0-9, - and _, beginning with a letter or a digit")
    ),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN}),
]
ServiceRef = Annotated[
    str,
    AfterValidator(_matching(SERVICE_PATTERN, "a service: write ENV/SERVICE, such as ext5/expo")),
    WithJsonSchema({"type": "string", "pattern": SERVICE_PATTERN}),
]
CheckRef = Annotated[
    str,
    AfterValidator(_matching(CHECK_PATTERN, "a check: write ENV/SERVICE/CHECK")),
    WithJsonSchema({"type": "string", "pattern": CHECK_PATTERN}),
]

NonEmpty = Annotated[str, Field(min_length=1, max_length=10_000)]


class TextSettings(Strict):
    """A text: plain, then it is the same in both languages; or ``sv`` and ``en``.

    With one language left out, the other stands for it.
    """

    sv: NonEmpty | None = None
    en: NonEmpty | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"sv": value, "en": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.sv is None and self.en is None:
            raise PydanticCustomError("text", "needs a text in sv or en")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        language = {"type": "string", "minLength": 1, "maxLength": 10_000}
        return {
            "anyOf": [
                language,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "minProperties": 1,
                    "properties": {"sv": language, "en": language},
                },
            ]
        }

    def text(self) -> Text:
        """Both languages filled in."""
        return Text(sv=self.sv or self.en or "", en=self.en or self.sv or "")


DATE_PATTERN = r"^[12][0-9]{3}-[01][0-9]-[0-3][0-9]$"
TIME_PATTERN = (
    r"^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?"
    r"(?:Z|[+-][0-2][0-9]:[0-5][0-9])?$"
)


def _date(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(DATE_PATTERN[1:-1], value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError(
        "date", "{shown} is not a date: write year-month-day, such as 2026-11-24",
        {"shown": repr(value)},
    )  # fmt: skip


def _time(value: object) -> datetime:
    if isinstance(value, str) and re.fullmatch(TIME_PATTERN[1:-1], value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError(
        "time",
        "{shown} is not a date and time: write it as 2026-11-24T20:00,"
        " local to `timezone`, or with an offset such as +01:00 or Z",
        {"shown": repr(value)},
    )


Date = Annotated[
    date, BeforeValidator(_date), WithJsonSchema({"type": "string", "pattern": DATE_PATTERN})
]
Time = Annotated[
    datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "pattern": TIME_PATTERN})
]
"""Aware when it was written with an offset, otherwise local to the configured ``timezone``."""
