"""An HTTP server whose answers are scripted by path, and which remembers who came and when."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from multidict import CIMultiDictProxy

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as the server met it."""

    at: float
    """The monotonic clock's reading."""
    method: str
    path: str
    headers: CIMultiDictProxy[str]
    body: bytes
    peer: tuple[str, int]
    session_reused: bool | None
    """Whether a TLS session was taken up again, ``None`` without TLS."""


@dataclass(slots=True)
class HttpServer:
    """Where it listens, what it answers, who came."""

    host: str
    port: int
    tls: bool
    arrivals: list[Arrival] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)

    def url(self, path: str = "/", host: str | None = None) -> str:
        shown = host or self.host
        shown = f"[{shown}]" if ":" in shown else shown
        return f"{'https' if self.tls else 'http'}://{shown}:{self.port}{path}"

    def answer(
        self,
        path: str = "/",
        *,
        status: int = 200,
        body: bytes = b"ok",
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        pause: float = 0.0,
    ) -> None:
        """Scripts a path: ``delay`` seconds before the answer, ``pause`` within its body."""

        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            await asyncio.sleep(delay)
            response = web.StreamResponse(status=status, headers=headers)
            if "Content-Length" not in (headers or {}):
                response.content_length = len(body)
            await response.prepare(request)
            half = len(body) // 2
            await response.write(body[:half])
            await asyncio.sleep(pause)
            await response.write(body[half:])
            return response

        self.handlers[path] = handler

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        connection = transport.get_extra_info("ssl_object") if transport else None
        self.arrivals.append(
            Arrival(
                at=time.monotonic(),
                method=request.method,
                path=request.path_qs,
                headers=request.headers,
                body=await request.read(),
                peer=transport.get_extra_info("peername")[:2] if transport else ("", 0),
                session_reused=connection.session_reused if connection else None,
            )
        )
        handler = self.handlers.get(request.path)
        if handler is None:
            return web.Response(status=404, text="nothing here")
        return await handler(request)


@asynccontextmanager
async def serve_http(
    *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[HttpServer]:
    """A running server; on leaving, its connections and tasks are gone."""
    made = HttpServer(host, port, tls is not None)
    server = web.Server(made.handle)
    runner = web.ServerRunner(server, handler_cancellation=True, shutdown_timeout=0.05)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        await site.start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()
