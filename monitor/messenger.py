"""Notifications on their way: whom a transition is told to, and that it gets there.

    transition ──▶ router ──▶ entry ──▶ history ──▶ deliverer ──▶ receivers
                                           └─ delivered, postponed, given up ◀──┘

A message is sent once it is kept, so that it is known after a crash; and soon when the history is
away, for an alarm does not wait for a full disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import structlog

from monitor.estate import Estate, Text
from monitor.history.history import History
from monitor.history.trouble import HistoryTroubleError
from monitor.notify.delivery import Deliverer, MakeSender, Told
from monitor.notify.lane import Pace
from monitor.notify.routing import Router
from monitor.record import Entry, Outgoing
from monitor.snapshot import Transition

log = structlog.get_logger("driftvakt")


class _Outbox:
    """The history as the deliverer sees it. While it is away it has nothing: what is in it comes when
    it is back.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self.delivered = history.delivered
        self.postponed = history.postponed
        self.given_up = history.given_up

    async def pending(self) -> list[Outgoing]:
        try:
            return await self._history.pending()
        except HistoryTroubleError:
            return []

    async def last_told(self) -> list[Outgoing]:
        try:
            return await self._history.last_told()
        except HistoryTroubleError:
            return []


class Messenger:
    """Owns the router and the deliverer for as long as its context is entered."""

    def __init__(
        self,
        estate: Estate,
        history: History,
        told: Told,
        clock: Callable[[], float],
        *,
        pace: Pace | None = None,
        sender: MakeSender | None = None,
    ) -> None:
        """``pace`` and ``sender`` take the place of real time and real receivers in simulations."""
        self._estate = estate
        self._history = history
        self._clock = clock
        self._router = Router(estate)
        self._deliverer = Deliverer(
            estate,
            _Outbox(history),
            told,
            pace=pace if pace is not None else Pace(clock=clock),
            sender=sender,
        )
        self._resuming: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self._open = False

    async def __aenter__(self) -> Self:
        try:
            self._router.restore(await self._history.last_told())
        except HistoryTroubleError as error:
            log.warning("notifications_not_restored", error=str(error))
        await self._stack.enter_async_context(self._deliverer)
        self._open = True
        self._history.listen(self._recorded, self._back)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # what is kept from now on is pending, and sent by the next process
        self._open = False
        for task in self._resuming:
            task.cancel()
        if self._resuming:
            await asyncio.wait(self._resuming)
        await self._stack.aclose()

    def plan(self, transition: Transition, text: Text) -> tuple[Outgoing, ...]:
        """The messages that a transition causes, to be kept in one with it."""
        return self._router.plan(transition, text, self._clock())

    def tick(self) -> None:
        """To be called about once a second: sends the reminders that are due."""
        self._deliverer.take(self._router.reminders(self._clock()))

    def follow(self, estate: Estate) -> None:
        """From now on transitions are told by this configuration."""
        self._estate = estate
        self._history.enqueue(self._router.reload(estate, self._clock()))

    async def renew(self) -> None:
        """Delivers by the newest configuration, and reads its files again."""
        try:
            await self._deliverer.reload(self._estate)
        except Exception:  # a bug of ours: the rest of the configuration applies all the same
            log.exception("notifications_not_renewed")

    def _recorded(self, entries: Sequence[Entry], outgoing: Sequence[Outgoing]) -> None:
        if self._open:
            for entry in entries:
                self._deliverer.take(entry.outgoing)
            self._deliverer.take(outgoing)

    def _back(self) -> None:
        """What the last process left behind could not be read while the history was away."""
        if self._open:
            task = asyncio.create_task(self._deliverer.resume(), name="notify-resume")
            self._resuming.add(task)
            task.add_done_callback(self._resuming.discard)
