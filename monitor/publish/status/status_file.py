"""status.json on the disk: one writer, one thread, never half a file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from typing import Protocol

from monitor.publish.status.renderer import StatusRenderer, render_status_body
from monitor.support.atomic_file import write_whole
from monitor.support.threads import run_in_daemon_thread

__all__ = ["StatusFile", "StatusRenderer", "Writes", "render_status_body", "write_whole"]


class Writes(Protocol):
    """Who keeps the body for others to read."""

    @property
    def path(self) -> Path: ...
    def write(self, body: bytes) -> Awaitable[None]:
        """Begins at once."""
        ...

    async def close(self) -> None: ...


CLOSE = 1.0
"""Seconds that the end waits for a write that is under way."""


class StatusFile:
    """Owns ``path``. Disk time is spent in a thread, so a slow disk delays no probe, and one that
    hangs no stop.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._running: asyncio.Future[None] | None = None

    async def write(self, body: bytes) -> None:
        """Writes ``body`` whole, after any write that is under way. Raises ``OSError``.

        Cancelled while the disk is busy, the write itself still comes to its end.
        """
        while self._running is not None and not self._running.done():
            await asyncio.wait([self._running])
        writing = run_in_daemon_thread(partial(write_whole, self.path, body), "status-file")
        self._running = asyncio.ensure_future(writing)
        await asyncio.shield(self._running)

    async def close(self) -> None:
        """Waits for a write that is under way, for a while."""
        if self._running is not None:
            await asyncio.wait([self._running], timeout=CLOSE)
            self._running.cancel()
