"""Accepts connections, one at a time and no more than there is room for: what probes and files need
of the process' descriptors, no reader takes.

When all places are taken, whoever says nothing makes room; until somebody has, further clients wait
with the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import ssl
from collections.abc import Callable

from aiohttp import web

HANDSHAKE = 10.0
"""Seconds that a TLS handshake may take: as long as a first request."""
GOODBYE = 2.0
"""Seconds that a peer may take to end TLS."""
MOST = 1_000
"""Connections at a time, where the descriptors allow it."""
LEAST = 8
SHARE = 4
"""One descriptor in so many is for a reader."""
BACKLOG = 128
AGAIN = 1.0
"""Seconds until the next try when the system had no descriptor."""
log = logging.getLogger("driftvakt.web")


def places() -> int:
    """Connections that may be open at a time, by the descriptors that this process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST
    return max(LEAST, min(MOST, soft // SHARE))


class Listener:
    """Of one server. ``dispensable`` gives its connections that may be closed, the first first."""

    def __init__(
        self,
        server: web.Server,
        *,
        dispensable: Callable[[], list[web.RequestHandler]],
        most: int | None = None,
        handshake: float = HANDSHAKE,
    ) -> None:
        self._server = server
        self._dispensable = dispensable
        self._most = most if most is not None else places()
        self._handshake = handshake
        self._ssl: ssl.SSLContext | None = None
        self._listening: list[socket.socket] = []
        self._accepting = False
        self._again: asyncio.TimerHandle | None = None
        self._shaking: dict[asyncio.Task[None], None] = {}
        """Those that are not at the server yet, the oldest first."""
        self._lost = server.connection_lost
        server.connection_lost = self._ended  # type: ignore[method-assign]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [one.getsockname()[:2] for one in self._listening]

    @property
    def taken(self) -> int:
        """Places that are taken."""
        return len(self._server.connections) + len(self._shaking)

    async def start(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        """Listens at every address of ``host``. Raises ``OSError``."""
        self._ssl = context
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, address in dict.fromkeys((one[0], one[4]) for one in found):
                made = socket.create_server(address, family=family, backlog=BACKLOG)
                made.setblocking(False)
                self._listening.append(made)
        except BaseException:
            await self.close()
            raise
        self._accept()

    async def close(self) -> None:
        """Takes no more; what is open stays the server's."""
        self._pause()
        for one in self._listening:
            one.close()
        self._listening = []
        if self._shaking:
            for task in self._shaking:
                task.cancel()
            await asyncio.wait(list(self._shaking))

    def _accept(self) -> None:
        """From now on."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if not self._accepting:
            self._accepting = True
            for one in self._listening:
                asyncio.get_running_loop().add_reader(one.fileno(), self._ready, one)

    def _pause(self, seconds: float | None = None) -> None:
        """Until a connection ends, or for ``seconds``."""
        loop = asyncio.get_running_loop()
        if self._accepting:
            self._accepting = False
            for one in self._listening:
                loop.remove_reader(one.fileno())
        if self._again is not None:
            self._again.cancel()
        self._again = None if seconds is None else loop.call_later(seconds, self._accept)

    def _ready(self, listening: socket.socket) -> None:
        if self.taken >= self._most:
            self._make_room()
            self._pause(AGAIN)
            return
        try:
            accepted, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            log.warning("no connection can be taken: %s", error.strerror)
            self._make_room()
            self._pause(AGAIN)
            return
        task = asyncio.get_running_loop().create_task(self._take(accepted), name="web-accept")
        self._shaking[task] = None
        task.add_done_callback(self._taken_over)

    async def _take(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        secured = {"ssl_handshake_timeout": self._handshake, "ssl_shutdown_timeout": GOODBYE}
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._server,
                accepted,
                ssl=self._ssl,
                **(secured if self._ssl is not None else {}),
            )
        except OSError:  # a handshake that failed, or took too long: theirs
            accepted.close()
        except BaseException:
            accepted.close()
            raise

    def _taken_over(self, task: asyncio.Task[None]) -> None:
        del self._shaking[task]
        if not task.cancelled() and task.exception() is not None:
            log.error("a connection was not taken", exc_info=task.exception())
        self._room()

    def _ended(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        self._lost(handler, exc)
        # the server forgets it when its last request has ended, which is soon
        asyncio.get_running_loop().call_soon(self._room)

    def _room(self) -> None:
        if self._listening and not self._accepting and self.taken < self._most:
            self._accept()

    def _make_room(self) -> None:
        """Closes one connection on which nothing happens."""
        for handler in self._dispensable():
            with contextlib.suppress(Exception):
                handler.force_close()
            return
        for task in self._shaking:
            task.cancel()
            return
