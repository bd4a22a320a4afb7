"""An HTTP proxy: it tunnels (CONNECT; RFC 9110, 9.3.6) and forwards plain requests, wants
credentials when it is told to, resolves names as a test says, and remembers what it was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.support.servers.raw_server import serve_raw


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one request to the proxy."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class ProxyServer:
    """Where it listens, and what it was asked."""

    port: int = 0
    authorization: str | None = None
    """What ``Proxy-Authorization`` must say; ``None``: anybody may use it."""
    names: dict[str, str] = field(default_factory=dict)
    """Addresses of names; a name that is not here is taken for an address."""
    delay: float = 0.0
    """Seconds before CONNECT is answered."""
    asked: list[Head] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def where(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = await reader.readuntil(b"\r\n\r\n")
        head = _read(raw)
        self.asked.append(head)
        if self.authorization and head.headers.get("proxy-authorization") != self.authorization:
            writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        connect = head.method == "CONNECT"
        url = urlsplit(f"//{head.target}" if connect else head.target)
        host, port = url.hostname or "", url.port or 80
        try:
            upstream = await asyncio.open_connection(self.names.get(host, host), port)
        except OSError:
            writer.write(b"HTTP/1.1 502 Not there\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        await asyncio.sleep(self.delay)
        if connect:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            upstream[1].write(_forwarded(raw, head, url.path))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pour(reader, upstream[1]))
                group.create_task(_pour(upstream[0], writer))
        finally:
            upstream[1].transport.abort()


def _read(raw: bytes) -> Head:
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Head(method, target, headers)


def _forwarded(raw: bytes, head: Head, path: str) -> bytes:
    """As a proxy passes it on: the path alone, and nothing that was for the proxy."""
    lines = raw.split(b"\r\n")
    kept = [line for line in lines[1:] if not line.lower().startswith(b"proxy-")]
    query = urlsplit(head.target).query
    target = (path or "/") + (f"?{query}" if query else "")
    return b"\r\n".join([f"{head.method} {target} HTTP/1.1".encode(), *kept])


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serve_proxy() -> AsyncIterator[ProxyServer]:
    """A running proxy."""
    made = ProxyServer()
    async with serve_raw(made.play) as server:
        made.port = server.port
        yield made
