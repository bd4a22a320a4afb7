"""Kind ``http``: one request over a new connection, its redirects, and what the answer must be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probes.certificate.rules import accepted_weak, explained
from probes.expect.expectations import Response, expectations
from probes.expect.expected_failure import VERIFICATION, Refusal
from probes.failure import ProbeFailure, client_rejected
from probes.http.credentials import Credentials
from probes.http.redirects import REDIRECTS, redirected
from probes.http.request_defaults import service_request
from probes.http.settings import HttpSettings
from probes.kind import Kind, Probe
from probes.net.captured_response import BODY_KEPT, kept_start
from probes.net.each_address import each_address
from probes.net.hop import ALPN, Hop
from probes.net.http1 import Request, ResponseStream, Serializer, exchange
from probes.net.http_date import parse_http_date
from probes.net.proxy import ProxyTrouble, check_proxy
from probes.net.proxy_address import Proxy
from probes.net.retry_after import TOO_MANY_REQUESTS, SlowDown, parse_retry_after
from probes.net.second_look import look
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route
from probes.net.urls import parsed_url, redact_url
from probes.net.watched_file import WatchedFile
from probes.observation import (
    Certificate,
    HttpFacts,
    Observation,
    Phase,
    Reason,
    TlsFacts,
    clean,
)
from probes.settings import TlsSettings

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

MAX_REDIRECTS = 10
# nginx refuses a client certificate inside TLS, with 400 and one of these in its page
_NGINX_MARKS = (b"No required SSL certificate was sent", b"The SSL certificate error")


def prepare(settings: HttpSettings, timeout: float, context: ProbeContext) -> Probe:
    """A probe of the settings. ``timeout`` is a total over everything, redirects included."""
    return HttpProbe(settings, timeout, context)


class _Way:
    """Where the request under way goes: what breaks is explained by it."""

    __slots__ = ("hop",)

    def __init__(self) -> None:
        self.hop: Hop | None = None


class HttpProbe:
    """Holds everything that does not change from probe to probe, worked out once."""

    def __init__(self, settings: HttpSettings, timeout: float, context: ProbeContext) -> None:
        self._settings = settings
        self._timeout = timeout
        self._context = context
        self._url = parsed_url(settings.url)
        self._tls = settings.tls if self._url.scheme == "https" else None
        host, port = settings.endpoint()
        self._route = Route(host, port, settings.address, settings.ip_version)
        self._expectations = expectations(settings.expect, settings.max_body_bytes)
        self._refusal = Refusal(settings.expect.failure, self._tls)
        asked = service_request(settings)
        self._method = asked.method
        self._headers = asked.headers
        self._proxy = Proxy.of(settings.proxy_url)
        self._credentials = Credentials(settings, timeout, context)
        self._serialized = Serializer(context.user_agent)
        self._weakness: tuple[tuple[Certificate, ...], str | None, str] | None = None
        self._body = asked.body
        self._body_file = (
            WatchedFile(settings.body_file, context.clock) if settings.body_file else None
        )

    async def __call__(self) -> Observation:
        if self._settings.address == "all":
            return await each_address(self._context, self._route, self._timeout, self._probe)
        return await self._probe(self._route, self._timeout)

    async def _probe(self, route: Route, timeout: float) -> Observation:
        trace, way = ProbeTrace(self._context), _Way()
        try:
            async with deadline(trace, timeout):
                await self._exchange(trace, route, way)
        except ProbeFailure as failure:
            failure.detail = self._credentials.blanked(failure.detail)
            self._credentials.blank_answer(trace)
            return await self._explain(trace, way.hop, failure, timeout)
        self._credentials.blank_answer(trace)
        if self._refusal.expected:
            return trace.failed(self._refusal.not_met())
        return trace.observation(trace.spent(), detail=self._weak(trace.tls))

    def _weak(self, facts: TlsFacts | None) -> str:
        """What is to be said of a connection that is good; worked out once a chain."""
        if facts is None:
            return ""
        known = self._weakness
        if known is None or known[0] is not facts.chain or known[1] != facts.cipher:
            known = self._weakness = facts.chain, facts.cipher, accepted_weak(facts)
        return known[2]

    async def _exchange(self, trace: ProbeTrace, route: Route, way: _Way) -> None:
        """The request and its redirects. Raises :class:`ProbeFailure`."""
        headers = await self._credentials.added_to(self._headers, trace)
        body = self._body_file.read() if self._body_file else self._body
        self._credentials.says(body)
        request = Request(
            method=self._method,
            url=self._url,
            headers=headers,
            body=body,
            hop=Hop(trace, route, self._tls, self._proxy),
        )
        redirects = 0
        while (following := await self._request(request, redirects, way)) is not None:
            redirects += 1
            if redirects > MAX_REDIRECTS:
                raise ProbeFailure(Reason.REDIRECTS, f"more than {MAX_REDIRECTS} redirects")
            request = following

    async def _request(self, request: Request, redirects: int, way: _Way) -> Request | None:
        """One request; gives the one that its redirect asks for."""
        trace = request.hop.trace
        way.hop = request.hop
        trace.begin_request()
        answer = await exchange(request, self._serialized(request))
        try:
            begun = trace.end(Phase.PROCESSING, trace.ready_at, trace.first_byte_at)
            self._credentials.answered(request, answer.status)
            check_proxy(request.hop, answer.status)
            # an empty one asks for nothing, as for curl, Go and browsers
            location = next(filter(None, answer.headers.getall("Location", ())), None)
            if (
                self._settings.follow_redirects
                and answer.status in REDIRECTS
                and location is not None
            ):
                trace.http = _facts(answer, request, redirects, None)
                trace.answer = answer.kept(b"", body_cut=True, url=_whom(request, redirects))
                return redirected(request, answer.status, location, self._settings)
            trace.begin(Phase.TRANSFER, begun)
            body, truncated = await self._read(answer, request, redirects)
            trace.end(Phase.TRANSFER, begun, trace.last_byte_at)
            trace.complete()
        finally:
            answer.close()
        await self._judge(answer, request, redirects, body, truncated=truncated)
        return None

    async def _read(
        self, answer: ResponseStream, request: Request, redirects: int
    ) -> tuple[bytes, bool]:
        """The body after decompression, up to the limit, and whether it went on. What is kept of
        it goes into the trace, also of one that breaks off.
        """
        limit, trace = self._settings.max_body_bytes, request.hop.trace
        whom = _whom(request, redirects)
        chunks: list[bytes] = []
        size = 0
        try:
            while chunk := await answer.read():
                size += len(chunk)
                chunks.append(chunk)
                if size > limit:
                    trace.answer = answer.kept(kept_start(chunks), body_cut=True, url=whom)
                    return b"".join(chunks)[:limit], True
        except BaseException as error:  # the deadline, too
            trace.answer = answer.kept(kept_start(chunks), body_cut=True, url=whom)
            if isinstance(error, ProbeFailure):
                trace.http = None
            raise
        body = b"".join(chunks)
        trace.answer = answer.kept(body[:BODY_KEPT], body_cut=size > BODY_KEPT, url=whom)
        return body, False

    async def _judge(
        self,
        answer: ResponseStream,
        request: Request,
        redirects: int,
        body: bytes,
        *,
        truncated: bool,
    ) -> None:
        """Raises :class:`ProbeFailure` for the first expectation that does not hold."""
        trace = request.hop.trace
        facts = _facts(answer, request, redirects, len(body))
        trace.http = facts
        if answer.status == 400 and request.hop.tls and any(mark in body for mark in _NGINX_MARKS):
            raise client_rejected(
                "HTTP 400 inside TLS: the server refused the client certificate",
                has_certificate=request.hop.tls.cert_file is not None,
            )
        encoded = answer.headers.get("Content-Encoding", "identity") != "identity"
        response = Response(
            status=answer.status,
            headers=answer.headers,
            body=body,
            truncated=truncated,
            declared_bytes=None if encoded else facts.content_length,
            at=self._context.clock(),
            charset=answer.charset,
        )
        judge = self._expectations.judge
        if self._expectations.heavy(response):
            shortfall = await self._context.workers.run(lambda stop: judge(response, stop))
        else:
            shortfall = judge(response)
        if shortfall is not None:
            if shortfall.reason is Reason.STATUS and answer.status == TOO_MANY_REQUESTS:
                raise SlowDown(facts.retry_after)
            raise ProbeFailure(shortfall.reason, shortfall.detail, regex=shortfall.regex)

    async def _explain(
        self, trace: ProbeTrace, hop: Hop | None, failure: ProbeFailure, timeout: float
    ) -> Observation:
        """The observation of a failure, after a second look at the server where that tells more:
        the certificates that did not verify, or whether a reset was a refused certificate.
        """
        duration = trace.spent()
        if hop is not None and hop.tls is not None and not isinstance(failure, ProxyTrouble):
            left = timeout - trace.left_out - trace.elapsed()
            failure = await self._second_look(hop, hop.tls, failure, left)
        if failure.regex and trace.http is not None:
            trace.http = replace(trace.http, regex_failed=True)
        if self._refused_as_expected(failure, trace):
            return trace.observation(duration)
        return trace.failed(failure, duration)

    async def _second_look(
        self, hop: Hop, tls: TlsSettings, failure: ProbeFailure, left: float
    ) -> ProbeFailure:
        """The same failure, or a better one; the certificates go into the trace."""
        trace = hop.trace
        unverified = failure.reason in VERIFICATION
        broke = failure.reason in (Reason.RESET, Reason.TLS_HANDSHAKE) and not trace.answered
        if not (unverified or broke):
            return failure
        route = hop.route
        if hop.proxy is None and trace.address:
            route = route.pinned(trace.address)
        again = replace(hop, trace=ProbeTrace(self._context), route=route)
        seen = await look(again, tls, ALPN, left)
        if seen is None:
            return failure
        if unverified:
            trace.tls = seen.facts
            if seen.facts is not None:
                name = tls.server_name or hop.route.host
                return explained(failure, seen.facts, name, trace.at)
        elif seen.shows_client_rejected(failure, handshake_done=trace.tls is not None):
            return client_rejected(
                "the server asked for a client certificate and closed the connection",
                has_certificate=tls.cert_file is not None,
            )
        return failure

    def _refused_as_expected(self, failure: ProbeFailure, trace: ProbeTrace) -> bool:
        # who is asked to come back later, or never got to the target, has not been refused by it
        if isinstance(failure, (SlowDown, ProxyTrouble)):
            return False
        broken_in_tls = not trace.answered and self._tls is not None
        return self._refusal.met_by(failure, broken_in_tls=broken_in_tls)


def _whom(request: Request, redirects: int) -> str | None:
    """Who is asked, when that is another than was asked first."""
    return clean(redact_url(str(request.url))) if redirects else None


def _facts(
    answer: ResponseStream, request: Request, redirects: int, body_bytes: int | None
) -> HttpFacts:
    modified = answer.headers.get("Last-Modified")
    return HttpFacts(
        status=answer.status,
        version="{}.{}".format(*answer.version),
        redirects=redirects,
        content_length=answer.content_length,
        body_bytes=body_bytes,
        last_modified=parse_http_date(modified) if modified is not None else None,
        tls=request.hop.tls is not None,
        retry_after=parse_retry_after(
            answer.headers.get("Retry-After"), request.hop.trace.context.clock()
        ),
    )


KIND = Kind(name="http", settings=HttpSettings, prepare=prepare)
