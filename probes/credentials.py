"""Credentials of an HTTP request, from settings and the files that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from probes.files import WatchedFile

if TYPE_CHECKING:
    from probes.http_settings import HttpSettings
    from probes.tools import Tools


class Credentials:
    """Adds the Authorization header; the secrets are read from their files as they change."""

    def __init__(self, settings: HttpSettings, tools: Tools) -> None:
        self._basic = settings.basic_auth
        password_file = self._basic.password_file if self._basic else None
        self._password = WatchedFile(password_file, tools.clock) if password_file else None
        token_file = settings.bearer_token_file
        self._token = WatchedFile(token_file, tools.clock) if token_file else None

    def added_to(self, headers: dict[str, str]) -> dict[str, str]:
        if self._token is not None:
            return {**headers, "Authorization": f"Bearer {self._token.secret()}"}
        if self._basic is not None:
            secret = self._password.secret() if self._password else self._basic.password or ""
            encoded = aiohttp.encode_basic_auth(self._basic.username, secret)
            return {**headers, "Authorization": encoded}
        return headers
