"""How far each measured phase is from the true one, and how late probes start.

The truth is what passed over the wire (``wire.py``), written down by a process of its own with the
kernel's time stamps while a server delays its answers by known amounts (``delayed.py``). The error of
a phase is what was reported minus that: it holds all the probing program's own time that it counted
as the target's. Our figures are read from ``/metrics``, the exporter's from its answers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.apart import run_apart
from tests.benchmarks.exposition import quantile

PHASES = ("resolve", "connect", "tls", "processing", "transfer")
GOAL = 0.001
"""Seconds: the p99 of each phase's error at GOAL_RATE."""
GOAL_RATE = 100.0
JUDGED_GOAL = 0.002
"""Seconds: the p99 of the judged duration's error, with readers and without."""
READERS = 6


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds."""

    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, sample: Sequence[float]) -> Spread:
        return cls(quantile(sample, 0.5), quantile(sample, 0.99), quantile(sample, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Probes a second, as so many checks with an interval."""

    rate: float
    checks: int
    interval: float
    seconds: float


LOADS = (
    Load(rate=1.0, checks=5, interval=5.0, seconds=60.0),
    Load(rate=100.0, checks=500, interval=5.0, seconds=30.0),
    Load(rate=500.0, checks=1000, interval=2.0, seconds=20.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one program reported at one rate, against the truth, in seconds."""

    program: str
    readers: int = 0
    """Who ask for the summary meanwhile, each again as soon as it is answered."""
    tls: bool
    rate: float
    probes: int
    """Compared. At 1/s the p99 is about the worst of them."""
    unmatched: int
    """Reported, but not seen whole on the wire."""
    failed: int
    errors: Mapping[str, Spread]
    """By phase; ``whole``: ``probe_duration_seconds`` minus first packet to last; ``judged``: minus the
    phases' sum, which is what a status is judged by."""
    own_tls: Spread | None
    """From the server's side of the handshake to ours leaving: cryptography and lag, a part of the
    error of ``tls``."""
    late: Spread | None
    """First packets against the check's grid; ours only."""

    @classmethod
    def read(cls, document: dict[str, Any]) -> Run:
        """From what :func:`dataclasses.asdict` made of it."""
        spreads = {name: Spread(**values) for name, values in document["errors"].items()}
        for name in ("own_tls", "late"):
            document[name] = Spread(**document[name]) if document[name] else None
        return cls(**{**document, "errors": spreads})

    @property
    def good(self) -> bool:
        """Whether the p99 of every phase is under the goal."""
        return all(self.errors[phase].p99 < GOAL for phase in PHASES if phase in self.errors)


def measure(
    folder: Path,
    cores: tuple[int, int],
    rates: Sequence[float],
    told: Callable[[str], None],
    *,
    quick: bool,
) -> list[Run]:
    """Every rate, plain and TLS, ours and the exporter's, in namespaces of their own."""
    command = [sys.executable, "-m", "tests.benchmarks.latency_runs", str(folder)]
    command += [str(core) for core in cores]
    command += [f"--rate={rate:g}" for rate in rates]
    found = run_apart([*command, *(["--quick"] if quick else [])], told)
    return [Run.read(one) for one in found]


def written(runs: Sequence[Run]) -> list[dict[str, Any]]:
    return [asdict(one) for one in runs]
