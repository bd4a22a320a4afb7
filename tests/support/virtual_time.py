"""Simulated time: an event loop whose clock jumps to what is due next, so that a day takes a
moment and no test sleeps."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, tzinfo
from typing import Any, TypeVar

import apscheduler.schedulers.base
import pytest

T = TypeVar("T")
MONDAY = 1_795_392_000.0
"""Monday 23 November 2026 00:00 UTC."""


class _Selector(selectors.SelectSelector):
    """Waits in simulated time only."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout:
            self.now += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits: its clock is moved to the next timer instead."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        # timers are rounded to the clock's resolution: fine enough, and never a standstill
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._virtual.now


def run_virtually(main: Coroutine[Any, Any, T], monkeypatch: pytest.MonkeyPatch) -> T:
    """Runs ``main`` to its end in simulated time, APScheduler's wall clock included."""
    loop = VirtualLoop()

    class Simulated(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Simulated:
            return cls.fromtimestamp(loop.time(), tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Simulated)
    with asyncio.Runner(loop_factory=lambda: loop, debug=True) as runner:
        return runner.run(main)
