"""Pure: how a transition is named, for people, outboxes and addresses."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter is taken for a digit when an id is read aloud."""
_FROM_RFC_4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET.encode())
_LOOKALIKES = str.maketrans("oil", "011")
_TIME_DIGITS = 9
_HASH_DIGITS = 7
SHORTEST_PREFIX = 6
PREFIX_PATTERN = f"^[{_ALPHABET}]{{{SHORTEST_PREFIX},{_TIME_DIGITS + _HASH_DIGITS}}}$"
"""The beginning of an id, for people who type it."""
FULL_LENGTH = _TIME_DIGITS + _HASH_DIGITS
ID_PATTERN = f"^[{_ALPHABET}]{{{FULL_LENGTH}}}$"


def transition_id(environment: str, service: str | None, before: str, after: str, at: float) -> str:
    """16 characters, the first 9 of which sort by time (to the millisecond).

    ``at`` is in seconds since the epoch. The same transition has the same id wherever it is made,
    so that what is told twice can be known as one.
    """
    told = f"{environment}/{service or ''} {before} {after} {at!r}"
    digest = int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest())
    bits = 5 * _HASH_DIGITS
    number = (int(at * 1000) % 32**_TIME_DIGITS) << bits | digest % (1 << bits)
    return b32encode(number.to_bytes(FULL_LENGTH * 5 // 8)).translate(_FROM_RFC_4648).decode()


def read_id(text: str) -> str | None:
    """An id, or the beginning of one, as somebody has typed it; ``None`` for what is neither.

    Crockford's reading: capitals are small letters, O is 0, I and L are 1.
    """
    plain = text.strip().lower().translate(_LOOKALIKES)
    return plain if re.fullmatch(PREFIX_PATTERN, plain) else None


def span_of(prefix: str) -> tuple[float, float]:
    """The instants, seconds since the epoch, that the ids which begin so lie within: from the first
    on, before the second.
    """
    digits = prefix[:_TIME_DIGITS]
    first = 0
    for digit in digits:
        first = first * len(_ALPHABET) + _ALPHABET.index(digit)
    unit = len(_ALPHABET) ** (_TIME_DIGITS - len(digits))
    # a millisecond more on both sides: a float is not exact
    return (first * unit - 1) / 1000, ((first + 1) * unit + 1) / 1000
