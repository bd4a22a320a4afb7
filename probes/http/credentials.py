"""Credentials of an HTTP request, from settings, the files that they name, and a token service."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from typing import TYPE_CHECKING

from probes.http.body_values import leaves
from probes.http.oauth2.token_cache import Tokens
from probes.net.basic_auth import basic_credentials
from probes.net.captured_response import without
from probes.net.redaction import blanked
from probes.net.trace import ProbeTrace
from probes.net.watched_file import WatchedFile

if TYPE_CHECKING:
    from probes.http.settings import HttpSettings
    from probes.net.context import ProbeContext
    from probes.net.http1 import Request

UNAUTHORIZED = 401
SENT_KEPT = 4
"""Credentials that were sent last, remembered so that they can be blanked."""
FETCH_SHARE = 0.9
"""Of a probe's deadline, for fetching a token: so what went wrong there is known before its end."""
_BEARER = "Bearer "
_BASE64_LINES = re.compile(rb"[A-Za-z0-9+/_=-]+(?:\r?\n[A-Za-z0-9+/_=-]+)+")


class Credentials:
    """Adds the Authorization header; the secrets are read from their files as they change."""

    def __init__(self, settings: HttpSettings, timeout: float, context: ProbeContext) -> None:
        self._basic = settings.basic_auth
        password_file = self._basic.password_file if self._basic else None
        self._password = WatchedFile(password_file, context.clock) if password_file else None
        token_file = settings.bearer_token_file
        self._token = WatchedFile(token_file, context.clock) if token_file else None
        self._source = context.shared(Tokens).source(settings)
        self._sent: tuple[str, ...] = ()
        self._body: bytes | None = None
        self._leaves: tuple[str, ...] = ()
        self._timeout = timeout

    def says(self, body: bytes | None) -> None:
        """What is sent besides: its values are none of those that an answer shows."""
        if body is not self._body:
            self._body = body
            found = leaves(body) if body else ()
            self._leaves = tuple(sorted(found, key=len, reverse=True))

    async def added_to(self, headers: dict[str, str], trace: ProbeTrace) -> dict[str, str]:
        """Raises :class:`probes.failure.ProbeFailure` when a file or a token cannot be had. The
        time that a token takes is no part of the probe.
        """
        if self._source is not None:
            token = self._source.at_hand() or await self._fetched(trace)
            return {**headers, "Authorization": _BEARER + token}
        if self._token is not None:
            token = bearer_token(self._token)
            self._note(token)
            return {**headers, "Authorization": _BEARER + token}
        if self._basic is not None:
            secret = self._password.secret() if self._password else self._basic.password or ""
            encoded = basic_credentials(self._basic.username, secret)
            self._note(encoded)
            self._note(secret)
            return {**headers, "Authorization": f"Basic {encoded}"}
        return headers

    async def _fetched(self, trace: ProbeTrace) -> str:
        assert self._source is not None  # noqa: S101 - asked by the caller
        trace.errand = self._source.not_in_time
        try:
            token = await self._source.token(self._timeout * FETCH_SHARE)
        finally:
            spent = trace.elapsed()
            trace.start_over()
        trace.left_out = spent
        trace.errand = self._source.too_late if spent > self._timeout / 2 else None
        return token

    def answered(self, request: Request, status: int) -> None:
        """A token that its target does not take is not used again (RFC 6750, 3.1)."""
        sent = request.headers.get("Authorization", "")
        if status == UNAUTHORIZED and self._source is not None and sent:
            self._source.drop(sent.removeprefix(_BEARER))

    def _note(self, secret: str) -> None:
        if secret not in self._sent:
            self._sent = (*self._sent, secret)[-SENT_KEPT:]

    @property
    def _recent(self) -> Iterable[str]:
        """What was sent last: a file's content, or a token that was fetched, may be another now."""
        recent = self._sent if self._source is None else self._source.recent
        return (*recent, *self._leaves) if self._leaves else recent

    def blanked(self, text: str) -> str:
        """The text without what was sent: a target may say it back."""
        return blanked(text, self._recent)

    def blank_answer(self, trace: ProbeTrace) -> None:
        """The same for what is kept of the answer."""
        if trace.answer is not None and (secrets := self._recent):
            trace.answer = without(trace.answer, secrets)


def bearer_token(file: WatchedFile) -> str:
    """The token in a file, fit for a header. Base64 that goes over several lines, as of a SAML
    assertion, is joined. Raises :class:`probes.failure.MonitorTrouble`.
    """
    content = file.read().removeprefix(BOM_UTF8).strip()
    if _BASE64_LINES.fullmatch(content):
        return b"".join(content.split()).decode("ascii")
    return file.secret()
