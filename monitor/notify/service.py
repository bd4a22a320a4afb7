"""Plans the notifications of transitions, and sees that they are delivered.

    transition ──▶ router ──▶ entry ──▶ history ──▶ deliverer ──▶ receivers
                                           └─ delivered, postponed, given up ◀──┘

A message is sent once it is kept, so that it is known after a crash; and soon when the history is
away, for an alarm does not wait for a full disk.

A start that finds the history away knows from a small file which alarms receivers stand with
(:mod:`monitor.notify.open_alarms_file`). One that does not find that either holds its messages for :data:`HOLD`: when
the history comes in time, nothing is told twice. Whenever it comes, who was told of an alarm gets the
all-clear.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from math import inf
from typing import Self

import structlog

from monitor.history.history import History
from monitor.model.estate import Estate
from monitor.model.records import Entry, MessageKind, Outgoing
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.notify.backoff import Pace
from monitor.notify.coalescing import repeats
from monitor.notify.delivery import Deliverer, MakeSender
from monitor.notify.history_outbox import OPENS, HistoryOutbox
from monitor.notify.message import Message
from monitor.notify.open_alarms_file import Memory, OpenAlarmsFile
from monitor.notify.outbox import DeliveryMetrics
from monitor.notify.routing import Observed, Router, no_evidence
from monitor.plan import Agenda
from probes.observation import clean

log = structlog.get_logger("driftvakt")


HOLD = 10.0
"""Seconds after such a start for which messages are held."""
RECALL = 2.0
"""Seconds that the file may take at a start; half of it at an end."""
RENEW = 3600.0
"""Seconds within which the file is written anew, changed or not."""
_PAUSE = 0.25
"""Seconds between two writings."""
AllClear = Callable[[Message], tuple[Transition, Text] | None]
"""Of a service's alarm: the transition that ends it and what to say, if the service is green."""


class NotificationService:
    """Owns the router and the deliverer for as long as its context is entered."""

    def __init__(
        self,
        estate: Estate,
        history: History,
        metrics: DeliveryMetrics,
        clock: Callable[[], float],
        *,
        pace: Pace | None = None,
        sender: MakeSender | None = None,
        memory: Memory | None = None,
    ) -> None:
        """``pace``, ``sender`` and ``memory`` take the place of real time, of real receivers and of
        the file in simulations.
        """
        self._estate = estate
        self._history = history
        self._clock = clock
        self._router = Router(estate)
        self._router.silenced = lambda name: metrics.notified(name, "silenced")
        self._outbox = HistoryOutbox(history)
        self._memory: Memory = memory if memory is not None else OpenAlarmsFile(estate.data_dir)
        self._remembers = True
        """Whether the file would be whole."""
        self._written_at = float("-inf")
        self._forgot = False
        self._knows = True
        """Whether it knows what earlier processes told."""
        self._holds_until = float("-inf")
        self._held: list[Outgoing] = []
        self._own: dict[tuple[str, str], Outgoing] = {}
        """Of each receiver and subject the newest message of this process, while it does not."""
        self._deliverer = Deliverer(
            estate,
            self._outbox,
            metrics,
            pace=pace if pace is not None else Pace(clock=clock),
            sender=sender,
            rests=lambda one: self._router.rests(one.subject, clock()),
        )
        self._resuming: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()
        self._open = False

    async def restore(self, told: Sequence[Outgoing] | None) -> Mapping[str, float]:
        """To be called before it is entered, with what earlier processes told last; ``None`` when
        that is not known yet, and comes by :meth:`restore_late`. Gives when the disturbances
        began of which nothing but their alarms is known, by ``ENV/SERVICE``.
        """
        known = told is not None
        if told is None:
            self._knows = False
            told = await self._recalled()
            if told is None:
                self._remembers = False
                self._holds_until = self._clock() + HOLD
                return {}
            log.info("alarms_recalled", number=len(told))
        self._outbox.told = told
        self._router.restore(told, unsure=not known)
        self._remember(told)
        if known:
            return {}
        return {subject: one.message.since for _, subject, one in self._router.open()}

    async def _recalled(self) -> Sequence[Outgoing] | None:
        try:
            async with asyncio.timeout(RECALL):
                return await self._memory.read(self._clock())
        except TimeoutError:
            log.warning("alarms_not_recalled", error="the disk does not answer")
        except (OSError, ValueError) as error:
            log.warning("alarms_not_recalled", error=clean(str(error)))
        return None

    def _remember(self, told: Sequence[Outgoing]) -> None:
        """What of it is open goes into the file."""
        standing = {(name, subject) for name, subject, _ in self._router.open()}
        for one in told:
            key = one.notification, one.subject
            if key in standing and one.kind in OPENS:
                self._outbox.open.setdefault(key, one)
        self._outbox.changed.set()

    async def _keep_told(self) -> None:
        """Writes the file whenever it would be another."""
        while True:
            await self._outbox.changed.wait()
            await self._write_told()
            await asyncio.sleep(_PAUSE)

    async def _write_told(self) -> None:
        if not self._remembers:
            return
        self._outbox.changed.clear()
        now = self._clock()
        try:
            await self._memory.write(list(self._outbox.open.values()), now)
        except OSError as error:
            if not self._forgot:
                log.warning("alarms_not_remembered", error=clean(str(error)))
            self._forgot = True
        else:
            self._forgot = False
        self._written_at = now

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._deliverer)
        self._open = True
        self._history.listen(self._recorded, self._back)
        self._keeping = asyncio.create_task(self._keep_told(), name="notify-told")
        return self

    def restore_late(self, told: Sequence[Outgoing], all_clear: AllClear) -> None:
        """What earlier processes told last is known now. Whoever was told what this process has
        planned to say again is not told it; who was told of an alarm that is over is told that.
        """
        now = self._clock()
        self._knows = self._remembers = True
        self._outbox.told = told
        held, self._held = self._held, []
        superseded: set[str] = set()
        standing = {(name, subject) for name, subject, _ in self._router.open()}
        for one in told:
            key = one.notification, one.subject
            if one.kind is MessageKind.RECOVERY and key not in standing:
                continue  # most of them: nothing is open
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
        news = {key for key, own in self._own.items() if own.id not in superseded}
        self._remember([one for one in told if (one.notification, one.subject) not in news])
        self._own.clear()
        self._deliver([own for own in held if own.id not in superseded])
        self._back()

    async def __aexit__(self, *_: object) -> None:
        # what is kept from now on is pending, and sent by the next process
        self._open = False
        self._history.enqueue(self._router.confirmed(inf))
        for task in self._resuming:
            task.cancel()
        if self._resuming:
            await asyncio.wait(self._resuming)
        await self._stack.aclose()
        self._keeping.cancel()
        await asyncio.wait([self._keeping])
        if self._outbox.changed.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECALL / 2):
                    await self._write_told()

    def heed(self, agenda: Callable[[], Agenda]) -> None:
        """From now on what people acknowledge and silence is heeded."""
        self._router.agenda = agenda

    def tell_now(self, transition: Transition, text: Text) -> None:
        """Tells how things stand, after a silence, whoever does not know."""
        self._history.enqueue(self.plan(transition, text))

    def plan(
        self, transition: Transition, text: Text, observed: Observed = no_evidence
    ) -> tuple[Outgoing, ...]:
        """The messages that a transition causes, to be kept in one with it."""
        planned = self._router.plan(transition, text, self._clock(), observed)
        self._note(planned)
        return planned

    def _note(self, planned: Sequence[Outgoing]) -> None:
        if not self._knows:
            self._own |= {(one.notification, one.subject): one for one in planned}

    def _deliver(self, outgoing: Sequence[Outgoing]) -> None:
        self._outbox.take(outgoing)
        self._deliverer.take(outgoing)

    def tick(self) -> None:
        """To be called about once a second: sends the reminders that are due, and what was held
        for long enough.
        """
        now = self._clock()
        if self._held and not self._holds():
            held, self._held = self._held, []
            self._deliver(held)
        if confirmed := self._router.confirmed(now):
            self._note(confirmed)
            self._history.enqueue(confirmed)
        self._deliver(self._router.reminders(now))
        if now - self._written_at >= RENEW:
            self._outbox.changed.set()

    def follow(self, estate: Estate) -> None:
        """From now on transitions are told by this configuration."""
        self._estate = estate
        self._history.enqueue(self._router.reload(estate, self._clock()))
        standing = {(name, subject) for name, subject, _ in self._router.open()}
        for key in self._outbox.open.keys() - standing:
            if key[0] not in {one.name for one in estate.notifications}:
                del self._outbox.open[key]
                self._outbox.changed.set()

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
            self._deliver(every)

    def _holds(self) -> bool:
        return not self._knows and self._clock() < self._holds_until

    def _back(self) -> None:
        """What the last process left behind could not be read while the history was away."""
        if self._open and self._knows:
            task = asyncio.create_task(self._deliverer.resume(), name="notify-resume")
            self._resuming.add(task)
            task.add_done_callback(self._resuming.discard)
