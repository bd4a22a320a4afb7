"""The histogram of latencies: half of what changes at every scrape."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from monitor.publish.metrics import families as f
from monitor.publish.metrics.columns import FamilyColumn, Rows
from monitor.publish.metrics.exposition import numbers
from monitor.publish.metrics.histogram import BOUNDS, Histogram, bound_label
from monitor.publish.metrics.tally import CheckTally

_BOUNDS = tuple(f'{bound_label(bound)}"}} ' for bound in (*BOUNDS, float("inf")))
TOGETHER = 64


def of_checks(tallies: Rows[CheckTally]) -> FamilyColumn[CheckTally]:
    """One of each check."""
    return FamilyColumn(f.LATENCY, tallies, _of_each, _lines, TOGETHER, kept=False)


def of_services(tallies: Rows[Sequence[CheckTally]]) -> FamilyColumn[Sequence[CheckTally]]:
    """One of each service's checks together."""
    return FamilyColumn(f.LATENCY, tallies, _of_all, _lines, TOGETHER, kept=False)


def _of_each(tallies: Sequence[CheckTally]) -> list[Histogram]:
    return [one.latency for one in tallies]


def _of_all(services: Sequence[Sequence[CheckTally]]) -> list[Histogram]:
    found: list[Histogram] = []
    for tallies in services:
        found.append(Histogram())
        for tally in tallies:
            found[-1].add(tally.latency)
    return found


def _lines(name: str, labels: Sequence[str], values: Sequence[Histogram]) -> str:
    sums = numbers([one.sum for one in values])
    lines: list[str] = []
    for at, one, total in zip(labels, values, sums, strict=True):
        begin = f'{name}_bucket{{{at},le="'
        buckets = [
            f"{begin}{bound}{count}\n"
            for bound, count in zip(_BOUNDS, accumulate(one.counts), strict=True)
        ]
        lines.append(
            f"{''.join(buckets)}{name}_sum{{{at}}} {total}\n{name}_count{{{at}}} {one.count}\n"
        )
    return "".join(lines)
