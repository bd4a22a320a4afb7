"""Credentials of an HTTP request, from settings, the files that they name, and a token service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aiohttp

from probes.attempt import Attempt
from probes.files import WatchedFile
from probes.masking import blanked

if TYPE_CHECKING:
    from probes.exchange import Request
    from probes.http_settings import HttpSettings
    from probes.tools import Tools

UNAUTHORIZED = 401
FETCH_SHARE = 0.9
"""Of a probe's deadline, for fetching a token: so what went wrong there is known before its end."""
_BEARER = "Bearer "
_BASE64_LINES = re.compile(rb"[A-Za-z0-9+/_=-]+(?:\r?\n[A-Za-z0-9+/_=-]+)+")


class Credentials:
    """Adds the Authorization header; the secrets are read from their files as they change."""

    def __init__(self, settings: HttpSettings, timeout: float, tools: Tools) -> None:
        self._basic = settings.basic_auth
        password_file = self._basic.password_file if self._basic else None
        self._password = WatchedFile(password_file, tools.clock) if password_file else None
        token_file = settings.bearer_token_file
        self._token = WatchedFile(token_file, tools.clock) if token_file else None
        self._source = tools.tokens.source(settings)
        self._timeout = timeout

    async def added_to(self, headers: dict[str, str], attempt: Attempt) -> dict[str, str]:
        """Raises :class:`probes.failure.ProbeFailure` when a file or a token cannot be had. The
        time that a token takes is no part of the attempt.
        """
        if self._source is not None:
            token = self._source.at_hand() or await self._fetched(attempt)
            return {**headers, "Authorization": _BEARER + token}
        if self._token is not None:
            return {**headers, "Authorization": _BEARER + bearer_token(self._token)}
        if self._basic is not None:
            secret = self._password.secret() if self._password else self._basic.password or ""
            encoded = aiohttp.encode_basic_auth(self._basic.username, secret)
            return {**headers, "Authorization": encoded}
        return headers

    async def _fetched(self, attempt: Attempt) -> str:
        assert self._source is not None  # noqa: S101 - asked by the caller
        attempt.errand = self._source.not_in_time
        try:
            token = await self._source.token(self._timeout * FETCH_SHARE)
        finally:
            spent = attempt.elapsed()
            attempt.start_over()
        attempt.left_out = spent
        attempt.errand = self._source.too_late if spent > self._timeout / 2 else None
        return token

    def answered(self, request: Request, status: int) -> None:
        """A token that its target does not take is not used again (RFC 6750, 3.1)."""
        sent = request.headers.get("Authorization", "")
        if status == UNAUTHORIZED and self._source is not None and sent:
            self._source.drop(sent.removeprefix(_BEARER))

    def without_tokens(self, text: str) -> str:
        """The text with tokens blanked that were fetched: a target may say them back."""
        return text if self._source is None else blanked(text, self._source.recent)


def bearer_token(file: WatchedFile) -> str:
    """The token in a file, fit for a header. Base64 that goes over several lines, as of a SAML
    assertion, is joined. Raises :class:`probes.failure.MonitorTrouble`.
    """
    content = file.read().strip()
    if _BASE64_LINES.fullmatch(content):
        return b"".join(content.split()).decode("ascii")
    return file.secret()
