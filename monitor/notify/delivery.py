"""Delivers the outbox's messages, by one :class:`~monitor.notify.receiver_queue.ReceiverQueue` a receiver.

At least once: what is taken in is delivered or given up, and the :class:`Outbox` knows which; what was
neither when the process ended is pending and taken in at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import Self

import aiohttp
import structlog

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing
from monitor.notify.backoff import GIVE_UP, TOO_OLD, Pace
from monitor.notify.factory import make_sender
from monitor.notify.http_post import Poster, open_post_session
from monitor.notify.message import read_message
from monitor.notify.outbox import DeliveryMetrics, Outbox
from monitor.notify.receiver_queue import ReceiverQueue
from monitor.notify.sender import Sender

log = structlog.get_logger("driftvakt")

MakeSender = Callable[[Receiver, Estate, aiohttp.ClientSession], Sender]


class Deliverer:
    """Delivers messages for as long as its context is entered. Nothing here waits for a receiver but its
    own queue: ``take`` returns at once.
    """

    def __init__(
        self,
        estate: Estate,
        outbox: Outbox,
        metrics: DeliveryMetrics,
        *,
        pace: Pace | None = None,
        sender: MakeSender | None = None,
        rests: Callable[[Outgoing], bool] = lambda _: False,
    ) -> None:
        """``rests`` says of a reminder that waits whether nobody is to be reminded any more."""
        self._estate = estate
        self._outbox = outbox
        self._metrics = metrics
        self._pace = pace if pace is not None else Pace()
        self._rests = rests
        self._make = sender if sender is not None else self._make_sender
        self._queues: dict[str, ReceiverQueue] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        session = open_post_session(self._estate.user_agent)
        self._session = await self._stack.enter_async_context(session)
        for receiver in self._estate.notifications:
            self._queues[receiver.name] = self._queue(receiver)
        await self.resume()
        for name in self._queues:
            self._start(name)
        return self

    async def __aexit__(self, *_: object) -> None:
        for name in list(self._queues):
            await self._end(name)
        await self._stack.aclose()

    def take(self, outgoing: Iterable[Outgoing]) -> None:
        """Delivers these too, each once however often it is handed in."""
        for one in outgoing:
            queue = self._queues.get(one.notification)
            if queue is not None:
                queue.take(one)
            elif one.kind is not MessageKind.REMINDER:
                gone = "no receiver has this name any more"
                self._outbox.given_up(one.id, self._pace.clock(), gone)
                log.warning("notification_given_up", notification=one.notification, error=gone)

    async def resume(self) -> None:
        """Takes in what the outbox has. Also to be called when a store that was away is back; one
        that cannot be read is logged, and nothing else.
        """
        now = self._pace.clock()
        try:
            expired = await self._outbox.expire(now - GIVE_UP, now, TOO_OLD)
            told = await self._outbox.last_told()
            pending = await self._outbox.pending(now - GIVE_UP)
        except Exception:
            log.exception("outbox_unreadable")
            return
        watched = {str(service.id) for service in self._estate.services()}
        for one in told:
            queue = self._queues.get(one.notification)
            if queue is not None and one.subject in watched:
                try:
                    queue.sender.restore(read_message(one))
                except ValueError as error:
                    log.warning("notification_unreadable", error=str(error))
        if expired:
            for name, number in expired.items():
                self._metrics.notified(name, "given_up", number)
            number = sum(expired.values())
            log.error("notification_given_up", number=number, error=TOO_OLD)
        by_receiver: dict[str, list[Outgoing]] = {}
        for one in pending:
            by_receiver.setdefault(one.notification, []).append(one)
        for name, some in by_receiver.items():
            if name in self._queues:
                self._queues[name].take_all(some)
            else:
                self.take(some)

    async def reload(self, estate: Estate) -> None:
        """Goes over to another configuration and reads the files of addresses and secrets again.

        What waits for a receiver goes on waiting, under its new settings; what waits for one that
        is there no more is given up. An Alertmanager's open alerts are taken up from the outbox.
        """
        self._estate = estate
        wanted = {receiver.name: receiver for receiver in estate.notifications}
        for name in list(self._queues):
            queue = self._queues[name]
            receiver = wanted.get(name)
            if receiver is None or receiver.kind != queue.receiver.kind:
                await self._end(name)
                self.take(() if receiver is not None else list(queue.waiting()))
            else:
                await queue.use(receiver, self._make(receiver, estate, self._session)).close()
        added = [name for name in wanted if name not in self._queues]
        for name in added:
            self._queues[name] = self._queue(wanted[name])
        await self.resume()
        for name in added:
            self._start(name)

    def _make_sender(
        self, receiver: Receiver, estate: Estate, session: aiohttp.ClientSession
    ) -> Sender:
        return make_sender(receiver, estate, session, Poster(session, clock=self._pace.clock))

    def _queue(self, receiver: Receiver) -> ReceiverQueue:
        sender = self._make(receiver, self._estate, self._session)
        zone = self._estate.timezone
        return ReceiverQueue(
            receiver, sender, self._outbox, self._metrics, self._pace, zone, self._rests
        )

    def _start(self, name: str) -> None:
        task = asyncio.create_task(self._queues[name].run(), name=f"notify-{name}")
        self._tasks[name] = task

    async def _end(self, name: str) -> None:
        queue = self._queues.pop(name)
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await queue.sender.close()
