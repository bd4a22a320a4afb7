"""Runs the demo's services as TLS servers: ``python -m monitor.demo.servers FOLDER``.

A process of its own, so that answering costs the monitor that measures it nothing. It writes one
line of JSON with its ports when they are open, starts the script at the first line on standard
input, and ends when standard input does: it cannot outlive whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from aiohttp import web

from monitor.demo.authority import Authority
from monitor.demo.endpoints import demo_application
from monitor.demo.script import SERVICES, Behaviour, behaviour, next_change

CA_FILE = "ca.pem"
LONG = timedelta(days=180)
SHORT = timedelta(days=12, hours=1)
"""Inside the thirty days that make a certificate yellow."""

Elapsed = Callable[[], float]
"""Seconds since the script began; 0 before."""


class Server:
    """A service on a port of its own, which stays reserved while the service is down."""

    def __init__(self, service: str, elapsed: Elapsed, authority: Authority, folder: Path) -> None:
        self._service = service
        self._elapsed = elapsed
        self._reservation = _bound(0)
        self.port: int = self._reservation.getsockname()[1]
        self._context = authority.server_context(service, LONG, folder)
        self._short = authority.server_context(service, SHORT, folder)
        self._context.sni_callback = self._choose_certificate
        self._runner = web.AppRunner(
            demo_application(service, self.behaviour), access_log=None, shutdown_timeout=0.1
        )
        self._site: web.BaseSite | None = None

    def behaviour(self) -> Behaviour:
        return behaviour(self._service, self._elapsed())

    def _choose_certificate(
        self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext
    ) -> None:
        """Choose the certificate of a handshake, whether it names a server or not."""
        if not self.behaviour().new_certificate:
            connection.context = self._short

    async def play(self) -> None:
        """Open or close the port as the script has it at this instant."""
        wanted = self.behaviour().listening
        if wanted and self._site is None:
            self._site = web.SockSite(
                self._runner, _bound(self.port), ssl_context=self._context, backlog=64
            )
            await self._site.start()
        elif not wanted and self._site is not None:
            await self._site.stop()
            self._site = None

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await self.play()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        self._reservation.close()


def _bound(port: int) -> socket.socket:
    """A socket on loopback that shares its port with our own others, listening or not."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


async def serve_endpoints(folder: Path) -> None:
    """Serve until standard input ends. Writes the root certificate to ``folder``/ca.pem."""
    loop = asyncio.get_running_loop()
    began: float | None = None

    def elapsed() -> float:
        return 0.0 if began is None else loop.time() - began

    authority = Authority("Driftvakt demo root", datetime.now(UTC))
    (folder / CA_FILE).write_bytes(authority.pem())
    async with contextlib.AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(Server(service, elapsed, authority, folder))
            for service in SERVICES
        ]
        ports = zip(SERVICES, (server.port for server in servers), strict=True)
        print(json.dumps(dict(ports)), flush=True)
        stdin = await _standard_input()
        if not await stdin.readline():
            return
        began = loop.time()
        player = asyncio.create_task(_play(servers, elapsed))
        await stdin.read()
        player.cancel()


async def _play(servers: Iterable[Server], elapsed: Elapsed) -> None:
    while True:
        for server in servers:
            await server.play()
        await asyncio.sleep(next_change(elapsed()) + 0.001)


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


def main(folder: Path) -> None:
    """Run the servers. Ctrl-C is for whoever started this, and reaches us as the end of input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve_endpoints(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
