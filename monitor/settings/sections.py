"""Sections beside the environments.

Service windows, calendars, upgrades, notices, the store and what it retains.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from monitor.settings.text import CheckRef, Date, Name, ServiceRef, TextSettings, Time
from probes.net.urls import Url
from probes.settings import FilePath, PositiveDuration, Strict

_DAY = 86_400.0

_NUMBERS = r"[+-]?[0-9]{1,3}(?:,[+-]?[0-9]{1,3})*"
_DAYS = r"(?:[+-]?[0-9]{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)"
_RRULE = {
    "FREQ": r"YEARLY|MONTHLY|WEEKLY|DAILY",
    "INTERVAL": r"[1-9][0-9]{0,5}",
    "COUNT": r"[1-9][0-9]{0,5}",
    "UNTIL": r"[12][0-9]{7}(?:T[0-9]{6}Z?)?",
    "WKST": r"MO|TU|WE|TH|FR|SA|SU",
    "BYDAY": rf"{_DAYS}(?:,{_DAYS})*",
    **{
        f"BY{part}": _NUMBERS
        for part in (
            "SECOND", "MINUTE", "HOUR", "MONTHDAY", "YEARDAY", "WEEKNO", "MONTH", "SETPOS",
        )
    },
}  # fmt: skip
RRULE_PATTERN = r"^(?=(?:.*;)?FREQ=)[A-Z]+=[^;=]+(?:;[A-Z]+=[^;=]+)*$"


def _rrule(value: str) -> str:
    """A recurrence of RFC 5545, section 3.3.10, checked for its syntax only."""

    def refuse(why: str) -> PydanticCustomError:
        return PydanticCustomError(
            "rrule",
            "{shown} is not a recurrence rule (RFC 5545): {why}",
            {"shown": repr(value), "why": why},
        )

    seen: set[str] = set()
    for part in value.split(";"):
        name, equals, given = part.partition("=")
        if not equals or name not in _RRULE:
            raise refuse("it is parts such as FREQ=MONTHLY, joined by ;")
        if name in seen:
            raise refuse(f"{name} is there twice")
        if not re.fullmatch(_RRULE[name], given):
            raise refuse(f"{name} is wrong")
        seen.add(name)
    if "FREQ" not in seen:
        raise refuse("FREQ is missing")
    if {"COUNT", "UNTIL"} <= seen:
        raise refuse("COUNT and UNTIL cannot be joined")
    return value


RRule = Annotated[
    str,
    AfterValidator(_rrule),
    WithJsonSchema({"type": "string", "pattern": RRULE_PATTERN}),
]


class ServiceWindow(Strict):
    """Planned work (servicefönster). Concerns all environments when none and no service is named."""

    id: Name
    title: TextSettings
    message: TextSettings | None = None
    impact: Literal["none", "disturbance", "outage"]
    start: Time
    end: Time
    rrule: RRule | None = None
    exdates: list[Date] = Field(default_factory=list)
    """Local dates on which a recurring window does not begin."""
    environments: Annotated[list[Name], Field(min_length=1)] | None = None
    services: Annotated[list[ServiceRef], Field(min_length=1)] | None = None
    changes_certificates: bool = False
    cancelled: bool = False
    delays_files: PositiveDuration | None = None
    """How much older an export file may be, from the start until so long after the end."""


class Calendar(
    Strict, json_schema_extra={"oneOf": [{"required": ["url"]}, {"required": ["file"]}]}
):
    """An iCalendar file with service windows."""

    name: Name | None = None
    """What it is called in metrics and the log; left out, by its host or its file's name."""
    url: Url | None = None
    file: FilePath | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise PydanticCustomError("calendar", "needs url or file, one of them")
        return self


class UpgradeSettings(Strict):
    """A version package with its dates (uppgradering)."""

    package: Annotated[str, Field(min_length=1, max_length=100)]
    title: TextSettings | None = None
    message: TextSettings | None = None
    replaced_by: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    retires: Date | None = None
    was: list[Date] = Field(default_factory=list)
    """Earlier dates of its retirement."""
    absent_after_retirement: list[CheckRef] = Field(default_factory=list)
    """Checks that must start to fail then."""


class NoticeSettings(Strict):
    """A message written by a person (driftmeddelande)."""

    id: Name
    title: TextSettings | None = None
    message: TextSettings
    status: Literal["green", "yellow", "red"] | None = None
    from_: Time | None = Field(default=None, alias="from")
    until: Time | None = None
    updated: Time | None = None
    """When it was last changed; left out, when the monitor first saw it so."""
    delays_files: PositiveDuration | None = None
    """How much older an export file may be, from the beginning until so long after the end."""
    environments: Annotated[list[Name], Field(min_length=1)] | None = None
    services: Annotated[list[ServiceRef], Field(min_length=1)] | None = None


STORE_PATTERN = r"^(?:sqlite|postgresql(?:\+psycopg)?://[^\s/][^\s]*)$"


def _store(value: str) -> str:
    if not re.fullmatch(STORE_PATTERN[1:-1], value):
        raise PydanticCustomError("store", "must be sqlite or postgresql://…")
    return value


Store = Annotated[
    str, AfterValidator(_store), WithJsonSchema({"type": "string", "pattern": STORE_PATTERN})
]


class RetentionSettings(Strict):
    """How long the record is kept, in seconds."""

    observations: PositiveDuration = 7 * _DAY
    transitions: PositiveDuration = 400 * _DAY
