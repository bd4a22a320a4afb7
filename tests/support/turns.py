"""The turns of an event loop: how many there are, and how long one of them takes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

TICK = 0.005
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """What the loop's standing still is measured with."""

    clock: Callable[[], float]
    by_clock: bool
    """Whether time is judged that passes for everybody, and not only what is ours."""


PROCESSOR = Gauge(time.thread_time, by_clock=False)
WALL = Gauge(time.perf_counter, by_clock=True)


class Watch:
    """Turns of the loop: how many there were, and the most that the gauge moved between two."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self.worst = 0.0
        self.turns = 0
        self._task: asyncio.Task[None] | None = None

    async def _look(self) -> None:
        pause = TICK if self._gauge.by_clock else 0.0
        while True:
            began = self._gauge.clock()
            await asyncio.sleep(TICK)
            self.turns += 1
            self.worst = max(self.worst, self._gauge.clock() - began - pause)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
