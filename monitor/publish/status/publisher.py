"""status.json: rendered and written at once when something has changed, every five seconds anyway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import NoReturn

import structlog

from monitor import __version__
from monitor.judging.snapshot import Snapshot
from monitor.model.estate import ServiceId
from monitor.model.time_in_status import Availability
from monitor.publish.metrics.metrics import Metrics
from monitor.publish.rendering.pacer import Pacer
from monitor.publish.status.renderer import StatusRenderer
from monitor.publish.status.status_file import Writes

log = structlog.get_logger("driftvakt")

EVERY = 5.0
"""Seconds at most between two writings of the status file (contract, section 7)."""

REST = 49.0
"""Rest after a rendering, as a multiple of the work it took: while everything changes, no more than
a fiftieth of the core goes into telling it."""
WRITTEN = 1.0
"""Seconds that the start and the end wait for the file."""

Measured = Iterable[tuple[ServiceId, Availability]]


class StatusPublisher:
    """Owns the file. ``measure`` works out the availability of the services, one after the other, of
    which it may be another than before.
    """

    def __init__(
        self,
        file: Writes,
        *,
        snapshot: Callable[[], Awaitable[Snapshot]],
        measure: Callable[[], Measured],
        metrics: Metrics,
        timer: Callable[[], float],
    ) -> None:
        self.file = file
        self.availability: Mapping[ServiceId, Availability] = {}
        """As of the newest rendering."""
        self.body: tuple[bytes, float] = (b"", 0.0)
        """The newest, and when it was made, seconds since the epoch."""
        self._snapshot = snapshot
        self._measure = measure
        self._metrics = metrics
        self._renderer = StatusRenderer(version=__version__, timer=timer)
        self._rendering = asyncio.Lock()
        self._changed = asyncio.Event()
        self._write_error = ""
        self._writing: asyncio.Task[None] | None = None
        self._behind = False
        self._timer = timer
        self._worked = 0.0
        self.pause = 0.0
        """Seconds at least between two renderings, while there is more to do than time."""

    def changed(self) -> None:
        """Something has: the file is written without delay."""
        self._changed.set()

    def forget(self, services: Collection[ServiceId]) -> None:
        """These are watched no more."""
        if services:
            self.availability = {
                service: known
                for service, known in self.availability.items()
                if service not in services
            }

    async def run(self) -> NoReturn:
        """Until it is cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._changed.wait()
            self._changed.clear()
            await self.publish()
            await asyncio.sleep(max(self.pause, min(EVERY, REST * self._worked)))

    async def render(self) -> None:
        """Makes the body of this moment, for those who ask for it over HTTP."""
        async with self._rendering:
            pacer = Pacer(timer=self._timer)
            await self._measure_availability(pacer)
            snapshot = await self._snapshot()
            self.body = await self._renderer.render(snapshot, pacer), snapshot.at
            self._worked = pacer.worked

    async def publish(self) -> None:
        """Renders the status, and has it written: who asks over HTTP does not wait for a disk. While
        it is busy, the next writing comes when it is free.
        """
        await self.render()
        if self._writing is not None and not self._writing.done():
            self._behind = True
            return
        body, at = self.body
        self._writing = asyncio.create_task(
            self._write(self.file.write(body), at), name="status-file"
        )

    async def written(self, within: float = WRITTEN) -> None:
        """Waits for the file, ``within`` so many seconds."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=within)

    async def close(self) -> None:
        """Writes what is known at the end. ``run`` must have ended."""
        await self.written()
        await self.publish()
        await self.written()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        await self.file.close()

    async def _write(self, writing: Awaitable[None], at: float) -> None:
        """What cannot be written is told, once, and goes on."""
        try:
            await writing
        except OSError as error:
            self._metrics.status_write_failed()
            if str(error) != self._write_error:
                self._write_error = str(error)
                log.error("status_file_not_written", error=self._write_error)
        else:
            if self._write_error:
                self._write_error = ""
                log.info("status_file_written_again")
            self._metrics.status_written(at)
        if self._behind:
            self._behind = False
            self._changed.set()

    async def _measure_availability(self, pacer: Pacer) -> None:
        measured = {}
        for service, availability in self._measure():
            measured[service] = availability
            if pacer.due():
                await pacer.rest()
        if measured:
            self.availability = {**self.availability, **measured}
