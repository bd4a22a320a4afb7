"""A token service (RFC 6749) whose answers are scripted, and which remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from aiohttp import web

from tests.support.servers.http_server import Arrival, HttpServer, serve_http

PATH = "/token"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a token."""

    form: Mapping[str, str]
    """Each parameter; one that was sent twice would be an error of ours (RFC 6749, 3.2)."""
    client: tuple[str, str] | None
    """Name and secret of the Authorization header, decoded."""
    arrival: Arrival


@dataclass(slots=True)
class TokenServer:
    """Gives ``token-1``, ``token-2`` … while nothing else is scripted."""

    http: HttpServer
    status: int = 200
    expires_in: object = 3600
    answer: Mapping[str, Any] | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    gate: asyncio.Event | None = None
    """While it is closed nobody is answered."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody has asked."""

    @property
    def url(self) -> str:
        return self.http.url(PATH)

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.http.port}"

    @property
    def asked(self) -> list[Asked]:
        return [_asked(arrival) for arrival in self.http.arrivals]

    async def handle(self, _request: web.BaseRequest) -> web.StreamResponse:
        self.came.set()
        number = len(self.http.arrivals)
        await asyncio.sleep(self.delay)
        if self.gate is not None:
            await self.gate.wait()
        body = self.answer
        if body is None:
            body = {"access_token": f"token-{number}", "token_type": "Bearer"}
            if self.expires_in is not None:
                body["expires_in"] = self.expires_in
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(status=self.status, body=raw, headers=self.headers)


def _asked(arrival: Arrival) -> Asked:
    assert arrival.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = parse_qs(arrival.body.decode(), strict_parsing=True)
    assert all(len(values) == 1 for values in form.values())
    client = None
    header = arrival.headers.get("Authorization")
    if header is not None:
        name, _, secret = b64decode(header.removeprefix("Basic ")).decode().partition(":")
        client = unquote_plus(name), unquote_plus(secret)
    return Asked({name: value for name, [value] in form.items()}, client, arrival)


@asynccontextmanager
async def serve_tokens(*, tls: ssl.SSLContext | None = None) -> AsyncIterator[TokenServer]:
    """A running token service."""
    async with serve_http(tls=tls) as http:
        made = TokenServer(http)
        http.handlers[PATH] = made.handle
        yield made
