"""Long renderings give way: a scrape must never be measured as the targets' latency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

STRETCH = 0.0015
"""Seconds of work after which the event loop gets its turn."""


class Pacer:
    """Yields to the event loop once enough work has been done in one stretch.

    ``timer`` measures lengths of time only, in seconds.
    """

    __slots__ = ("_stretch", "_timer", "_until")

    def __init__(
        self, stretch: float = STRETCH, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        self._stretch = stretch
        self._timer = timer
        self._until = timer() + stretch

    def due(self) -> bool:
        """Whether the stretch is over; the caller then awaits :meth:`rest`."""
        return self._timer() >= self._until

    async def rest(self) -> None:
        """Lets everything else that is ready run once."""
        await asyncio.sleep(0)
        self._until = self._timer() + self._stretch
