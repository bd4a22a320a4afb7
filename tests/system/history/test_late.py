"""A history that says only after a while what an earlier process knew."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from monitor.history.checkpointer import Checkpointer
from monitor.history.database import SQLITE
from monitor.history.history import History
from monitor.judging.board import Board
from monitor.model.estate import Retention
from monitor.model.status import Status
from probes.observation import Observation
from tests.benchmarks.restoring import INTERVAL, NOW, estate_of, lived

CHECKS = 4_000
LATER = NOW + 2 * INTERVAL


async def test_thousands_of_checks_are_taken_up_between_other_work(tmp_path: Path) -> None:
    """The loop has its turns meanwhile, none of which takes a tenth of the whole. What was measured
    before stands; what is measured in the middle is told from what was known.
    """
    estate = estate_of(CHECKS)
    await lived(estate, SQLITE, tmp_path)
    async with History.open(
        SQLITE, tmp_path, retention=Retention(), clock=lambda: LATER
    ) as history:
        board = Board(estate, LATER)
        checkpointer = Checkpointer(history, board, estate)
        checkpointer._started_at = LATER
        first, _, other, *_ = estate.checks()
        board.observe(first.id, Observation(at=LATER, duration=0.05), LATER)
        begun: list[float] = []
        """When it began to be taken up, and when that was published."""
        spent: list[float] = []
        measured: list[bool] = []

        def now() -> float:
            begun.append(time.thread_time())
            return LATER

        async def others() -> None:
            at = time.thread_time()
            while True:
                await asyncio.sleep(0)
                spent.append(-at + (at := time.thread_time()))
                if len(begun) == 1 and not measured:
                    measured.append(True)
                    board.observe(other.id, Observation(at=LATER, duration=0.05), LATER)

        beside = asyncio.create_task(others())
        restored = await checkpointer.restore_late(now)
        beside.cancel()
        total = begun[-1] - begun[0]
        assert restored.known
        assert max(spent) < total / 10, (max(spent), total)
        changed = [one.service for one in restored.changes if one.service is not None]
        assert changed == [first.service], changed
        assert {state.status for _, state in board.published()} == {Status.GREEN}
        assert all(check.since is not None for check in board.snapshot(LATER).checks())


async def test_what_is_taken_up_is_told_before_anything_else_happens(tmp_path: Path) -> None:
    """From the last look at the clock until its caller has the changes nobody else has a turn, also
    where checks begin of which nothing was known.
    """
    await lived(estate_of(100), SQLITE, tmp_path)
    grown = estate_of(400)
    async with History.open(
        SQLITE, tmp_path, retention=Retention(), clock=lambda: LATER
    ) as history:
        board = Board(grown, LATER)
        checkpointer = Checkpointer(history, board, grown)
        checkpointer._started_at = LATER
        turns: list[int] = []

        def now() -> float:
            turns.append(0)
            return LATER

        async def others() -> None:
            while True:
                await asyncio.sleep(0)
                if turns:
                    turns[-1] += 1

        beside = asyncio.create_task(others())
        await checkpointer.restore_late(now)
        told = turns[-1]
        await checkpointer.begin()
        beside.cancel()
        assert told == 0
        assert turns[-1] > 1, "what begins is kept in one go"
        begun = {check.id for check in grown.checks()} - {
            check.id for check in estate_of(100).checks()
        }
        assert begun <= (await history.states()).keys()
