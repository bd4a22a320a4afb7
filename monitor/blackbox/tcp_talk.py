"""The dialogue of a tcp module: lines that are waited for, lines that are said."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any, Protocol

from probes.expect.patterns import compile_pattern

LINE = 65_536
"""Bytes of a line, as the exporter reads it."""
_READ = 4096
_PLACE = re.compile(rb"\$(?:\$|\{(\w+)\}|(\w+))")


class Channel(Protocol):
    """A connection, with or without TLS."""

    async def more(self) -> bytes:
        """What comes next; empty at the end."""

    async def send(self, data: bytes) -> None: ...


class Plain:
    """A connected socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()

    async def more(self) -> bytes:
        return await self._loop.sock_recv(self._socket, _READ)

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)


class Secure(asyncio.Protocol):
    """A protocol over TLS, whose bytes wait until they are asked for; no more than :data:`LINE`."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._held = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._held += len(data)
        if self._held <= 4 * LINE:
            self._came.put_nowait(bytes(data))
        elif self.transport is not None:
            self.transport.abort()

    def eof_received(self) -> bool:
        self._came.put_nowait(None)
        return False

    def connection_lost(self, _: Exception | None) -> None:
        self._came.put_nowait(None)

    async def more(self) -> bytes:
        data = await self._came.get()
        if data is None:
            self._came.put_nowait(None)
            return b""
        self._held -= len(data)
        return data

    async def send(self, data: bytes) -> None:
        assert self.transport is not None  # noqa: S101 - it is connected
        self.transport.write(data)


class Lines:
    """The lines of a channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._rest = b""

    @property
    def pending(self) -> bool:
        """Whether something has come that nobody has asked for."""
        return bool(self._rest)

    async def next(self) -> bytes | None:
        """A line without its end, the last one also without any; ``None`` at the end. Raises
        ``ValueError`` for one that is too long.
        """
        while b"\n" not in self._rest:
            if len(self._rest) > LINE:
                raise ValueError(f"a line is longer than {LINE} bytes")
            data = await self.channel.more()
            if not data:
                line, self._rest = self._rest, b""
                return line.removesuffix(b"\r") if line else None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.removesuffix(b"\r")

    async def expect(self, source: str) -> Any:
        """The first line's match of a pattern; ``None`` when the lines end without."""
        pattern = compile_pattern(source)
        while (line := await self.next()) is not None:
            # RE2 takes UTF-8 alone
            found = pattern.search(line.decode("utf-8", "replace").encode())
            if found is not None:
                return found
        return None


def filled(template: str, match: Any) -> bytes:
    """The template with what the groups of a match hold in place of ``$1`` and ``${name}``."""

    def group(place: re.Match[bytes]) -> bytes:
        name = place[1] or place[2]
        if name is None:
            return b"$"
        try:
            held = match.group(int(name) if name.isdigit() else name.decode())
        except (IndexError, KeyError):
            return b""
        return bytes(held) if held is not None else b""

    raw = template.encode("utf-8", "surrogateescape")  # bytes that are no text, of a !!binary
    return _PLACE.sub(group, raw) if match is not None else raw
