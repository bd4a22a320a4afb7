"""JSON that a stranger sent: parsed strictly, within bounds; and when two values are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from probes.observation import clean

MAX_BYTES = 16 * 1024 * 1024
"""A larger body is not parsed: parsing stops the loop for about 5 ms a megabyte."""
_BOM = b"\xef\xbb\xbf"


class NotAnswered(Exception):
    """A document cannot be read, or a query not answered within the bounds; says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed body."""

    value: Any
    values: int
    """At least as many as it holds."""


def parse_json(body: bytes) -> Document:
    """Strict JSON (RFC 8259, a byte order mark is ignored). Raises :class:`NotAnswered`."""
    if len(body) > MAX_BYTES:
        raise NotAnswered(f"{len(body)} bytes are not read as JSON, at most {MAX_BYTES}")
    text = body.removeprefix(_BOM)
    if not text.strip():
        raise NotAnswered("not JSON: the body is empty")
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
