"""A classic Prometheus histogram that costs a list index to feed."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: fine where a healthy answer lies, with the default thresholds 1 s and 5 s among them."""


def bound_label(bound: float) -> str:
    """A bound as the ``le`` label's value, as Prometheus writes it: ``0.005``, ``1``, ``+Inf``."""
    if bound == float("inf"):
        return "+Inf"
    return f"{bound:.17g}" if bound == int(bound) else repr(bound)


class Histogram:
    """Counts by upper bound, and their sum. Values are in seconds."""

    __slots__ = ("bounds", "count", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...] = BOUNDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """One per bound, not cumulative; the last is above every bound."""
        self.count = 0
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.count += 1
        self.sum += value

    def add(self, other: Histogram) -> None:
        """What ``other`` has counted within the same bounds counts here too."""
        self.counts = [
            mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)
        ]
        self.count += other.count
        self.sum += other.sum

    def cumulative(self) -> list[int]:
        """Observations at or below each bound, ``+Inf`` last."""
        return list(accumulate(self.counts))
