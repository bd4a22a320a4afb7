"""Pure: BER (X.690, 8) read as OpenSSL reads it, and written as DER has it (X.690, 10 and 11).

OpenSSL verifies a certificate over the bytes that came and forgives what is not DER in them: lengths
that are longer than they need be or ended by a mark, a TRUE that is 1, a set out of order, a
character that a string's type has no place for. A strict reader refuses all of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x01, 0x02, 0x03, 0x04, 0x06
SEQUENCE, SET = 0x30, 0x31
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
CONSTRUCTED = 0x20
DEEPEST = 24
"""Elements within elements that are read; a certificate has a dozen."""
_UTF8, _PRINTABLE, _T61, _IA5, _UNIVERSAL, _BMP = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E
_NUMERIC, _VISIBLE = 0x12, 0x1A
_PRINTED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
_DIGITS = frozenset(b"0123456789 ")
_WIDE = {_BMP: ("utf-16-be", 2), _UNIVERSAL: ("utf-32-be", 4)}


@dataclass(frozen=True, slots=True)
class Element:
    """A tag of one octet, and what it holds."""

    tag: int
    content: bytes

    def children(self) -> tuple[Element, ...]:
        """What stands in it, when it is constructed. Raises ``ValueError``."""
        return tuple(elements(self.content))


def elements(data: bytes, depth: int = 0) -> Iterator[Element]:
    """One after the other. Raises ``ValueError`` where the data are not even BER."""
    at = 0
    while at < len(data):
        element, at = _read(data, at, depth)
        yield element


def first(data: bytes) -> Element:
    """The element at the beginning, whatever follows it. Raises ``ValueError``."""
    return _read(data, 0, 0)[0]


def encoded(tag: int, *parts: bytes) -> bytes:
    """An element with the shortest length."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def as_der(element: Element, depth: int = 0) -> bytes:
    """The same in DER, with strings in a type that has a place for them. Raises ``ValueError``."""
    tag, content = element.tag, element.content
    if depth > DEEPEST:
        raise ValueError("elements within elements without end")
    if tag & CONSTRUCTED:
        inner = [as_der(one, depth + 1) for one in elements(content, depth + 1)]
        return encoded(tag, *(sorted(inner) if tag == SET else inner))
    if tag == BOOLEAN:
        return encoded(tag, b"\xff" if any(content) else b"\0")
    if tag == INTEGER and content:
        value = int.from_bytes(content, "big", signed=True)
        size = (value + (value < 0)).bit_length() // 8 + 1
        return encoded(tag, value.to_bytes(size, "big", signed=True))
    return _string(tag, content)


def _string(tag: int, content: bytes) -> bytes:
    fits = {
        _PRINTABLE: lambda: _PRINTED.issuperset(content),
        _NUMERIC: lambda: _DIGITS.issuperset(content),
        _IA5: content.isascii,
        _VISIBLE: content.isascii,
        _UTF8: lambda: _is_utf8(content),
        _T61: content.isascii,
    }.get(tag)
    if fits is not None:
        return encoded(tag, content) if fits() else encoded(_UTF8, _text(content).encode())
    if tag in _WIDE:
        codec, size = _WIDE[tag]
        whole = content[: len(content) // size * size]
        return encoded(_UTF8, whole.decode(codec, "replace").encode())
    return encoded(tag, content)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(content: bytes) -> str:
    """Most who write other bytes than a type allows write UTF-8, the others Latin-1."""
    return content.decode() if _is_utf8(content) else content.decode("latin-1")


def _read(data: bytes, at: int, depth: int) -> tuple[Element, int]:
    """The element at ``at``, and where the next begins. Raises ``ValueError``."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F or depth > DEEPEST:
        raise ValueError("not an element")
    tag, first, begin = data[at], data[at + 1], at + 2
    if first == 0x80 and tag & CONSTRUCTED:
        return _up_to_the_mark(data, tag, begin, depth)
    length = first
    if first > 0x80:
        begin += first & 0x7F
        length = int.from_bytes(data[at + 2 : begin], "big")
    end = begin + length
    if first == 0x80 or end > len(data):
        raise ValueError("the data end within an element")
    return Element(tag, data[begin:end]), end


def _up_to_the_mark(data: bytes, tag: int, begin: int, depth: int) -> tuple[Element, int]:
    """X.690, 8.1.3.6: an element whose end is marked by two octets of zero."""
    at, inner = begin, []
    while data[at : at + 2] != b"\0\0":
        one, at = _read(data, at, depth + 1)
        inner.append(encoded(one.tag, one.content))
    return Element(tag, b"".join(inner)), at + 2
