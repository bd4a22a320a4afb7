"""One check's record, judged again: from blocks of observations to the changes of its standing.

The judge is the board's own (:class:`monitor.judging.check_tracker.CheckTracker`). Most observations are good ones
of a check that has been green for long: of those nothing can change but how many there are, so
that a whole block of them is one step. A test holds it against the judge, one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from monitor.history.codec.blocks import Kind, ObservationColumns
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.fold import Fold, Run
from monitor.judging.standing import Standing
from monitor.model.estate import Check
from monitor.model.status import Status
from probes.observation import Grade, Observation

STALE, OBSERVED = 1, 2
"""At one instant the board looks first for what is stale, then at what was seen."""


class StandingChange(NamedTuple):
    """A check stands otherwise, from ``at`` on."""

    at: float
    order: int
    standing: Standing


def settled(fold: Fold, window_size: int) -> bool:
    """Whether good observations change nothing but their number: green, the newest one good, no
    trouble of ours, and no failure in the window; or the window's share counts already, and can
    only become less.
    """
    return (
        fold.status is Status.GREEN
        and fold.recent.good_run.length > 0
        and fold.trouble is None
        and (fold.recent.window == 0 or fold.recent.seen * 2 >= window_size)
    )


def advance(fold: Fold, count: int, at: float, window_size: int) -> Fold:
    """A settled fold after ``count`` good observations, the last of them made at ``at``."""
    before = fold.recent
    window = before.window << min(count, window_size) & ((1 << window_size) - 1)
    recent = before._replace(
        window=window,
        seen=min(before.seen + count, window_size),
        failed_at=before.failed_at[len(before.failed_at) - window.bit_count() :],
        passed_run=Run(before.passed_run.length + count, before.passed_run.since),
        good_run=Run(before.good_run.length + count, before.good_run.since),
    )
    return replace(fold, at=at, recent=recent)


class Judging:
    """Takes a check's blocks, oldest first, and gives what changes by them."""

    def __init__(self, check: Check, started_at: float) -> None:
        self.row = CheckTracker(check, started_at)
        self.observations = 0
        self.ends_at = -math.inf
        """When the newest observation was over."""
        thresholds = check.thresholds
        limits = (thresholds.latency_yellow, thresholds.latency_red)
        self._slow = min((limit for limit in limits if limit is not None), default=math.inf)
        self._stale_after = check.stale_after
        self._window = thresholds.window_size

    def take(self, block: ObservationColumns) -> Iterator[StandingChange]:
        """Judges a block; instants never go back."""
        count = len(block)
        self.observations += count
        if not count:
            return
        if self._settled() and self._uneventful(block):
            self._skip(count, block.last_at, block.last_duration)
            return
        yield from self._take_each(block)

    def age(self, until: float) -> Iterator[StandingChange]:
        """What becomes stale before ``until``, when nothing else was seen before that."""
        at = self.row.fold.at
        if at is not None and (stale := self._stale_at(at)) < until:
            yield from self._stand(max(stale, self.ends_at), STALE)

    def _settled(self) -> bool:
        return not self.row.parts and settled(self.row.fold, self._window)

    def _uneventful(self, block: ObservationColumns) -> bool:
        """Whether every one is good and in time, as far as that can be told at a glance."""
        before = self.row.fold.at
        longest = block.longest()
        return (
            before is not None
            and block.parts is None
            and longest < self._slow
            and block.shortest_step() >= 0
            and max(block.first_at - before, block.longest_step()) + longest < self._stale_after
            and all(kind.grade is Grade.GOOD for kind in block.kinds)
        )

    def _skip(self, count: int, at: float, duration: float) -> None:
        self.row.fold = advance(self.row.fold, count, at, self._window)
        self.ends_at = max(self.ends_at, at + duration)

    def _take_each(self, block: ObservationColumns) -> Iterator[StandingChange]:
        ats, durations = block.ats(), block.durations()
        parts = _parts(block)
        eventful = self._eventful(block, ats, durations)
        count, index = len(ats), 0
        while index < count:
            if self._settled():
                there = eventful.find(1, index)
                there = count if there < 0 else there
                if there > index:
                    self._skip(there - index, ats[there - 1], durations[there - 1])
                    index = there
                    continue
            kind = block.kinds[block.kind[index]]
            own = parts[index] if parts is not None else ()
            yield from self._observe(_observation(ats[index], durations[index], kind, own))
            index += 1

    def _eventful(
        self, block: ObservationColumns, ats: list[float], durations: list[float]
    ) -> bytearray:
        """1 for each that may change a settled check: not good, slow, or after a gap."""
        count = len(ats)
        if block.parts is not None or block.shortest_step() < 0:
            return bytearray(b"\1" * count)
        bad = [kind.grade is not Grade.GOOD for kind in block.kinds]
        if not any(bad):
            flags = bytearray(count)
        elif isinstance(block.kind, bytes):
            flags = bytearray(block.kind.translate(bytes(bad) + bytes(256 - len(bad))))
        else:
            flags = bytearray(bad[kind] for kind in block.kind)
        longest = block.longest()
        if longest >= self._slow:
            for index, duration in enumerate(durations):
                if duration >= self._slow:
                    flags[index] = 1
        before = self.row.fold.at
        if before is None or ats[0] + durations[0] - before >= self._stale_after:
            flags[0] = 1
        if block.longest_step() + longest >= self._stale_after:
            for index in range(1, count):
                if ats[index] + durations[index] - ats[index - 1] >= self._stale_after:
                    flags[index] = 1
        return flags

    def _observe(self, observation: Observation) -> Iterator[StandingChange]:
        now = max(observation.at + observation.duration, self.ends_at)
        at = self.row.fold.at
        if at is not None and now - at > self._stale_after:
            yield from self._stand(max(self._stale_at(at), self.ends_at), STALE)
        self.row.observe(observation)
        self.ends_at = now
        yield from self._stand(now, OBSERVED)

    def _stand(self, now: float, order: int) -> Iterator[StandingChange]:
        standing = self.row.stand(now)
        if standing != self.row.standing:
            self.row.standing = standing
            yield StandingChange(now, order, standing)

    def _stale_at(self, at: float) -> float:
        """The first instant at which the judge calls an observation made at ``at`` stale."""
        stale = at + self._stale_after
        while not stale - at > self._stale_after:
            stale = math.nextafter(stale, math.inf)
        return stale


def _observation(
    at: float, duration: float, kind: Kind, parts: tuple[Observation, ...] = ()
) -> Observation:
    """As much of it as the judge looks at."""
    return Observation(
        at=at,
        duration=duration,
        grade=kind.grade,
        reason=kind.reason,
        cause=kind.cause,
        address=kind.address,
        parts=parts,
    )


def _parts(block: ObservationColumns) -> list[tuple[Observation, ...]] | None:
    """The parts of each; ``None`` when there are none at all."""
    table = block.parts
    if table is None:
        return None
    every = iter(
        [
            _observation(at, duration, table.kinds[kind])
            for at, duration, kind in zip(table.ats(), table.durations(), table.kind, strict=True)
        ]
    )
    return [tuple(next(every) for _ in range(count)) for count in block.part_counts()]
