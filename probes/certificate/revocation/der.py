"""Pure: the outermost structure of DER (X.690, 8.1), for what is too large to be parsed at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Octets: TypeAlias = bytes | bytearray

SEQUENCE = 0x30
INTEGER = 0x02
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
LENGTH_BYTES = 4
"""Bytes of the longest length that is read."""


def head_size(second: int) -> int:
    """Bytes of a head with this second byte (X.690, 8.1.3): a tag, and a length."""
    return 2 if second < 0x80 else 2 + (second & 0x7F)


def head(data: Octets, at: int = 0) -> tuple[int, int, int]:
    """Tag of the element at ``at``, where its content begins, and where that ends (which may be
    behind the data). Raises ``ValueError`` for what is not DER, or 4 GiB long.
    """
    if at + 2 > len(data):
        raise ValueError("the data end within an element")
    tag, first = data[at], data[at + 1]
    if first < 0x80:
        return tag, at + 2, at + 2 + first
    begin = at + head_size(first)
    if not 1 <= begin - at - 2 <= LENGTH_BYTES or begin > len(data):
        raise ValueError("a length that is not DER")
    length = int.from_bytes(data[at + 2 : begin], "big")
    if length < 0x80 or data[at + 2] == 0:
        raise ValueError("a length that is longer than it need be")
    return tag, begin, begin + length


def children(data: Octets, begin: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, start, content's start and end of each element between. Raises ``ValueError``."""
    at = begin
    while at < end:
        tag, content, after = head(data, at)
        if after > end:
            raise ValueError("an element that is longer than what holds it")
        yield tag, at, content, after
        at = after


def sequence(content: bytes) -> bytes:
    """A SEQUENCE with this content."""
    length = len(content)
    if length < 0x80:
        return bytes((SEQUENCE, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((SEQUENCE, 0x80 | size)) + length.to_bytes(size, "big") + content
