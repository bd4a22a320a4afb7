"""The whole record, judged again: every check on its own, then rolled up on a board in the order
of time.

It goes by slices of a few hours, so that what is in memory is bounded: of each check its state, and
the changes within one slice. Instants at which something is decided are those at which the
observation was over; the board that watches does it a little later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from operator import itemgetter

from monitor.board import Board
from monitor.estate import CheckId, Estate
from monitor.history.packing import Columns, PackingError, columns, columns_of, rows_of
from monitor.judge import Standing, Status
from monitor.replay.judging import Change, Judging
from monitor.replay.recording import Block, Recording
from monitor.snapshot import Transition

SLICE = 4 * 3600.0
"""Seconds that are judged at a time; whole hours, as the history packs them."""

_Event = tuple[float, int, int, Standing]
"""When, the order at that instant, the check's place in the configuration, how it stands."""


class Replay:
    """The judgement of ``estate`` over what was seen from ``since`` on and before ``until``.

    ``told`` hears how much is done: slices of checks, and how many there are.
    """

    def __init__(
        self,
        estate: Estate,
        recording: Recording,
        since: float,
        until: float,
        told: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        self.since = since
        self.until = until
        self._recording = recording
        self._told = told
        self._board = Board(estate, since)
        self._checks = [(check.id, Judging(check, since)) for check in estate.checks()]
        self._waiting: list[_Event] = []
        self.damaged = 0
        """Blocks that could not be read."""

    @property
    def observations(self) -> int:
        """How many were judged."""
        return sum(judging.observations for _, judging in self._checks)

    @property
    def ends_at(self) -> float:
        """When the newest observation was over; ``since`` when there is none."""
        ends = max((judging.ends_at for _, judging in self._checks), default=-math.inf)
        return max(ends, self.since)

    def unmeasured(self) -> list[CheckId]:
        """Checks that nothing was kept of."""
        return [check_id for check_id, judging in self._checks if not judging.observations]

    def statuses(self) -> dict[str, Status]:
        """How every service stands in the end, by ``ENV/SERVICE``."""
        view = self._board.snapshot(self.until)
        return {one.service.id: one.status for one in view.services()}

    def transitions(self) -> Iterator[Transition]:
        """Everything that would have been published, oldest first. To be read once.

        What would have become stale after the newest observation of all is not told: nothing was
        recorded any more, which says nothing about the targets.
        """
        bounds = list(_slices(self.since, self.until))
        total = len(bounds) * len(self._checks)
        done = 0
        for begin, end in bounds:
            for place, (check_id, judging) in enumerate(self._checks):
                for block in self._recording.blocks(check_id, begin, end):
                    try:
                        found = _within(block, begin, end)
                    except PackingError:
                        self.damaged += 1
                        continue
                    self._wait(place, judging.take(found))
                self._wait(place, judging.age(end))
                done += 1
                self._told(done, total)
            yield from self._roll_up(end)
        yield from self._roll_up(math.inf)
        yield from self._plan(min(self.until, self.ends_at))

    def _wait(self, place: int, changes: Iterator[Change]) -> None:
        self._waiting += [(at, order, place, standing) for at, order, standing in changes]

    def _roll_up(self, end: float) -> Iterator[Transition]:
        """What is known to be next: nothing that is read later can come before it."""
        ends_at = self.ends_at
        self._waiting.sort(key=itemgetter(0, 1, 2))
        later: list[_Event] = []
        for event in self._waiting:
            at, _, place, standing = event
            if at >= end or at > ends_at:
                later.append(event)
                continue
            yield from self._plan(at)
            yield from self._board.stand(self._checks[place][0], standing, at)
        self._waiting = later

    def _plan(self, until: float) -> Iterator[Transition]:
        """What service windows change until then."""
        while (edge := self._board.next_plan()) <= until:
            yield from self._board.age(edge)


def _slices(since: float, until: float) -> Iterator[tuple[float, float]]:
    begin = since
    while begin < until:
        end = min((begin // SLICE + 1) * SLICE, until)
        yield begin, end
        begin = end


def _within(block: Block, since: float, until: float) -> Columns:
    """A block without what is before ``since``, or at or after ``until``."""
    found = columns(block) if isinstance(block, bytes) else columns_of(block)
    if not len(found):
        return found
    if found.shortest_step() >= 0:
        if since <= found.first_at and found.last_at < until:
            return found
    elif all(since <= at < until for at in found.ats()):
        return found
    return columns_of([seen for seen in rows_of(found) if since <= seen.at < until])
