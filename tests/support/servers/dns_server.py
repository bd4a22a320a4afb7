"""A small name server, UDP and TCP on one port, with a zone of the test's."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

UDP_LIMIT = 1232


@dataclass(slots=True)
class DnsServer:
    """What it knows (``name TYPE`` → records), how it misbehaves, and what it was asked."""

    host: str = "127.0.0.1"
    port: int = 0
    zone: dict[str, list[str]] = field(default_factory=dict)
    rcode: str = "NOERROR"
    """What is said whatever the question; NXDOMAIN is said of unknown names by itself."""
    deaf_to: int = 0
    """Questions that get no answer, from now on."""
    garbage: bytes | None = None
    """Sent in place of an answer."""
    closes_tcp: bool = False
    questions: list[tuple[str, str]] = field(default_factory=list)
    """Transport and ``name TYPE`` of each."""

    @property
    def resolver(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def reply(self, wire: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        self.questions.append((transport, f"{asked.name} {dns.rdatatype.to_text(asked.rdtype)}"))
        if self.deaf_to > 0:
            self.deaf_to -= 1
            return None
        if self.garbage is not None:
            return self.garbage
        response = dns.message.make_response(query, recursion_available=True)
        response.set_rcode(dns.rcode.from_text(self.rcode))
        if self.rcode == "NOERROR":
            self._fill(response, asked.name, asked.rdtype)
        if transport == "tcp":
            return response.to_wire(max_size=65_535)
        whole = response.to_wire(max_size=65_535)
        if len(whole) <= UDP_LIMIT:
            return whole
        response.answer.clear()
        response.flags |= dns.flags.TC
        return response.to_wire()

    def _fill(
        self, response: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType
    ) -> None:
        for _ in range(8):
            text = name.to_text(omit_final_dot=True).lower()
            records = self.zone.get(f"{text} {dns.rdatatype.to_text(kind)}")
            alias = self.zone.get(f"{text} CNAME")
            if records:
                response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records))
                return
            if not alias:
                break
            rrset = dns.rrset.from_text(name, 60, "IN", "CNAME", *alias)
            response.answer.append(rrset)
            name = rrset[0].target
        known = any(entry.partition(" ")[0] == text for entry in self.zone)
        if not known and not response.answer:
            response.set_rcode(dns.rcode.NXDOMAIN)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.reply(data, "udp")
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def serve_dns(host: str = "127.0.0.1") -> AsyncIterator[DnsServer]:
    """A running name server; on leaving, its sockets are closed."""
    made = DnsServer(host)
    tasks: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            length = int.from_bytes(await reader.readexactly(2))
            reply = made.reply(await reader.readexactly(length), "tcp")
            if reply is not None and not made.closes_tcp:
                writer.write(len(reply).to_bytes(2) + reply)
                await writer.drain()
            elif not made.closes_tcp:
                await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(answer(reader, writer)))

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    stream, datagram = _same_port(host, family)
    made.port = stream.getsockname()[1]
    server = await asyncio.start_server(accept, sock=stream)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Udp(made), sock=datagram
    )
    try:
        yield made
    finally:
        transport.close()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)  # the datagram transport closes its socket in the next turn


def _same_port(host: str, family: socket.AddressFamily) -> tuple[socket.socket, socket.socket]:
    """A stream and a datagram socket on one port that both were free on."""
    for _ in range(50):
        stream = socket.socket(family, socket.SOCK_STREAM)
        stream.bind((host, 0))
        datagram = socket.socket(family, socket.SOCK_DGRAM)
        try:
            datagram.bind((host, stream.getsockname()[1]))
        except OSError:
            stream.close()
            datagram.close()
            continue
        stream.setblocking(False)
        datagram.setblocking(False)
        return stream, datagram
    raise AssertionError("no port is free for both UDP and TCP")
