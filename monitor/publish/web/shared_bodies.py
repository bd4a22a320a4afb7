"""Large bodies on their way: shared by all who read the same one, bounded in all, and let go with a
reader that takes no more of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from aiohttp import hdrs, web

Body = TypeVar("Body")

BUDGET = 33_554_432
"""Bytes of different bodies that may be on their way at a time; a single one may be larger."""
STALLED = 2.0
"""Seconds without a byte taken after which a reader gives way to others, where there is no room."""
PATIENCE = 5.0
"""Seconds that a reader waits for room, and looks for it so often."""
LOOK = 0.25
WAITING = 4
"""Readers that may wait, each with a body in its hands; further ones are asked to come back."""
FRESH = 1.0
"""Seconds at most for which a rendering is that of now: as long as it took to make."""


class BodyReader:
    """One who is being sent a body, that takes ``size`` bytes of memory."""

    __slots__ = ("abort", "body", "moved_at", "size")

    def __init__(self, body: object, size: int, abort: Callable[[], object], now: float) -> None:
        self.body = body
        self.size = size
        self.abort = abort
        self.moved_at = now


class Readers:
    """All of one site. ``timer`` gives monotonic seconds."""

    def __init__(self, budget: int = BUDGET, timer: Callable[[], float] = time.monotonic) -> None:
        self._budget = budget
        self._timer = timer
        self._readers: dict[BodyReader, None] = {}
        self._waiting = 0

    @property
    def held(self) -> int:
        """Bytes on their way, each body counted once."""
        bodies = {id(one.body): one.size for one in self._readers}
        return sum(bodies.values())

    def knows(self, body: object) -> bool:
        """Whether somebody reads this very one already."""
        return any(one.body is body for one in self._readers)

    def has_room_for(self, size: int) -> bool:
        held = self.held
        return not held or held + size <= self._budget

    def moved(self, reader: BodyReader) -> None:
        """It has taken a piece."""
        reader.moved_at = self._timer()

    async def wait_for_room(self, size: int) -> None:
        """Until there is room for a body of so many bytes; who stalls makes it. Raises
        ``HTTPServiceUnavailable``.
        """
        if self.has_room_for(size):
            return
        if self._waiting >= WAITING:
            raise _busy()
        self._waiting += 1
        try:
            for _ in range(round(PATIENCE / LOOK)):
                self._let_go()
                await asyncio.sleep(LOOK)
                if self.has_room_for(size):
                    return
        finally:
            self._waiting -= 1
        raise _busy()

    def _let_go(self) -> None:
        now = self._timer()
        for one in [one for one in self._readers if now - one.moved_at >= STALLED]:
            one.abort()

    @contextmanager
    def reading(self, body: object, size: int, abort: Callable[[], object]) -> Iterator[BodyReader]:
        """While a body is being sent, of which so many bytes are in memory; ``abort`` breaks the
        connection off.
        """
        reader = BodyReader(body, size, abort, self._timer())
        self._readers[reader] = None
        try:
            yield reader
        finally:
            del self._readers[reader]


READERS: web.AppKey[Readers] = web.AppKey("readers", Readers)


def _busy() -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(
        text="503: too many large answers are on their way\n", headers={hdrs.RETRY_AFTER: "5"}
    )


class Rendering(Generic[Body]):
    """One body for all who ask while ``render`` makes it, and for as long again. ``size`` tells how
    many bytes of memory one takes.
    """

    def __init__(
        self,
        render: Callable[[], Awaitable[Body]],
        size: Callable[[Body], int],
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._render = render
        self._size_of = size
        self._timer = timer
        self._making: asyncio.Task[Body] | None = None
        self._size = 0
        self._forget: asyncio.TimerHandle | None = None

    async def body(self, readers: Readers) -> Body:
        """That of now. Raises what ``render`` raises, and
        ``HTTPServiceUnavailable`` where those who read older ones leave no room.
        """
        if self._making is None:
            await readers.wait_for_room(self._size)
        making = self._making
        if making is None:
            making = self._making = asyncio.create_task(self._made(), name="rendering")
        return await asyncio.shield(making)

    async def _made(self) -> Body:
        loop, begun = asyncio.get_running_loop(), self._timer()
        try:
            body = await self._render()
        except BaseException:
            self._drop()
            raise
        self._size = self._size_of(body)
        self._forget = loop.call_later(min(FRESH, self._timer() - begun), self._drop)
        return body

    def _drop(self) -> None:
        self._making = self._forget = None

    def close(self) -> None:
        """Nothing is rendered any more."""
        if self._forget is not None:
            self._forget.cancel()
        if self._making is not None:
            self._making.cancel()
        self._drop()
