"""Places for probes, a bounded number of them, first come, first served. The bound may change."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque


class ResizableSemaphore:
    """To be entered: ``async with places``. Belongs to one event loop."""

    __slots__ = ("_bound", "_taken", "_waiting")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def idle(self) -> bool:
        """Whether nobody has a place or waits for one."""
        return not self._taken and not self._waiting

    def resize(self, bound: int) -> None:
        """There are so many places now. Who has one keeps it, also when there are fewer."""
        self._bound = bound
        self._give()

    async def __aenter__(self) -> None:
        if self._taken < self._bound and not self._waiting:
            self._taken += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # it had been given just before
                self._taken -= 1
                self._give()
            else:
                with contextlib.suppress(ValueError):
                    self._waiting.remove(place)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._taken -= 1
        self._give()

    def _give(self) -> None:
        while self._waiting and self._taken < self._bound:
            place = self._waiting.popleft()
            if not place.done():
                self._taken += 1
                place.set_result(None)
