"""What stands between the network and the pages: access, headers, and bounds on slow clients."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import logging
from typing import Any

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

HEALTHY_PATH = "/-/healthy"
FIRST_REQUEST = 10.0
"""Seconds that a new connection may take to send its first request."""
KEEP_ALIVE = 75.0
"""Seconds that a connection may be idle between requests."""
SWEEP = 2.0
MAX_HEAD = 8190
"""Bytes of the request line, and of each header."""
MAX_BODY = 16_384
"""Bytes of a request's body; nothing here reads one."""

SPOKEN: web.AppKey[set[object]] = web.AppKey("spoken", set)
"""Connections that have sent a request."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


async def secure(_: web.Request, response: web.StreamResponse) -> None:
    """Headers that every response carries, and one that none does."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.popall(hdrs.SERVER, None)


@web.middleware
async def note_spoken(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Remembers that this connection has sent a request."""
    request.config_dict[SPOKEN].add(request.protocol)
    return await handler(request)


class Lock:
    """The user name and the password that open the pages; without any they are open."""

    def __init__(self, credentials: tuple[str, str] | None = None) -> None:
        self._expected: bytes | None = None
        self.change(credentials)

    def change(self, credentials: tuple[str, str] | None) -> None:
        """These from now on."""
        if credentials is None:
            self._expected = None
        else:
            username, password = credentials
            self._expected = _digest(f"{username}:{password}".encode())

    @property
    def locked(self) -> bool:
        return self._expected is not None

    def opens(self, authorization: str) -> bool:
        """Whether the header's value is enough."""
        expected = self._expected
        return expected is None or hmac.compare_digest(_digest(_given(authorization)), expected)


def basic_auth(lock: Lock) -> Middleware:
    """Asks for user name and password everywhere but at ``/-/healthy``. RFC 7617."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != HEALTHY_PATH and not lock.opens(
            request.headers.get(hdrs.AUTHORIZATION, "")
        ):
            return web.Response(
                status=401,
                text="401: a user name and a password are needed\n",
                headers={hdrs.WWW_AUTHENTICATE: 'Basic realm="driftvakt", charset="UTF-8"'},
            )
        return await handler(request)

    return guard


def _digest(value: bytes) -> bytes:
    """Of one length whatever was sent, so that comparing tells nothing."""
    return hashlib.sha256(value).digest()


def _given(header: str) -> bytes:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


class _Log(logging.LoggerAdapter[logging.Logger]):
    """aiohttp's log, in which what a stranger sends is no error of ours."""

    def exception(self, msg: object, *args: object, **how: Any) -> None:
        foreign = isinstance(how.get("exc_info"), HttpProcessingError)
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

    async def setup(self) -> None:
        await super().setup()
        self._sweeper = asyncio.create_task(self._close_silent(), name="web-sweeper")

    async def cleanup(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
            self._sweeper = None
        await super().cleanup()

    async def _close_silent(self) -> None:
        loop = asyncio.get_running_loop()
        spoken = self.app[SPOKEN]
        seen: dict[web.RequestHandler, float] = {}
        while True:
            await asyncio.sleep(self._sweep)
            server = self.server
            connections = server.connections if server is not None else []
            spoken.intersection_update(connections)
            now = loop.time()
            seen = {each: seen.get(each, now) for each in connections if each not in spoken}
            for each, since in seen.items():
                if now - since >= self._first_request - self._sweep:
                    each.force_close()
