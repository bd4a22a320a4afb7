"""The history's interface for the event loop: giving costs nothing, questions are awaited."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import NoReturn, Self, TypeVar

from sqlalchemy import Connection

from monitor.history import queries
from monitor.history.carried_over import CarriedOver, CarriedOverQuery
from monitor.history.commit_listener import Recorded
from monitor.history.database import Database
from monitor.history.db_thread import ThreadWorker, Worker
from monitor.history.deadline import READ
from monitor.history.errors import HistoryTroubleError
from monitor.history.rollup import Rollup
from monitor.history.rows import of_by_hand
from monitor.history.writer import CARRIED_OVER, Figures, Recorder
from monitor.model.estate import Retention
from monitor.model.records import ByHandRow, Entry, Outgoing, Seen
from probes.observation import Observation

__all__ = ["Figures", "History", "HistoryTroubleError", "Rollup"]

T = TypeVar("T")
SILENT = "it does not answer in time"
LOOK = 0.25
"""Seconds between looks whether the worker hangs."""


class History:
    """Records and reads observations, transitions, evidence, the outbox and states, by one worker.

    The methods that are no coroutines never block and never fail. Those that are raise
    :class:`~monitor.history.errors.HistoryTroubleError` while the database is away.
    """

    def __init__(self, recorder: Recorder, worker: Worker) -> None:
        self._recorder = recorder
        self._worker = worker
        self._silent = False
        """Whether the last question had no answer."""
        self.observed: Callable[[str, Observation], None] = recorder.queue.observed
        """Takes one observation of a check (by its id): in the database about a second later."""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        store: str,
        data_dir: Path,
        *,
        retention: Retention,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        worker: Worker | None = None,
        database: Database | None = None,
    ) -> AsyncIterator[Self]:
        """``store`` is ``sqlite`` or the URL of a PostgreSQL database; a ``database`` takes its place
        (for simulations that let it fail).

        The tables are made or migrated and the journal is replayed before it is entered. When that
        cannot be, the history is away and is tried again: entering it raises nothing for it. At
        the end everything that waits is written, within a few seconds. Raises
        :class:`~monitor.history.errors.HistoryTroubleError` for a store that is no address.
        """
        mine = worker if worker is not None else ThreadWorker()
        recorder = Recorder(
            store=store,
            data_dir=data_dir,
            retention=retention,
            clock=clock,
            timer=timer,
            breathe=mine.breathe,
            tell=mine.tell,
            wake=mine.wake,
            database=database,
        )
        history = cls(recorder, mine)
        mine.start(recorder.step)
        looking = None
        if isinstance(mine, ThreadWorker):
            looking = asyncio.create_task(_looking(recorder.look), name="history-look")
        try:
            with contextlib.suppress(HistoryTroubleError):
                await history._ask(lambda _: None)
            yield history
        finally:
            if history.away:
                recorder.break_off()
            await mine.stop(recorder.close, recorder.break_off)
            if looking is not None:
                looking.cancel()
                await asyncio.wait([looking])

    def listen(
        self, recorded: Recorded | None = None, back: Callable[[], None] | None = None
    ) -> None:
        """On the loop: ``recorded(entries, outgoing)`` once they are kept for good, in the database
        or in the journal (or, when neither can be written, as soon as that is known, within
        seconds: an alarm does not wait for a full disk or one that hangs); ``back()`` when the database is there again and everything that
        had to wait is in it, :meth:`pending` tells what of it is not delivered.
        """
        if recorded is not None:
            self._recorder.commits.recorded = recorded
        if back is not None:
            self._recorder.back = back

    @property
    def away(self) -> bool:
        """Whether the database cannot be written or read now."""
        return self._recorder.outage.lasts

    @property
    def away_since(self) -> float | None:
        return self._recorder.outage.since

    @property
    def why_away(self) -> str:
        """One clause, without secrets; empty while it is there."""
        return self._recorder.outage.why

    def figures(self) -> Figures:
        """For metrics."""
        return self._recorder.figures()

    def keep(self, retention: Retention) -> None:
        """From now on; for a configuration that was read again."""
        self._recorder.upkeep.retention = retention

    def unreadable(self, what: str, number: int) -> None:
        """Counts what it gave and nobody understands, for metrics."""
        self._recorder.unreadable(what, number)

    # given

    def record(self, entries: Sequence[Entry], states: Mapping[str, bytes] | None = None) -> None:
        """Transitions with their evidence and messages, and states that belong to them: all of it
        in one transaction, at once, and never dropped. A transition that is there already is left.
        """
        self._recorder.queue.record(entries, states or {})

    def enqueue(self, outgoing: Sequence[Outgoing]) -> None:
        """Messages that no transition causes: reminders, service windows."""
        self._recorder.queue.enqueue(outgoing)

    async def write_by_hand(self, row: ByHandRow, otherwise: ByHandRow) -> None:
        """Keeps what a person wrote, in the database, or raises :class:`HistoryTroubleError`: whatever
        then was under way, ``otherwise`` stands there in the end.
        """
        if self._recorder.hangs:
            raise HistoryTroubleError(self.why_away)
        waiting, begun = [row], list[ByHandRow]()

        def wanted() -> bool:
            begun.append(row)  # before it looks: either side sees what the other has done
            return bool(waiting)

        try:
            await self._within(READ, lambda: self._recorder.write_now([of_by_hand(row)], wanted))
        except HistoryTroubleError:
            waiting.clear()
            if begun:  # an answer that is lost may be that of a commit
                self._recorder.queue.keep_by_hand(otherwise)
            raise
        finally:
            waiting.clear()

    def keep_by_hand(self, row: ByHandRow) -> None:
        """The same for what has ended by itself: in the database as soon as that is there."""
        self._recorder.queue.keep_by_hand(row)

    async def by_hand(self, since: float) -> list[ByHandRow]:
        """What people wrote that has not ended, or after ``since``, the oldest first."""
        return await self._ask(partial(queries.by_hand_rows, since=since))

    def checkpoint(self, states: Mapping[str, bytes]) -> None:
        """States by their keys, in place of earlier ones; within about a second."""
        self._recorder.queue.checkpoint(states)

    def delivered(self, outgoing_id: str, at: float) -> None:
        self._recorder.queue.settle((outgoing_id,), at, None)

    def postponed(self, outgoing_id: str, attempts: int, next_attempt_at: float) -> None:
        self._recorder.queue.postpone(outgoing_id, attempts, next_attempt_at)

    def given_up(self, outgoing_id: str, at: float, error: str) -> None:
        self._recorder.queue.settle((outgoing_id,), at, error)

    def superseded(self, outgoing_ids: Sequence[str], at: float) -> None:
        """Messages that are not sent: another one says it all."""
        self._recorder.queue.settle(outgoing_ids, at, None)

    def expired(self, before: float, at: float, error: str) -> None:
        """Gives up everything that was made ``before`` and is still to be delivered."""
        self._recorder.queue.expire(before, at, error)

    # asked: everything that was given before is in the answer

    async def carried_over(self, wanted: CarriedOverQuery) -> CarriedOver:
        """What an earlier process left: see :mod:`monitor.history.carried_over`. Also from a database that
        cannot be written.
        """
        if self._recorder.hangs:
            raise HistoryTroubleError(self.why_away or SILENT)
        if self._silent:  # nobody waits twice for one that hangs; it may have come to itself since
            await self._within(LOOK, lambda: None)
        asking = asyncio.ensure_future(
            self._within(CARRIED_OVER, lambda: self._recorder.carried_over(wanted))
        )
        try:
            while not asking.done() and not self._recorder.hangs:
                await asyncio.wait([asking], timeout=LOOK)
        finally:
            asking.cancel()
        if not asking.done():
            raise HistoryTroubleError(SILENT)
        return asking.result()

    async def beside(self, work: Callable[[], T]) -> T:
        """Runs what takes a while and has nothing to do with the loop, in the history's thread."""
        return await self._within(CARRIED_OVER, work)

    async def states(self) -> dict[str, bytes]:
        return await self._ask(queries.states)

    async def seen(self, check_id: str, since: float, until: float | None = None) -> list[Seen]:
        """What a check saw from ``since`` on and before ``until``, oldest first."""
        end = inf if until is None else until

        def ask(connection: Connection) -> list[Seen]:
            parts = queries.stream_seen(connection, check_id, since, end)
            return [seen for part in parts for seen in part]

        return await self._ask(ask)

    async def transitions(
        self,
        service: str | None = None,
        environment: str | None = None,
        since: float = 0.0,
        until: float | None = None,
        limit: int | None = None,
    ) -> list[Entry]:
        """Oldest first, without evidence and messages; with a ``limit`` the newest of them."""
        return await self._ask(
            partial(
                queries.transitions,
                service=service,
                environment=environment,
                since=since,
                until=inf if until is None else until,
                limit=limit,
            )
        )

    async def transition(self, transition_id: str) -> Entry | None:
        return await self._ask(partial(queries.entry, transition_id=transition_id))

    async def evidence(self, transition_id: str) -> bytes | None:
        return await self._ask(partial(queries.evidence_of, transition_id=transition_id))

    async def pending(self, since: float = 0.0) -> list[Outgoing]:
        """Messages made after ``since``, neither delivered nor given up, oldest first."""
        return await self._ask(partial(queries.pending, since=since))

    async def overdue(self, since: float) -> dict[str, int]:
        """How many there are to each receiver that were not made after ``since``."""
        return await self._ask(partial(queries.overdue, since=since))

    async def last_told(self) -> list[Outgoing]:
        """The newest message of each receiver and subject."""
        return await self._ask(queries.last_told)

    async def days(
        self, check_id: str, since: float = 0.0, until: float | None = None
    ) -> list[Rollup]:
        """Roll-ups of whole days (UTC), oldest first."""
        end = inf if until is None else until
        return await self._ask(
            partial(queries.day_rollups, check_id=check_id, since=since, until=end)
        )

    async def hours(self, check_id: str, since: float, until: float) -> list[Rollup]:
        """Roll-ups of whole hours, oldest first."""
        return await self._ask(partial(queries.hours, check_id=check_id, since=since, until=until))

    async def _ask(self, ask: Callable[[Connection], T]) -> T:
        if self._recorder.hangs:
            raise HistoryTroubleError(self.why_away)
        return await self._within(READ, lambda: self._recorder.read(ask))

    async def _within(self, seconds: float, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(seconds):
                found = await self._worker.call(work)
        except TimeoutError:
            self._silent = True
            raise HistoryTroubleError(SILENT) from None
        self._silent = False
        return found


async def _looking(look: Callable[[], None]) -> NoReturn:
    while True:
        await asyncio.sleep(LOOK)
        look()
