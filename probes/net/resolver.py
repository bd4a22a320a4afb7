"""Names to addresses, as any client of the target would find them, timed where it happens."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from probes.failure import MonitorTrouble

MAX_ADDRESSES = 64
"""More addresses of one name than this are not looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """Result of a look-up."""

    addresses: tuple[str, ...]
    """In the order to try them, at most ``MAX_ADDRESSES``."""
    took: float | None = None
    """Seconds, where the resolver knows better than its caller."""


class Resolver(Protocol):
    """Looks names up, anew each time."""

    async def resolve(self, host: str, family: socket.AddressFamily) -> Found:
        """The addresses of ``host``.

        Raises ``socket.gaierror`` when there are none, :class:`MonitorTrouble` when the look-up
        could not even be started. Cancelled from outside at the probe's deadline.
        """
        ...

    async def close(self) -> None: ...


class SystemResolver:
    """The system's ``getaddrinfo``: hosts file, search domains and all.

    It cannot be cancelled, so that look-ups run in threads of their own, a bounded number of
    them. A look-up that found no free thread until its deadline is our trouble, not the name's.
    Each is timed within its thread, less the time that the thread waited for a processor: what we
    are late to hear of an answer is no time of the name's.
    """

    def __init__(self, timer: Callable[[], float], threads: int = 64) -> None:
        self._timer = timer
        self._threads = threads
        self._busy = 0
        self._pool: ThreadPoolExecutor | None = None

    async def resolve(self, host: str, family: socket.AddressFamily) -> Found:
        if self._busy >= self._threads:
            raise MonitorTrouble(f"all {self._threads} look-up threads are busy")
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="resolve")
        self._busy += 1
        loop = asyncio.get_running_loop()
        looking = loop.run_in_executor(self._pool, _getaddrinfo, host, family, self._timer)
        looking.add_done_callback(self._done)
        return await asyncio.shield(looking)

    def _done(self, looking: asyncio.Future[Found]) -> None:
        self._busy -= 1
        if not looking.cancelled():
            looking.exception()  # seen, also when the probe has given up on it

    async def close(self) -> None:
        """Leaves look-ups that still hang to end by themselves; nobody waits for them."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _getaddrinfo(host: str, family: socket.AddressFamily, timer: Callable[[], float]) -> Found:
    begun, held_up = timer(), _held_up()
    found = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM)
    held_up = _held_up() - held_up
    took = max(0.0, timer() - begun - held_up)
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    return Found(addresses[:MAX_ADDRESSES], took)


def _held_up() -> float:
    """Seconds that this thread was ready and had no processor so far, where the kernel counts them
    (Linux: ``schedstat`` of proc(5)).
    """
    try:
        fd = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    except OSError:
        return 0.0
    try:
        return int(os.read(fd, 128).split()[1]) * 1e-9
    finally:
        os.close(fd)
