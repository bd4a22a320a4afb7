"""All that runs beside the probes: it remembers and tells what they observe."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from monitor.blackbox.route import probe_route
from monitor.configuration.reloader import Reloader
from monitor.model.reload_outcome import ReloadOutcome
from monitor.model.transition import Transition
from monitor.runtime.assembly import Parts
from monitor.runtime.heartbeat import Heartbeat
from monitor.runtime.pipeline import Pipeline
from monitor.runtime.reconfigure import Reconfiguration
from monitor.runtime.restore import restore_late, tell_now
from monitor.runtime.transition_dispatcher import TransitionDispatcher
from monitor.runtime.web_source import WebSource
from monitor.support.systemd import Notifier

CLOSE = 1.0
"""Seconds that tasks may take to end at a stop."""


class Reporting:
    """Owns the tasks and the web server, until the stacks are closed that they were started with."""

    def __init__(self, parts: Parts, reloader: Reloader, systemd: Notifier) -> None:
        self.parts = parts
        self.pipeline = Pipeline(parts, TransitionDispatcher(parts))
        self._heartbeat = Heartbeat(parts, self.pipeline, systemd)
        self.source = WebSource(parts, self.pipeline, self._heartbeat)
        self.reconfiguration = Reconfiguration(parts, self.pipeline, reloader)
        self._reloader = reloader
        parts.by_hand.changed = self.pipeline.plan
        parts.by_hand.silence_over = partial(tell_now, parts)

    async def start(self, stack: AsyncExitStack, changes: list[Transition]) -> None:
        """Tells of the ``changes`` since an earlier process, then of what the first probes observed;
        gives the web its first status.
        """
        parts = self.parts
        if changes:
            self.pipeline.dispatcher.dispatch(changes)
        await parts.inbox.open(self.pipeline)
        stack.push_async_callback(parts.status.written)  # also when the start is broken off
        await parts.status.publish()
        await parts.status.written()
        if parts.dependencies.listens:
            await self._listen(stack)
        self._run(stack)
        stack.callback(self._keep_all)

    async def _listen(self, stack: AsyncExitStack) -> None:
        parts, current = self.parts, self.parts.current
        await parts.web.start(
            self.source,
            stack,
            reload=self._reload,
            probe=probe_route(
                lambda: current.estate.blackbox,
                lambda: parts.prober,
                lambda: current.estate.blackbox_targets,
            ),
            hands=parts.by_hand,
            login_failed=parts.metrics.login_failed,
        )

    async def _reload(self) -> ReloadOutcome:
        return await asyncio.shield(self._reloader.ask("POST /-/reload"))

    def _run(self, stack: AsyncExitStack) -> None:
        tasks = [
            asyncio.create_task(self.parts.status.run(), name="status"),
            asyncio.create_task(self._heartbeat.run(), name="heartbeat"),
            asyncio.create_task(restore_late(self.parts, self.pipeline), name="restore"),
        ]

        async def end() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CLOSE)
            await self.parts.status.close()

        stack.push_async_callback(end)

    def _keep_all(self) -> None:
        self.pipeline.flush()
        self.parts.checkpointer.keep_all(self.parts.clock())
