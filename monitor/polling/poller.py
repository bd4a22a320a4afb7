"""Polls each of many sources in a task of its own, until the source is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable
from typing import Generic, TypeVar

import structlog

from monitor.polling.http_fetch import FetchError

log = structlog.get_logger("driftvakt")

STAY_AWAY = 86_400.0
"""Seconds at most for which a server may send us away."""
CLOSE = 1.0
"""Seconds that a poll has to end once it is cancelled."""

Source = TypeVar("Source", bound=Hashable)


class Poller(Generic[Source]):
    """``poll`` reads a source once; where it raises :class:`FetchError`, ``failed`` gets the words.
    ``pause`` gives the seconds between two polls of a source.
    """

    def __init__(
        self,
        name: str,
        *,
        poll: Callable[[Source], Awaitable[None]],
        failed: Callable[[Source, str], None],
        pause: Callable[[Source], float],
    ) -> None:
        self._name, self._broke = name, f"{name}_broke"
        self._poll = poll
        self._failed = failed
        self._pause = pause
        self._tasks: dict[Source, asyncio.Task[None]] = {}

    def follow(self, sources: Collection[Source]) -> set[Source]:
        """Begins to poll those that are new; ends those that are gone, and returns them. One that
        stays is polled no sooner.
        """
        gone = self._tasks.keys() - sources
        for source in gone:
            self._tasks.pop(source).cancel()
        for source in sources:
            if source not in self._tasks:
                self._tasks[source] = asyncio.create_task(self._run(source), name=self._name)
        return gone

    async def close(self) -> None:
        """Ends all polls."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE)

    async def _run(self, source: Source) -> None:
        """Until it is cancelled."""
        while True:
            pause = self._pause(source)
            try:
                await self._poll(source)
            except FetchError as error:
                self._failed(source, str(error))
                pause = max(pause, min(error.stay_away, STAY_AWAY))
            except Exception:  # a bug of ours must not end the polling for good
                log.exception(self._broke)
                self._failed(source, "a fault of the monitor itself")
            await asyncio.sleep(pause)
