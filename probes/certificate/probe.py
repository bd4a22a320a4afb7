"""Kind ``certificate``: one TLS handshake, and what the certificates are worth."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from probes.certificate.revocation.check import check_revocation
from probes.certificate.revocation.ocsp_stapling import Stapler
from probes.certificate.rules import explained, judge, unsettled
from probes.certificate.settings import CertificateSettings
from probes.expect.expected_failure import Refusal
from probes.expect.patterns import compile_pattern
from probes.failure import ProbeFailure, client_rejected, from_tls, is_reset, ssl_error_in
from probes.kind import Kind, Probe
from probes.net.each_address import each_address
from probes.net.hop import Hop
from probes.net.second_look import look
from probes.net.starttls import start_tls
from probes.net.tls import verified_ders
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route, connect, over_tls
from probes.observation import Observation, Phase, Reason

if TYPE_CHECKING:
    from probes.net.context import ProbeContext
    from probes.net.tls import TlsContext

REFUSAL_WAIT = 0.5
"""Seconds to listen for a refusal: with TLS 1.3 a client certificate is judged by the server only
after our handshake is done (RFC 8446, 4.4.2), and nothing is sent here that it would answer."""


def prepare(settings: CertificateSettings, timeout: float, context: ProbeContext) -> Probe:
    """A probe of the settings. ``timeout`` is a total, in seconds."""
    return CertificateProbe(settings, timeout, context)


class _Listener(asyncio.Protocol):
    """Sends nothing; knows when the server closes or says something."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[BaseException | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionResetError())

    def _end(self, error: BaseException | None) -> None:
        if not self.ended.done():
            self.ended.set_result(error)


class CertificateProbe:
    """Holds everything that does not change from probe to probe."""

    def __init__(
        self, settings: CertificateSettings, timeout: float, context: ProbeContext
    ) -> None:
        self._settings = settings
        self._timeout = timeout
        self._context = context
        self._route = Route(settings.host, settings.port, settings.address, settings.ip_version)
        self._name = settings.tls.server_name or settings.host
        self._issuer = compile_pattern(settings.issuer_matches) if settings.issuer_matches else None
        self._refusal = Refusal(settings.expect.failure, settings.tls)

    async def __call__(self) -> Observation:
        if self._settings.address == "all":
            return await each_address(self._context, self._route, self._timeout, self._probe)
        return await self._probe(self._route, self._timeout)

    async def _probe(self, route: Route, timeout: float) -> Observation:
        trace = ProbeTrace(self._context)
        try:
            async with deadline(trace, timeout):
                duration, chain = await self._handshake(trace, route)
        except ProbeFailure as failure:
            duration = trace.spent()
            in_tls = trace.stage is Phase.TLS
            broken_in_tls = in_tls and trace.tls is None
            if in_tls:
                left = timeout - trace.elapsed()
                failure = await self._second_look(trace, route, failure, left)
            if self._refusal.met_by(failure, broken_in_tls=broken_in_tls):
                return trace.observation(duration, detail=f"as expected: {failure.detail}")
            return trace.failed(failure, duration)
        await self._ask_for_revocation(trace, route, chain, timeout - trace.elapsed())
        return self._judged(trace, duration)

    async def _second_look(
        self, trace: ProbeTrace, route: Route, failure: ProbeFailure, left: float
    ) -> ProbeFailure:
        """The same failure, or a better one; the certificates go into the trace."""
        pinned = route.pinned(trace.address) if trace.address else route
        again = Hop(ProbeTrace(self._context), pinned, self._settings.tls)
        seen = await look(again, self._settings.tls, (), left, self._prologue)
        if seen is None:
            return failure
        if seen.shows_client_rejected(failure, handshake_done=trace.tls is not None):
            failure = client_rejected(
                "the server asked for a client certificate and closed the connection",
                has_certificate=self._settings.tls.cert_file is not None,
            )
        if trace.tls is None and seen.facts is not None:
            trace.tls = seen.facts
            failure = explained(failure, seen.facts, self._name, trace.at)
        return failure

    async def _prologue(self, connected: socket.socket, trace: ProbeTrace) -> None:
        """What the server's protocol wants to hear before TLS. Raises :class:`ProbeFailure`."""
        await start_tls(connected, self._settings.starttls, trace)

    async def _ask_for_revocation(
        self, trace: ProbeTrace, route: Route, chain: tuple[bytes, ...], left: float
    ) -> None:
        """Adds what is known to the trace, in what is left of the deadline."""
        mode, facts = self._settings.revocation, trace.tls
        if mode == "off" or facts is None:
            return
        pinned = route.pinned(trace.address) if trace.address else route
        server = Stapler(
            route=pinned, name=self._name, tls=self._settings.tls, prologue=self._prologue
        )
        found = await check_revocation(self._context, facts, chain, mode, server, left)
        trace.tls = replace(facts, revocation=found)

    async def _handshake(self, trace: ProbeTrace, route: Route) -> tuple[float, tuple[bytes, ...]]:
        """Seconds until the handshake was done, and the chain that verified, where it is asked for
        (DER). Raises :class:`ProbeFailure`.
        """
        tls_context = self._context.tls.get(self._settings.tls)
        connected = await connect(self._context, route, trace)
        await self._prologue(connected, trace)
        listener = await over_tls(connected, _Listener, tls_context, self._name, trace)
        duration = trace.spent()
        chain = self._chain(listener, tls_context)
        may_be_refused = tls_context.client is not None or self._refusal.expected
        try:
            if may_be_refused and trace.tls and trace.tls.version == "TLSv1.3":
                await self._listen(listener, tls_context)
        finally:
            if listener.transport is not None:
                listener.transport.close()
        return duration, chain

    def _chain(self, listener: _Listener, tls_context: TlsContext) -> tuple[bytes, ...]:
        if self._settings.revocation == "off" or listener.transport is None:
            return ()
        return verified_ders(listener.transport.get_extra_info("ssl_object"), tls_context)

    async def _listen(self, listener: _Listener, tls_context: TlsContext) -> None:
        try:
            async with asyncio.timeout(REFUSAL_WAIT):
                error = await asyncio.shield(listener.ended)
        except TimeoutError:
            return
        if error is None:
            return
        tls_error = ssl_error_in(error)
        if tls_error is not None:
            raise from_tls(tls_error, has_certificate=tls_context.client is not None)
        if is_reset(error):
            raise ProbeFailure(Reason.RESET, "the server closed the connection after the handshake")

    def _judged(self, trace: ProbeTrace, duration: float) -> Observation:
        facts = trace.tls
        if facts is None or facts.leaf is None:
            return trace.failed(
                ProbeFailure(
                    Reason.TLS_HANDSHAKE, "the server sent no certificate that can be read"
                ),
                duration,
            )
        judgement = judge(facts, trace.at, self._settings, self._issuer)
        worst = judgement.worst
        if worst is not None and self._refusal.names(worst.reason):
            if not unsettled(worst):
                return trace.observation(duration, detail=f"as expected: {judgement.detail}")
        elif self._refusal.expected:
            return trace.failed(self._refusal.not_met(f"{facts.version} was accepted"), duration)
        if worst is None:
            return trace.observation(duration, detail=judgement.detail)
        return trace.observation(duration, worst.grade, worst.reason, worst.cause, judgement.detail)


KIND = Kind(
    name="certificate",
    settings=CertificateSettings,
    prepare=prepare,
    interval=300.0,
    degraded_after=1,
    latency=None,
)
