"""STARTTLS: what is said in plain text before the handshake, and all that may go wrong there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from probes.net.context import ProbeContext
from probes.net.starttls import LIMIT
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.probes.asking import ask_certificate, lasted
from tests.support.servers.ca import Authority
from tests.support.servers.raw_server import Script, close_at_once, reset_now, serve_raw, silence
from tests.support.servers.starttls_server import TALKS, ldap_answer, saying, upgrading

PROTOCOLS = sorted(TALKS)
GREETED = b"* OK ready\r\n"
OFFERED = b"250-mail.example.se\r\n250 STARTTLS\r\n"


async def ask(
    context: ProbeContext, authority: Authority, protocol: str, script: Script, **more: Any
) -> Observation:
    async with serve_raw(script) as server:
        return await ask_certificate(
            context,
            "127.0.0.1",
            server.port,
            starttls=protocol,
            tls={"ca_file": authority.ca_file},
            **more,
        )


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_handshake_follows_the_talk(
    context: ProbeContext, authority: Authority, protocol: str
) -> None:
    """The certificate is read and verified as on any other port; the talk is time of connecting."""
    tls_context = authority.server_context(authority.valid)
    seen = await ask(context, authority, protocol, upgrading(TALKS[protocol], tls_context))
    assert (seen.grade, seen.reason, seen.detail) == (Grade.GOOD, None, "")
    assert seen.tls is not None
    assert seen.tls.verified
    assert seen.tls.leaf is not None
    assert seen.tls.leaf.sha256 == authority.valid.sha256
    phases = seen.phases
    assert phases.connect is not None
    assert phases.tls is not None
    assert phases.connect + phases.tls <= seen.duration + 1e-6


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_the_second_look_talks_first_too(
    context: ProbeContext, authority: Authority, protocol: str
) -> None:
    """A certificate that does not verify still shows its dates and names."""
    tls_context = authority.server_context(authority.expired)
    seen = await ask(context, authority, protocol, upgrading(TALKS[protocol], tls_context))
    assert (seen.grade, seen.reason) == (Grade.FAILED, Reason.TLS_EXPIRED)
    assert seen.tls is not None
    assert seen.tls.leaf is not None
    assert seen.tls.leaf.sha256 == authority.expired.sha256
    assert seen.detail == "the certificate ended 1 days ago"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_bytes_between_the_consent_and_tls_are_refused(
    context: ProbeContext, authority: Authority, protocol: str
) -> None:
    """Whoever sits on the way could have put them there (CVE-2011-0411, CVE-2021-23222)."""
    tls_context = authority.server_context(authority.valid)
    script = upgrading(TALKS[protocol], tls_context, b"250 evil\r\n\x1b[31m")
    seen = await ask(context, authority, protocol, script)
    assert (seen.reason, seen.cause) == (Reason.PROTOCOL, Cause.TARGET)
    assert seen.detail == (
        "the server said more in plain text than it was asked: 250 evil\\r\\n\\x1b[31m"
    )


REFUSED = "the server refused STARTTLS: "


@pytest.mark.parametrize(
    ("protocol", "answers", "words"),
    [
        ("smtp", (b"554 no service here\r\n",), "554 no service here"),
        ("smtp", (b"220 hi\r\n", b"502 what\r\n"), "502 what"),
        ("smtp", (b"220 hi\r\n", b"250-a\r\n250 SIZE 1\r\n"), "EHLO does not offer it"),
        ("smtp", (b"220 hi\r\n", b"250 STARTTLS\r\n"), "EHLO does not offer it"),
        ("smtp", (b"220 hi\r\n", OFFERED, b"454 4.7.0 not \x1b[0m now\r\n"),
         "454 4.7.0 not \\x1b[0m now"),
        ("imap", (b"* BYE too many\r\n",), "BYE too many"),
        ("imap", (b"* PREAUTH welcome\r\n",), "PREAUTH welcome"),
        ("imap", (GREETED, b"a1 NO not here\r\n"), "NO not here"),
        ("imap", (GREETED, b"a1 BAD unknown\r\n"), "BAD unknown"),
        ("imap", (GREETED, b"* CAPABILITY x\r\n* BYE closing\r\n"), "BYE closing"),
        ("ldap", (ldap_answer(2, b"unsupported extended operation"),),
         "protocolError: unsupported extended operation"),
        ("ldap", (ldap_answer(52, b""),), "unavailable"),
        ("ldap", (ldap_answer(80, b"other", message_id=b"\0"),), "result 80: other"),
        ("postgres", (b"N",), "it takes no TLS (N)"),
        ("postgres", (b"E\0\0\0\x17SFATAL\0Mtoo many\0\0",), "too many"),
        ("postgres", (b"E\0\0\0\x04",), "E"),
    ],
)  # fmt: skip
async def test_a_server_that_refuses_is_quoted(
    context: ProbeContext,
    authority: Authority,
    protocol: str,
    answers: tuple[bytes, ...],
    words: str,
) -> None:
    """In its own words, escaped: they come from outside."""
    seen = await ask(
        context, authority, protocol, saying(*answers, greets=protocol in ("smtp", "imap"))
    )
    assert (seen.grade, seen.reason, seen.cause) == (Grade.FAILED, Reason.PROTOCOL, Cause.TARGET)
    assert seen.detail == REFUSED + words
    assert seen.tls is None


@pytest.mark.parametrize(
    ("protocol", "answers"),
    [
        ("smtp", (b"HTTP/1.1 400 Bad Request\r\n",)),
        ("smtp", (b"220-hi\r\n250 there\r\n",)),
        ("smtp", (b"999 hi\r\n",)),
        ("imap", (b"+OK POP3 here\r\n",)),
        ("imap", (b"*\r\n",)),
        ("imap", (b"\r\n",)),
        ("imap", (GREETED, b"b2 OK whose?\r\n")),
        ("ldap", (b"HTTP/1.1 400 Bad Request\r\n",)),
        ("ldap", (b"\x30\x80\0\0",)),
        ("ldap", (b"\x30\x84\xff\xff\xff\xff",)),
        ("ldap", (b"\x30\x03\x02\x01\x01",)),
        ("ldap", (b"\x30\x05\x02\x7f\x01\x78\x00",)),
        ("ldap", (b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0",)),
        ("ldap", (b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x00\x04\0\x04\x01x",)),
        ("postgres", (b"HTTP/1.1 400 Bad Request\r\n",)),
    ],
)
async def test_what_is_another_protocol_is_a_protocol_failure(
    context: ProbeContext, authority: Authority, protocol: str, answers: tuple[bytes, ...]
) -> None:
    seen = await ask(
        context, authority, protocol, saying(*answers, greets=protocol in ("smtp", "imap"))
    )
    assert (seen.reason, seen.cause) == (Reason.PROTOCOL, Cause.TARGET)
    assert seen.detail.startswith("not what a server says before STARTTLS: ")


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_server_that_says_nothing_is_a_timeout(
    context: ProbeContext, authority: Authority, protocol: str
) -> None:
    """It did connect: that is not what took too long."""
    seen = await ask(context, authority, protocol, silence, timeout=0.8)
    assert (seen.reason, seen.cause) == (Reason.TIMEOUT, Cause.TARGET)
    assert seen.detail == "the server did not agree to STARTTLS within 0.8 s"
    assert lasted(seen.duration, 0.8)


@pytest.mark.parametrize("protocol", ["smtp", "imap"])
async def test_a_greeting_dripped_is_a_timeout(
    context: ProbeContext, authority: Authority, protocol: str
) -> None:
    """Each read succeeds, and the deadline is a total."""

    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"2")
            await writer.drain()
            await asyncio.sleep(0.05)

    seen = await ask(context, authority, protocol, drip, timeout=0.8)
    assert seen.reason is Reason.TIMEOUT
    assert lasted(seen.duration, 0.8)


@pytest.mark.parametrize(
    ("protocol", "part"),
    [("smtp", b"220-more\r\n"), ("smtp", b"2" * 100), ("imap", b"* OK more\r\n")],
)
async def test_talk_without_an_end_is_cut(
    context: ProbeContext, authority: Authority, protocol: str, part: bytes
) -> None:
    """What is read before TLS has a bound."""
    sent = 0

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while not writer.is_closing():
            writer.write(part)
            sent += len(part)
            await writer.drain()
            await asyncio.sleep(0)  # a loop that never waits would starve the probe

    seen = await ask(context, authority, protocol, flood)
    assert seen.reason is Reason.PROTOCOL
    assert f"more than {LIMIT} bytes" in seen.detail
    assert sent > LIMIT


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("script", [close_at_once, reset_now], ids=["closes", "resets"])
async def test_a_server_that_goes_away_is_a_reset(
    context: ProbeContext, authority: Authority, protocol: str, script: Script
) -> None:
    seen = await ask(context, authority, protocol, script)
    assert (seen.reason, seen.cause) == (Reason.RESET, Cause.TARGET)
    assert seen.detail == "the connection was closed before TLS could begin"


async def test_over_ipv6_we_say_so_to_a_mail_server(context: ProbeContext) -> None:
    """RFC 5321, 4.1.3 has a form of its own for it."""
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        heard.extend(await reader.readline())
        writer.close()

    async with serve_raw(listen, host="::1") as server:
        seen = await ask_certificate(context, "::1", server.port, starttls="smtp")
    assert seen.reason is Reason.RESET
    assert bytes(heard) == b"EHLO [IPv6:::1]\r\n"


async def test_a_server_that_refuses_can_be_expected(
    context: ProbeContext, authority: Authority
) -> None:
    """The negative test: this port must not take TLS."""
    script = saying(b"N", greets=False)
    seen = await ask(context, authority, "postgres", script, expect={"failure": "protocol"})
    assert seen.grade is Grade.GOOD
    assert seen.detail == f"as expected: {REFUSED}it takes no TLS (N)"
