"""Notifications on their way: whom a transition is told to, and that it gets there.

    transition ──▶ router ──▶ entry ──▶ history ──▶ deliverer ──▶ receivers
                                           └─ delivered, postponed, given up ◀──┘

A message is sent once it is kept, so that it is known after a crash; and soon when the history is
away, for an alarm does not wait for a full disk.

A start that does not know what earlier processes told, because the history is away, holds its
messages for :data:`HOLD`. When the history comes in time, nothing is told twice; whenever it comes,
who was told of an alarm gets the all-clear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import structlog

from monitor.estate import Estate, Text
from monitor.history.history import History
from monitor.history.trouble import HistoryTroubleError
from monitor.notify.delivery import Deliverer, MakeSender, Told
from monitor.notify.folding import repeats
from monitor.notify.lane import Pace
from monitor.notify.message import Message
from monitor.notify.routing import Router
from monitor.record import Entry, Outgoing
from monitor.snapshot import Transition

log = structlog.get_logger("driftvakt")


HOLD = 10.0
"""Seconds after such a start for which messages are held."""
AllClear = Callable[[Message], tuple[Transition, Text] | None]
"""Of a service's alarm: the transition that ends it and what to say, if the service is green."""


class _Outbox:
    """The history as the deliverer sees it. While it is away it has nothing but what a start has
    read: what is in it comes when it is back.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self.told: Sequence[Outgoing] = ()
        """What earlier processes told last."""
        self.delivered = history.delivered
        self.postponed = history.postponed
        self.given_up = history.given_up
        self.superseded = history.superseded

    async def pending(self, since: float) -> list[Outgoing]:
        try:
            return await self._history.pending(since)
        except HistoryTroubleError:
            return []

    async def expire(self, before: float, at: float, error: str) -> Mapping[str, int]:
        try:
            found = await self._history.overdue(before)
        except HistoryTroubleError:
            return {}
        if found:
            self._history.expired(before, at, error)
        return found

    async def last_told(self) -> Sequence[Outgoing]:
        try:
            return await self._history.last_told()
        except HistoryTroubleError:
            return self.told


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
        self._outbox = _Outbox(history)
        self._knows = True
        """Whether it knows what earlier processes told."""
        self._holds_until = float("-inf")
        self._held: list[Outgoing] = []
        self._own: dict[tuple[str, str], Outgoing] = {}
        """Of each receiver and subject the newest message of this process, while it does not."""
        self._deliverer = Deliverer(
            estate,
            self._outbox,
            told,
            pace=pace if pace is not None else Pace(clock=clock),
            sender=sender,
        )
        self._resuming: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self._open = False

    def restore(self, told: Sequence[Outgoing] | None) -> None:
        """To be called before it is entered, with what earlier processes told last; ``None`` when
        that is not known yet, and comes by :meth:`restore_late`.
        """
        if told is None:
            self._knows = False
            self._holds_until = self._clock() + HOLD
            return
        self._outbox.told = told
        self._router.restore(told)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._deliverer)
        self._open = True
        self._history.listen(self._recorded, self._back)
        return self

    def restore_late(self, told: Sequence[Outgoing], all_clear: AllClear) -> None:
        """What earlier processes told last is known now. Whoever was told what this process has
        planned to say again is not told it; who was told of an alarm that is over is told that.
        """
        now = self._clock()
        self._knows = True
        self._outbox.told = told
        held, self._held = self._held, []
        superseded: set[str] = set()
        for one in told:
            key = one.notification, one.subject
            message = self._router.take_up(one, self._own.get(key))
            if message is None:
                continue
            again = [own for own in held if (own.notification, own.subject) == key]
            superseded.update(own.id for own in repeats(message, again))
            over = all_clear(message) if key not in self._own else None
            if over is not None:
                self._history.enqueue(self._router.all_clear(one.notification, *over, now))
        if superseded:
            self._history.superseded(sorted(superseded), now)
        self._own.clear()
        self._deliverer.take(own for own in held if own.id not in superseded)
        self._back()

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
        planned = self._router.plan(transition, text, self._clock())
        if not self._knows:
            self._own |= {(one.notification, one.subject): one for one in planned}
        return planned

    def tick(self) -> None:
        """To be called about once a second: sends the reminders that are due, and what was held
        for long enough.
        """
        if self._held and not self._holds():
            held, self._held = self._held, []
            self._deliverer.take(held)
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
        if not self._open:
            return
        every = [one for entry in entries for one in entry.outgoing] + list(outgoing)
        if self._holds():
            self._held += every
        else:
            self._deliverer.take(every)

    def _holds(self) -> bool:
        return not self._knows and self._clock() < self._holds_until

    def _back(self) -> None:
        """What the last process left behind could not be read while the history was away."""
        if self._open and self._knows:
            task = asyncio.create_task(self._deliverer.resume(), name="notify-resume")
            self._resuming.add(task)
            task.add_done_callback(self._resuming.discard)
