"""Pure: a certificate that OpenSSL takes and a strict reader refuses, written anew so that it is read.

Part by part: what can be read as it is stays as it is, what can be read when it is written as DER is
so written, and only what cannot be read at all is left out. The signature is not valid any more and is
nobody's business here: the handshake has verified what came. Seen in the wild: an extension with
``critical FALSE`` written out, ``*`` or ``@`` in a PrintableString, TRUE as 1, two of an extension, a
subjectAltName with an ``ediPartyName``, an address of five octets, key usage on a certificate that
calls itself version 1.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Final

from cryptography import x509

from probes.net import ber
from probes.net.ber import Element, as_der, encoded, first

MOST_MENDED = 16_384
"""Bytes of certificates that are mended of one chain: writing anew what a stranger made of 50,000
elements would hold up the loop."""
UNREADABLE = "CN=(unreadable)"
"""The name in place of one that cannot be read."""
_BASIC, _NAMES, _ALTERNATIVE = "551d13", "551d23", "551d11"
_READ: Final = frozenset(
    {
        "551d0e",  # subjectKeyIdentifier
        "551d0f",  # keyUsage
        _ALTERNATIVE,  # subjectAltName
        _BASIC,  # basicConstraints
        "551d1f",  # cRLDistributionPoints
        _NAMES,  # authorityKeyIdentifier
        "551d25",  # extKeyUsage
        "2b06010505070101",  # authorityInfoAccess
    }
)
"""The extensions that somebody here reads, by their identifier's octets."""
_ANY_OID = bytes.fromhex("06032a0304")  # 1.2.3.4: an algorithm that nobody knows
_ALGORITHM = encoded(ber.SEQUENCE, bytes.fromhex("06082a8648ce3d040302"))  # ecdsa-with-SHA256
_NO_NAME = encoded(ber.SEQUENCE)
_VERSION_3 = bytes.fromhex("a003020102")
_NOBODYS_KEY = encoded(
    ber.SEQUENCE, encoded(ber.SEQUENCE, _ANY_OID), encoded(ber.BIT_STRING, b"\0\0")
)
_SOME_TIME = encoded(ber.UTC_TIME, b"200101000000Z")
_SOME_DAYS = encoded(ber.SEQUENCE, _SOME_TIME, _SOME_TIME)
_TIME = re.compile(rb"([0-9]{10,14})(?:[.,][0-9]+)?(Z|[+-][0-9]{4})?")


def load(der: bytes) -> x509.Certificate:
    """The certificate, mended where that is needed: its names and extensions can be asked for without
    a fault. Raises ``ValueError`` for what has no dates or is no certificate.
    """
    return load_within(der, MOST_MENDED)[0]


def load_within(der: bytes, most: int) -> tuple[x509.Certificate, int]:
    """The same, and how many bytes of it were mended: none, or all of at most ``most``."""
    with warnings.catch_warnings():
        # certificates with odd serials, names or encodings still have dates worth telling
        warnings.simplefilter("ignore")
        try:
            return _checked(der), 0
        except Exception as error:  # noqa: BLE001 - cryptography raises many types for what is odd
            if len(der) > most:
                raise ValueError(str(error)) from None
        try:
            return _checked(_mended(der)), len(der)
        except Exception as error:  # noqa: BLE001 - as above
            raise ValueError(str(error)) from None


def _checked(der: bytes) -> x509.Certificate:
    parsed = x509.load_der_x509_certificate(der)
    # each is read when it is first asked for; a fault of one is a fault of all
    _ = parsed.extensions, parsed.subject, parsed.issuer, parsed.not_valid_after_utc
    parsed.subject.rfc4514_string()
    parsed.issuer.rfc4514_string()
    return parsed


def _mended(der: bytes) -> bytes:
    whole = first(der).children()
    parts = list(whole[0].children())
    if parts[0].tag == 0xA0:  # the version: whatever it says, there are extensions or there are not
        parts.pop(0)
    serial, _, issuer, validity, subject, key, *rest = parts
    days = encoded(ber.SEQUENCE, *(_time(one) for one in validity.children()))
    extensions = next((one for one in rest if one.tag == 0xA3), None)
    return _assembled(
        serial=as_der(serial),
        algorithm=_algorithm(whole[1]),
        issuer=_name(issuer),
        days=days,
        subject=_name(subject),
        key=_key(key),
        extensions=list(_extensions(extensions)) if extensions is not None else [],
    )


def _assembled(
    *,
    serial: bytes = b"\x02\x01\x01",
    algorithm: bytes = _ALGORITHM,
    issuer: bytes = _NO_NAME,
    days: bytes = _SOME_DAYS,
    subject: bytes = _NO_NAME,
    key: bytes = _NOBODYS_KEY,
    extensions: list[bytes] | None = None,
) -> bytes:
    """A certificate of these parts (RFC 5280, 4.1)."""
    last = [encoded(0xA3, encoded(ber.SEQUENCE, *extensions))] if extensions else []
    body = encoded(ber.SEQUENCE, _VERSION_3, serial, algorithm, issuer, days, subject, key, *last)
    return encoded(ber.SEQUENCE, body, algorithm, encoded(ber.BIT_STRING, b"\0\0"))


def _readable(**part: bytes | list[bytes]) -> bool:
    """Whether a certificate with this part, and nothing else that is odd, can be read."""
    try:
        _checked(_assembled(**part))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - see `load`
        return False
    return True


def _best(last: bytes, *ways: bytes, readable: Callable[[bytes], bool]) -> bytes:
    return next((way for way in ways if readable(way)), last)


def _name(element: Element) -> bytes:
    """RFC 5280, 4.1.2.4. One that cannot be read is told as such, and is not an empty one."""
    unread = bytes.fromhex("0603550403") + encoded(0x0C, b"(unreadable)")
    return _best(
        encoded(ber.SEQUENCE, encoded(ber.SET, encoded(ber.SEQUENCE, unread))),
        encoded(element.tag, element.content),
        as_der(element),
        encoded(ber.SEQUENCE, *(as_der(one) for one in element.children() if one.content)),
        readable=lambda way: _readable(subject=way),
    )


def _algorithm(element: Element) -> bytes:
    """Without its parameters where those cannot be read: the name says enough."""
    name = element.children()[0]
    return _best(
        encoded(ber.SEQUENCE, _ANY_OID),
        encoded(element.tag, element.content),
        as_der(element),
        encoded(ber.SEQUENCE, encoded(name.tag, name.content)),
        readable=lambda way: _readable(algorithm=way),
    )


def _key(element: Element) -> bytes:
    return _best(
        _NOBODYS_KEY,
        encoded(element.tag, element.content),
        as_der(element),
        readable=lambda way: _readable(key=way),
    )


def _time(element: Element) -> bytes:
    """RFC 5280, 4.1.2.5, of any time that X.680 can write. Raises ``ValueError``."""
    found = _TIME.fullmatch(element.content)
    if found is None or element.tag not in (ber.UTC_TIME, ber.GENERALIZED_TIME):
        raise ValueError("a time that cannot be read")
    digits, zone = found[1].decode(), (found[2] or b"Z").decode()
    if element.tag == ber.UTC_TIME:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    moment = dt.datetime.strptime(digits.ljust(14, "0") + "+0000", "%Y%m%d%H%M%S%z")
    if zone != "Z":
        away = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
        moment += away if zone[0] == "-" else -away
    if 1950 <= moment.year < 2050:
        return encoded(ber.UTC_TIME, f"{moment:%y%m%d%H%M%S}Z".encode())
    return encoded(ber.GENERALIZED_TIME, f"{moment.year:04}{moment:%m%d%H%M%S}Z".encode())


def _extensions(element: Element) -> Iterator[bytes]:
    """Those that are read here, each on its own; of two of a kind the first that can be read."""
    seen = set()
    for one in element.children()[0].children():
        parts = one.children()
        kind = parts[0].content.hex()
        if kind not in _READ or kind in seen or parts[-1].tag != ber.OCTET_STRING:
            continue
        critical = any(part.tag == ber.BOOLEAN and any(part.content) for part in parts)
        for value in _values(kind, parts[-1].content):
            made = encoded(
                ber.SEQUENCE,
                encoded(ber.OID, parts[0].content),
                b"\x01\x01\xff" if critical else b"",
                encoded(ber.OCTET_STRING, value),
            )
            if _readable(extensions=[made]):
                seen.add(kind)
                yield made
                break


def _values(kind: str, value: bytes) -> Iterator[bytes]:
    """Ways to write an extension's value, the most faithful first."""
    yield value
    try:
        element = first(value)
        yield as_der(element)
        parts = [as_der(one) for one in element.children()]
    except ValueError:
        return
    if kind == _BASIC:  # cA FALSE is the default and not written; a length means nothing with it
        yield encoded(ber.SEQUENCE, *(parts if parts[:1] == [b"\x01\x01\xff"] else ()))
    elif kind == _NAMES:  # issuer and serial are of no use one without the other
        yield encoded(ber.SEQUENCE, *(part for part in parts if part[0] == 0x80))
    elif kind == _ALTERNATIVE:
        yield encoded(ber.SEQUENCE, *(part for part in parts if _is_usual(part)))


def _is_usual(name: bytes) -> bool:
    """A mail address, a name, a URI or an IP address (RFC 5280, 4.2.1.6): the others say nothing of
    a server.
    """
    content = first(name).content
    return (name[0] in (0x81, 0x82, 0x86) and content.isascii()) or (
        name[0] == 0x87 and len(content) in (4, 16)
    )
