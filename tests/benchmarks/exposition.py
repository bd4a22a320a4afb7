"""Reads the little that is needed of a text of metrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_LABEL = re.compile(r'(\w+)="([^"]*)"')


def values(text: bytes, family: str) -> Iterator[tuple[dict[str, str], float]]:
    """Labels and value of each line of one name."""
    start = family.encode()
    for line in text.split(b"\n"):
        if line.startswith(start) and line[len(start) : len(start) + 1] in (b"{", b" "):
            name, _, value = line.decode().rpartition(" ")
            yield dict(_LABEL.findall(name)), float(value)


def by_check(text: bytes, family: str) -> dict[str, float]:
    """A value for each check's id."""
    return {
        f"{names['environment']}/{names['service']}/{names['check']}": value
        for names, value in values(text, family)
    }


Buckets = dict[float, float]
"""Cumulative counts by upper bound."""


def buckets(text: bytes, family: str) -> Buckets:
    return {float(names["le"]): value for names, value in values(text, f"{family}_bucket")}


def since(before: Buckets, after: Buckets) -> Buckets:
    """What was added to a histogram in between."""
    return {bound: count - before.get(bound, 0.0) for bound, count in after.items()}


def histogram_quantile(of: Buckets, share: float) -> float:
    """As Prometheus works it out: linear within a bucket; above the last bound, that bound."""
    total = max(of.values(), default=0.0)
    below, low = 0.0, 0.0
    for bound in sorted(of):
        count = of[bound]
        if count >= share * total and count > below:
            if bound == float("inf"):
                return low
            return low + (bound - low) * (share * total - below) / (count - below)
        below, low = count, bound
    return low


def highest_bound(of: Buckets) -> float:
    """The upper bound of the highest bucket that holds anything."""
    total = max(of.values(), default=0.0)
    return min((bound for bound, count in of.items() if count >= total), default=0.0)


def quantile(of: Iterable[float], share: float) -> float:
    """The quantile of a sample, by nearest rank."""
    ordered: Sequence[float] = sorted(of)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
