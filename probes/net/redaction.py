"""Blanking secrets in a text, also the beginning of one where the text was cut short."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"
SHORTEST = 4
"""Characters: a shorter text would blank innocent words, and is no secret."""
_CUT = "…"
# what has the shape of a secret, whoever's it is
_JWT = re.compile(
    r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?|eyJ[A-Za-z0-9_.-]{12,}$"
)
_NAME = (
    r"[A-Za-z0-9_.:-]{0,40}(?:token|passw(?:or)?d|pass|passphrase|secret|api[_-]?key|private[_-]?key"
    r"|credentials?|authorization|assertion|session(?:[_-]?id)?|saml(?:request|response))"
)
_OF_JSON = re.compile(rf'("{_NAME}"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|$)|[0-9]{{4,}})', re.IGNORECASE)
_OF_XML = re.compile(rf"(<{_NAME}(?:\s[^<>]*)?>)[^<>]*", re.IGNORECASE)
_OF_FORM = re.compile(rf"((?<![A-Za-z0-9_.:\"<-]){_NAME}=)[^&\s\"'<>;,]{{4,}}", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}", re.IGNORECASE)


def shapeless(text: str) -> str:
    """The text without what looks like a token: JWTs (RFC 7519), credentials of HTTP (RFC 9110, 11),
    and values whose name in JSON, XML or a form says that they are secret.
    """
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    if '"' in text:
        text = _OF_JSON.sub(rf'\1"{MASK}"', text)
    if "<" in text:
        text = _OF_XML.sub(rf"\1{MASK}", text)
    if "=" in text:
        text = _OF_FORM.sub(rf"\1{MASK}", text)
    return _BEARER.sub(rf"\1 {MASK}", text)


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
