"""A deliverer with receivers that fail as a test wants, in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import aiohttp

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.model.records import Outgoing
from monitor.notify.backoff import Pace
from monitor.notify.delivery import Deliverer
from monitor.notify.message import Message
from monitor.notify.sender import Sender, SendFailed
from tests.support.factories import NOW
from tests.support.outbox import Counted, MemoryOutbox, make_outgoing, make_watched
from tests.support.virtual_time import MONDAY

Fault = Callable[[Sequence[Message], int], SendFailed | Exception | float | None]


class Recorder:
    """A receiver that remembers what came and when, and fails as it is told."""

    refresh_every: float | None = None

    def __init__(self, receiver: Receiver, fault: Fault) -> None:
        self.receiver = receiver
        self.fault = fault
        self.tries = 0
        self.got: list[tuple[float, list[str]]] = []
        self.messages: list[Message] = []
        self.restored: list[str] = []
        self.closed = False

    async def send(self, messages: Sequence[Message]) -> None:
        self.tries += 1
        fault = self.fault(messages, self.tries)
        if isinstance(fault, float):
            await asyncio.sleep(fault)
        elif fault is not None:
            raise fault
        at = asyncio.get_running_loop().time() - MONDAY
        self.messages += messages
        self.got.append((at, [message.id for message in messages]))

    async def refresh(self) -> None: ...

    def restore(self, message: Message) -> None:
        self.restored.append(message.id)

    async def trial(self) -> None: ...

    async def close(self) -> None:
        self.closed = True

    def ids(self) -> list[str]:
        return [one for _, batch in self.got for one in batch]


class World:
    """A deliverer, its outbox and its receivers, on the loop's clock."""

    def __init__(self, *receivers: Receiver, fault: Fault = lambda *_: None) -> None:
        self.estate = make_watched(*receivers, services=300)
        self.outbox = MemoryOutbox()
        self.counted = Counted()
        self.fault = fault
        self.senders: list[Recorder] = []
        self.pauses: list[float] = []
        self.down = False

    def make(self, receiver: Receiver, _: Estate, __: aiohttp.ClientSession) -> Sender:
        self.senders.append(Recorder(receiver, self.fault))
        return self.senders[-1]

    def deliverer(self, rests: Callable[[Outgoing], bool] = lambda _: False) -> Deliverer:
        loop = asyncio.get_running_loop()

        def clock() -> float:
            return loop.time() - MONDAY + NOW

        def jitter(ceiling: float) -> float:
            self.pauses.append(ceiling)
            return ceiling

        pace = Pace(clock=clock, monotonic=loop.time, jitter=jitter)
        return Deliverer(
            self.estate, self.outbox, self.counted, pace=pace, sender=self.make, rests=rests
        )

    def keep(self, messages: Iterable[Message], notification: str = "hook") -> list[Outgoing]:
        made = [make_outgoing(message, notification) for message in messages]
        self.outbox.kept += made
        return made


Virtually = Callable[[Coroutine[Any, Any, None]], None]
