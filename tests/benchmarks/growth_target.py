"""Answers on every address of loopback, goes away and comes back when it is told to.

``python -m tests.benchmarks.growth_target`` says in JSON where it listens: ``port`` on 127.0.0.0/8
for probes, ``hook`` for messages, ``control`` for the words ``down``, ``up`` and ``seen``, a line
each, answered with a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import cast

import uvloop

_BACKLOG = 4096
_BODY = b'{"resourceType":"CapabilityStatement","status":"active"}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class _Seen:
    def __init__(self) -> None:
        self.first = 0.0
        """By the monotonic clock, which all processes share."""
        self.probes = 0
        self.messages = 0


class _Answering(asyncio.Protocol):
    """One request, one answer, the end."""

    def __init__(self, seen: _Seen, *, hook: bool) -> None:
        self._seen = seen
        self._hook = hook
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._hook:
            self._seen.first = self._seen.first or time.monotonic()

    def data_received(self, data: bytes) -> None:
        self._head += data
        if b"\r\n\r\n" not in self._head:
            return
        if self._hook:
            self._seen.messages += 1
        else:
            self._seen.probes += 1
        self._transport.write(_ANSWER)
        self._transport.close()


def _bound(port: int) -> socket.socket:
    """A socket on all addresses, that packets reach from this machine alone."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("0.0.0.0", port))
    bound.setblocking(False)
    return bound


class _Target:
    def __init__(self) -> None:
        self._seen = _Seen()
        self._keeps = _bound(0)  # never listens: nobody else is given the port while we are down
        self.port: int = self._keeps.getsockname()[1]
        self._server: asyncio.Server | None = None

    async def up(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Answering(self._seen, hook=False), sock=_bound(self.port), backlog=_BACKLOG
        )

    def hook(self) -> asyncio.Protocol:
        return _Answering(self._seen, hook=True)

    async def answer(self, word: str) -> dict[str, float]:
        if word == "down" and self._server is not None:
            self._server.close()
            self._server = None
        elif word == "up":
            await self.up()
        seen = self._seen
        return {"first": seen.first, "probes": seen.probes, "messages": seen.messages}

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await self.answer(line.decode().strip())).encode() + b"\n")
            await writer.drain()
        writer.close()


async def main() -> None:
    target = _Target()
    await target.up()
    loop = asyncio.get_running_loop()
    hook = await loop.create_server(target.hook, "127.0.0.1", 0)
    control = await asyncio.start_server(target.control, "127.0.0.1", 0)
    where = {
        "port": target.port,
        "hook": hook.sockets[0].getsockname()[1],
        "control": control.sockets[0].getsockname()[1],
    }
    print(json.dumps(where), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
