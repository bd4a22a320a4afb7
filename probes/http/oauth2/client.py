"""What a token service is asked: the form and the headers (RFC 6749, 4.4; RFC 7522; RFC 7523)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

from probes.failure import MonitorTrouble
from probes.http.oauth2.settings import OAuth2Settings
from probes.net.basic_auth import basic_credentials
from probes.net.watched_file import WatchedFile
from probes.net.work_threads import Stop
from probes.observation import Reason

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

JWT_LIFETIME = 60
"""Seconds that a signed statement of who we are is valid: it is used at once."""
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_SAML_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A POST to the token service. Both parts are secret."""

    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return "TokenRequest(…)"


class Client:
    """Who we are for a token service; the secrets are read from their files as they change."""

    def __init__(self, settings: OAuth2Settings, context: ProbeContext) -> None:
        self._settings = settings
        self._context = context
        self._secret_file = _watched(settings.client_secret_file, context)
        self._key_file = _watched(settings.private_key_file, context)
        self._assertion_file = _watched(settings.assertion_file, context)

    async def request(self) -> TokenRequest:
        """What to send now. Raises :class:`MonitorTrouble` when a file of ours cannot be used."""
        settings = self._settings
        form, headers = self._grant(), {"Accept": "application/json"}
        if settings.scopes:
            form["scope"] = " ".join(settings.scopes)
        if settings.audience is not None:
            form["audience"] = settings.audience
        if settings.resource is not None:
            form["resource"] = settings.resource
        secret = self._secret()
        if secret is not None and settings.auth_method == "basic":
            # both in form encoding first (RFC 6749, 2.3.1)
            user, word = quote_plus(settings.client_id), quote_plus(secret)
            headers["Authorization"] = f"Basic {basic_credentials(user, word)}"
        else:
            form["client_id"] = settings.client_id
        if secret is not None and settings.auth_method == "post":
            form["client_secret"] = secret
        if self._key_file is not None:
            key = self._key_file.read().removeprefix(BOM_UTF8)
            form["client_assertion_type"] = _JWT_BEARER
            # reading a key and signing with it takes milliseconds, in which the loop would stand
            form["client_assertion"] = await self._context.workers.run(self._signing(key))
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return TokenRequest(headers=headers, body=urlencode(form).encode())

    def _grant(self) -> dict[str, str]:
        if self._assertion_file is None:
            return {"grant_type": "client_credentials"}
        return {
            "grant_type": _SAML_BEARER,
            "assertion": saml_assertion(self._assertion_file.read()),
        }

    def _secret(self) -> str | None:
        if self._secret_file is None:
            return self._settings.client_secret
        secret = self._secret_file.secret()
        if not secret:
            raise MonitorTrouble("client_secret_file is empty", Reason.OAUTH2)
        return secret

    def _signing(self, key: bytes) -> Callable[[Stop], str]:
        settings, now = self._settings, int(self._context.clock())
        claims = {
            "iss": settings.client_id,
            "sub": settings.client_id,
            "aud": settings.jwt_audience or settings.token_url,
            "jti": token_urlsafe(24),
            "iat": now,
            "exp": now + JWT_LIFETIME,
        }
        more = {"kid": settings.key_id} if settings.key_id is not None else None

        def sign(_stop: Stop) -> str:
            # in its thread: few checks sign anything
            import jwt
            from cryptography.exceptions import UnsupportedAlgorithm

            try:
                return jwt.encode(claims, key, settings.algorithm, headers=more)
            except (ValueError, TypeError, UnsupportedAlgorithm, jwt.PyJWTError):
                # what these say may hold a part of the file
                raise MonitorTrouble(
                    "private_key_file holds no private key in PEM, without a passphrase,"
                    f" that can sign with {settings.algorithm}",
                    Reason.OAUTH2,
                ) from None

        return sign


def saml_assertion(content: bytes) -> str:
    """An assertion as RFC 7522, 2.1 has it: base64url without padding, on one line. The file holds
    XML, or that in base64 of either alphabet. Raises :class:`MonitorTrouble`.
    """
    text = content.removeprefix(BOM_UTF8).strip()
    if text.startswith(b"<"):
        return urlsafe_b64encode(text).rstrip(b"=").decode()
    joined = b"".join(text.splitlines())
    if not _BASE64.fullmatch(joined):
        raise MonitorTrouble("assertion_file holds neither XML nor base64", Reason.OAUTH2)
    return joined.rstrip(b"=").translate(bytes.maketrans(b"+/", b"-_")).decode()


def _watched(path: Path | None, context: ProbeContext) -> WatchedFile | None:
    return WatchedFile(path, context.clock) if path is not None else None
