"""One question to one name server, by UDP and, when the answer was cut, by TCP (RFC 1035, RFC 7766).

A long answer is read in a thread: a message of 64 KiB holds four thousand records, and reading them
takes a fifth of a second in which no other probe would be measured.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import dns.asyncbackend
import dns.exception
import dns.inet
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdtypes.txtbase import TXTBase

from probes.dns_settings import normal_answer
from probes.observation import clean
from probes.workers import Workers

READ_AT_ONCE = 2_048
"""Bytes of an answer that the loop itself reads, in a few milliseconds at most."""
_LARGEST = 65_535
_HEADER = 12
_TRUNCATED = 0x02
"""Of the header's third byte (RFC 1035, 4.1.1)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a name server answered."""

    rcode: str
    answers: frozenset[str]
    """The records of the name asked for, or of the name that it is an alias of."""


def question_for(name: dns.name.Name, record: str) -> dns.message.Message:
    """With an id of its own."""
    return dns.message.make_query(name, dns.rdatatype.from_text(record))


async def fetch(question: dns.message.Message, server: tuple[str, int], resend: float) -> bytes:
    """The answer as it came. Asks again after ``resend`` seconds, then waits until it is cancelled
    from outside. Raises ``EOFError`` for half of one, ``OSError``.
    """
    wire = question.to_wire()
    data = await _by_udp(wire, server, resend)
    return data if data is not None else await _by_tcp(wire, server)


async def read(data: bytes, question: dns.message.Message, record: str, workers: Workers) -> Reply:
    """What it says. Raises ``dns.exception.DNSException`` for what is no answer to the question."""
    if len(data) <= READ_AT_ONCE:
        return _read(data, question, record)
    return await workers.run(lambda _: _read(data, question, record))


async def _by_udp(wire: bytes, server: tuple[str, int], resend: float) -> bytes | None:
    """The answer as it came; ``None`` when it was cut."""
    backend: Any = dns.asyncbackend.get_backend("asyncio")
    family = dns.inet.af_for_address(server[0])
    # connected, so that the kernel tells us when nobody listens there
    sock = await backend.make_socket(family, socket.SOCK_DGRAM, 0, None, server)
    async with sock:
        for timeout in (resend, None):
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await sock.sendto(wire, None, None)  # it is connected
                    data, _ = await sock.recvfrom(_LARGEST, None)
                cut = len(data) >= _HEADER and data[2] & _TRUNCATED and data[:2] == wire[:2]
                return None if cut else bytes(data)
    raise AssertionError("the second wait has no end of its own")


async def _by_tcp(wire: bytes, server: tuple[str, int]) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(wire).to_bytes(2, "big") + wire)
        length = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(length)
    finally:
        writer.transport.abort()


def _read(data: bytes, question: dns.message.Message, record: str) -> Reply:
    response = dns.message.from_wire(data)
    if not question.is_response(response):
        raise dns.exception.FormError("it answers another question")  # type: ignore[no-untyped-call]
    return Reply(
        rcode=dns.rcode.to_text(response.rcode()), answers=frozenset(_answers(response, record))
    )


def _answers(response: dns.message.Message, record: str) -> set[str]:
    if not isinstance(response, dns.message.QueryMessage):
        return set()
    found = response.resolve_chaining().answer
    return {normal_answer(_text(one), record) for one in found or ()}


def _text(record: Any) -> str:
    if isinstance(record, TXTBase):
        return clean(b"".join(record.strings).decode("utf-8", "replace"))
    return clean(record.to_text())
