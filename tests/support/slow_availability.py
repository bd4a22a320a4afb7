"""Availability once more, slow and obvious: what a list says of every single millisecond.

It shares no line with :mod:`monitor.judging.timeline`: no sums, no bisection, no codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from monitor.model.status import Status
from monitor.model.time_in_status import TimeInStatus


class Change(NamedTuple):
    """What a timeline is told; instants in milliseconds."""

    status: Status
    planned: bool
    start: int
    at: int


class Segment(NamedTuple):
    start: int
    kind: str


def kind_of(change: Change) -> str:
    """What the time after it is counted as."""
    planned = change.planned and change.status is Status.RED
    return "planned red" if planned else change.status.value


def segments(changes: Iterable[Change]) -> list[Segment]:
    """The rules of :meth:`monitor.judging.timeline.Timeline.change`, one after the other."""
    found: list[Segment] = []
    for change in changes:
        found = [one for one in found if one.start <= change.at]
        start, kind = min(change.start, change.at), kind_of(change)
        if found and found[-1].kind == kind:
            continue
        if found:
            start = max(start, found[-1].start)
            if start == found[-1].start:
                found.pop()
        if not found or found[-1].kind != kind:
            found.append(Segment(start, kind))
    return found


def at(known: list[Segment], instant: int) -> str:
    """What the millisecond that begins at ``instant`` is counted as."""
    kind = "unknown"
    for segment in known:
        if segment.start <= instant:
            kind = segment.kind
    return kind


def by_millisecond(known: list[Segment], start: int, end: int) -> TimeInStatus:
    """Counts every single one."""
    return _shares(Counter(at(known, instant) for instant in range(start, end)))


def by_segment(known: list[Segment], start: int, end: int) -> TimeInStatus:
    """Cuts every segment to the stretch."""
    spent: Counter[str] = Counter()
    first = known[0].start if known else end
    spent["unknown"] += max(0, min(first, end) - start)
    for i, segment in enumerate(known):
        until = known[i + 1].start if i + 1 < len(known) else end
        spent[segment.kind] += max(0, min(until, end) - max(segment.start, start))
    return _shares(spent)


def _shares(spent: Counter[str]) -> TimeInStatus:
    return TimeInStatus(
        green=spent["green"],
        yellow=spent["yellow"],
        red=spent["red"] + spent["planned red"],
        planned_red=spent["planned red"],
        unknown=spent["unknown"],
    )
