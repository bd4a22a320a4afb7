"""What probes share: clocks, name resolution, TLS contexts, threads, and what a kind keeps for all of
its probes. One of these a daemon.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar, cast

from probes.net.kernel_timestamps import keeps_stamping
from probes.net.resolver import Resolver, SystemResolver
from probes.net.tls import TlsContexts
from probes.net.work_threads import Workers

DEFAULT_USER_AGENT = "driftvakt"


class Shared(Protocol):
    """What is kept for all probes of a process, and ended with it."""

    async def close(self) -> None: ...


S = TypeVar("S", bound=Shared)


class ProbeContext:
    """Shared by all probes of a process, closed once at the end.

    ``clock`` gives seconds since the epoch, ``timer`` monotonic seconds; both can be replaced,
    as can the resolver.
    """

    def __init__(
        self,
        *,
        user_agent: str = DEFAULT_USER_AGENT,
        resolver: Resolver | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.user_agent = user_agent
        self.clock = clock
        self.timer = timer
        self.resolver: Resolver = resolver or SystemResolver(timer)
        self.tls = TlsContexts(clock)
        self.workers = Workers()
        self._shared: dict[Callable[[ProbeContext], Any], Shared] = {}
        self._stamping: socket.socket | None = None

    def shared(self, make: Callable[[ProbeContext], S]) -> S:
        """The one thing that ``make`` makes for this context, made when it is first asked for."""
        found = self._shared.get(make)
        if found is None:
            found = self._shared[make] = make(self)
        return cast("S", found)

    def keep_stamping(self) -> None:
        """From now on the kernel stamps what it receives (:func:`probes.net.kernel_timestamps.keeps_stamping`)."""
        if self._stamping is None:
            self._stamping = keeps_stamping()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Gives back threads and sockets."""
        for one in self._shared.values():
            await one.close()
        await self.workers.close()
        await self.resolver.close()
        if self._stamping is not None:
            self._stamping.close()
            self._stamping = None
