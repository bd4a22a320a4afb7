"""What the web asks the daemon for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate, ServiceId
from monitor.model.records import Entry, Past
from monitor.model.time_in_status import AvailabilityReport
from monitor.publish.feeds.revisions import Revisions, dated
from monitor.publish.rendering.compression import Packed
from monitor.publish.web.sse import Broadcast
from monitor.runtime.assembly import Parts
from monitor.runtime.heartbeat import TICK, Heartbeat
from monitor.runtime.pipeline import Pipeline

_NOTHING_KEPT = None, float("-inf")


class WebSource:
    """A :class:`~monitor.publish.web.app.Source`, and the status file's too."""

    def __init__(self, parts: Parts, pipeline: Pipeline, heartbeat: Heartbeat) -> None:
        self._parts = parts
        self._pipeline = pipeline
        self._heartbeat = heartbeat
        self._exposition: tuple[Packed | None, float] = _NOTHING_KEPT
        """The newest while fewer are rendered, and the timer's reading then."""

    @property
    def estate(self) -> Estate:
        return self._parts.current.estate

    @property
    def events(self) -> Broadcast:
        return self._parts.events

    def snapshot(self) -> Snapshot:
        """Makes the snapshot of this moment."""
        self._pipeline.publish()
        parts, now = self._parts, self._parts.clock()
        made = parts.board.snapshot(
            now,
            parts.status.availability,
            parts.current.config_error,
            parts.calendars.views(now),
            parts.stated.views(now),
        )
        if parts.shedder.now.stretch > 1.0:
            made = replace(made, stretch=parts.shedder.now.stretch)
        return dated(made, self.revisions(made)) if made.notices else made

    async def current(self) -> Snapshot:
        """Makes the same without holding the loop for all that has changed."""
        await self._pipeline.refresh()
        return self.snapshot()

    def status_body(self) -> tuple[bytes, float]:
        return self._parts.status.body

    async def metrics(self) -> Packed:
        parts = self._parts
        kept, at = self._exposition
        pause = parts.shedder.now.pause
        if kept is not None and parts.timer() - at < pause:
            return kept
        parts.metrics.canary_down(parts.canary.down)
        text = await parts.metrics.render(await self.current())
        self._exposition = (text, parts.timer()) if pause else _NOTHING_KEPT
        return text

    def availability(self, service: ServiceId) -> AvailabilityReport:
        current = self._parts.current
        return current.timelines.report(service, current.estate.timezone, self._parts.clock())

    async def past(self, service: ServiceId) -> Past | None:
        return await self._parts.checkpointer.past(service, self._parts.clock())

    async def evidence(self, id_: str) -> bytes | None:
        found = self._parts.recorder.shelf.find(id_)
        return found if found is not None else await self._parts.checkpointer.evidence(id_)

    def revisions(self, snapshot: Snapshot) -> Revisions:
        return self._parts.current.revisions.at(snapshot)

    async def transitions(
        self,
        *,
        service: str | None = None,
        environment: str | None = None,
        since: float = 0.0,
        until: float | None = None,
        limit: int | None = None,
    ) -> Sequence[Entry] | None:
        return await self._parts.checkpointer.transitions(
            service=service, environment=environment, since=since, until=until, limit=limit
        )

    def healthy(self) -> tuple[bool, str]:
        """Alive: the heartbeat is on time. An overloaded loop answers late or not at all."""
        late = self._heartbeat.late()
        return late < 10 * TICK, f"last tick {late:.1f} s ago"

    def ready(self) -> tuple[bool, str]:
        body, at = self._parts.status.body
        return bool(body), f"status of {at:.0f}" if body else "no status yet"
