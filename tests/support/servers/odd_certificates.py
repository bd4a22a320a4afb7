"""Certificates that OpenSSL verifies and a strict reader refuses, each as somebody was seen to issue it."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from probes.net.ber import encoded, first
from tests.support.servers.ca import Pair
from tests.support.servers.chains import Made

ECDSA_SHA256 = bytes.fromhex("06082a8648ce3d040302")
COMMON, UNIT, ORGANIZATION = (bytes.fromhex(f"06035504{last}") for last in ("03", "0b", "0a"))
UNKNOWN = bytes.fromhex("06032a0304")
Parts = list[bytes]
Edit = Callable[[Parts], None]
SUBJECT = 5
"""Its place in what is signed (RFC 5280, 4.1), as the serial's is 1 and the version's 0."""


def text(content: bytes, tag: int = 0x0C) -> bytes:
    return encoded(tag, content)


def rdn(*attributes: tuple[bytes, bytes]) -> bytes:
    """Attributes in the order given, which DER would sort."""
    return encoded(0x31, *(encoded(0x30, kind, value) for kind, value in attributes))


def named(organization: bytes) -> Edit:
    """The subject ``CN=localhost`` and this, of whatever type."""

    def edit(parts: Parts) -> None:
        parts[SUBJECT] = encoded(
            0x30, rdn((COMMON, text(b"localhost"))), rdn((ORGANIZATION, organization))
        )

    return edit


def subject(*rdns: bytes) -> Edit:
    def edit(parts: Parts) -> None:
        parts[SUBJECT] = encoded(0x30, *rdns)

    return edit


def version(number: int) -> Edit:
    def edit(parts: Parts) -> None:
        parts[0] = encoded(0xA0, bytes((2, 1, number)))

    return edit


def extra(*extensions: bytes) -> Edit:
    """Extensions behind those that are there."""

    def edit(parts: Parts) -> None:
        [there] = first(parts[-1]).children()
        parts[-1] = encoded(0xA3, encoded(0x30, there.content, *extensions))

    return edit


def extension(oid: bytes, value: bytes, critical: bytes = b"") -> bytes:
    return encoded(0x30, oid, critical, encoded(0x04, value))


def replaced(oid: bytes, value: bytes) -> Edit:
    """Another value of an extension that is there."""

    def edit(parts: Parts) -> None:
        [there] = first(parts[-1]).children()
        kept = [
            encoded(one.tag, one.content)
            for one in there.children()
            if not one.content.startswith(oid)
        ]
        parts[-1] = encoded(0xA3, encoded(0x30, *kept, extension(oid, value)))

    return edit


def loose_true(parts: Parts) -> None:
    parts[-1] = parts[-1].replace(b"\x01\x01\xff", b"\x01\x01\x01")
    assert b"\x01\x01\x01" in parts[-1]


ALTERNATIVE = bytes.fromhex("0603551d11")
CONSTRAINTS = bytes.fromhex("0603551d13")
USAGE = bytes.fromhex("0603551d25")
AUTHORITY_KEY = bytes.fromhex("0603551d23")
FOR_SERVERS = bytes.fromhex("300a06082b06010505070301")


def also_for(*names: bytes) -> Edit:
    """A subjectAltName of ``localhost`` and these (RFC 5280, 4.2.1.6)."""
    return replaced(ALTERNATIVE, encoded(0x30, encoded(0x82, b"localhost"), *names))


REFUSED: dict[str, Edit] = {
    "a star in a PrintableString": named(text(b"F*rsakring", 0x13)),
    "an at sign in a PrintableString": named(text(b"it@example.se", 0x13)),
    "a underscore and an ampersand in a PrintableString": named(text(b"A_B & C", 0x13)),
    "Latin-1 in a TeletexString": named(text("Försäkring".encode("latin-1"), 0x14)),
    "Latin-1 in an IA5String": named(text("Försäkring".encode("latin-1"), 0x16)),
    "an RDN out of order": subject(
        rdn((COMMON, text(b"localhost"))), rdn((UNIT, text(b"z")), (ORGANIZATION, text(b"a")))
    ),
    "an empty RDN": subject(encoded(0x31), rdn((COMMON, text(b"localhost")))),
    "TRUE as 1": loose_true,
    "critical FALSE written out": extra(extension(USAGE, FOR_SERVERS, b"\x01\x01\x00")),
    "cA FALSE written out": replaced(CONSTRAINTS, encoded(0x30, b"\x01\x01\x00")),
    "an extension twice": extra(extension(UNKNOWN, b"\x05\0"), extension(UNKNOWN, b"\x05\0")),
    "a longer length than need be": extra(b"\x30\x81\x0b" + UNKNOWN + b"\x04\x04\x04\x02\x01\x02"),
    "a length by an end mark": extra(b"\x30\x80" + UNKNOWN + b"\x04\x04\x04\x02\x01\x02\0\0"),
    "version 1 written out": version(0),
    "version 4": version(3),
    "timestamps that are no list": extra(
        extension(bytes.fromhex("060a2b06010401d679020402"), b"\x04\x02\xff\xff")
    ),
    "name constraints of nothing": extra(
        extension(bytes.fromhex("0603551d1e"), encoded(0x30, encoded(0xA0)))
    ),
    "an issuer without its serial": replaced(
        AUTHORITY_KEY,
        encoded(0x30, encoded(0xA1, encoded(0x86, b"http://ca.example.se/"))),
    ),
    "an ediPartyName": also_for(encoded(0xA5, encoded(0xA1, text(b"party")))),
    "an x400Address": also_for(encoded(0xA3, encoded(0x30))),
    "an address of five bytes": also_for(encoded(0x87, bytes(5))),
    "a name of eight bits": also_for(encoded(0x82, "lök.se".encode("latin-1"))),
    "a mail address of eight bits": also_for(encoded(0x81, "å@example.se".encode("latin-1"))),
    "a URI of eight bits": also_for(encoded(0x86, "http://å/".encode("latin-1"))),
    "an odd directory name": also_for(
        encoded(0xA4, encoded(0x30, rdn((COMMON, text(b"a*b", 0x13)))))
    ),
}


def resigned(made: Made, issuer: Made, edit: Edit) -> bytes:
    """The certificate, edited and signed anew: DER."""
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    parts = [
        encoded(one.tag, one.content)
        for one in first(made.certificate.tbs_certificate_bytes).children()
    ]
    edit(parts)
    body = encoded(0x30, *parts)
    signature = issuer.key.sign(body, ec.ECDSA(hashes.SHA256()))
    return encoded(0x30, body, encoded(0x30, ECDSA_SHA256), encoded(0x03, b"\0" + signature))


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


def pair(folder: Path, der: bytes, made: Made, *others: Made) -> Pair:
    """What a server (or a client) holds."""
    cert_file, key_file = folder / "odd.pem", folder / "odd.key"
    cert_file.write_bytes(pem(der) + b"".join(one.pem for one in others))
    key_file.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Pair(cert_file, key_file)
