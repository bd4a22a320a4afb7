"""What the web asks the daemon for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate, ServiceId
from monitor.model.records import Entry, Past
from monitor.model.time_in_status import AvailabilityReport
from monitor.publish.feeds.revisions import Revisions, dated
from monitor.publish.metrics.metrics import Exposition
from monitor.publish.web.sse import Broadcast
from monitor.runtime.assembly import Parts
from monitor.runtime.heartbeat import TICK, Heartbeat
from monitor.runtime.pipeline import Pipeline


class WebSource:
    """A :class:`~monitor.publish.web.app.Source`, and the status file's too."""

    def __init__(self, parts: Parts, pipeline: Pipeline, heartbeat: Heartbeat) -> None:
        self._parts = parts
        self._pipeline = pipeline
        self._heartbeat = heartbeat
        self._expositions: dict[str | None, tuple[Exposition, float]] = {}
        """While fewer are rendered: the newest of an environment or of all, and the timer's reading
        then.
        """

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

    async def metrics(self, environment: str | None = None) -> Exposition:
        parts = self._parts
        kept = self._expositions.get(environment)
        pause = parts.shedder.now.pause
        if kept is not None and parts.timer() - kept[1] < pause:
            return kept[0]
        parts.metrics.canary_down(parts.canary.down)
        made = await parts.metrics.render(await self.current(), environment)
        if pause:
            self._expositions[environment] = made, parts.timer()
        else:
            self._expositions.clear()
        return made

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
