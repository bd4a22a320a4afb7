"""How the history is doing, as metrics. The history and publishing do not know each other: this
says what it wants to be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector


class HistoryFigures(Protocol):
    """Numbers at one instant; those that count up do so from the start of the process."""

    @property
    def observations_waiting(self) -> int: ...
    @property
    def entries_waiting(self) -> int: ...
    @property
    def journal(self) -> int: ...
    @property
    def observations_dropped(self) -> int: ...
    @property
    def entries_lost(self) -> int: ...
    @property
    def away(self) -> bool: ...
    @property
    def writes(self) -> int: ...
    @property
    def write_seconds(self) -> float: ...
    @property
    def set_aside(self) -> Mapping[str, int]: ...


class HistorySeries(Collector):
    """Asks for the figures at each scrape."""

    def __init__(self, figures: Callable[[], HistoryFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        found = self._figures()
        waiting = GaugeMetricFamily(
            "driftvakt_history_queue_length",
            "What waits in memory to be written, by kind.",
            labels=["kind"],
        )
        waiting.add_metric(["observation"], found.observations_waiting)
        waiting.add_metric(["transition"], found.entries_waiting)
        yield waiting
        yield GaugeMetricFamily(
            "driftvakt_history_journal_length",
            "Transitions, messages and marks on disk until the database is back.",
            value=found.journal,
        )
        yield GaugeMetricFamily(
            "driftvakt_history_away",
            "Whether the history's database cannot be written.",
            value=int(found.away),
        )
        dropped = CounterMetricFamily(
            "driftvakt_history_dropped",
            "What was never written, beyond all bounds, by kind.",
            labels=["kind"],
        )
        dropped.add_metric(["observation"], found.observations_dropped)
        dropped.add_metric(["transition"], found.entries_lost)
        yield dropped
        aside = CounterMetricFamily(
            "driftvakt_history_set_aside",
            "What was kept and cannot be read, and was left out: files, lines, states and rows.",
            labels=["what"],
        )
        for what in sorted({"database", "journal", "state", *found.set_aside}):
            aside.add_metric([what], found.set_aside.get(what, 0))
        yield aside
        yield SummaryMetricFamily(
            "driftvakt_history_write_seconds",
            "How long the writings of a batch took.",
            count_value=found.writes,
            sum_value=found.write_seconds,
        )
