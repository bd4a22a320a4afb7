"""Blanking secrets in a text, also the beginning of one where the text was cut short."""

from __future__ import annotations

from collections.abc import Iterable

MASK = "***"
SHORTEST = 4
"""Characters: a shorter text would blank innocent words, and is no secret."""
_CUT = "…"


def blanked(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, of which the longest should come first."""
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        if secret in text:
            text = text.replace(secret, MASK)
        if _CUT in text:
            text = _without_beginning(text, secret)
    return text


def blanked_bytes(data: bytes, secret: bytes, *, cut: bool) -> bytes:
    """The same of bytes. ``cut``: they may end within a secret, whose beginning is blanked too."""
    if secret[:SHORTEST] not in data or len(secret) < SHORTEST:
        return data
    data = data.replace(secret, MASK.encode())
    if cut:
        for length in range(min(len(secret) - 1, len(data)), SHORTEST - 1, -1):
            if data.endswith(secret[:length]):
                return data[:-length] + MASK.encode()
    return data


def _without_beginning(text: str, secret: str) -> str:
    longest = min(len(secret) - 1, len(text))
    for length in range(longest, SHORTEST - 1, -1):
        text = text.replace(secret[:length] + _CUT, MASK + _CUT)
    return text
