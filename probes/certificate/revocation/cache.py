"""What sources of revocation said, kept for as long as they stand by it, shared by all checks.

Of one source at most one thing is under way at a time; whoever asks meanwhile waits for the same.
It has a total of its own, so that what a probe had no time to wait for is there for the next one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar, cast

from probes.certificate.revocation.verdict import SHORTEST_KEPT, Unclear
from probes.failure import MonitorTrouble
from probes.net.context import ProbeContext
from probes.observation import Cause

MAX_ENTRIES = 4096
MAX_SIZE = 64 * 1024 * 1024
"""Bytes of all that is kept."""
MAX_UNDER_WAY = 128
"""Sources that are being asked at a time; more than that would be our own overload."""
LARGE_FETCHES = 2
"""Of these, how many may bring more than a little."""


class Keepable(Protocol):
    """What a source said."""

    @property
    def until(self) -> float:
        """When it ends, seconds since the epoch."""
        ...

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        ...


K = TypeVar("K", bound=Keepable)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    words: str
    cause: Cause
    until: float
    """The timer's reading."""
    size: int = 500


class RevocationCache:
    """Bounded in entries and bytes; what was not used for longest goes first."""

    @classmethod
    def of(cls, context: ProbeContext) -> Self:
        """By the clocks of a context: what :meth:`ProbeContext.shared` makes."""
        return cls(context.clock, context.timer)

    def __init__(self, clock: Callable[[], float], timer: Callable[[], float]) -> None:
        self._clock = clock
        self._timer = timer
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._size = 0
        self._under_way: dict[Hashable, asyncio.Task[Any]] = {}
        self.large_places = asyncio.Semaphore(LARGE_FETCHES)
        """To be held by whoever takes in a large answer."""

    def known(self, key: Hashable) -> Any:
        """What the source said and stands by; ``None`` when it must be asked, or is in doubt."""
        found = self._current(key)
        return None if isinstance(found, _Doubt) else found

    async def get(
        self, key: Hashable, fetch: Callable[[], Awaitable[K]], patience: float | None
    ) -> K:
        """What the source says, from ``fetch`` when it is not known, within ``patience`` seconds.
        Raises :class:`Unclear`. Cancelling it ends nothing that others may wait for.
        """
        found = self._current(key)
        if found is None:
            task = self._begun(key, fetch)
            try:
                async with asyncio.timeout(patience):
                    found = await asyncio.shield(task)
            except TimeoutError:
                raise Unclear(f"did not answer within {patience:.1f} s") from None
        if isinstance(found, _Doubt):
            # a new one for each who is told: an exception that is raised twice grows
            raise Unclear(found.words, cause=found.cause)
        return cast("K", found)

    def _current(self, key: Hashable) -> Any:
        found = self._kept.get(key)
        if found is None:
            return None
        now = self._timer() if isinstance(found, _Doubt) else self._clock()
        if now >= found.until:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found

    def _begun(self, key: Hashable, fetch: Callable[[], Awaitable[Any]]) -> asyncio.Task[Any]:
        task = self._under_way.get(key)
        if task is None:
            if len(self._under_way) >= MAX_UNDER_WAY:
                raise Unclear("was not asked: too many others are", cause=Cause.MONITOR)
            task = asyncio.create_task(self._run(key, fetch), name="revocation")
            self._under_way[key] = task
        return task

    async def _run(self, key: Hashable, fetch: Callable[[], Awaitable[Any]]) -> Any:
        try:
            outcome = await fetch()
        except MonitorTrouble as trouble:  # no thread to read a list in
            until = self._timer() + SHORTEST_KEPT
            outcome = _Doubt(words=trouble.detail, cause=trouble.cause, until=until)
        except Unclear as unclear:
            until = self._timer() + unclear.kept
            outcome = _Doubt(words=unclear.words, cause=unclear.cause, until=until)
        finally:
            del self._under_way[key]
        self._keep(key, outcome)
        return outcome

    def _keep(self, key: Hashable, outcome: Any) -> None:
        self._drop(key)
        self._kept[key] = outcome
        self._size += outcome.size
        while self._size > MAX_SIZE or len(self._kept) > MAX_ENTRIES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._size -= gone.size

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
