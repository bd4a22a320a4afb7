"""The daemon: the only place that wires effects together.

    origin ──▶ reloader ──▶ all of them, at once
    schedule ──▶ runner ──▶ board ──▶ snapshot ──▶ metrics, status file, page
                   │          └─────▶ transitions ──▶ log, counters, status file at once
                fitness (loop lag, canaries)

An observation travels to the right and never back.

It probes first: where an earlier process ended, how it looks and who is told of it are found out, and
their modules imported, beside the first probes. What those see is judged after that, and waits.

    dependencies  clocks, kinds, ways to its surroundings     pipeline      an observation's way
    probing       the parts that measure                      heartbeat     jobs once a second
    assembly      the parts that remember and tell            reconfigure   another configuration
    restore       where an earlier process ended              web_source    what the web asks for
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog

from monitor.configuration.files import ConfigFiles
from monitor.configuration.loader import Loaded
from monitor.configuration.reloader import Reloader
from monitor.model.diff import Difference
from monitor.model.estate import Estate
from monitor.model.reload_outcome import Ended, ReloadOutcome
from monitor.model.transition import Transition
from monitor.runtime.deferred_imports import import_what_comes_later
from monitor.runtime.dependencies import Dependencies
from monitor.runtime.probing import Probing, build_probing, start_probing
from monitor.support.redaction import Masker, secrets_of
from monitor.support.systemd import Notifier
from probes.observation import clean

if TYPE_CHECKING:  # see :mod:`monitor.runtime.deferred_imports`
    from monitor.runtime.assembly import Parts
    from monitor.runtime.configuration_watch import ConfigurationWatch
    from monitor.runtime.heartbeat import Heartbeat
    from monitor.runtime.pipeline import Pipeline
    from monitor.runtime.reconfigure import Reconfiguration
    from monitor.runtime.web_source import WebSource

log = structlog.get_logger("driftvakt")

CLOSE = 1.0
"""Seconds that tasks may take to end at a stop."""
CONFIG_ERROR_SHOWN = 500
"""Characters of a fault of the configuration."""


class Daemon:
    """Watches an estate for as long as the context is entered."""

    probing: Probing
    parts: Parts
    pipeline: Pipeline
    source: WebSource
    _heartbeat: Heartbeat
    _watch: ConfigurationWatch
    _reconfiguration: Reconfiguration

    def __init__(
        self,
        estate: Estate,
        dependencies: Dependencies | None = None,
        *,
        origin: ConfigFiles | None = None,
        masker: Masker | None = None,
    ) -> None:
        """``origin`` is where the estate was read from and may be read again; without one it cannot
        be reloaded. ``masker`` is one that others hold too: it learns every secret.
        """
        self._estate = estate
        self._dependencies = dependencies if dependencies is not None else Dependencies()
        self._origin = origin
        self._masker = masker if masker is not None else Masker(secrets_of(estate))
        self._reloader = Reloader(origin, self._adopt, self._reloaded, self._clean)
        self._systemd = Notifier()
        self._background: list[asyncio.Task[None]] = []
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """Where it listens; empty where it does not."""
        return self.parts.web.url

    # start and stop

    async def __aenter__(self) -> Self:
        async with self._stack as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._systemd.stopping()
        await self._stack.aclose()
        log.info("stopped")

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        estate, now = self._estate, self._dependencies.clock()
        self.probing = parts = await build_probing(
            estate, self._dependencies, self._masker, stack, now
        )
        # what begins after the first probes and has to end after the last
        later = await stack.enter_async_context(contextlib.AsyncExitStack())
        start_probing(parts, stack)
        await self._begin_to_tell(later, now)
        await stack.enter_async_context(parts.calendars)
        await stack.enter_async_context(parts.stated)
        self._watch.start(stack, estate, parts.metrics)
        # that thousands of checks take a moment to begin is no overload
        parts.metrics.take_begun()
        parts.shedder.begin()
        parts.lag.all_has_begun()
        self._systemd.ready(f"watching {sum(1 for _ in estate.checks())} checks")
        log.info("started", url=self.url, status_file=str(self.parts.status.file.path))

    async def _begin_to_tell(self, stack: contextlib.AsyncExitStack, now: float) -> None:
        """Everything but probing; ``now`` is when that began."""
        await import_what_comes_later()
        if changes := await self._assemble(stack, now):
            self.pipeline.dispatcher.dispatch(changes)
        await self.probing.inbox.open(self.pipeline)
        status = self.parts.status
        stack.push_async_callback(status.written)  # also when the start is broken off
        await status.publish()
        await status.written()
        if self._dependencies.listens:
            await self._listen(stack)
        self._begin_background()
        stack.push_async_callback(self._end_background)
        stack.callback(self._keep_all)

    async def _assemble(self, stack: contextlib.AsyncExitStack, now: float) -> list[Transition]:
        """Puts together what tells; gives what has changed since an earlier process ended."""
        from monitor.runtime.assembly import build
        from monitor.runtime.configuration_watch import ConfigurationWatch
        from monitor.runtime.heartbeat import Heartbeat
        from monitor.runtime.pipeline import Pipeline
        from monitor.runtime.reconfigure import Reconfiguration
        from monitor.runtime.restore import restore
        from monitor.runtime.transition_dispatcher import TransitionDispatcher
        from monitor.runtime.web_source import WebSource

        self.parts = parts = await build(
            self.probing,
            stack,
            now,
            lambda: self.source.current(),  # noqa: PLW0108 - it is made below
        )
        self.pipeline = pipeline = Pipeline(parts, TransitionDispatcher(parts))
        self._heartbeat = Heartbeat(parts, pipeline, self._systemd)
        self.source = WebSource(parts, pipeline, self._heartbeat)
        self._watch = ConfigurationWatch(self._origin, self._reloader)
        self._reconfiguration = Reconfiguration(parts, pipeline, self._watch)
        return restore(parts, now)

    async def _listen(self, stack: contextlib.AsyncExitStack) -> None:
        from monitor.blackbox.route import probe_route

        parts, current = self.parts, self.parts.current
        await parts.web.start(
            self.source,
            stack,
            reload=self._reload_over_http,
            probe=probe_route(
                lambda: current.estate.blackbox,
                lambda: parts.prober,
                lambda: current.estate.blackbox_targets,
            ),
            login_failed=parts.metrics.login_failed,
        )

    def _begin_background(self) -> None:
        from monitor.runtime.restore import restore_late

        self._background = [
            asyncio.create_task(self.parts.status.run(), name="status"),
            asyncio.create_task(self._heartbeat.run(), name="heartbeat"),
            asyncio.create_task(restore_late(self.parts, self.pipeline), name="restore"),
        ]

    async def _end_background(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background, timeout=CLOSE)
        await self.parts.status.close()

    def _keep_all(self) -> None:
        self.pipeline.flush()
        self.parts.checkpointer.keep_all(self.parts.clock())

    # another configuration

    def reload(self, why: str) -> asyncio.Future[ReloadOutcome]:
        """Reads the configuration anew, now or after the reload that is under way."""
        return self._reloader.ask(why)

    async def _reload_over_http(self) -> ReloadOutcome:
        return await asyncio.shield(self.reload("POST /-/reload"))

    async def _adopt(self, loaded: Loaded) -> Difference:
        return await self._reconfiguration.adopt(loaded)

    def _reloaded(self, outcome: ReloadOutcome) -> None:
        self.parts.current.config_error = outcome.error
        self.parts.metrics.reloaded(outcome.ended is Ended.RELOADED, self.parts.clock())
        self.parts.status.changed()

    def _clean(self, text: str) -> str:
        return clean(self._masker.text(text), CONFIG_ERROR_SHOWN)
