"""Notices that a file of the configuration was changed, however it was: written in place, replaced by
an editor's or ``mv``'s rename, or by another folder that a link leads to, as Kubernetes does with a
ConfigMap.

The kernel tells of changes in the folders; what has changed is then seen from the files. Where it
cannot tell (a network file system, no more watches), the files are looked at every few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import structlog
import watchfiles

from monitor.configuration.files import ConfigFiles
from monitor.support.threads import run_in_daemon_thread

log = structlog.get_logger("driftvakt")

LOOK_EVERY = 10.0
"""Seconds between looks of which nobody has told."""
QUIET = 0.2
"""Seconds without a change after which one is taken to be over."""
AT_MOST = 2.0
"""Seconds that a change may take."""


@asynccontextmanager
async def _begun(told: AsyncGenerator[Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """The kernel watches from here on, not only once somebody waits: whatever is changed during the
    first look is told of.
    """

    async def first() -> Any:
        return await anext(told, None)

    task = asyncio.create_task(first())
    try:
        await asyncio.sleep(0)  # its first step asks the kernel
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, OSError, RuntimeError):
            await task


class FileWatch:
    """Calls ``changed`` after every change of a file of ``origin``."""

    def __init__(self, origin: ConfigFiles, changed: Callable[[], object]) -> None:
        self._origin = origin
        self._changed = changed

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            folders = await run_in_daemon_thread(self._origin.folders)
            async with aclosing(self._hints([str(folder) for folder in sorted(folders)])) as hints:
                async for _ in hints:
                    if await run_in_daemon_thread(self._origin.changed):
                        await self._settle()
                        if await run_in_daemon_thread(
                            self._origin.changed
                        ):  # nobody has read it meanwhile
                            self._changed()
                    if await run_in_daemon_thread(self._origin.folders) != folders:
                        break

    async def _settle(self) -> None:
        """Returns when nothing has been written for a moment."""
        before = None
        for _ in range(round(AT_MOST / QUIET)):
            now = await run_in_daemon_thread(self._origin.now)
            if now == before:
                return
            before = now
            await asyncio.sleep(QUIET)

    async def _hints(self, folders: list[str]) -> AsyncGenerator[None]:
        """Moments at which a look is worth while."""
        told = watchfiles.awatch(
            *folders,
            watch_filter=None,
            debounce=1000,
            step=100,
            rust_timeout=round(LOOK_EVERY * 1000),
            yield_on_timeout=True,
            recursive=False,
        )
        try:
            async with aclosing(told), _begun(told) as first:
                yield  # one may have been changed while nobody watched
                await first
                yield
                async for _ in told:
                    yield
        except (OSError, RuntimeError) as error:
            log.warning("watching_by_looking", error=str(error), seconds=LOOK_EVERY)
        await asyncio.sleep(LOOK_EVERY)
