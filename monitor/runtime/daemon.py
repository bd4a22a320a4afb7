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
    reporting     all that runs beside the probes             restore       where a process ended
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog

from monitor.configuration.files import ConfigFiles
from monitor.configuration.reloader import Reloader
from monitor.model.estate import Estate
from monitor.model.reload_outcome import ReloadOutcome
from monitor.model.transition import Transition
from monitor.runtime.deferred_imports import import_what_comes_later
from monitor.runtime.dependencies import Dependencies
from monitor.runtime.probing import Probing, build_probing, start_probing
from monitor.support.redaction import Masker, secrets_of
from monitor.support.systemd import Notifier

if TYPE_CHECKING:  # see :mod:`monitor.runtime.deferred_imports`
    from monitor.runtime.reporting import Reporting

log = structlog.get_logger("driftvakt")


class Daemon:
    """Watches an estate for as long as the context is entered."""

    probing: Probing
    reporting: Reporting

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
        self._masker = masker if masker is not None else Masker(secrets_of(estate))
        self._reloader = Reloader(origin, self._masker)
        self._systemd = Notifier()
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """Where it listens; empty where it does not."""
        return self.reporting.parts.web.url

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
        self.probing = await build_probing(estate, self._dependencies, self._masker, stack, now)
        # what begins after the first probes and has to end after the last
        later = await stack.enter_async_context(contextlib.AsyncExitStack())
        start_probing(self.probing, stack)
        await self._report(later, now)
        await stack.enter_async_context(self.probing.calendars)
        await stack.enter_async_context(self.probing.stated)
        self.reporting.reconfiguration.start(stack)
        # that thousands of checks take a moment to begin is no overload
        self.probing.metrics.take_begun()
        self.probing.shedder.begin()
        self.probing.lag.all_has_begun()
        self._systemd.ready(f"watching {sum(1 for _ in estate.checks())} checks")
        file = self.reporting.parts.status.file
        log.info("started", url=self.url, status_file=str(file.path))

    async def _report(self, stack: contextlib.AsyncExitStack, now: float) -> None:
        """Begins with everything but probing; ``now`` is when that began."""
        await import_what_comes_later()
        from monitor.runtime.assembly import build
        from monitor.runtime.reporting import Reporting

        parts = await build(
            self.probing,
            stack,
            now,
            lambda: self.reporting.source.current(),  # noqa: PLW0108 - it is made below
        )
        self.reporting = Reporting(parts, self._reloader, self._systemd)
        await self.reporting.start(stack, self._restore(now))

    def _restore(self, now: float) -> list[Transition]:
        """Goes on where an earlier process ended; gives what has changed meanwhile."""
        from monitor.runtime.restore import restore

        return restore(self.reporting.parts, now)

    def reload(self, why: str) -> asyncio.Future[ReloadOutcome]:
        """Reads the configuration anew, now or after the reload that is under way."""
        return self._reloader.ask(why)
