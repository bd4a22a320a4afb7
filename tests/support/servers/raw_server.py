"""A TCP (or TLS) server that plays a script of bytes: all that a broken server does."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def silence(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accepts, and never says anything."""
    await asyncio.Event().wait()


async def close_at_once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes in good order before anything is said."""
    writer.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Waits for the request and resets the connection."""
    await reader.read(1)
    _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def say(*parts: bytes, then: Script | None = None) -> Script:
    """Waits for the request's end, sends the parts, and closes (or does ``then``)."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
        if then is not None:
            await then(reader, writer)
        writer.close()

    return script


async def reset_now(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Resets at once; as the ``then`` of :func:`say`, in the midst of the answer."""
    _reset(writer)


def drip(answer: bytes, every: float) -> Script:
    """Sends the answer a byte at a time: each read succeeds, the whole never ends in time."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for place in range(len(answer)):
            writer.write(answer[place : place + 1])
            await writer.drain()
            await asyncio.sleep(every)
        writer.close()

    return script


def endless(head: bytes, part: bytes) -> Script:
    """Sends a head, and a part again and again until the client goes away."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while not writer.is_closing():
            writer.write(part)
            await writer.drain()

    return script


@dataclass(slots=True)
class RawServer:
    """Where it listens, and how many came."""

    host: str
    port: int
    tls: bool
    accepted: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, path: str = "/") -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{path}"


@asynccontextmanager
async def serve_raw(
    script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RawServer]:
    """A running server; on leaving, its connections and tasks are gone."""
    made = RawServer(host, port, tls is not None)

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await script(reader, writer)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.accepted += 1
        made.writers.add(writer)
        made.tasks.add(asyncio.create_task(play(reader, writer)))

    server = await asyncio.start_server(
        accept, host, port, ssl=tls, ssl_shutdown_timeout=0.05 if tls else None
    )
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in made.tasks:
            task.cancel()
        await asyncio.gather(*made.tasks, return_exceptions=True)
        for writer in made.writers:
            writer.transport.abort()
        for writer in made.writers:
            with suppress(OSError):
                await writer.wait_closed()
        await server.wait_closed()
