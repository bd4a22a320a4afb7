"""Memory a check, start-up time, and how long the loop is held up with very many checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.exposition import buckets, by_check, highest_bound, histogram_quantile
from tests.benchmarks.machine import resident_bytes
from tests.benchmarks.processes import BenchmarkError
from tests.benchmarks.target import Target
from tests.benchmarks.watched import SCRAPE_EVERY, Watched, configuration, watching

INTERVAL = "60s"
PROBED_WITHIN = 90.0
SCRAPES = 3


@dataclass(frozen=True, slots=True)
class Memory:
    """A daemon with that many checks."""

    checks: int
    started_in: float
    probed: int
    """Bytes resident after every check was probed, with no scrape so far."""
    scraped: int
    """The same after some scrapes: what is kept for them is in it."""
    lag_bound: float
    """Upper bound of the histogram's bucket that holds the longest loop lag, in seconds."""
    lag_p99: float
    lateness_p99: float


def measure(
    folder: Path,
    target: Target,
    core: int,
    sizes: Sequence[int],
    told: Callable[[str], None],
) -> list[Memory]:
    """One daemon a size, the first with a single check: what the rest is compared with."""
    found = []
    for size in (1, *sizes):
        text = configuration(size, target.url(tls=False), INTERVAL)
        accepted = target.accepted()
        with watching(folder, text, core) as daemon:
            _all_probed(daemon, target, accepted, size)
            found.append(_look(daemon, size))
        told(
            f"{size} checks: started in {found[-1].started_in:.2f} s, "
            f"{found[-1].scraped / 2**20:.1f} MiB"
        )
    return found


def _all_probed(daemon: Watched, target: Target, accepted: int, size: int) -> None:
    """Waits until nginx has seen so many probes; no check has a second turn before all had one."""
    until = time.monotonic() + PROBED_WITHIN
    asked = 1
    while target.accepted() - accepted - asked < size:
        asked += 1
        if time.monotonic() > until or daemon.process.poll() is not None:
            raise BenchmarkError(f"{size} checks were not probed within {PROBED_WITHIN:g} s")
        time.sleep(0.5)
    time.sleep(SCRAPE_EVERY + 1)  # until the status file was written with all of them


def _look(daemon: Watched, size: int) -> Memory:
    probed = resident_bytes(daemon.pid)
    text = list(daemon.scrape_for(SCRAPES * SCRAPE_EVERY))[-1]
    succeeded = by_check(text, "probe_success")
    if len(succeeded) != size or not all(succeeded.values()):
        raise BenchmarkError(f"{sum(succeeded.values()):g} of {size} checks succeeded")
    lag = buckets(text, "driftvakt_loop_lag_seconds")
    late = buckets(text, "driftvakt_schedule_lateness_seconds")
    return Memory(
        checks=size,
        started_in=daemon.started_in,
        probed=probed,
        scraped=resident_bytes(daemon.pid),
        lag_bound=highest_bound(lag),
        lag_p99=histogram_quantile(lag, 0.99),
        lateness_p99=histogram_quantile(late, 0.99),
    )
