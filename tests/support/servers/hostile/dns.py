"""Name servers that lie, in packets made by hand (RFC 1035, 4)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Reply = Callable[[bytes], list[bytes]]
"""The packets that answer a question."""

POINTER = b"\xc0\x0c"
"""The name of the question (RFC 1035, 4.1.4)."""
A, CNAME, TXT = 1, 5, 16


def question_of(query: bytes) -> bytes:
    """The question's section of a query, name, type and class."""
    return query[12 : query.index(b"\0", 12) + 5]


def message(
    query: bytes, *records: bytes, answers: int | None = None, flags: int = 0x8180
) -> bytes:
    """An answer to the query; ``answers`` is how many it says that it holds."""
    many = len(records) if answers is None else answers
    counts = (1).to_bytes(2) + many.to_bytes(2) + bytes(4)
    return query[:2] + flags.to_bytes(2) + counts + question_of(query) + b"".join(records)


def record(kind: int, data: bytes, name: bytes = POINTER, length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    return name + kind.to_bytes(2) + (1).to_bytes(2) + (60).to_bytes(4) + size.to_bytes(2) + data


def address(number: int) -> bytes:
    """The A record of a different address for each number."""
    return record(A, bytes((10, number >> 16 & 255, number >> 8 & 255, number & 255)))


def label(text: bytes) -> bytes:
    return bytes((len(text),)) + text


def _chain(query: bytes) -> bytes:
    """Aliases of aliases of aliases, 1,000 of them, and no address."""
    names = [POINTER, *(label(b"a%d" % n) + b"\0" for n in range(1000))]
    return message(query, *(record(CNAME, names[n + 1], names[n]) for n in range(1000)))


REPLIES: dict[str, Reply] = {
    "nothing at all": lambda query: [b""],
    "one byte": lambda query: [query[:1]],
    "the id alone": lambda query: [query[:2]],
    "a cut head": lambda query: [message(query)[:11]],
    "the query itself": lambda query: [query],
    "another id": lambda query: [bytes((query[0] ^ 255,)) + message(query, address(1))[1:]] * 50,
    "every byte": lambda query: [query[:2] + bytes(range(256)) * 4],
    "NULs": lambda query: [query[:2] + bytes(4000)],
    "65,535 answers promised": lambda query: [message(query, address(1), answers=65_535)],
    "a record longer than the packet": lambda query: [
        message(query, record(A, b"\x0a\0\0\1", length=60_000))
    ],
    "an address of three bytes": lambda query: [message(query, record(A, b"\x0a\0\0"))],
    "a name that points at itself": lambda query: [
        message(query, record(A, b"\x0a\0\0\1", name=b"\xc0" + bytes((len(message(query)),))))
    ],
    "names that point in a circle": lambda query: [
        message(
            query,
            record(
                A,
                b"\x0a\0\0\1",
                name=b"\xc0"
                + bytes((len(message(query)) + 2,))
                + b"\xc0"
                + bytes((len(message(query)),)),
            ),
        )
    ],
    "a name that points ahead": lambda query: [
        message(query, record(A, b"\x0a\0\0\1", name=b"\xff\xff"))
    ],
    "a label of the reserved kind": lambda query: [
        message(query, record(A, b"\x0a\0\0\1", name=b"\x80\0"))
    ],
    "a name of 10,000 bytes": lambda query: [
        message(query, record(A, b"\x0a\0\0\1", name=label(b"a" * 63) * 160 + b"\0"))
    ],
    "an alias of itself": lambda query: [message(query, record(CNAME, POINTER))],
    "1,000 aliases": lambda query: [_chain(query)],
    "an answer to another question": lambda query: [
        query[:2]
        + (0x8180).to_bytes(2)
        + (1).to_bytes(2)
        + (1).to_bytes(2)
        + bytes(4)
        + label(b"other")
        + b"\0\0\1\0\1"
        + record(A, b"\x0a\0\0\1")
    ],
    "an unknown opcode": lambda query: [message(query, address(1), flags=0xF180)],
    "an unknown rcode": lambda query: [message(query, flags=0x818F)],
    "a query for an answer": lambda query: [message(query, address(1), flags=0x0100)],
}


class _Server(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for packet in self._reply(data):
            if self._transport is not None:
                self._transport.sendto(packet, addr)


@asynccontextmanager
async def serve_packets(reply: Reply) -> AsyncIterator[str]:
    """A name server's address, over UDP."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Server(reply), ("127.0.0.1", 0), family=socket.AF_INET
    )
    try:
        host, port = transport.get_extra_info("sockname")
        yield f"{host}:{port}"
    finally:
        transport.close()
        await asyncio.sleep(0)
