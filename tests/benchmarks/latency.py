"""How late probes start, and how far the latency reported is from the true one.

The truth is told by a server whose delay is known: it writes down when each connection came, when
its request was there and when the answer was sent.
"""

from __future__ import annotations

import socket
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.schedule import phase
from tests.benchmarks.exposition import (
    Buckets,
    buckets,
    by_check,
    histogram_quantile,
    quantile,
    since,
    values,
)
from tests.benchmarks.processes import BenchmarkError, running
from tests.benchmarks.watched import Watched, check_ids, configuration, watching

CHECKS = 100
INTERVAL = 1.0
WARM_UP = 6.0
DELAY = 0.050
SCRAPE_EVERY = 0.9
"""Seconds: more often than a check is probed, so that every probe's value is read."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, sample: list[float]) -> Spread:
        return cls(quantile(sample, 0.5), quantile(sample, 0.99))


@dataclass(frozen=True, slots=True)
class Latency:
    """What was found, in seconds."""

    probes: int
    delay: Spread
    """The server's true delay, from request to answer."""
    duration: Spread
    """``probe_duration_seconds`` minus that: connection and answer's way are in it."""
    processing: Spread
    """Phase ``processing`` minus that."""
    late_by_histogram: Spread
    late_by_arrival: Spread
    """Connections as the server saw them, against the check's grid."""


@dataclass(frozen=True, slots=True)
class _Served:
    accepted: float
    read: float
    sent: float


@dataclass(slots=True)
class _Reported:
    at: float
    duration: float
    processing: float


def measure(
    folder: Path, measured_core: int, other_core: int, seconds: float, told: Callable[[str], None]
) -> Latency:
    """A hundred probes a second, each of a path of its own."""
    records = folder / "served.txt"
    with socket.create_server(("127.0.0.1", 0), backlog=511) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        command = [sys.executable, "-m", "tests.benchmarks.delayed"]
        command += [str(listener.fileno()), str(DELAY), str(records)]
        with running(command, core=other_core, log=folder / "served.log", sockets=[listener]):
            text = configuration(CHECKS, url, f"{INTERVAL:g}s")
            with watching(folder, text, measured_core) as daemon:
                reported, late = _report(daemon, seconds)
    told(f"{sum(map(len, reported.values()))} probes of a server that waits {DELAY * 1e3:g} ms")
    return _compare(_served(records), reported, late)


def _report(daemon: Watched, seconds: float) -> tuple[dict[str, list[_Reported]], Buckets]:
    """What the metrics said of each probe after the warm-up, by check."""
    family = "driftvakt_schedule_lateness_seconds"
    warm = list(daemon.scrape_for(WARM_UP))[-1]
    reported: dict[str, list[_Reported]] = defaultdict(list)
    last = warm
    for last in daemon.scrape_for(seconds, SCRAPE_EVERY):
        durations = by_check(last, "probe_duration_seconds")
        processing = dict(_processing(last))
        for check, at in by_check(last, "driftvakt_last_observation_timestamp_seconds").items():
            known = reported[check]
            if not known or known[-1].at != at:
                known.append(_Reported(at, durations[check], processing[check]))
    for known in reported.values():
        del known[0]  # was made before
    return reported, since(buckets(warm, family), buckets(last, family))


def _processing(text: bytes) -> Iterator[tuple[str, float]]:
    for names, value in values(text, "probe_http_duration_seconds"):
        if names["phase"] == "processing":
            yield f"{names['environment']}/{names['service']}/{names['check']}", value


def _served(records: Path) -> dict[str, list[_Served]]:
    served: dict[str, list[_Served]] = defaultdict(list)
    for line in records.read_text().splitlines():
        path, *instants = line.split()
        served[path.removeprefix("/")].append(_Served(*map(float, instants)))
    return served


def _compare(
    served: dict[str, list[_Served]], reported: dict[str, list[_Reported]], late: Buckets
) -> Latency:
    true: list[float] = []
    duration: list[float] = []
    processing: list[float] = []
    arrived: list[float] = []
    for check in check_ids(CHECKS):
        for seen in reported[check]:
            answer = min(served[check], key=lambda one: abs(one.accepted - seen.at))
            if abs(answer.accepted - seen.at) > INTERVAL / 4:
                raise BenchmarkError(f"the server saw no probe of {check} at {seen.at:.3f}")
            delay = answer.sent - answer.read
            true.append(delay)
            duration.append(seen.duration - delay)
            processing.append(seen.processing - delay)
            arrived.append(_off_grid(answer.accepted, phase(check, INTERVAL)))
    return Latency(
        probes=len(true),
        delay=Spread.of(true),
        duration=Spread.of(duration),
        processing=Spread.of(processing),
        late_by_histogram=Spread(histogram_quantile(late, 0.5), histogram_quantile(late, 0.99)),
        late_by_arrival=Spread.of(arrived),
    )


def _off_grid(instant: float, offset: float) -> float:
    """Seconds after the nearest point of the grid, negative when before it."""
    return (instant - offset + INTERVAL / 2) % INTERVAL - INTERVAL / 2
