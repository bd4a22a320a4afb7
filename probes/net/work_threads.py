"""Threads for judging what would stop the loop: few at a time, each for one piece of work.

A thread of its own and not one of a pool, because libxml2 keeps the names that it has read until
their thread ends: strangers' names would fill a pool's threads without end.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from probes.failure import MonitorTrouble

Stop = Callable[[], bool]
"""Whether nobody waits for the judgement any more; long work asks now and then."""


def never() -> bool:
    """Somebody waits to the end."""
    return False


Result = TypeVar("Result")

AT_A_TIME = 2


class Workers:
    """Runs work in threads; ended by :meth:`close`, which waits for them."""

    def __init__(self, at_a_time: int = AT_A_TIME) -> None:
        self._slots = asyncio.Semaphore(at_a_time)
        self._running: set[asyncio.Future[None]] = set()
        self._closed = threading.Event()

    async def run(self, work: Callable[[Stop], Result]) -> Result:
        """What ``work`` gives or raises; :class:`MonitorTrouble` when no thread is to be had. When this is cancelled nobody waits for it any more, and
        the ``stop`` that it was given says so; its place is taken until it has ended.
        """
        await self._slots.acquire()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        unwanted = threading.Event()
        outcome: list[Any] = []

        def stop() -> bool:
            return unwanted.is_set() or self._closed.is_set()

        def go() -> None:
            try:
                outcome.append(work(stop))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                outcome.append(_Raised(error))
            finally:
                with suppress(RuntimeError):  # the loop is gone, and whoever waited with it
                    loop.call_soon_threadsafe(ended.set_result, None)

        thread = threading.Thread(target=go, name="judge", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self._slots.release()
            raise MonitorTrouble(f"no thread to judge the answer in: {error}") from None
        self._running.add(ended)
        ended.add_done_callback(lambda _: self._over(ended, thread))
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            unwanted.set()
            raise
        [result] = outcome
        if isinstance(result, _Raised):
            raise result.error
        return result  # type: ignore[no-any-return]

    def _over(self, ended: asyncio.Future[None], thread: threading.Thread) -> None:
        thread.join()  # it has said its last word
        self._running.discard(ended)
        self._slots.release()

    async def close(self) -> None:
        """Tells all work to stop, and waits until it has."""
        self._closed.set()
        while self._running:
            await asyncio.wait(self._running)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error
