"""Probes on demand, a bounded number at a time, apart from the checks and what those share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from monitor.blackbox.dns_prober import probe_dns
from monitor.blackbox.http_prober import probe_http
from monitor.blackbox.names import Preferred, PreferringResolver
from monitor.blackbox.sheet import ProbeResult
from monitor.blackbox.tcp_prober import probe_tcp
from monitor.publish.metrics import families as f
from monitor.settings.blackbox.modules import Module
from probes.net.context import ProbeContext
from probes.net.resolver import SystemResolver

AT_ONCE = 50
LOOK_AGAIN = 500
"""Probes after which TLS settings that nobody uses any more are forgotten: a name in a request makes
settings of its own.
"""


class NoPlaceError(Exception):
    """All places were taken until the deadline."""


class Prober:
    """Takes one probe at a time and place. Belongs to one event loop; closed at the end."""

    def __init__(
        self,
        user_agent: str,
        *,
        at_once: int = AT_ONCE,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.user_agent = user_agent
        self._clock = clock
        self._timer = timer
        self._places = asyncio.Semaphore(at_once)
        self._resolver = SystemResolver(timer)
        self._context: dict[Preferred, ProbeContext] = {}
        self._taken = 0

    async def take(self, module: Module, target: str, hostname: str, timeout: float) -> ProbeResult:
        """One probe; waiting for a place is part of its ``timeout``. Raises :class:`NoPlaceError`."""
        begun = self._timer()
        try:
            async with asyncio.timeout(timeout):
                await self._places.acquire()
        except TimeoutError:
            raise NoPlaceError from None
        try:
            left = timeout - (self._timer() - begun)
            if left <= 0:
                raise NoPlaceError
            return await self._probe(module, target, hostname, left)
        finally:
            self._places.release()

    async def _probe(
        self, module: Module, target: str, hostname: str, timeout: float
    ) -> ProbeResult:
        context, sheet = self._context_for(Preferred.of(module.preferring)), ProbeResult()
        begun = self._timer()
        if module.prober == "http":
            await probe_http(module.http, target, hostname, timeout, context, sheet)
        elif module.prober == "tcp":
            await probe_tcp(module.tcp, target, hostname, timeout, context, sheet)
        elif module.dns is not None:
            await probe_dns(module.dns, target, timeout, context, sheet)
        sheet.put(f.DURATION, self._timer() - begun)
        sheet.put(f.SUCCESS, 1 if sheet.success else 0)
        return sheet

    def _context_for(self, preferred: Preferred) -> ProbeContext:
        context = self._context.get(preferred)
        if context is None:
            context = self._context[preferred] = ProbeContext(
                resolver=PreferringResolver(self._resolver, preferred),
                clock=self._clock,
                timer=self._timer,
            )
        context.user_agent = self.user_agent
        self._taken += 1
        if self._taken % LOOK_AGAIN == 0:
            for one in self._context.values():
                one.tls.look_again()
        return context

    async def close(self) -> None:
        """Gives back threads and sockets."""
        for context in self._context.values():
            await context.close()
        await self._resolver.close()
