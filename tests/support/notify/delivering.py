"""A deliverer for real servers: retries come quickly, and a test waits for what has to happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from monitor.model.estate import Estate
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.notify.backoff import Pace
from monitor.notify.delivery import Deliverer
from monitor.notify.routing import Router
from tests.support.factories import NOW
from tests.support.outbox import TEXT, Counted, MemoryOutbox
from tests.support.patience import PATIENCE


async def until(condition: Callable[[], object]) -> None:
    """Looks often until it holds; fails when it never does."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - it may be anybody's
            await asyncio.sleep(0.01)


@dataclass
class Delivering:
    """Routing, outbox and delivery together."""

    router: Router
    deliverer: Deliverer
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    counted: Counted = field(default_factory=Counted)

    def tell(self, transition: Transition, observed: Text | None = None) -> list[str]:
        """The ids of the messages that it causes."""
        made = self.router.plan(transition, TEXT, transition.at, lambda: observed)
        self.outbox.kept += made
        self.deliverer.take(made)
        return [one.id for one in made]

    async def all_done(self) -> None:
        await until(lambda: len(self.outbox.done) == len(self.outbox.kept))


@asynccontextmanager
async def delivering(
    estate: Estate, outbox: MemoryOutbox | None = None, clock: Callable[[], float] = lambda: NOW
) -> AsyncIterator[Delivering]:
    """Retries come within 20 ms."""
    outbox = outbox if outbox is not None else MemoryOutbox()
    counted = Counted()
    pace = Pace(clock=clock, jitter=lambda ceiling: min(ceiling, 0.02))
    router = Router(estate)
    router.restore(await outbox.last_told())
    async with Deliverer(estate, outbox, counted, pace=pace) as deliverer:
        yield Delivering(router, deliverer, outbox, counted)
