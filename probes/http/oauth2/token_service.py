"""Fetching an access token: one request to the token service, and what its answer says
(RFC 6749, 5). Redirects are not followed, and nothing is sent twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from probes.expect.json_body import NotAnswered, parse_json
from probes.failure import MonitorTrouble, ProbeFailure
from probes.net.hop import Hop
from probes.net.http1 import Request, ResponseStream, exchange
from probes.net.retry_after import TOO_MANY_REQUESTS, parse_retry_after
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route
from probes.net.urls import parsed_url
from probes.observation import Cause, Reason, clean
from probes.settings import join_host_port

if TYPE_CHECKING:
    from probes.http.oauth2.client import Client
    from probes.http.oauth2.settings import OAuth2Settings
    from probes.net.context import ProbeContext
    from probes.net.proxy_address import Proxy
    from probes.settings import TlsSettings

ANSWER_LIMIT = 65_536
"""Bytes of a token service's answer."""
TOKEN_LIMIT = 16_384
"""Characters of a token: a server would refuse a header that is longer."""
LIFETIME = 300.0
"""Seconds for which a token is used whose service does not say how long it is valid."""
LONGEST = 86_400.0
"""Seconds: a token is not kept for longer than a day."""
LONGEST_PAUSE = 300.0
"""Seconds: a longer ``Retry-After`` is not honoured, for a probe cannot do without its token."""

# what a token service may say of a request; the fault is then ours (RFC 6749, 5.2; RFC 8707, 2)
_OURS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "invalid_target",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An access token, and for how many seconds from now it may be used."""

    token: str = field(repr=False)
    lifetime: float


class TokenFailure(ProbeFailure):
    """No token: the token service's fault, the network's or our own, and never the target's."""

    def __init__(self, detail: str, cause: Cause, pause: float = 0.0) -> None:
        super().__init__(Reason.OAUTH2, detail, cause)
        self.pause = pause
        """Seconds that the service asks us to stay away."""


class TokenService:
    """A token service, and how it is asked."""

    def __init__(
        self,
        settings: OAuth2Settings,
        tls: TlsSettings,
        proxy: Proxy | None,
        client: Client,
        context: ProbeContext,
    ) -> None:
        host, port = settings.endpoint()
        self._url = parsed_url(settings.token_url)
        self._route = Route(host, port)
        self._tls = tls if self._url.scheme == "https" else None
        self._proxy = proxy
        self._client = client
        self._context = context
        self.where = join_host_port(host, port)
        """Its place, for people."""

    async def fetch(self, timeout: float) -> Issued:
        """A new token. ``timeout`` is a total, in seconds. Raises :class:`TokenFailure`."""
        trace = ProbeTrace(self._context)
        try:
            async with deadline(trace, timeout):
                return await self._fetch(trace)
        except TokenFailure:
            raise
        except ProbeFailure as failure:
            raise self._failure(failure.detail, self._whose(failure)) from None

    async def _fetch(self, trace: ProbeTrace) -> Issued:
        trace.errand = _no_request
        asked = await self._client.request()
        trace.errand = None
        hop = Hop(trace, self._route, self._tls, self._proxy)
        request = Request("POST", self._url, asked.headers, asked.body, hop)
        answer = await exchange(request, request.serialized(self._context.user_agent))
        try:
            body = await self._read(answer)
        finally:
            answer.close()
        if not 200 <= answer.status <= 299:
            raise self._refusal(answer, body)
        return self._issued(self._parsed(body))

    async def _read(self, answer: ResponseStream) -> bytes:
        chunks, size = [], 0
        while chunk := await answer.read():
            size += len(chunk)
            if size > ANSWER_LIMIT:
                raise self._failure(f"its answer is larger than {ANSWER_LIMIT} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    def _parsed(self, body: bytes) -> dict[str, Any]:
        try:
            value = parse_json(body).value
        except NotAnswered as error:
            raise self._failure(f"its answer is {error}") from None
        if not isinstance(value, dict):
            raise self._failure("its answer is JSON, but no object")
        return value

    def _issued(self, answer: dict[str, Any]) -> Issued:
        token, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
        if not isinstance(token, str) or not token:
            raise self._failure("its answer holds no access_token")
        if not _TOKEN.fullmatch(token) or len(token) > TOKEN_LIMIT:
            # RFC 6750, 2.1
            raise self._failure("its access_token cannot be sent in a header")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise self._failure(f"its token_type is {clean(kind, 40)}, not Bearer")
        return Issued(token=token, lifetime=_lifetime(answer.get("expires_in")))

    def _refusal(self, answer: ResponseStream, body: bytes) -> TokenFailure:
        code = _error_code(body)
        said = f"HTTP {answer.status}" + (f" {code}" if code else "")
        asked = parse_retry_after(answer.headers.get("Retry-After"), self._context.clock())
        pause = min(asked or 0.0, LONGEST_PAUSE)
        if answer.status == TOO_MANY_REQUESTS:
            said = f"it asks us to slow down ({said})"
        ours = (
            answer.status in (401, TOO_MANY_REQUESTS)
            or (answer.status == 400 and code in _OURS)
            or (self._proxy is not None and self._tls is None and answer.status == 407)
        )
        return self._failure(said, Cause.MONITOR if ours else Cause.DEPENDENCY, pause)

    def _whose(self, failure: ProbeFailure) -> Cause:
        if failure.cause is Cause.MONITOR:
            return Cause.MONITOR
        if failure.cause is Cause.NETWORK and self._proxy is not None:
            return Cause.NETWORK
        return Cause.DEPENDENCY

    def _failure(
        self, said: str, cause: Cause = Cause.DEPENDENCY, pause: float = 0.0
    ) -> TokenFailure:
        return TokenFailure(f"the token service {self.where}: {said}", cause, pause)


def _no_request(within: str, _failure: ProbeFailure) -> ProbeFailure:
    return MonitorTrouble(f"the request was not ready {within}")


def _error_code(body: bytes) -> str:
    """The ``error`` of an answer, where it is one: nothing else that is said there is shown, for
    it may say our secret back.
    """
    try:
        value = parse_json(body).value
    except NotAnswered:
        return ""
    code = value.get("error") if isinstance(value, dict) else None
    return code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""


def _lifetime(expires_in: object) -> float:
    """Seconds; some services write the number as text."""
    if isinstance(expires_in, str) and re.fullmatch(r"[0-9]{1,12}", expires_in, re.ASCII):
        expires_in = int(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float)):
        return LIFETIME
    return min(max(float(expires_in), 0.0), LONGEST)
