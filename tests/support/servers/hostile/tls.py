"""TLS that hurts: handshakes that drip, stall or never come to an end, and certificates that no
authority would sign but that anybody can send.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from tests.support.servers.raw_server import Script, say

EVERY = 0.02
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
RECORD = b"\x16\x03\x03"
"""The start of a handshake record of TLS 1.2 (RFC 5246, 6.2.1)."""
_DAY = dt.timedelta(days=1)

Relay = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter, ssl.SSLObject, ssl.MemoryBIO], Awaitable[None]
]


# records that are none, over a plain connection


def records(*parts: bytes, again: bytes = b"", every: float = 0.0) -> Script:
    """After the ClientHello: the parts, and ``again`` for ever."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)
        while again and not writer.is_closing():
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(every)
        await asyncio.Event().wait()

    return script


async def stalled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the ClientHello, and is silent."""
    await reader.read(1)
    await asyncio.Event().wait()


def _record(kind: int, content: bytes, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return bytes((kind, 3, 3)) + size.to_bytes(2) + content


def _hello(session: bytes = b"", extensions: bytes = b"", cipher: int = 0xC02B) -> bytes:
    """A ServerHello of TLS 1.2 (RFC 5246, 7.4.1.3)."""
    body = b"\3\3" + bytes(32) + bytes((len(session),)) + session + cipher.to_bytes(2) + b"\0"
    body += len(extensions).to_bytes(2) + extensions if extensions else b""
    return b"\2" + len(body).to_bytes(3) + body


_HUGE_MESSAGE = b"\x0b\xff\xff\xff"  # a Certificate message of 16 MiB

SCRIPTS: dict[str, Script] = {
    "handshake: silence": stalled,
    "handshake: garbage": records(bytes(range(256)) * 4),
    "handshake: HTTP": records(WHOLE),
    "handshake: empty records": records(again=_record(22, b"") * 1000),
    "handshake: empty records dripped": records(again=_record(22, b""), every=EVERY),
    "handshake: warnings": records(again=_record(21, b"\1\x5a") * 1000),
    "handshake: a record too large": records(_record(22, bytes(60_000), 60_000)),
    "handshake: a record never full": records(_record(22, b"\2", 16_384), again=b"\0", every=EVERY),
    "handshake: records of one byte": records(
        *(_record(22, bytes((byte,))) for byte in _hello()), every=EVERY
    ),
    "handshake: stalled after the ServerHello": records(_record(22, _hello())),
    "handshake: a message of 16 MiB": records(
        _record(22, _hello()), _record(22, _HUGE_MESSAGE), again=_record(22, bytes(16_384))
    ),
    "handshake: HelloRequests": records(again=_record(22, b"\0\0\0\0") * 1000),
    "handshake: an unknown cipher": records(_record(22, _hello(cipher=0x1234))),
    "handshake: SSLv3": records(b"\x16\x03\x00\x00\x02\x02\x00"),
    "handshake: an unknown record": records(_record(99, b"x" * 100)),
    "handshake: fatal alert": records(_record(21, b"\2\x28")),
    "handshake: alert of an unknown kind": records(_record(21, b"\2\xfe")),
    "handshake: closed in a record": say(b""),
}


# true TLS, by hand, to drip it or to stop in the midst of it


def relayed(context: ssl.SSLContext, relay: Relay) -> Script:
    """TLS over memory buffers; ``relay`` decides how its bytes leave."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(await reader.read(65_536))
        with suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        await relay(reader, writer, tls, outgoing)
        while True:
            data = await reader.read(65_536)
            if not data:
                return
            incoming.write(data)
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                continue
            break
        tls.write(WHOLE)
        writer.write(outgoing.read())
        await writer.drain()
        await asyncio.Event().wait()

    return script


async def dripped(
    _reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    _tls: ssl.SSLObject,
    outgoing: ssl.MemoryBIO,
) -> None:
    """The whole flight, a byte at a time."""
    for byte in outgoing.read():
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(EVERY)


async def half(
    _reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    _tls: ssl.SSLObject,
    outgoing: ssl.MemoryBIO,
) -> None:
    """Half of the flight, then silence."""
    flight = outgoing.read()
    writer.write(flight[: len(flight) // 2])
    await asyncio.Event().wait()


async def garbled(
    _reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    _tls: ssl.SSLObject,
    outgoing: ssl.MemoryBIO,
) -> None:
    """The flight with some of its bytes turned."""
    flight = bytearray(outgoing.read())
    for place in range(200, len(flight), 97):
        flight[place] ^= 0xFF
    writer.write(bytes(flight))
    await writer.drain()


# certificates


class Certificates:
    """An authority that signs anything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hostile test CA")])
        self.root = self._sign(self._name, self._name, authority=True)
        (folder / "ca.pem").write_bytes(self.root.public_bytes(Encoding.PEM))
        (folder / "hostile.key").write_bytes(
            self._key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )

    def _sign(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        *,
        authority: bool = False,
        names: list[x509.GeneralName] | None = None,
        extra: list[x509.ExtensionType] | None = None,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + 300 * _DAY)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        for extension in extra or ():
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def leaf(
        self,
        *more: str,
        common_name: str = "hostile.example.se",
        extra: list[x509.ExtensionType] | None = None,
    ) -> x509.Certificate:
        """A leaf for loopback and what else is named."""
        import ipaddress

        names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        # cryptography takes any ASCII for a name, as a server may send it
        names += [x509.DNSName._init_without_validation(name) for name in more]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)])
        return self._sign(subject, self._name, names=names, extra=extra)

    def intermediates(self, many: int) -> list[x509.Certificate]:
        """Each issued by the next; none of them is the leaf's issuer."""
        names = [
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Intermediate {number}")])
            for number in range(many + 1)
        ]
        return [
            self._sign(names[number], names[number + 1], authority=True) for number in range(many)
        ]

    def context(self, *chain: x509.Certificate, file_name: str = "sent.pem") -> ssl.SSLContext:
        """A server's context that sends the chain."""
        file = self._folder / file_name
        file.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, self._folder / "hostile.key")
        return context


def padded(size: int) -> list[x509.ExtensionType]:
    """An extension that is only large."""
    return [x509.UnrecognizedExtension(ObjectIdentifier("1.2.752.99.1"), bytes(size))]


HOSTILE_NAMES = (
    "\x1b]0;owned\x07\x1b[2J.example.se",
    "a\nb: c\r\n.example.se",
    "nul\0.example.se",
    "<script>alert(1)</script>.example.se",
    '"; drop table.example.se',
    "{{7*7}}${HOME}%s%n.example.se",
    "a" * 5000 + ".example.se",
    "*" * 100 + ".example.se",
    "",
)
HOSTILE_SUBJECT = "\u202eelbisivni\u2066 <img src=x onerror=alert(1)>\r\n\x1b[31m\"='\\"


def flood(head: bytes, part: bytes) -> Script:
    """As ``endless``; the transport of asyncio's TLS does not say itself that the client is gone."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while not reader.at_eof() and reader.exception() is None:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    return script


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A plain good answer."""
    await say(WHOLE)(reader, writer)


def over_tls(folder: Path) -> dict[str, tuple[Script, ssl.SSLContext]]:
    """Scripts that are played over TLS by the server itself."""
    made = Certificates(folder)
    plain = made.leaf("good.example.se")
    good = made.context(plain, file_name="good.pem")
    old = made.context(plain)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    return {
        "tls good": (answering, good),
        "tls chain of 1,000": (answering, made.context(plain, *made.intermediates(1000))),
        "tls chain of 200": (answering, made.context(plain, *made.intermediates(200))),
        "tls certificate of 1 MiB": (answering, made.context(made.leaf(extra=padded(2**20)))),
        "tls certificate of 90 KiB": (answering, made.context(made.leaf(extra=padded(90_000)))),
        "tls 10,000 names": (
            answering,
            made.context(made.leaf(*(f"n{number}.example.se" for number in range(10_000)))),
        ),
        "tls 3,000 names": (
            answering,
            made.context(made.leaf(*(f"n{number}.example.se" for number in range(3000)))),
        ),
        "tls hostile names": (answering, made.context(made.leaf(*HOSTILE_NAMES))),
        "tls hostile subject": (
            answering,
            made.context(made.leaf(common_name=HOSTILE_SUBJECT)),
        ),
        "tls flood of a body": (flood(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65_536), good),
        "tls flood of headers": (flood(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n" * 10_000), good),
        "tls flood of 100": (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000), good),
        "tls 1.2 flood of a body": (
            flood(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65_536),
            old,
        ),
    }


def by_hand(folder: Path) -> dict[str, Script]:
    """Scripts that speak TLS themselves; the authority's files are there already."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "good.pem", folder / "hostile.key")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(folder / "good.pem", folder / "hostile.key")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    return {
        "tls dripped": relayed(context, dripped),
        "tls 1.2 dripped": relayed(old, dripped),
        "tls stalled": relayed(context, half),
        "tls 1.2 stalled": relayed(old, half),
        "tls garbled": relayed(context, garbled),
        "tls 1.2 garbled": relayed(old, garbled),
    }
