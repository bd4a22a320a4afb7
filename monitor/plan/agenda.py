"""Pure: what is under way, what comes and what is over, at an instant."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.estate import Estate
from monitor.plan.recurrence import Occurrence, occurrences
from monitor.plan.windows import Window, windows_of

DAY = 86_400.0
BEHIND = 90 * DAY
"""Seconds for which past windows are remembered."""
AHEAD = 400 * DAY
"""Seconds that are looked ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The times of all windows within a horizon around the instant that it was made at."""

    made_at: float
    occurrences: tuple[Occurrence, ...]
    """By their starts."""

    def active(self, at: float) -> tuple[Occurrence, ...]:
        """What is under way."""
        return tuple(one for one in self.occurrences if one.active(at))

    def upcoming(self, at: float, within: float = AHEAD) -> tuple[Occurrence, ...]:
        """What begins after ``at``, the next first; cancelled ones too."""
        return tuple(one for one in self.occurrences if at < one.start <= at + within)

    def past(self, at: float, within: float = BEHIND) -> tuple[Occurrence, ...]:
        """What has ended, the newest first."""
        found = [one for one in self.occurrences if at - within <= one.end <= at]
        return tuple(sorted(found, key=lambda one: -one.end))

    def declared(self, at: float, environment: str, service: str) -> Occurrence | None:
        """The active window that declares the worst for a service; of equals the one that ends
        last. ``None`` when none covers it.
        """
        covering = [one for one in self.active(at) if one.window.covers(environment, service)]
        return max(
            covering,
            key=lambda one: (one.window.impact.declares.severity, one.end),
            default=None,
        )

    def announced(self, at: float, environment: str, service: str) -> str | None:
        """The id of a window that announces, for this service and instant, that certificates
        change; ``None`` when none does. Its start and its end belong to it.
        """
        for one in self.occurrences:
            window = one.window
            if (
                window.changes_certificates
                and not window.cancelled
                and one.start <= at <= one.end
                and window.covers(environment, service)
            ):
                return window.id
        return None

    def next_change(self, at: float) -> float:
        """The next instant after ``at`` at which a window begins or ends, or at which the agenda
        must be made anew.
        """
        edges = (edge for one in self.occurrences for edge in (one.start, one.end) if edge > at)
        return min(min(edges, default=math.inf), self.made_at + DAY)

    def good_for(self, at: float) -> bool:
        """Whether its horizon is still the right one; the clock may have been set back."""
        return self.made_at <= at < self.made_at + DAY


EMPTY = Agenda(made_at=0.0, occurrences=())
"""Nothing is planned."""


def agenda(windows: Iterable[Window], at: float) -> Agenda:
    """The agenda of ``windows`` around ``at``."""
    found = [one for window in windows for one in occurrences(window, at - BEHIND, at + AHEAD)]
    return Agenda(made_at=at, occurrences=tuple(sorted(found, key=lambda one: one.start)))


def agenda_of(estate: Estate, at: float) -> Agenda:
    """The agenda of the configuration around ``at``."""
    return agenda(windows_of(estate), at)
