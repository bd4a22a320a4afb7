"""Kind ``certificate``: one TLS handshake, and what the certificates are worth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

from probes.addresses import each_address
from probes.attempt import Attempt, deadline
from probes.certificate_settings import CertificateSettings, Margin
from probes.failure import ProbeFailure, client_rejected, from_tls, is_reset, ssl_error_in
from probes.observation import Cause, Certificate, Grade, Observation, Phase, Reason
from probes.patterns import compile_pattern
from probes.transport import Route, connect, look, over_tls

if TYPE_CHECKING:
    from probes.kinds import Probe
    from probes.tls import Context
    from probes.tools import Tools

REFUSAL_WAIT = 0.5
"""Seconds to listen for a refusal: with TLS 1.3 a client certificate is judged by the server only
after our handshake is done (RFC 8446, 4.4.2), and nothing is sent here that it would answer."""
DAY = 86_400.0


def prepare(settings: CertificateSettings, timeout: float, tools: Tools) -> Probe:
    """A probe of the settings. ``timeout`` is a total, in seconds."""
    return CertificateProbe(settings, timeout, tools)


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
    """Everything that does not change from probe to probe."""

    def __init__(self, settings: CertificateSettings, timeout: float, tools: Tools) -> None:
        self._settings = settings
        self._timeout = timeout
        self._tools = tools
        self._route = Route(settings.host, settings.port, settings.address, settings.ip_version)
        self._name = settings.tls.server_name or settings.host
        self._issuer = compile_pattern(settings.issuer_matches) if settings.issuer_matches else None

    async def __call__(self) -> Observation:
        if self._settings.address == "all":
            return await each_address(self._tools, self._route, self._timeout, self._probe)
        return await self._probe(self._route, self._timeout)

    async def _probe(self, route: Route, timeout: float) -> Observation:
        attempt = Attempt(self._tools)
        try:
            async with deadline(attempt, timeout):
                duration = await self._handshake(attempt, route)
        except ProbeFailure as failure:
            duration = attempt.elapsed()
            if attempt.stage is Phase.TLS:
                failure = await self._second_look(attempt, route, failure, timeout - duration)
            return attempt.failed(failure, duration)
        return self._judged(attempt, duration)

    async def _second_look(
        self, attempt: Attempt, route: Route, failure: ProbeFailure, left: float
    ) -> ProbeFailure:
        """The same failure, or a better one; the certificates go into the notebook."""
        pinned = route.pinned(attempt.address) if attempt.address else route
        seen = await look(self._tools, pinned, self._settings.tls, (), left)
        if seen is None:
            return failure
        if seen.shows_client_rejected(failure, handshake_done=attempt.tls is not None):
            failure = client_rejected(
                "the server asked for a client certificate and closed the connection",
                has_certificate=self._settings.tls.cert_file is not None,
            )
        attempt.tls = attempt.tls or seen.facts
        return failure

    async def _handshake(self, attempt: Attempt, route: Route) -> float:
        """Seconds until the handshake was done. Raises :class:`ProbeFailure`."""
        context = self._tools.tls.get(self._settings.tls)
        connected = await connect(self._tools, route, attempt)
        listener = await over_tls(connected, _Listener, context, self._name, attempt)
        duration = attempt.elapsed()
        try:
            if context.client is not None and attempt.tls and attempt.tls.version == "TLSv1.3":
                await self._listen(listener, context)
        finally:
            if listener.transport is not None:
                listener.transport.close()
        return duration

    async def _listen(self, listener: _Listener, context: Context) -> None:
        try:
            async with asyncio.timeout(REFUSAL_WAIT):
                error = await asyncio.shield(listener.ended)
        except TimeoutError:
            return
        if error is None:
            return
        tls_error = ssl_error_in(error)
        if tls_error is not None:
            raise from_tls(tls_error, has_certificate=context.client is not None)
        if is_reset(error):
            raise ProbeFailure(Reason.RESET, "the server closed the connection after the handshake")

    def _judged(self, attempt: Attempt, duration: float) -> Observation:
        facts = attempt.tls
        leaf = facts.leaf if facts is not None else None
        if facts is None or leaf is None:
            return attempt.failed(
                ProbeFailure(
                    Reason.TLS_HANDSHAKE, "the server sent no certificate that can be read"
                ),
                duration,
            )
        failure = self._weak(leaf) or self._wrong_issuer(leaf)
        if failure is not None:
            return attempt.failed(failure, duration)
        findings = [
            _margin(
                facts.verified_not_after or leaf.not_after,
                leaf,
                attempt.at,
                self._settings.expires_within,
                Cause.TARGET,
                "the certificate",
            ),
        ]
        if facts.client is not None:
            findings.append(
                _margin(
                    facts.client.not_after,
                    facts.client,
                    attempt.at,
                    self._settings.client_expires_within,
                    Cause.DEPENDENCY,
                    "our own client certificate",
                )
            )
        for grade in (Grade.FAILED, Grade.DEGRADED):
            for found in findings:
                if found is not None and found[0] is grade:
                    return attempt.observation(duration, grade, Reason.EXPIRY, found[1], found[2])
        return attempt.observation(duration)

    def _weak(self, leaf: Certificate) -> ProbeFailure | None:
        least = {"rsa": self._settings.min_key_bits.rsa, "ec": self._settings.min_key_bits.ec}
        wanted = least.get(leaf.key_type)
        if wanted is None or leaf.key_bits is None or leaf.key_bits >= wanted:
            return None
        return ProbeFailure(
            Reason.TLS_WEAK,
            f"{leaf.key_type} key of {leaf.key_bits} bits, at least {wanted} expected",
        )

    def _wrong_issuer(self, leaf: Certificate) -> ProbeFailure | None:
        if self._issuer is None or self._issuer.search(leaf.issuer):
            return None
        return ProbeFailure(
            Reason.TLS_ISSUER,
            f"issued by {leaf.issuer}, expected a match of {self._settings.issuer_matches}",
        )


def _margin(
    not_after: float,
    certificate: Certificate,
    now: float,
    margin: Margin | Literal["auto"],
    cause: Cause,
    whose: str,
) -> tuple[Grade, Cause, str] | None:
    """What the time that is left is worth: failed inside red, degraded inside yellow."""
    yellow, red = margins(margin, certificate)
    left = not_after - now
    if left >= yellow:
        return None
    # with the time left cut, not rounded: "in 1 days" is never optimistic
    detail = f"{whose} ends in {max(int(left / DAY), 0)} days"
    return (Grade.FAILED if left < red else Grade.DEGRADED), cause, detail


def margins(margin: Margin | Literal["auto"], certificate: Certificate) -> tuple[float, float]:
    """Seconds before the end that are yellow and red; ``auto`` follows short lifetimes: the lesser
    of the defaults and a third, a tenth, of the lifetime (contract, section 3).
    """
    if margin != "auto":
        return margin.yellow, margin.red
    lifetime = certificate.not_after - certificate.not_before
    default = Margin()
    return min(default.yellow, lifetime / 3), min(default.red, lifetime / 10)
