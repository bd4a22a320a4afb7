"""Pure: how a transition is named, for people, outboxes and addresses."""

from __future__ import annotations

import hashlib

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter is taken for a digit when an id is read aloud."""
_TIME_DIGITS = 9
_HASH_DIGITS = 7
ID_PATTERN = f"^[{_ALPHABET}]{{{_TIME_DIGITS + _HASH_DIGITS}}}$"


def transition_id(environment: str, service: str | None, before: str, after: str, at: float) -> str:
    """16 characters, the first 9 of which sort by time (to the millisecond).

    ``at`` is in seconds since the epoch. The same transition has the same id wherever it is made,
    so that what is told twice can be known as one.
    """
    told = f"{environment}/{service or ''} {before} {after} {at!r}"
    digest = int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest())
    return _digits(int(at * 1000), _TIME_DIGITS) + _digits(digest, _HASH_DIGITS)


def _digits(number: int, length: int) -> str:
    """The lowest ``length`` digits."""
    found = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        found.append(_ALPHABET[digit])
    return "".join(reversed(found))
