"""The metrics of the sources of checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class SourceFigures(Protocol):
    """How it last went with one source."""

    @property
    def targets(self) -> int: ...
    @property
    def error(self) -> str: ...
    @property
    def at(self) -> float | None: ...


DiscoveryFigures = Mapping[str, SourceFigures]
"""By the source's name."""


class DiscoverySeries(Collector):
    """Asks for the figures at each scrape; no source, no series."""

    def __init__(self, figures: Callable[[], DiscoveryFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        labels = ["discovery"]
        successful = GaugeMetricFamily(
            "driftvakt_discovery_successful",
            "Whether what a source of checks says now is what is watched.",
            labels=labels,
        )
        last = GaugeMetricFamily(
            "driftvakt_discovery_last_success_timestamp_seconds",
            "When a source of checks was last found good, in Unix time.",
            labels=labels,
        )
        checks = GaugeMetricFamily(
            "driftvakt_discovery_checks", "Checks that a source makes.", labels=labels
        )
        for name, one in self._figures().items():
            if one.error or one.at is not None:  # else nobody has asked it yet
                successful.add_metric([name], float(not one.error))
            checks.add_metric([name], one.targets)
            if one.at is not None:
                last.add_metric([name], one.at)
        yield from (successful, last, checks)
