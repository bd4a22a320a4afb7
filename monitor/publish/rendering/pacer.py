"""Long renderings give way: a scrape must never be measured as the targets' latency."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from io import BytesIO

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


async def join(pieces: Iterable[bytes], pacer: Pacer, expected: int = 0) -> bytes:
    """``b"".join(pieces)``; gives way to the event loop between two pieces. About ``expected`` bytes
    are made room for at once: a buffer that grows is copied again and again, in one go each time.

    ``BytesIO`` hands out the very buffer that it has filled: a body of tens of megabytes is in
    memory once, where ``bytes.join`` needs all of its pieces beside it.
    """
    whole = BytesIO(bytes(expected))
    for piece in pieces:
        whole.write(piece)
        if pacer.due():
            await pacer.rest()
    whole.truncate()
    return whole.getvalue()
