"""Pure: what is planned at an instant. So far: which service window announces new certificates.

Instants are seconds since the epoch. A recurring window (``rrule``) stands for its first time only
until recurrence is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.estate import Estate


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A service window (servicefönster) with its instants worked out."""

    id: str
    start: float
    end: float
    environments: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    """``ENV/SERVICE``. With no environment and no service named it concerns all."""
    changes_certificates: bool = False
    cancelled: bool = False

    def covers(self, environment: str, service: str) -> bool:
        """Whether it concerns ``service`` (its own name) of ``environment``."""
        if not self.environments and not self.services:
            return True
        return environment in self.environments or f"{environment}/{service}" in self.services


def windows_of(estate: Estate) -> tuple[Window, ...]:
    """The configured windows. Times without an offset are local to the estate's time zone; one that
    the end of summer time repeats is its first.
    """
    return tuple(
        Window(
            id=one.id,
            start=_instant(one.start, estate.timezone),
            end=_instant(one.end, estate.timezone),
            environments=frozenset(one.environments or ()),
            services=frozenset(one.services or ()),
            changes_certificates=one.changes_certificates,
            cancelled=one.cancelled,
        )
        for one in estate.later.get("service_windows", ())
    )


def announced(windows: Iterable[Window], at: float, environment: str, service: str) -> str | None:
    """The id of a window that announces, for this service and instant, that certificates change;
    ``None`` when none does. Its start and its end belong to it.
    """
    for window in windows:
        if (
            window.changes_certificates
            and not window.cancelled
            and window.start <= at <= window.end
            and window.covers(environment, service)
        ):
            return window.id
    return None


def _instant(written: datetime, zone: ZoneInfo) -> float:
    return (written if written.tzinfo else written.replace(tzinfo=zone)).timestamp()
