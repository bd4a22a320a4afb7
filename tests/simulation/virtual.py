"""Time as the simulation has it: a loop that jumps to what is due, and a wall clock to be set."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from monitor.runtime.deferred_imports import import_all

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

import_all()  # simulated time would not wait for the thread that does it otherwise
T = TypeVar("T")
BEGINNING = 1_795_392_000.0
"""Monday 23 November 2026 00:00 UTC: what the wall clock says at the beginning."""
STARTED = 1_000.0
"""What the monotonic clock says then: something else, so that nobody mistakes one for the other."""
STANDSTILL = 20_000
"""Turns of the loop at one instant that are taken for a busy loop that never ends."""


class Standstill(AssertionError):
    """The loop turns and no time passes, or nothing at all is left to happen."""


class _Selector(selectors.BaseSelector):
    """Nothing comes from outside: waiting is moving the clock."""

    def __init__(self) -> None:
        self.now = STARTED
        self.standstill = STANDSTILL
        self.turn = 0
        self._turns = 0
        self._keys: dict[object, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turn += 1
        if timeout is None:
            raise Standstill("nothing is left that could ever happen")
        if timeout > 0:
            self.now += timeout
            self._turns = 0
        else:
            self._turns += 1
            if self._turns > self.standstill:
                raise Standstill(f"{self.standstill} turns of the loop without any time passing")
        return []

    def register(
        self, fileobj: FileDescriptorLike, events: int, data: object = None
    ) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, 0, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> dict[object, selectors.SelectorKey]:  # type: ignore[override]
        return self._keys

    def get_key(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._keys[fileobj]


class Loop(asyncio.SelectorEventLoop):
    """Never waits, sees no file descriptor, and notices when it spins."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-6
        self.troubles: list[str] = []
        self.set_exception_handler(self._troubled)

    def time(self) -> float:
        return self._virtual.now

    @property
    def turn(self) -> int:
        """How often it has looked what there is to do."""
        return self._virtual.turn

    def stall(self, seconds: float) -> None:
        """Time passes while nobody else gets a turn: called from within the loop."""
        self._virtual.now += seconds

    def run_in_executor(
        self, executor: object, func: Callable[..., T], *values: object
    ) -> asyncio.Future[T]:
        """At once: no thread takes any time."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*values))
        return done

    def time_stands_still(self) -> None:
        """It need no more be noticed: a broken world is cleared away."""
        self._virtual.standstill = 100 * STANDSTILL

    def timers(self) -> list[asyncio.TimerHandle]:
        """Those that are still set, and those that are due."""
        due = [one for one in self._ready if isinstance(one, asyncio.TimerHandle)]  # type: ignore[attr-defined]
        return [one for one in (*self._scheduled, *due) if not one.cancelled()]  # type: ignore[attr-defined]

    def left(self) -> list[str]:
        return [repr(one) for one in self.timers()]

    def _troubled(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        self.troubles.append(f"{context.get('message')}: {context.get('exception')!r}")


class Clock:
    """The wall clock, seconds since the epoch. It can be set, also back."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._ahead = BEGINNING - STARTED
        self.latest = BEGINNING
        """The latest instant that it has ever shown before it was set."""

    def __call__(self) -> float:
        return self._loop.time() + self._ahead

    def jump(self, seconds: float) -> None:
        self.latest = max(self.latest, self())
        self._ahead += seconds
