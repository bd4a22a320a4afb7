"""All series of one service and of one environment."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.status import Status
from monitor.model.time_in_status import WINDOWS, Availability
from monitor.model.transition import Transition
from monitor.publish.metrics import families as f
from monitor.publish.metrics.check_series import histogram_lines, status_lines
from monitor.publish.metrics.columns import FamilyRows
from monitor.publish.metrics.exposition import labels, number
from monitor.publish.metrics.histogram import Histogram
from monitor.publish.metrics.tally import CheckTally

_CHANGES = tuple(permutations(Status, 2))
_AVAILABILITY = f.SERVICE_FAMILIES.index(f.AVAILABILITY)
_AVAILABILITY_UNKNOWN = f.SERVICE_FAMILIES.index(f.AVAILABILITY_UNKNOWN)
_RATIO_OF = tuple(
    (f.AVAILABILITY.name, f'window="{window}",counting="{counting}"')
    for window in WINDOWS
    for counting in ("all", "unplanned")
)
_UNKNOWN_OF = tuple((f.AVAILABILITY_UNKNOWN.name, f'window="{window}"') for window in WINDOWS)


class Changes:
    """How often a service's published status has changed, and when it last did."""

    __slots__ = ("at", "counts")

    def __init__(self) -> None:
        self.counts: dict[tuple[Status, Status], int] = {}
        """Of those that were."""
        self.at: float | None = None
        """Seconds since the epoch."""

    def count(self, transition: Transition) -> None:
        change = (transition.before, transition.after)
        self.counts[change] = self.counts.get(change, 0) + 1
        self.at = transition.at


class ServiceSeries:
    """One row of the columns. Its counters exist from the first rendering, at 0."""

    __slots__ = ("_at", "_availability", "_made_of", "row")

    def __init__(self, view: ServiceView, row: int) -> None:
        self._at = labels(environment=view.service.environment, service=view.service.name)
        self.row = row
        self._made_of: tuple[object, ...] | None = None
        self._availability: Availability | None = None

    def update(self, view: ServiceView, changes: Changes, columns: FamilyRows) -> None:
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
                f'{f.TRANSITIONS.name}{{{at},from="{before}",to="{after}"}} '
                f"{changes.counts.get((before, after), 0)}\n"
                for before, after in _CHANGES
            ),
            f"{f.LAST_TRANSITION.name}{{{at}}} {number(changed_at)}\n",
        )
        for family, text in enumerate(lines):
            columns.put(family, self.row, text)

    def histogram(self, tallies: Iterable[CheckTally]) -> str:
        """The lines of the latency of all its checks."""
        latency = Histogram()
        for tally in tallies:
            latency.add(tally.latency)
        return histogram_lines(self._at, latency)

    def measured(self, availability: Availability, columns: FamilyRows) -> None:
        """Brings the row's availability up to date; a ratio of nothing is absent."""
        if availability is self._availability:
            return
        self._availability = availability
        ratios: list[float | None] = []
        unknown: list[float | None] = []
        for shares in availability.windows:
            ratios += shares.ratio, shares.unplanned_ratio
            unknown.append(shares.unknown_ratio)
        columns.put(_AVAILABILITY, self.row, self._lines(_RATIO_OF, ratios))
        columns.put(_AVAILABILITY_UNKNOWN, self.row, self._lines(_UNKNOWN_OF, unknown))

    def _lines(self, series: tuple[tuple[str, str], ...], values: list[float | None]) -> str:
        at = self._at
        return "".join(
            [
                f"{name}{{{at},{rest}}} {number(value)}\n"
                for (name, rest), value in zip(series, values, strict=True)
                if value is not None
            ]
        )


def environment_lines(view: EnvironmentView) -> str:
    """Of :data:`~monitor.publish.metrics.families.ENVIRONMENT_STATUS`."""
    at = labels(environment=view.environment.name)
    return status_lines(f.ENVIRONMENT_STATUS, at, view.status)
