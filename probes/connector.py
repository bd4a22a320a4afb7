"""aiohttp on our own connections: a new one for every request, with its phases in the notebook.

``aiohttp.BaseConnector`` is subclassed as the proxy connectors do: only how a connection is made
is ours. aiohttp's session would send an idempotent request a second time when the first
connection breaks; a probe must not, so that breakage leaves the session as another type.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

from probes.attempt import Attempt
from probes.failure import ProbeFailure, from_tls, ssl_error_in
from probes.observation import Phase, Reason
from probes.settings import TlsSettings
from probes.transport import Route, connect, over_tls

if TYPE_CHECKING:
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ClientTimeout
    from aiohttp.tracing import Trace

    from probes.tools import Tools

ALPN = ("http/1.1",)
MAX_LINE_SIZE = 8190
MAX_HEADERS = 256


@dataclass(frozen=True, slots=True)
class Hop:
    """Where one request of a probe goes."""

    attempt: Attempt
    route: Route
    tls: TlsSettings | None


HOP: ContextVar[Hop] = ContextVar("hop")
"""The hop that the running task is about to make."""


class _Handler(ResponseHandler):
    """aiohttp's, without setting TCP_NODELAY again: the loop has done so."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)


class ProbeConnector(aiohttp.BaseConnector):
    """Makes each connection as the task's :data:`HOP` says."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(force_close=True, limit=0)
        self._tools = tools

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        hop = HOP.get()
        attempt = hop.attempt
        loop = asyncio.get_running_loop()
        context = self._tools.tls.get(hop.tls, ALPN) if hop.tls is not None else None
        connected = await connect(self._tools, hop.route, attempt)
        if context is None or hop.tls is None:
            _, handler = await loop.create_connection(lambda: _Handler(loop), sock=connected)
        else:
            handler = await over_tls(
                connected,
                lambda: _Handler(loop),
                context,
                hop.tls.server_name or hop.route.host,
                attempt,
            )
        attempt.ready_at = attempt.begin(Phase.PROCESSING)
        return handler


async def no_second_try(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """A broken connection ends the probe, as a type that the session does not retry."""
    try:
        return await handler(request)
    except aiohttp.ClientOSError as error:
        raise broken(error, HOP.get()) from None
    except aiohttp.ServerDisconnectedError:
        raise closed_without_answer(HOP.get()) from None


def broken(error: BaseException, hop: Hop) -> ProbeFailure:
    """What a connection that broke after it was made means."""
    tls_error = ssl_error_in(error)
    if tls_error is not None:
        has_certificate = hop.tls is not None and hop.tls.cert_file is not None
        return from_tls(tls_error, has_certificate=has_certificate)
    if hop.attempt.answered:
        return ProbeFailure(Reason.RESET, "the connection was reset within the answer")
    return ProbeFailure(Reason.RESET, "the connection was reset before any answer")


def closed_without_answer(hop: Hop) -> ProbeFailure:
    return ProbeFailure(Reason.RESET, "the connection was closed without an answer")


def make_session(tools: Tools) -> aiohttp.ClientSession:
    """The one session: it keeps no cookie and no connection, and has no timeout of its own."""
    options: dict[str, Any] = {
        "max_line_size": MAX_LINE_SIZE,
        "max_field_size": MAX_LINE_SIZE,
        "max_headers": MAX_HEADERS,
    }
    return aiohttp.ClientSession(
        connector=ProbeConnector(tools),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        headers={"User-Agent": tools.user_agent},
        middlewares=(no_second_try,),
        trust_env=False,
        **options,
    )
