"""JSON that a stranger sent: parsed strictly, within bounds; and when two values are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from probes.observation import clean

MAX_BYTES = 16 * 1024 * 1024
"""A larger body is not parsed: parsing stops the loop for about 5 ms a megabyte."""
ROOM = 6 * 1024 * 1024
"""Bytes that the values of a document may take up; more for a body that was allowed to be longer."""
ROOM_A_BYTE = 6
# what each of these costs in the values made of it, about; measured with CPython 3.11
_COSTS = ((b"{", 110), (b"[", 70), (b",", 60), (b":", 40), (b'"', 25))
_NEVER_MORE = 110
_BOM = b"\xef\xbb\xbf"


def room_of(max_body_bytes: int) -> int:
    """Bytes that the values of an answer may take up, by how long it was allowed to be."""
    return max(ROOM, ROOM_A_BYTE * max_body_bytes)


class NotAnswered(Exception):
    """A document cannot be read, or a query not answered within the bounds; says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed body."""

    value: Any
    values: int
    """At least as many as it holds."""


def parse_json(body: bytes, room: int = ROOM) -> Document:
    """Strict JSON (RFC 8259, a byte order mark is ignored). Raises :class:`NotAnswered`, also when
    its values would take up more than ``room`` bytes: a body of ``{},{},…`` takes thirty times its
    length.
    """
    if len(body) > MAX_BYTES:
        raise NotAnswered(f"{len(body)} bytes are not read as JSON, at most {MAX_BYTES}")
    text = body.removeprefix(_BOM)
    if not text.strip():
        raise NotAnswered("not JSON: the body is empty")
    if len(text) * _NEVER_MORE > room:
        takes = sum(text.count(mark) * cost for mark, cost in _COSTS)
        if takes > max(room, ROOM_A_BYTE * len(text)):
            raise NotAnswered(
                f"the document has so many values that they take up about {takes} bytes: "
                "a larger max_body_bytes allows more"
            )
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotAnswered(f"not JSON at {where}: {clean(error.msg, 60)}") from None
    values = 1 + text.count(b",") + text.count(b"[") + text.count(b"{")
    return Document(value, values)


def same_json(left: object, right: object) -> bool:
    """Whether two JSON values are equal: ``1`` is ``1.0``, ``true`` is not ``1``."""
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if isinstance(one, bool) or isinstance(other, bool):
            if one is not other:
                return False
        elif isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            pairs.extend((one[key], other[key]) for key in one)
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif isinstance(one, (dict, list)) or isinstance(other, (dict, list)) or one != other:
            return False
    return True
