"""What stands between the network and the pages: names, passwords, headers."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from monitor.publish.web.host_header import Hosts
from monitor.publish.web.login_attempts import Tries
from probes.observation import clean

HEALTHY_PATH = "/-/healthy"
MAX_BODY = 16_384
"""Bytes of a request's body; nothing here reads one."""

SPOKEN: web.AppKey[set[object]] = web.AppKey("spoken", set)
"""Connections that have sent a request."""
BUSY: web.AppKey[set[object]] = web.AppKey("busy", set)
"""Connections on which a request is being answered."""

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
    """Remembers that this connection has sent a request, and until when it is answered."""
    request.config_dict[SPOKEN].add(request.protocol)
    busy = request.config_dict[BUSY]
    busy.add(request.protocol)
    try:
        return await handler(request)
    finally:
        busy.discard(request.protocol)


def known_host(hosts: Hosts) -> Middleware:
    """Answers 421 (RFC 9110, 15.5.20) where the request is for a name that is none of ours, everywhere
    but at ``/-/healthy``. Who names no host, as HTTP/1.0 may, is no browser.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        asked = request.host if hdrs.HOST in request.headers else ""
        if asked and request.path != HEALTHY_PATH and not hosts.known(asked):
            return web.Response(
                status=421,
                text=(
                    f"421: {clean(asked, 80)!r} is not known as a name of this server: ask for its"
                    " address or its host name, or name it under web.allowed_hosts\n"
                ),
                headers={hdrs.CACHE_CONTROL: "no-store"},
            )
        return await handler(request)

    return guard


class Lock:
    """The user name and the password that open the pages; without any they are open."""

    def __init__(
        self,
        credentials: tuple[str, str] | None = None,
        *,
        failed: Callable[[str, int], object] = lambda address, times: None,
    ) -> None:
        """``failed`` is told of each wrong try: whose, and the how manieth of late."""
        self._expected: bytes | None = None
        self._failed = failed
        self._tries = Tries()
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

    async def tried(self, authorization: str, address: str) -> bool | None:
        """The same, of a try from an address, which waits after wrong ones; ``None`` when too many
        wait already.
        """
        if not self.locked:
            return True
        loop = asyncio.get_running_loop()
        wait = self._tries.wait(address, loop.time())
        if wait is None:
            return None
        if wait:
            await asyncio.sleep(wait)
        if self.opens(authorization):
            self._tries.right(address)
            return True
        self._failed(address, self._tries.wrong(address, loop.time()))
        return False


def basic_auth(lock: Lock) -> Middleware:
    """Asks for user name and password everywhere but at ``/-/healthy`` (RFC 7617). Whoever tries
    wrong ones is slowed.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == HEALTHY_PATH or not lock.locked:
            return await handler(request)
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        # who gives none has tried none
        opened = await lock.tried(given, peer_of(request)) if given else False
        if opened is None:
            return web.Response(
                status=429,
                text="429: too many wrong passwords came from this address\n",
                headers={hdrs.RETRY_AFTER: "5", hdrs.CACHE_CONTROL: "no-store"},
            )
        if not opened:
            return web.Response(
                status=401,
                text="401: a user name and a password are needed\n",
                headers={hdrs.WWW_AUTHENTICATE: 'Basic realm="driftvakt", charset="UTF-8"'},
            )
        return await handler(request)

    return guard


def peer_of(request: web.Request) -> str:
    """The address that a request comes from; empty when it has gone."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return str(peer[0]) if isinstance(peer, tuple) else ""


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
