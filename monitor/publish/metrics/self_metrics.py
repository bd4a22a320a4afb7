"""The monitor's metrics of itself, in a prometheus-client registry of its own."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.publish.metrics.discovery_series import DiscoveryFigures, DiscoverySeries
from monitor.publish.metrics.histogram import Histogram, bound_label
from monitor.publish.metrics.history_series import HistoryFigures, HistorySeries

_LATENESS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_GAUGES = {
    "driftvakt_probes_in_flight": "Probes that are under way.",
    "driftvakt_overloaded": "Whether the monitor is too loaded to be believed.",
    "driftvakt_interval_stretch_ratio": (
        "How many times as long as configured every interval is: 1 unless there is more to do than "
        "time."
    ),
    "driftvakt_render_pause_seconds": (
        "Seconds at least between two renderings: 0 unless there is more to do than time."
    ),
    "driftvakt_canary_down": "Whether every canary failed: our own network.",
    "driftvakt_config_last_reload_successful": "Whether the configuration was last read well.",
    "driftvakt_config_last_reload_timestamp_seconds": (
        "When the configuration was last read well, in Unix time."
    ),
    "driftvakt_status_file_timestamp_seconds": (
        "When the status file was last written whole, in Unix time."
    ),
}


class _Own(Collector):
    """Gauges that are absent until they are known, and histograms that are cheap to feed."""

    def __init__(self) -> None:
        self.gauges: dict[str, float] = {}
        self.lateness = Histogram(_LATENESS)
        self.loop_lag = Histogram(_LATENESS)

    def collect(self) -> Iterator[Metric]:
        for name, text in _GAUGES.items():
            if name in self.gauges:
                yield GaugeMetricFamily(name, text, value=self.gauges[name])
        yield _family(
            "driftvakt_schedule_lateness_seconds", "How late probes started.", self.lateness
        )
        yield _family(
            "driftvakt_loop_lag_seconds", "How late the event loop came to its work.", self.loop_lag
        )


def _family(name: str, text: str, histogram: Histogram) -> HistogramMetricFamily:
    bounds = (*(bound_label(bound) for bound in histogram.bounds), "+Inf")
    buckets = [
        (bound, float(count)) for bound, count in zip(bounds, histogram.cumulative(), strict=True)
    ]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=histogram.sum)


class _WithoutCreated(Collector):
    """A registry without the ``_created`` samples, which this text format does not know."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric


class SelfMetrics:
    """Counters and gauges of the daemon as a whole. Lengths are seconds, instants Unix time."""

    def __init__(self, version: str) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        build = Info("driftvakt_build", "The version that runs.", registry=registry)
        build.info({"version": version, "python": platform.python_version()})
        self._own = _Own()
        self._own.gauges["driftvakt_probes_in_flight"] = 0
        self._own.gauges["driftvakt_overloaded"] = 0
        self._own.gauges["driftvakt_canary_down"] = 0
        self._own.gauges["driftvakt_interval_stretch_ratio"] = 1
        self._own.gauges["driftvakt_render_pause_seconds"] = 0
        self._latest, self._begun = 0.0, 0
        registry.register(self._own)
        self._missed = Counter(
            "driftvakt_schedule_missed_total",
            "Runs that the scheduler left out, by kind.",
            ["kind"],
            registry=registry,
        )
        self._write_failures = Counter(
            "driftvakt_status_file_write_failures_total",
            "Times that the status file could not be written.",
            registry=registry,
        )
        self._internal_errors = Counter(
            "driftvakt_internal_errors_total", "Faults of the monitor itself.", registry=registry
        )
        self._notifications = Counter(
            "driftvakt_notifications_total",
            "Messages to receivers that were delivered or given up, and attempts that failed.",
            ["notification", "outcome"],
            registry=registry,
        )
        self._logins = Counter(
            "driftvakt_web_login_failures_total",
            "Wrong user names and passwords that were tried at our own pages.",
            registry=registry,
        )
        self._registry = registry

    def lateness(self, seconds: float) -> None:
        self._own.lateness.observe(seconds)
        self._latest = max(self._latest, seconds)
        self._begun += 1

    def take_begun(self) -> tuple[float, int]:
        """Seconds that the latest probe was late, and how many began, since this was last asked."""
        found = self._latest, self._begun
        self._latest, self._begun = 0.0, 0
        return found

    def loop_lag(self, seconds: float) -> None:
        self._own.loop_lag.observe(seconds)

    def in_flight(self, number: int) -> None:
        self._own.gauges["driftvakt_probes_in_flight"] = number

    def overloaded(self, value: bool) -> None:
        self._own.gauges["driftvakt_overloaded"] = int(value)

    def shedding(self, *, stretch: float, pause: float) -> None:
        """What is left out of the work."""
        self._own.gauges["driftvakt_interval_stretch_ratio"] = stretch
        self._own.gauges["driftvakt_render_pause_seconds"] = pause

    def canary_down(self, value: bool) -> None:
        self._own.gauges["driftvakt_canary_down"] = int(value)

    def reloaded(self, ok: bool, at: float) -> None:
        """The instant is that of the last success, as Prometheus has it for its own."""
        self._own.gauges["driftvakt_config_last_reload_successful"] = int(ok)
        if ok:
            self._own.gauges["driftvakt_config_last_reload_timestamp_seconds"] = at

    def status_written(self, at: float) -> None:
        self._own.gauges["driftvakt_status_file_timestamp_seconds"] = at

    def status_write_failed(self) -> None:
        self._write_failures.inc()

    def missed(self, kind: str) -> None:
        self._missed.labels(kind=kind).inc()

    def internal_error(self) -> None:
        self._internal_errors.inc()

    def login_failed(self) -> None:
        self._logins.inc()

    def notified(self, notification: str, outcome: str, number: int = 1) -> None:
        self._notifications.labels(notification=notification, outcome=outcome).inc(number)

    def watch_history(self, figures: Callable[[], HistoryFigures]) -> None:
        """From now on the history's figures are asked for at each scrape. To be called once."""
        self._registry.register(HistorySeries(figures))

    def watch_discovery(self, figures: Callable[[], DiscoveryFigures]) -> None:
        """The same for the sources of checks."""
        self._registry.register(DiscoverySeries(figures))

    def render_house(self) -> bytes:
        """Everything of the registry, in the text format."""
        return generate_latest(_WithoutCreated(self._registry))
