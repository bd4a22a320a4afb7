"""Servers that speak plain text first, and TLS when they are asked: mail, directory, database.

Each is a script of :func:`tests.support.servers.raw_server.serve_raw`: it talks as its protocol does and
upgrades the connection where it stands. ``injected`` is sent in one piece with the consent.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.support.servers.raw_server import Script

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, injected: bytes) -> None:
    """RFC 5321 and RFC 3207, with replies of several lines."""
    writer.write(b"220-mail.example.se ESMTP\r\n220 at your service\r\n")
    hello = await reader.readline()
    assert hello.startswith(b"EHLO [127.0.0.1]\r\n"), hello
    writer.write(b"250-mail.example.se\r\n250-SIZE 1000000\r\n250-STARTTLS\r\n250 HELP\r\n")
    assert await reader.readline() == b"STARTTLS\r\n"
    writer.write(b"220 2.0.0 go ahead\r\n" + injected)


async def imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, injected: bytes) -> None:
    """RFC 9051, with an untagged line in between."""
    writer.write(b"* OK [CAPABILITY IMAP4rev2 STARTTLS] ready\r\n")
    tag, command = (await reader.readline()).split()
    assert command == b"STARTTLS"
    writer.write(b"* OK still here\r\n" + tag + b" OK begin TLS\r\n" + injected)


async def ldap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, injected: bytes) -> None:
    """RFC 4511, 4.14: the request byte for byte, and a success with lengths in the long form."""
    request = await reader.readexactly(31)
    assert request == b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
    writer.write(ldap_answer(0, b"") + injected)


def ldap_answer(code: int, words: bytes, *, message_id: bytes = b"\x01") -> bytes:
    """An ExtendedResponse as OpenLDAP sends it."""
    body = b"\x0a\x01" + bytes((code,)) + b"\x04\x00\x04" + bytes((len(words),)) + words
    response = b"\x78\x84" + len(body).to_bytes(4, "big") + body
    message = b"\x02" + bytes((len(message_id),)) + message_id + response
    return b"\x30\x84" + len(message).to_bytes(4, "big") + message


async def postgres(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, injected: bytes
) -> None:
    """An SSLRequest, and one letter."""
    assert await reader.readexactly(8) == b"\0\0\0\x08\x04\xd2\x16\x2f"
    writer.write(b"S" + injected)


TALKS: dict[str, Talk] = {"smtp": smtp, "imap": imap, "ldap": ldap, "postgres": postgres}


def upgrading(talk: Talk, context: ssl.SSLContext, injected: bytes = b"") -> Script:
    """The talk, then TLS, then silence until the client goes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await talk(reader, writer, injected)
        if injected:  # nobody comes to shake hands after that
            await reader.read()
            return
        with suppress(ssl.SSLError):  # a client that does not trust us says so and goes
            await writer.start_tls(context)
            await reader.read()

    return script


def saying(*answers: bytes, greets: bool) -> Script:
    """One answer after another, whatever is asked; the first unasked when the protocol ``greets``.
    Then it closes.
    """

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for place, answer in enumerate(answers):
            if place or not greets:
                await reader.read(4096)
            writer.write(answer)
            await writer.drain()
        await reader.read(4096)
        writer.close()

    return script
