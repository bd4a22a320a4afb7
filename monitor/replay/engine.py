"""The whole record, judged again: every check on its own, then rolled up on a board in the order
of time.

It goes by slices of a few hours, so that what is in memory is bounded: of each check its state, and
the changes within one slice. Instants at which something is decided are those at which the
observation was over; the board that watches does it a little later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter

from monitor.history.codec.blocks import (
    ObservationColumns,
    PackingError,
    columns,
    columns_of,
    observations_of,
)
from monitor.judging.replayed_board import ReplayedBoard
from monitor.judging.standing import Standing
from monitor.model.estate import CheckId, Estate
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.replay.judging import STALE, Judging, StandingChange
from monitor.replay.recording import Block, Recording

SLICE = 8 * 3600.0
"""Seconds that are judged at a time; whole hours, as the history packs them."""

NONE = columns_of([])

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
        self._board = ReplayedBoard(estate, since)
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

    def _wait(self, place: int, changes: Iterator[StandingChange]) -> None:
        self._waiting += [(at, order, place, standing) for at, order, standing in changes]

    def _roll_up(self, end: float) -> Iterator[Transition]:
        """What is known to be next: nothing that is read later can come before it."""
        ends_at = self.ends_at
        self._waiting.sort(key=itemgetter(0, 1, 2))
        known = [event for event in self._waiting if event[0] < end and event[0] <= ends_at]
        self._waiting = self._waiting[len(known) :]
        for (at, order), events in groupby(known, key=itemgetter(0, 1)):
            standings = [(self._checks[place][0], standing) for _, _, place, standing in events]
            yield from self._plan(at, including=order != STALE)
            if order == STALE:  # with the service windows of that instant
                yield from self._board.stand_aged(standings, at)
                continue
            for check_id, standing in standings:
                yield from self._board.stand(check_id, standing, at)

    def _plan(self, until: float, *, including: bool = True) -> Iterator[Transition]:
        """What service windows change until then."""
        while (edge := self._board.next_plan()) < until or (including and edge == until):
            yield from self._board.age(edge)


def _slices(since: float, until: float) -> Iterator[tuple[float, float]]:
    begin = since
    while begin < until:
        end = min((begin // SLICE + 1) * SLICE, until)
        yield begin, end
        begin = end


def _within(block: Block, since: float, until: float) -> ObservationColumns:
    """A block without what is before ``since``, or at or after ``until``."""
    found = columns(block) if isinstance(block, bytes) else columns_of(block)
    if not len(found):
        return found
    if found.shortest_step() >= 0:
        if since <= found.first_at and found.last_at < until:
            return found
        if found.last_at < since or until <= found.first_at:
            return NONE  # a neighbouring hour
    elif all(since <= at < until for at in found.ats()):
        return found
    return columns_of([seen for seen in observations_of(found) if since <= seen.at < until])
