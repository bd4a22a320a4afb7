"""One question to one name server, by UDP and, when the answer was cut, by TCP (RFC 1035, RFC 7766).

A long answer is read in a thread: a message of 64 KiB holds four thousand records, and reading them
takes a fifth of a second in which no other probe would be measured.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdtypes.txtbase import TXTBase

from probes.dns.settings import compared
from probes.net.kernel_timestamps import Turns, heard, send, stamp
from probes.net.tcp_info import round_trip, since_heard
from probes.net.work_threads import Workers
from probes.observation import clean

READ_AT_ONCE = 2_048
"""Bytes of an answer that the loop itself reads, in a few milliseconds at most."""
_LARGEST = 65_535
MAX_STRAYS = 2_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What a name server answered."""

    rcode: str
    answers: frozenset[str]
    """The records of the name asked for, or of the name that it is an alias of, in the form in which they
    are compared: whole, and not fit to be shown."""


class Strays:
    """Datagrams that came and are no answer."""

    __slots__ = ("fault", "number")

    def __init__(self) -> None:
        self.number = 0
        self.fault = ""
        """What was wrong with the last one."""

    def note(self, error: Exception) -> None:
        """One more. Raises the error when there is no end of them."""
        self.number += 1
        self.fault = clean(error, 80)
        if self.number > MAX_STRAYS:
            raise dns.exception.FormError(f"{MAX_STRAYS} datagrams, and none of them an answer")  # type: ignore[no-untyped-call]


def question_for(name: dns.name.Name, record: str) -> dns.message.Message:
    """With an id of its own."""
    return dns.message.make_query(name, dns.rdatatype.from_text(record))


async def query(
    question: dns.message.Message,
    server: tuple[str, int],
    resend: float,
    strays: Strays,
    timer: Callable[[], float],
) -> tuple[bytes, float]:
    """The answer as it came, and the seconds that the network and the server took: until the kernel
    received it, not until we read it. Asks again after ``resend`` seconds, then waits until it is
    cancelled from outside. Raises ``EOFError`` for half of one, ``OSError``, and
    ``dns.exception.DNSException`` when nothing but ``strays`` comes, and no end of them.
    """
    wire = question.to_wire()
    data, spent = await _by_udp(question, wire, server, resend, strays, timer)
    if data is not None:
        return data, spent
    data, more = await _by_tcp(wire, server, timer)
    return data, spent + more


async def read(data: bytes, question: dns.message.Message, record: str, workers: Workers) -> Reply:
    """What it says. Raises ``dns.exception.DNSException`` for what is no answer to the question."""
    if len(data) <= READ_AT_ONCE:
        return _read(data, question, record)
    return await workers.run(lambda _: _read(data, question, record))


async def _by_udp(
    question: dns.message.Message,
    wire: bytes,
    server: tuple[str, int],
    resend: float,
    strays: Strays,
    timer: Callable[[], float],
) -> tuple[bytes | None, float]:
    """The answer as it came, ``None`` when it was cut, and the seconds since it was first asked for.
    What is none is passed over, as dnspython's own resolver does: anybody may send a datagram.
    """
    loop = asyncio.get_running_loop()
    sock = socket.socket(dns.inet.af_for_address(server[0]), socket.SOCK_DGRAM)
    with sock:
        sock.setblocking(False)
        stamp(sock)
        # connected, so that the kernel tells us when nobody listens there, and that nobody else is heard
        await loop.sock_connect(sock, server)
        begun: float | None = None
        for timeout in (resend, None):
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    sent_at, _ = send(sock, wire, timer)
                    begun = sent_at if begun is None else begun
                    while True:
                        data, came_at = await heard(sock, _LARGEST, timer)
                        try:
                            cut = _is_cut(data, question)
                            return None if cut else data, max(0.0, came_at - begun)
                        except (dns.exception.DNSException, ValueError) as error:
                            strays.note(error)
                        await asyncio.sleep(0)  # a flood of them is not our only business
    raise AssertionError("the second wait has no end of its own")


def _is_cut(data: bytes, question: dns.message.Message) -> bool:
    """Whether an answer goes on over TCP, which only its head and question need tell. Raises for what is no
    answer to the question. A long one is read to its end later, in a thread.
    """
    whole = len(data) <= READ_AT_ONCE
    try:
        response = dns.message.from_wire(
            data, question_only=not whole, ignore_trailing=not whole, raise_on_truncation=True
        )
    except dns.message.Truncated as cut:
        response = cut.message()  # type: ignore[no-untyped-call]
    if not question.is_response(response):
        raise dns.exception.FormError("it answers another question")  # type: ignore[no-untyped-call]
    return bool(response.flags & dns.flags.TC)


async def _by_tcp(
    wire: bytes, server: tuple[str, int], timer: Callable[[], float]
) -> tuple[bytes, float]:
    """The answer as it came, and the seconds that connecting and answering took."""
    loop = asyncio.get_running_loop()
    with socket.socket(dns.inet.af_for_address(server[0]), socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        begun = timer()
        await loop.sock_connect(sock, server)
        connecting = round_trip(sock)
        if connecting is None:
            connecting = max(0.0, timer() - since_heard(sock) - begun)
        turns = Turns(sock, timer(), timer)
        await turns.send(len(wire).to_bytes(2, "big") + wire)
        length = int.from_bytes(await _exactly(turns, 2), "big")
        return await _exactly(turns, length), connecting + turns.spent


async def _exactly(turns: Turns, size: int) -> bytes:
    """Raises ``EOFError`` when it ends earlier."""
    data = bytearray()
    while len(data) < size:
        if not (piece := await turns.receive(size - len(data))):
            raise EOFError
        data += piece
    return bytes(data)


def _read(data: bytes, question: dns.message.Message, record: str) -> Reply:
    response = dns.message.from_wire(data)
    if not question.is_response(response):
        raise dns.exception.FormError("it answers another question")  # type: ignore[no-untyped-call]
    return Reply(
        rcode=dns.rcode.to_text(response.rcode()), answers=frozenset(_answers(response, record))
    )


def _answers(response: dns.message.Message, record: str) -> set[str]:
    # who refuses may leave the question out
    if not isinstance(response, dns.message.QueryMessage) or not response.question:
        return set()
    found = response.resolve_chaining().answer
    return {compared(_text(one), record) for one in found or ()}


def _text(record: Any) -> str:
    if isinstance(record, TXTBase):
        # the strings of a record are one text (RFC 7208, 3.3); bytes that are no UTF-8 as surrogates
        return b"".join(record.strings).decode("utf-8", "surrogateescape")
    return str(record.to_text())
