"""Pure: how a stretch of time is shared between the statuses, and the ratios made of that.

Here lengths of time are whole milliseconds, so that shares always add up exactly. What the ratios
mean is told in docs/availability.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from monitor.model.estate import ServiceId

_HOUR, _DAY = 3_600, 86_400
WINDOWS: dict[str, int] = {"24h": 24 * _HOUR, "7d": 7 * _DAY, "30d": 30 * _DAY, "90d": 90 * _DAY}
"""Over what availability is published: names, and lengths in seconds. A day has 24 hours here."""


class TimeInStatus(NamedTuple):
    """What a stretch of time was spent in, in milliseconds."""

    green: int = 0
    yellow: int = 0
    red: int = 0
    """Planned or not."""
    planned_red: int = 0
    """The part of ``red`` that a service window explains."""
    unknown: int = 0

    @property
    def length(self) -> int:
        """All of it; ``planned_red`` is in ``red`` already."""
        return self.known + self.unknown

    @property
    def available(self) -> int:
        """Green and yellow: yellow works, with reduced function."""
        return self.green + self.yellow

    @property
    def known(self) -> int:
        return self.green + self.yellow + self.red

    @property
    def ratio(self) -> float | None:
        """Available of known, 0 to 1; ``None`` when nothing is known."""
        available = self.green + self.yellow
        known = available + self.red
        return available / known if known else None

    @property
    def unplanned_ratio(self) -> float | None:
        """The same with planned red taken out; ``None`` when nothing else is known."""
        available = self.green + self.yellow
        counted = available + self.red - self.planned_red
        return available / counted if counted else None

    @property
    def unknown_ratio(self) -> float:
        """Unknown of all, 0 to 1. Of no time at all everything is unknown."""
        length = self.length
        return self.unknown / length if length else 1.0


class Availability(NamedTuple):
    """One service's shares of the windows that end now, in the order of :data:`WINDOWS`."""

    windows: tuple[TimeInStatus, ...]


NOTHING_KNOWN = Availability(
    tuple(TimeInStatus(unknown=1000 * seconds) for seconds in WINDOWS.values()),
)


NOTHING: Mapping[ServiceId, Availability] = MappingProxyType({})
"""Of no service has anything been measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShare:
    """A local day of 23 to 25 hours, or of less: today only until now."""

    day: date
    start: float
    """Seconds since the epoch, as ``end``."""
    end: float
    shares: TimeInStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityReport:
    """All that is told of one service's availability."""

    at: float
    """Seconds since the epoch; the windows end then."""
    availability: Availability
    days: tuple[DayShare, ...]
    """Oldest first; the last is today."""
