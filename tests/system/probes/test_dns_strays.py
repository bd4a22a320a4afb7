"""Which datagram is an answer, and TXT records to the letter: a real name server, and one that says more."""

from __future__ import annotations

from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from probes.dns.exchange import MAX_STRAYS
from probes.dns.probe import DnsSettings, prepare
from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.servers.dns_server import DnsServer
from tests.support.servers.hostile.dns import TXT, Reply, address, message, record, serve_packets

NAME = "expo.example.se"
KEY = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0B" * 18 + "IDAQAB"


async def ask(
    context: ProbeContext, resolver: str, *, timeout: float = 3.0, **settings: Any
) -> Observation:
    parsed = DnsSettings.model_validate({"host": NAME, "resolver": resolver, **settings})
    return await prepare(parsed, timeout, context)()


def right(query: bytes) -> bytes:
    return message(query, record(1, bytes((192, 0, 2, 10))))


def other_question(query: bytes) -> bytes:
    asked = dns.message.from_wire(query)
    said = dns.message.make_response(dns.message.make_query("other.example.se", "A"))
    said.id = asked.id
    return said.to_wire()


STRAYS: dict[str, Reply] = {
    "another id": lambda query: [bytes((query[0] ^ 1,)) + right(query)[1:]],
    "another question": lambda query: [other_question(query)],
    "another type": lambda query: [right(query).replace(b"\0\x01\0\x01", b"\0\x10\0\x01", 1)],
    "the question itself": lambda query: [query],
    "another opcode": lambda query: [message(query, flags=0xA180)],
    "one byte": lambda query: [query[:1]],
    "half a header": lambda query: [query[:7]],
    "garbage": lambda query: [b"garbage, more than a header's worth of it"],
    "a cut record": lambda query: [right(query)[:-2]],
    "bytes behind the message": lambda query: [right(query) + b"x"],
    "cut, of another id": lambda query: [bytes((query[0] ^ 1,)) + message(query, flags=0x8380)[1:]],
    "cut, of another question": lambda query: [
        other_question(query)[:2] + b"\x83\x80" + other_question(query)[4:]
    ],
    "garbage beyond what is read at once": lambda query: [query[:2] + b"\x81\x80" + bytes(5_000)],
}


@pytest.mark.parametrize("name", STRAYS)
async def test_what_is_no_answer_is_passed_over(context: ProbeContext, name: str) -> None:
    """As dnspython's resolver does: the answer that follows counts, at once."""
    stray = STRAYS[name]
    async with serve_packets(lambda query: [*stray(query), right(query)]) as resolver:
        seen = await ask(context, resolver, addresses=["192.0.2.10"])
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")


@pytest.mark.parametrize("name", STRAYS)
async def test_nothing_but_strays_is_told_as_such(context: ProbeContext, name: str) -> None:
    """At the deadline, with what was wrong with the last one; it is asked again meanwhile."""
    asked = 0

    def reply(query: bytes) -> list[bytes]:
        nonlocal asked
        asked += 1
        return STRAYS[name](query)

    async with serve_packets(reply) as resolver:
        seen = await ask(context, resolver, timeout=0.3)
    assert (seen.reason, seen.cause) == (Reason.PROTOCOL, Cause.TARGET)
    assert seen.detail.startswith("no answer within 0.3 s, only what is none: ")
    assert asked == 2


async def test_strays_have_an_end(context: ProbeContext) -> None:
    """Nobody keeps a probe busy until its deadline."""
    flood = [b"garbage"] * (MAX_STRAYS + 100)
    async with serve_packets(lambda _query: flood) as resolver:
        seen = await ask(context, resolver, timeout=4.0)
    # the kernel may drop some of them, and then it is the deadline's
    assert seen.reason is Reason.PROTOCOL


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP", "FORMERR"])
async def test_a_refusal_may_leave_the_question_out(context: ProbeContext, rcode: str) -> None:
    """A server that does not read it cannot say it back."""

    def reply(query: bytes) -> list[bytes]:
        said = dns.message.Message(id=int.from_bytes(query[:2]))
        said.flags = dns.flags.QR
        said.set_rcode(dns.rcode.from_text(rcode))
        return [said.to_wire()]

    async with serve_packets(reply) as resolver:
        seen = await ask(context, resolver)
    assert (seen.reason, seen.detail) == (Reason.DNS, f"{NAME} A: {rcode}")


async def test_a_name_is_the_same_in_any_case(context: ProbeContext) -> None:
    """Some servers say the question back in small letters, some in great ones (RFC 4343)."""
    async with serve_packets(lambda query: [right(query).replace(b"expo", b"ExPo")]) as resolver:
        seen = await ask(context, resolver)
    assert seen.grade is Grade.GOOD


async def test_a_long_answer_by_udp_is_read(context: ProbeContext) -> None:
    """Beyond what is read at once."""
    many = [address(number) for number in range(400)]
    async with serve_packets(lambda query: [message(query, *many)]) as resolver:
        seen = await ask(context, resolver)
    assert seen.dns is not None
    assert (seen.grade, len(seen.dns.answers)) == (Grade.GOOD, 100)


def quoted(text: str) -> str:
    """As a zone file has it, in strings of 250."""
    return " ".join(f'"{text[at : at + 250]}"' for at in range(0, len(text), 250))


@pytest.mark.parametrize("written", [KEY, quoted(KEY)], ids=["text", "zone file"])
async def test_a_txt_record_is_compared_whole(
    context: ProbeContext, dns_server: DnsServer, written: str
) -> None:
    """However long, in however many strings; what is shown of it is cut."""
    dns_server.zone = {f"{NAME} TXT": [quoted(KEY)]}
    seen = await ask(context, dns_server.resolver, record="TXT", addresses=[written])
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert seen.dns is not None
    assert [len(one) for one in seen.dns.answers] == [200]


@pytest.mark.parametrize("other", [KEY[:-6] + "OTHER1", KEY.replace("IDAQAB", "IDAQaB"), KEY + "="])
async def test_another_txt_record_is_told_where_it_differs(
    context: ProbeContext, dns_server: DnsServer, other: str
) -> None:
    """To the letter: a key in other letters is another key."""
    dns_server.zone = {f"{NAME} TXT": [quoted(other)]}
    seen = await ask(context, dns_server.resolver, record="TXT", addresses=[KEY])
    assert seen.reason is Reason.ADDRESS_CHANGED
    missing, _, extra = seen.detail.partition("; ")
    assert missing.startswith("missing …")
    assert extra.startswith("not expected …")
    assert missing.removeprefix("missing ") != extra.removeprefix("not expected ")


async def test_bytes_of_a_txt_record_are_compared_as_such(context: ProbeContext) -> None:
    """Those that are no UTF-8 are written as in a zone file, and shown as escapes."""
    content = b'caf\xe9 "x" \\'
    said = record(TXT, bytes((len(content),)) + content)
    async with serve_packets(lambda query: [message(query, said)]) as resolver:
        seen = await ask(context, resolver, record="TXT", addresses=['"caf\\233 \\"x\\" \\\\"'])
        other = await ask(context, resolver, record="TXT", addresses=["café"])
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    assert seen.dns is not None
    assert seen.dns.answers == ('caf\\udce9 "x" \\',)
    assert other.reason is Reason.ADDRESS_CHANGED
    assert other.detail.isprintable()
