"""Which texts of an estate are secrets, and how they are blanked wherever words go out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from monitor.estate import Estate
from probes.http_settings import HttpSettings
from probes.observation import Observation

MASK = "***"
_SHORTEST = 4
"""Characters: a shorter text would blank innocent words, and is no secret."""
_CUT = "…"
_NOT_SECRET = frozenset({"accept", "accept-language", "content-type", "soapaction", "user-agent"})


class Masker:
    """Blanks known secrets in texts, also the beginning of one where a text was cut short."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len)[::-1]

    def text(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
            if _CUT in text:
                text = _without_beginning(text, secret)
        return text

    def observation(self, observation: Observation) -> Observation:
        """A target may say back what it was told: no detail carries that further."""
        parts = observation.parts
        if parts and any(part.detail for part in parts):
            parts = tuple(self.observation(part) for part in parts)
        if not self._secrets or not (observation.detail or parts):
            return observation
        return replace(observation, detail=self.text(observation.detail), parts=parts)


def _without_beginning(text: str, secret: str) -> str:
    for length in range(len(secret) - 1, _SHORTEST - 1, -1):
        text = text.replace(secret[:length] + _CUT, MASK + _CUT)
    return text


def secrets_of(estate: Estate) -> frozenset[str]:
    """Header values, passwords, tokens and query values, those in files as they are now."""
    found: set[str] = set()
    for check in estate.checks():
        if isinstance(check.settings, HttpSettings):
            found |= _of_http(check.settings)
    if estate.web.password_file is not None:
        found |= _in_file(estate.web.password_file)
    return frozenset(found)


def _of_http(settings: HttpSettings) -> set[str]:
    found = {value for name, value in settings.headers.items() if name.lower() not in _NOT_SECRET}
    found |= {word for value in found for word in value.split()[1:]}
    query = urlsplit(settings.url).query
    found |= {value for _, value in parse_qsl(query)}
    found |= {pair.partition("=")[2] for pair in query.split("&")}
    if settings.bearer_token_file is not None:
        found |= _in_file(settings.bearer_token_file)
    if settings.basic_auth is not None:
        basic = settings.basic_auth
        passwords = {basic.password} if basic.password is not None else set()
        if basic.password_file is not None:
            passwords |= _in_file(basic.password_file)
        found |= passwords
        # as they travel: RFC 7617
        found |= {b64encode(f"{basic.username}:{one}".encode()).decode() for one in passwords}
    return found


def _in_file(path: Path) -> set[str]:
    try:
        return {path.read_text("utf-8").strip()}
    except (OSError, UnicodeDecodeError):
        return set()  # the check that needs it says so
