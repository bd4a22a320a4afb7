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

    __slots__ = ("_began", "_stretch", "_timer", "_worked")

    def __init__(
        self, stretch: float = STRETCH, timer: Callable[[], float] = time.perf_counter
    ) -> None:
        self._stretch = stretch
        self._timer = timer
        self._began = timer()
        self._worked = 0.0

    def due(self) -> bool:
        """Whether the stretch is over; the caller then awaits :meth:`rest`."""
        return self._timer() - self._began >= self._stretch

    @property
    def worked(self) -> float:
        """Seconds of work in all stretches, rests not counted."""
        return self._worked + self._timer() - self._began

    async def rest(self) -> None:
        """Lets everything else that is ready run once."""
        self._worked += self._timer() - self._began
        await asyncio.sleep(0)
        self._began = self._timer()
