"""Python's garbage collector, in slices that the loop has time for.

Reference counts free nearly all that we use; what the collector is for are cycles, of which errors
and closed connections leave a few. By itself it comes when it likes: with ten thousand checks it
then looks at hundreds of thousands of values, and holds the loop for half a second. Here it looks at
what is young, often and so at little; what has grown old is looked at only when memory has grown as
if there were garbage in it.

How many values are young is not asked: ``gc.get_objects`` holds on to tuples that another thread is
just making, which breaks there.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable
from typing import NoReturn, Protocol

import structlog

log = structlog.get_logger("driftvakt")

EVERY = 0.02
"""Seconds between two looks at what is young."""
SLOW = 0.002
"""Seconds of CPU from which on a look took too long."""
PAUSE = 50
"""Looks that are left out then: so much is made just now that little of it is garbage."""
LOOK = 60.0
"""Seconds between two looks at how much memory is in use."""
GROWTH, MORE = 2.0, 400_000
"""Blocks of memory that may be in use, as a multiple of those that were when all was looked at, and
over that (about 30 MiB). What is remembered of every check in its first hour is less.
"""


class Collector(Protocol):
    """What is used of module ``gc``."""

    def collect(self, generation: int = 2) -> int: ...
    def freeze(self) -> None: ...
    def unfreeze(self) -> None: ...
    def disable(self) -> None: ...
    def enable(self) -> None: ...


class Sweeper:
    """``blocks`` gives how many blocks of memory are in use, ``cpu`` the seconds of the processor that
    the thread has had.
    """

    def __init__(
        self,
        collector: Collector = gc,
        *,
        blocks: Callable[[], int] = sys.getallocatedblocks,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._gc = collector
        self._blocks = blocks
        self._cpu = cpu
        self._left_out = 0
        self._most: int | None = None

    async def run(self) -> NoReturn:
        """Until it is cancelled, in the place of the automatic collection."""
        self._gc.disable()
        # what lives as long as the process need not be looked at ever again
        self._gc.freeze()
        try:
            while True:
                for _ in range(round(LOOK / EVERY)):
                    await asyncio.sleep(EVERY)
                    self.sweep()
                self.look()
        finally:
            self._gc.enable()

    def sweep(self) -> None:
        """Frees the garbage among what is young. Where that takes too long, what is made in the next
        second is not looked at: it counts as old, as what has been looked at does.
        """
        if self._left_out:
            self._left_out -= 1
            self._gc.freeze()
            return
        began = self._cpu()
        self._gc.collect(0)
        if self._cpu() - began > SLOW:
            self._left_out = PAUSE

    def look(self) -> None:
        """Looks at everything if so much memory is in use that there may be garbage in it. How much is
        in use when all has been measured, the first time tells.
        """
        if self._most is None:
            self._most = self._allowed()
        if self._blocks() <= self._most:
            return
        self._gc.unfreeze()
        found = self._gc.collect()
        self._gc.freeze()
        self._most = self._allowed()
        log.debug("garbage_collected", values=found)

    def _allowed(self) -> int:
        return round(GROWTH * self._blocks()) + MORE
