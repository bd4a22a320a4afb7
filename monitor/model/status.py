"""Pure: the four statuses, the rules that make them, and their thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> int:
        """0 green, 1 unknown, 2 yellow, 3 red: the contract's ``driftvakt_service_severity``."""
        return _SEVERITY[self]


_SEVERITY = {Status.GREEN: 0, Status.UNKNOWN: 1, Status.YELLOW: 2, Status.RED: 3}


class Rule(StrEnum):
    """Which row of the table made the status."""

    RED_AFTER = "red_after"
    YELLOW_AFTER = "yellow_after"
    DEGRADED_AFTER = "degraded_after"
    WINDOW = "window"
    GREEN_AFTER = "green_after"
    """Better than it was, and not yet long enough for more."""
    GOOD = "good"
    UNMEASURED = "unmeasured"
    """Nothing measured yet, or a failure that is not enough for a colour."""
    STALE = "stale"
    MONITOR = "monitor"
    """Our own trouble."""
    QUORUM = "quorum"
    """Too few of the locations that it is measured from know anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What it takes. Latencies in seconds; ``None`` where slowness is not judged."""

    yellow_after: int = 1
    red_after: int = 3
    green_after: int = 2
    degraded_after: int = 3
    window_size: int = 20
    window_yellow: float = 0.25
    window_red: float = 0.6
    latency_yellow: float | None = None
    latency_red: float | None = None
