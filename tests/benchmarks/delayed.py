"""A server that answers after a known delay, and writes down when it was asked and when it answered.

``python -m tests.benchmarks.delayed FD SECONDS FILE`` until it is told to end. Each line of the file:
path, instant of the accepted connection, of the request read whole, of the answer sent.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from pathlib import Path

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"
_SPIN = 0.003
"""Seconds before the answer's instant in which no timer is trusted: they are a millisecond off."""


class Delayed(asyncio.Protocol):
    """One connection, one request."""

    def __init__(self, delay: float, told: list[str]) -> None:
        self._delay = delay
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._request = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._accepted = time.time()
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._request += data
        if self._request.endswith(b"\r\n\r\n"):
            self._read = time.time()
            self._due = time.perf_counter() + self._delay
            self._loop.call_later(self._delay - _SPIN, self._answer)

    def _answer(self) -> None:
        if time.perf_counter() < self._due:
            self._loop.call_soon(self._answer)  # gives way to whoever asks meanwhile
            return
        sent = time.time()
        self._transport.write(_ANSWER)
        path = self._request.split(b" ", 2)[1].decode()
        self._told.append(f"{path} {self._accepted!r} {self._read!r} {sent!r}\n")


async def serve(listener: socket.socket, delay: float) -> list[str]:
    """What was served until the end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    told: list[str] = []
    async with await loop.create_server(lambda: Delayed(delay, told), sock=listener):
        await stop.wait()
    return told


if __name__ == "__main__":
    inherited = socket.socket(fileno=int(sys.argv[1]))
    served = asyncio.run(serve(inherited, float(sys.argv[2])))
    Path(sys.argv[3]).write_text("".join(served))
