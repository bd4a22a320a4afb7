"""Servers whose delays are known: each probe's host name says what it wants (``scripted_names``).

``python -m tests.benchmarks.delayed FILE [--plain FD] [--tls FD --certificate PEM] [--names FD]`` until
it is told to end. The descriptors are listening sockets, and a bound UDP socket for a name server
that knows every name. Then FILE holds a line of JSON for each connection: its name and the server's
own instants, which are readings of CLOCK_MONOTONIC, the same for every process of a machine.

Connecting cannot be delayed: the kernel accepts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from tests.benchmarks.scripted_names import (
    Script,
    host_of_hello,
    host_of_query,
    host_of_request,
)

CHUNK = 65_536
_BODY = b"o" * 2000
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
_FIRST = len(_BODY) // 2
_LOOPBACK = bytes([127, 0, 0, 1])
_ADDRESS_RECORD = b"\xc0\x0c" + bytes([0, 1, 0, 1, 0, 0, 0, 0, 0, 4]) + _LOOPBACK
_A = b"\0\1"


@dataclass(slots=True)
class Served:
    """One connection as the server saw it, in monotonic seconds."""

    name: str = ""
    accepted: float = 0.0
    hello: float = 0.0
    """ClientHello read."""
    flight: float = 0.0
    """The server's side of the handshake about to be sent."""
    request: float = 0.0
    """The request read whole."""
    first: float = 0.0
    """The answer's first bytes about to be sent."""
    last: float = 0.0
    """Its last bytes about to be sent."""


@dataclass(slots=True)
class Told:
    """What was served so far."""

    connections: list[Served] = field(default_factory=list)


class Delayed(asyncio.Protocol):
    """One connection, one request; the peer closes. ``context``: over TLS, staged by hand so that its
    side of the handshake can wait.
    """

    def __init__(self, told: Told, context: ssl.SSLContext | None) -> None:
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._served = Served()
        self._script = Script()
        self._received = b""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        if context is not None:
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._served.accepted = time.perf_counter()

    def data_received(self, data: bytes) -> None:
        if self._tls is None:
            self._asked(data)
            return
        self._incoming.write(data)
        if not self._served.hello:
            self._served.hello = time.perf_counter()
            self._named(host_of_hello(data))
            self._later(self._script.hello, self._proceed)
        elif self._served.flight:
            self._proceed()

    def _proceed(self) -> None:
        assert self._tls is not None
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
            self._asked(self._tls.read(CHUNK))
        except (ssl.SSLWantReadError, ssl.SSLSyscallError):
            pass
        except ssl.SSLError:  # the peer says goodbye
            self._transport.close()
            return
        if not self._served.flight:
            self._served.flight = time.perf_counter()
        self._flush()

    def _asked(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"\r\n\r\n") and not self._served.request:
            self._served.request = time.perf_counter()
            self._named(host_of_request(self._received))
            self._later(self._script.answer, self._answer)

    def _answer(self) -> None:
        self._served.first = time.perf_counter()
        if self._script.body:
            self._send(_HEAD + _BODY[:_FIRST])
            self._later(self._script.body, self._end)
        else:
            self._served.last = self._served.first
            self._send(_HEAD + _BODY)
            self._told.connections.append(self._served)

    def _end(self) -> None:
        self._served.last = time.perf_counter()
        self._send(_BODY[_FIRST:])
        self._told.connections.append(self._served)

    def _named(self, name: str | None) -> None:
        self._served.name = name or ""
        self._script = Script.asked_by(self._served.name)

    def _later(self, delay: float, what: Callable[[], None]) -> None:
        if delay:
            self._loop.call_later(delay, what)
        else:
            what()

    def _send(self, data: bytes) -> None:
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.write(data)
            self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._transport.write(self._outgoing.read())


class Names(asyncio.DatagramProtocol):
    """A name server: every name is at 127.0.0.1 and has no other address (RFC 1035, 4.1)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # uvloop's is not one
        self._loop = asyncio.get_running_loop()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        delay = Script.asked_by(host_of_query(data)).resolve
        self._loop.call_later(delay, self._transport.sendto, self._answer(data), addr)

    def _answer(self, query: bytes) -> bytes:
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        found = question[-4:-2] == _A
        counts = bytes([0, 1, 0, int(found), 0, 0, 0, 0])
        return query[:2] + b"\x85\x80" + counts + question + (_ADDRESS_RECORD if found else b"")


def server_context(certificate: Path) -> ssl.SSLContext:
    """TLS 1.3 without session tickets: nothing is sent after the handshake but the answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.load_cert_chain(certificate)
    return context


async def serve(options: argparse.Namespace) -> Told:
    """What was served until the end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    told = Told()
    servers: list[asyncio.Server] = []
    if options.plain is not None:
        listener = socket.socket(fileno=options.plain)
        servers += [await loop.create_server(lambda: Delayed(told, None), sock=listener)]
    if options.tls is not None:
        context = server_context(options.certificate)
        listener = socket.socket(fileno=options.tls)
        servers += [await loop.create_server(lambda: Delayed(told, context), sock=listener)]
    if options.names is not None:
        bound = socket.socket(fileno=options.names)
        await loop.create_datagram_endpoint(Names, sock=bound)
    await stop.wait()
    for server in servers:
        server.close()
    return told


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.delayed")
    parser.add_argument("file", type=Path)
    parser.add_argument("--plain", type=int)
    parser.add_argument("--tls", type=int)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--names", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    asked = _options()
    served = uvloop.run(serve(asked))
    lines = [json.dumps(asdict(one)) + "\n" for one in served.connections]
    asked.file.write_text("".join(lines))
