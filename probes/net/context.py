"""What probes share: clocks, name resolution, TLS contexts, tokens and what is known of revocation.
One of these a daemon.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from probes.arrivals import keeps_stamping
from probes.resolve import Resolver, SystemResolver
from probes.revocation_cache import RevocationCache
from probes.tls import TlsContexts
from probes.tokens import Tokens
from probes.workers import Workers

DEFAULT_USER_AGENT = "driftvakt"


class Tools:
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
        self.tokens = Tokens(self)
        self.revocation = RevocationCache(clock, timer)
        self._stamping: socket.socket | None = None

    def keep_stamping(self) -> None:
        """From now on the kernel stamps what it receives (:func:`probes.arrivals.keeps_stamping`)."""
        if self._stamping is None:
            self._stamping = keeps_stamping()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Gives back threads and sockets."""
        await self.tokens.close()
        await self.revocation.close()
        await self.workers.close()
        await self.resolver.close()
        if self._stamping is not None:
            self._stamping.close()
            self._stamping = None
