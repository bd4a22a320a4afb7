"""Serves an application within bounds on clients that are slow, silent or many."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from typing import Any

from aiohttp import ClientConnectionError, web
from aiohttp.http_exceptions import HttpProcessingError

from monitor.publish.web.listener import Listener
from monitor.publish.web.middleware import BUSY, SPOKEN
from monitor.publish.web.responses import ReaderGoneError

FIRST_REQUEST = 10.0
"""Seconds that a new connection may take to send its first request."""
KEEP_ALIVE = 75.0
"""Seconds that a connection may be idle between requests."""
SWEEP = 2.0
MAX_HEAD = 8190
"""Bytes of the request line, and of each header."""


_FOREIGN = (HttpProcessingError, ClientConnectionError, ReaderGoneError)
"""What was sent was no HTTP, or the connection ended while we were sending."""


class _Log(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's log, in which neither what a stranger sends nor that a reader goes away is an error of
    ours.
    """

    def exception(self, msg: object, *args: object, **how: Any) -> None:
        foreign = isinstance(how.get("exc_info"), _FOREIGN)
        if foreign:
            how["exc_info"] = None
        self.log(logging.DEBUG if foreign else logging.ERROR, msg, *args, **how)


class BoundedRunner(web.AppRunner):
    """Serves an application, and closes connections that never send a whole request."""

    def __init__(
        self,
        app: web.Application,
        *,
        shutdown_timeout: float = 1.0,
        first_request: float = FIRST_REQUEST,
        sweep: float = SWEEP,
    ) -> None:
        super().__init__(
            app,
            handle_signals=False,
            access_log=None,
            logger=_Log(logging.getLogger("driftvakt.web"), {}),
            keepalive_timeout=KEEP_ALIVE,
            lingering_time=2.0,
            max_line_size=MAX_HEAD,
            max_field_size=MAX_HEAD,
            shutdown_timeout=shutdown_timeout,
        )
        self._first_request = first_request
        self._sweep = sweep
        self._sweeper: asyncio.Task[None] | None = None
        self._listener: Listener | None = None

    async def listen(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None = None,
        *,
        most: int | None = None,
    ) -> list[tuple[str, int]]:
        """Takes connections, at most so many at a time (by the descriptors that there are). Gives
        where it listens. Raises ``OSError``.
        """
        if self.server is None:
            raise RuntimeError("not set up")
        listener = Listener(
            self.server,
            dispensable=self._dispensable,
            most=most,
            handshake=self._first_request,
        )
        await listener.start(host, port, context)
        self._listener = listener
        return listener.addresses

    def _dispensable(self) -> list[web.RequestHandler]:
        """Connections that may be closed when there is no room: those that have said nothing, then
        those on which nothing is asked.
        """
        connections = self.server.connections if self.server is not None else []
        spoken, busy = self.app[SPOKEN], self.app[BUSY]
        idle = [each for each in connections if each not in busy]
        return sorted(idle, key=lambda each: each in spoken)

    async def setup(self) -> None:
        await super().setup()
        self._sweeper = asyncio.create_task(self._close_silent(), name="web-sweeper")

    async def cleanup(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
            self._sweeper = None
        if self._listener is not None:
            await self._listener.close()
            self._listener = None
        await super().cleanup()

    async def _close_silent(self) -> None:
        loop = asyncio.get_running_loop()
        spoken = self.app[SPOKEN]
        seen: dict[web.RequestHandler, float] = {}
        stuck: dict[web.RequestHandler, tuple[int, float]] = {}
        while True:
            await asyncio.sleep(self._sweep)
            server = self.server
            connections = server.connections if server is not None else []
            stuck = self._close_stuck(connections, stuck, loop.time())
            spoken.intersection_update(connections)
            now = loop.time()
            seen = {each: seen.get(each, now) for each in connections if each not in spoken}
            for each, since in seen.items():
                if now - since >= self._first_request - self._sweep:
                    each.force_close()

    def _close_stuck(
        self,
        connections: list[web.RequestHandler],
        before: dict[web.RequestHandler, tuple[int, float]],
        now: float,
    ) -> dict[web.RequestHandler, tuple[int, float]]:
        """Lets go whoever reads nothing of what waits for it. Gives how much that is, and since when."""
        stuck = {}
        for each in connections:
            transport = each.transport
            unread = transport.get_write_buffer_size() if transport is not None else 0
            if transport is None or not unread:
                continue
            known, since = before.get(each, (0, now))
            stuck[each] = unread, since if known == unread else now
            if known == unread and now - since >= self._first_request - self._sweep:
                transport.abort()
        return stuck
