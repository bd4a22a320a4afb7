"""What a process that was killed leaves to the next one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.history.checkpointer import Checkpointer
from monitor.history.history import History
from monitor.judging.board import Board
from monitor.judging.persisted_state import packed_state
from monitor.judging.tracked_estate import TrackedEstate
from monitor.model.diff import difference
from monitor.model.estate import Estate
from monitor.model.status import Status
from tests.support.history.stores import Store, opened
from tests.unit.judging.test_board import START, bad, check, estate, good

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]

ONE = check()
ESTATE = estate(("expo", (ONE,)))


async def begun(history: History, watched: Estate, now: float) -> tuple[Board, Checkpointer]:
    """A daemon's board, with what an earlier one has kept."""
    board = Board(watched, now)
    checkpointer = Checkpointer(history, board, watched)
    await checkpointer.restore(now)
    return board, checkpointer


async def test_what_was_seen_before_the_first_checkpoint_is_known(store: Store) -> None:
    """Killed in its first seconds: a status that was published goes on."""
    async with opened(store) as history:
        _, checkpointer = await begun(history, ESTATE, START)
        checkpointer.observed(ONE.id, good(START))
        board, _ = await begun(history, ESTATE, START + 5)
        [view] = board.snapshot(START + 5).checks()
        assert (view.status, view.since) == (Status.GREEN, START)


async def test_what_another_target_answered_is_never_its_own(store: Store) -> None:
    """Killed before the first answer of a new target, at a start and at a reload."""
    other = replace(ONE, target="elsewhere")
    async with opened(store) as history:
        board, checkpointer = await begun(history, ESTATE, START)
        for second in range(3):
            checkpointer.observed(ONE.id, bad(START + second))
        moved = estate(("expo", (other,)))
        await begun(history, moved, START + 10)
        board, _ = await begun(history, moved, START + 20)
        assert [view.last for view in board.snapshot(START + 20).checks()] == [None]

        checkpointer.observed(ONE.id, bad(START + 30))
        board, checkpointer = await begun(history, estate(), START + 40)
        back = TrackedEstate(ESTATE, START + 50)
        board.adopt(back, difference(estate(), ESTATE), START + 50)
        checkpointer.follow(ESTATE, {ONE.id: packed_state(back.trackers[ONE.id].state())})
        board, _ = await begun(history, ESTATE, START + 60)
        assert [view.last for view in board.snapshot(START + 60).checks()] == [None]
