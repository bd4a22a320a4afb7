"""Pure: service windows (servicefönster) as values: when, where, and what may be expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.model.text import Text


class Impact(StrEnum):
    """What a window declares."""

    NONE = "none"
    DISTURBANCE = "disturbance"
    OUTAGE = "outage"

    @property
    def declares(self) -> Status:
        """The status that it explains."""
        return _DECLARES[self]


_DECLARES = {
    Impact.NONE: Status.GREEN,
    Impact.DISTURBANCE: Status.YELLOW,
    Impact.OUTAGE: Status.RED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanScope:
    """What a window or a notice concerns. With no environment and no service named it concerns all."""

    environments: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    """``ENV/SERVICE``."""

    def covers(self, environment: str, service: str) -> bool:
        """Whether it concerns ``service`` (its own name) of ``environment``."""
        if not self.environments and not self.services:
            return True
        return environment in self.environments or f"{environment}/{service}" in self.services


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(PlanScope):
    """Planned work. ``starts`` and ``ends`` are wall-clock times of ``zone``; a recurring window
    (``rule``, RFC 5545) has them at each of its times, whatever the clocks do in between.
    """

    id: str
    title: Text
    message: Text | None = None
    impact: Impact = Impact.NONE
    starts: datetime
    ends: datetime
    zone: tzinfo
    rule: str | None = None
    except_dates: frozenset[str] = frozenset()
    """Local dates, ``2026-12-24``, on which it does not begin."""
    changes_certificates: bool = False
    cancelled: bool = False
    delays_files: float = 0.0
    """Seconds that an export file may be older, from the start until as long after the end."""
    calendar: str = ""
    """The name of the calendar that it stands in; empty for a configured one."""
    author: str = ""
    """Who wrote it by hand; empty for one that was not."""
    original: float | None = None
    """The instant that it was to begin at, of one time of a recurring window that was changed."""


def windows_of(estate: Estate) -> tuple[Window, ...]:
    """The configured windows. Times without an offset are local to the estate's time zone."""
    zone = estate.timezone
    return tuple(
        Window(
            id=one.id,
            title=one.title.text(),
            message=one.message.text() if one.message is not None else None,
            impact=Impact(one.impact),
            starts=_local(one.start, zone),
            ends=_local(one.end, zone),
            zone=zone,
            rule=one.rrule,
            except_dates=frozenset(day.isoformat() for day in one.exdates),
            environments=frozenset(one.environments or ()),
            services=frozenset(one.services or ()),
            changes_certificates=one.changes_certificates,
            cancelled=one.cancelled,
            delays_files=one.delays_files or 0.0,
        )
        for one in estate.later.get("service_windows", ())
    )


def _local(written: datetime, zone: tzinfo) -> datetime:
    """Wall-clock time in ``zone``, naive; ``fold`` tells the second of two equal ones."""
    local = written.astimezone(zone) if written.tzinfo else written
    return local.replace(tzinfo=None)
