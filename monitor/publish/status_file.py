"""status.json on the disk: one writer, one thread, never half a file."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from monitor.publish.status_body import StatusRenderer, render
from monitor.publish.whole_file import write_whole

__all__ = ["StatusFile", "StatusRenderer", "Writes", "render", "write_whole"]


class Writes(Protocol):
    """Who keeps the body for others to read."""

    @property
    def path(self) -> Path: ...
    async def write(self, body: bytes) -> None: ...
    async def close(self) -> None: ...


class StatusFile:
    """Owns ``path``. Disk time is spent in a thread of its own, so a slow disk delays no probe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="status-file")

    async def write(self, body: bytes) -> None:
        """Writes ``body`` whole, after any write that is under way. Raises ``OSError``.

        Cancelled while the disk is busy, the write itself still comes to its end.
        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, write_whole, self.path, body)

    async def close(self) -> None:
        """Waits for a write that is under way, and takes no more."""
        await asyncio.to_thread(self._thread.shutdown, wait=True)
