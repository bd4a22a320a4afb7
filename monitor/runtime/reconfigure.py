"""Another configuration: prepare (in a thread) → commit (no await) → settle.

Whatever can fail, or takes time, comes before the first change; between the first and the last
nobody else gets a turn.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from monitor.configuration.discovery.poller import Discoverer
from monitor.configuration.file_watcher import FileWatch
from monitor.configuration.loader import Loaded
from monitor.configuration.prepare import Prepared, canaries_of, prepare_reload
from monitor.configuration.reloader import Reloader
from monitor.model.diff import Difference
from monitor.model.estate import CheckId, ServiceId
from monitor.model.reload_outcome import Ended, ReloadOutcome
from monitor.polling.calendar_poller import PreparedCalendars
from monitor.publish.rendering.pacer import Pacer
from monitor.runtime.assembly import Parts
from monitor.runtime.pipeline import Pipeline
from monitor.support.threads import run_in_daemon_thread
from probes.kind import Probe

CLOSE = 1.0
"""Seconds that watching may take to end at a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """Everything that the commit exchanges."""

    prepared: Prepared
    canaries: list[Probe]
    calendars: PreparedCalendars


class Reconfiguration:
    """Puts another configuration in the place of the one that applies."""

    def __init__(self, parts: Parts, pipeline: Pipeline, reloader: Reloader) -> None:
        self._parts = parts
        self._pipeline = pipeline
        self._reloader = reloader
        self._discoverer: Discoverer | None = None

    def start(self, stack: AsyncExitStack) -> None:
        """Begins to reload when asked, and when what the configuration is read from has changed;
        ``stack`` ends it.
        """
        origin, reloader = self._reloader.origin, self._reloader
        work = [reloader.run(self.adopt, self.ended)]
        if origin is not None:
            documents = origin.documents
            self._parts.metrics.watch_discovery(lambda: documents.outcomes)
            user_agent = self._parts.current.estate.user_agent
            self._discoverer = Discoverer(documents, reloader.ask, user_agent)
            stack.push_async_callback(self._discoverer.close)
            self._discover()
            work.append(FileWatch(origin, lambda: reloader.ask("a changed file")).run())
        tasks = [asyncio.create_task(one, name="configuration") for one in work]

        async def end() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CLOSE)

        stack.push_async_callback(end)

    def _discover(self) -> None:
        if self._discoverer is not None:
            estate = self._parts.current.estate
            self._discoverer.follow(estate.discovery, estate.user_agent)

    async def adopt(self, loaded: Loaded) -> Difference:
        """Adopts a configuration that was read without a fault; gives what has changed."""
        ready = await self._prepare(loaded)
        await self._pipeline.dispatcher.ease()
        under_way = self._commit(ready)
        await self._settle(ready.prepared, under_way)
        return ready.prepared.changes

    def ended(self, outcome: ReloadOutcome) -> None:
        """Notes how a reload ended."""
        self._parts.current.config_error = outcome.error
        self._parts.metrics.reloaded(outcome.ended is Ended.RELOADED, self._parts.clock())
        self._parts.status.changed()

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
        windows = [*ready.calendars.windows, *parts.by_hand.planned]
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
        parts.checkpointer.follow(estate, prepared.begun)
        parts.notifications.follow(estate)
        self._discover()
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
        checks = prepared.estate.probed()
        await parts.schedule.adopt(checks, prepared.phases, begun, under_way)
        pacer = Pacer(timer=parts.dependencies.cpu)
        for _ in parts.board.clear():
            if pacer.due():
                await pacer.rest()
        await parts.notifications.renew()
        await parts.status.render()  # who has asked finds it there
