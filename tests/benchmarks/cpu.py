"""CPU per probe, ours beside the exporter's: same target, same rate, same core, turn by turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.exporter import asked, exporter
from tests.benchmarks.exposition import buckets, by_check, histogram_quantile, since
from tests.benchmarks.machine import cpu_seconds
from tests.benchmarks.processes import BenchmarkError
from tests.benchmarks.target import Target
from tests.benchmarks.watched import SCRAPE_EVERY, configuration, watching

CHECKS = 200
WARM_UP = 6.0
TOLERATED = 0.03
"""Share by which the probes that nginx counted may differ from those that were to be made."""


@dataclass(slots=True)
class Cpu:
    """Microseconds of CPU a probe, round by round."""

    tls: bool
    rate: float
    exporter: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    lateness: list[tuple[float, float]] = field(default_factory=list)
    """p50 and p99 in seconds, of the daemon's own histogram."""

    @property
    def ratios(self) -> list[float]:
        return [ours / other for ours, other in zip(self.ours, self.exporter, strict=True)]

    @property
    def ratio(self) -> float:
        return median(self.ratios)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often."""

    folder: Path
    target: Target
    measured_core: int
    other_core: int
    rounds: int
    seconds: float
    host: str


def measure(plan: Plan, *, tls: bool, rate: float, told: Callable[[str], None]) -> Cpu:
    """Exporter, ours, exporter, ours …: what disturbs the machine disturbs both."""
    result = Cpu(tls, rate)
    name = f"{'TLS' if tls else 'plain'} at {rate:g}/s"
    for turn in range(1, plan.rounds + 1):
        result.exporter.append(_exporter(plan, tls=tls, rate=rate))
        ours, late = _ours(plan, tls=tls, rate=rate)
        result.ours.append(ours)
        result.lateness.append(late)
        told(
            f"{name}, round {turn} of {plan.rounds}: exporter {result.exporter[-1]:.0f} µs, "
            f"ours {ours:.0f} µs, ratio {result.ratios[-1]:.2f}"
        )
    return result


def _exporter(plan: Plan, *, tls: bool, rate: float) -> float:
    url = plan.target.url(tls=tls, host=plan.host)
    with exporter(plan.folder, plan.target.ca_file, plan.measured_core) as (process, port):
        with asked(plan.folder, port, url, rate, plan.other_core):
            time.sleep(WARM_UP)
            return _window(
                plan, rate, "the exporter", process.pid, lambda: time.sleep(plan.seconds)
            )


def _ours(plan: Plan, *, tls: bool, rate: float) -> tuple[float, tuple[float, float]]:
    text = configuration(
        CHECKS,
        plan.target.url(tls=tls, host=plan.host),
        f"{1000 * CHECKS / rate:g}ms",
        plan.target.ca_file if tls else None,
    )
    with watching(plan.folder, text, plan.measured_core) as daemon:
        warm = list(daemon.scrape_for(WARM_UP, SCRAPE_EVERY))[-1]

        def scrape() -> None:
            for _ in daemon.scrape_for(plan.seconds):
                pass

        cost = _window(plan, rate, "the daemon", daemon.pid, scrape)
        last = daemon.scrape()
    succeeded = by_check(last, "probe_success")
    if len(succeeded) != CHECKS or not all(succeeded.values()):
        raise BenchmarkError(f"{sum(succeeded.values()):g} of {CHECKS} checks succeeded")
    family = "driftvakt_schedule_lateness_seconds"
    late = since(buckets(warm, family), buckets(last, family))
    return cost, (histogram_quantile(late, 0.5), histogram_quantile(late, 0.99))


def _window(plan: Plan, rate: float, who: str, pid: int, during: Callable[[], None]) -> float:
    """Microseconds of CPU for each connection that nginx accepted meanwhile."""
    accepted, used, began = plan.target.accepted(), cpu_seconds(pid), time.monotonic()
    during()
    used = cpu_seconds(pid) - used
    seconds = time.monotonic() - began
    probes = plan.target.accepted() - accepted - 1  # the question itself is one
    if abs(probes - rate * seconds) > TOLERATED * rate * seconds:
        raise BenchmarkError(
            f"{who} made {probes} probes in {seconds:.1f} s, not {rate:g} a second"
        )
    return used / probes * 1e6
