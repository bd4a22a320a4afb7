"""All series of one service and of one environment."""

from __future__ import annotations

from itertools import permutations

from monitor.judge import Status
from monitor.publish import families as f
from monitor.publish.check_series import status_lines
from monitor.publish.exposition import Columns, labels, number
from monitor.shares import WINDOWS, Availability
from monitor.snapshot import EnvironmentView, ServiceView, Transition

_CHANGES = tuple(permutations(Status, 2))
_AVAILABILITY = f.SERVICE_FAMILIES.index(f.AVAILABILITY)
_AVAILABILITY_UNKNOWN = f.SERVICE_FAMILIES.index(f.AVAILABILITY_UNKNOWN)


class Changes:
    """How often a service's published status has changed, and when it last did."""

    __slots__ = ("at", "counts")

    def __init__(self) -> None:
        self.counts = dict.fromkeys(_CHANGES, 0)
        self.at: float | None = None
        """Seconds since the epoch."""

    def count(self, transition: Transition) -> None:
        change = (transition.before, transition.after)
        self.counts[change] = self.counts.get(change, 0) + 1
        self.at = transition.at


class ServiceSeries:
    """One row of the columns. Its counters exist from the first rendering, at 0."""

    __slots__ = ("_at", "_availability", "_made_of", "_ratio_of", "_unknown_of", "row")

    def __init__(self, view: ServiceView, row: int) -> None:
        self._at = labels(environment=view.service.environment, service=view.service.name)
        self.row = row
        self._ratio_of = tuple(
            f'{f.AVAILABILITY.name}{{{self._at},window="{window}",counting="{counting}"}} '
            for window in WINDOWS
            for counting in ("all", "unplanned")
        )
        self._unknown_of = tuple(
            f'{f.AVAILABILITY_UNKNOWN.name}{{{self._at},window="{window}"}} ' for window in WINDOWS
        )
        self._made_of: tuple[object, ...] | None = None
        self._availability: Availability | None = None

    def update(self, view: ServiceView, changes: Changes, columns: Columns) -> None:
        """Brings the row up to date."""
        made_of = (view.status, view.planned, view.since, changes.at, sum(changes.counts.values()))
        if made_of == self._made_of:
            return
        self._made_of = made_of
        at = self._at
        changed_at = view.since if changes.at is None else changes.at
        lines = (
            status_lines(f.SERVICE_STATUS, at, view.status),
            f"{f.SERVICE_SEVERITY.name}{{{at}}} {view.status.severity}\n",
            f"{f.SERVICE_PLANNED.name}{{{at}}} {1 if view.planned else 0}\n",
            "".join(
                f'{f.TRANSITIONS.name}{{{at},from="{before}",to="{after}"}} {count}\n'
                for (before, after), count in changes.counts.items()
            ),
            f"{f.LAST_TRANSITION.name}{{{at}}} {number(changed_at)}\n",
        )
        for family, text in enumerate(lines):
            columns.put(family, self.row, text)

    def measured(self, availability: Availability, columns: Columns) -> None:
        """Brings the row's availability up to date; a ratio of nothing is absent."""
        if availability is self._availability:
            return
        self._availability = availability
        ratios: list[float | None] = []
        unknown: list[float | None] = []
        for shares in availability.windows:
            ratios += shares.ratio, shares.unplanned_ratio
            unknown.append(shares.unknown_ratio)
        columns.put(_AVAILABILITY, self.row, _lines(self._ratio_of, ratios))
        columns.put(_AVAILABILITY_UNKNOWN, self.row, _lines(self._unknown_of, unknown))


def _lines(series: tuple[str, ...], values: list[float | None]) -> str:
    return "".join(
        [
            f"{each}{number(value)}\n"
            for each, value in zip(series, values, strict=True)
            if value is not None
        ]
    )


def environment_lines(view: EnvironmentView) -> str:
    """Of :data:`~monitor.publish.families.ENVIRONMENT_STATUS`."""
    at = labels(environment=view.environment.name)
    return status_lines(f.ENVIRONMENT_STATUS, at, view.status)
