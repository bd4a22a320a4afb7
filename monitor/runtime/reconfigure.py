"""Another configuration: prepare (in a thread) → commit (no await) → settle.

Whatever can fail, or takes time, comes before the first change; between the first and the last
nobody else gets a turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from monitor.configuration.loader import Loaded
from monitor.configuration.prepare import Prepared, canaries_of, prepare_reload
from monitor.model.diff import Difference
from monitor.model.estate import CheckId, ServiceId
from monitor.polling.calendar_poller import PreparedCalendars
from monitor.runtime.assembly import Parts
from monitor.runtime.configuration_watch import ConfigurationWatch
from monitor.runtime.pipeline import Pipeline
from monitor.support.threads import run_in_daemon_thread
from probes.kind import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """Everything that the commit exchanges."""

    prepared: Prepared
    canaries: list[Probe]
    calendars: PreparedCalendars


class Reconfiguration:
    """Puts another configuration in the place of the one that applies."""

    def __init__(self, parts: Parts, pipeline: Pipeline, watch: ConfigurationWatch) -> None:
        self._parts = parts
        self._pipeline = pipeline
        self._watch = watch

    async def adopt(self, loaded: Loaded) -> Difference:
        """Adopts a configuration that was read without a fault; gives what has changed."""
        ready = await self._prepare(loaded)
        await self._pipeline.dispatcher.ease()
        under_way = self._commit(ready)
        await self._settle(ready.prepared, under_way)
        return ready.prepared.changes

    async def _prepare(self, loaded: Loaded) -> _Ready:
        parts = self._parts
        work = partial(
            prepare_reload,
            parts.current.estate,
            loaded.estate,
            masker=parts.masker,
            known=parts.current.file_digests,
            staying=parts.schedule.staying,
            now=parts.clock(),
        )
        prepared = await run_in_daemon_thread(work, "prepare")
        return _Ready(
            prepared=prepared,
            canaries=canaries_of(prepared.estate, parts.dependencies.kinds, parts.context),
            calendars=await parts.calendars.prepare(prepared.estate),
        )

    def _commit(self, ready: _Ready) -> frozenset[CheckId]:
        """Exchanges everything at once. Gives the checks of which a probe is under way."""
        parts, prepared, estate = self._parts, ready.prepared, ready.prepared.estate
        self._pipeline.flush()  # by the configuration under which it happened
        now = parts.clock()
        parts.masker.become(prepared.masker)
        under_way = self._measure_by(ready)
        before = {service.id for service in parts.current.estate.services()}
        windows = ready.calendars.windows
        transitions = parts.board.adopt(prepared.tracked, prepared.changes, now, windows)
        parts.calendars.adopt(ready.calendars)
        parts.calendars.follow()
        parts.stated.follow(estate)
        parts.current.estate, parts.current.file_digests = estate, prepared.contents
        self._tell_by(prepared)
        watched = {service.id for service in estate.services()}
        parts.metrics.forget(prepared.changes.ended, before - watched)
        parts.status.forget(before - watched)
        parts.current.timelines.watch(watched)
        self._begin_timelines(watched - before, now)
        parts.current.config_error = ""
        if transitions:
            self._pipeline.dispatcher.dispatch(transitions)
        return under_way

    def _measure_by(self, ready: _Ready) -> frozenset[CheckId]:
        parts, prepared = self._parts, ready.prepared
        under_way = parts.runner.adopt(prepared.estate, prepared.changes.begun, prepared.renewed)
        parts.canary.adopt(ready.canaries)
        parts.context.user_agent = prepared.estate.user_agent
        parts.context.tls.look_again()
        parts.shedder.wanted = prepared.wanted
        return under_way

    def _tell_by(self, prepared: Prepared) -> None:
        parts, estate = self._parts, prepared.estate
        parts.recorder.follow(estate)
        parts.checkpointer.follow(estate)
        parts.notifications.follow(estate)
        self._watch.follow(estate)
        parts.prober.user_agent = estate.user_agent
        parts.web.let_in(prepared.access, estate)

    def _begin_timelines(self, begun: set[ServiceId], now: float) -> None:
        """With what is published before anything is measured."""
        for service in begun:
            state = self._parts.board.published_of(service)
            if state is not None:
                self._parts.current.timelines.hold(
                    service, state.status, planned=state.planned, since=state.since, at=now
                )

    async def _settle(self, prepared: Prepared, under_way: frozenset[CheckId]) -> None:
        parts, begun = self._parts, prepared.changes.begun
        checks = prepared.estate.checks()
        await parts.schedule.adopt(checks, prepared.phases, begun, under_way)
        await parts.notifications.renew()
        await parts.status.render()  # who has asked finds it there
