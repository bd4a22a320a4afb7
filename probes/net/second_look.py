"""Makes a second handshake, which only reads what the first one, which failed, did not get to see."""

from __future__ import annotations

import asyncio

from probes.failure import ProbeFailure
from probes.net.hop import Hop
from probes.net.proxy import dial
from probes.net.tls import LookingContext
from probes.net.tls_stream import TlsStream
from probes.net.transport import Prologue
from probes.observation import Reason, TlsFacts
from probes.settings import TlsSettings


class Look:
    """Result of a handshake that verifies nothing; it has no facts when it was not finished."""

    __slots__ = ("certificate_requested", "facts")

    def __init__(self, facts: TlsFacts | None, *, certificate_requested: bool) -> None:
        self.facts = facts
        self.certificate_requested = certificate_requested

    def shows_client_rejected(self, failure: ProbeFailure, *, handshake_done: bool) -> bool:
        """Whether a connection that broke without a clear word was a refused certificate of ours.

        With TLS 1.2 the server judges within the handshake, so that this one breaks as well.
        """
        broke = failure.reason is Reason.RESET or (
            failure.reason is Reason.TLS_HANDSHAKE and "handshake failure" in failure.detail
        )
        return broke and self.certificate_requested and (handshake_done or self.facts is None)


async def look(
    hop: Hop,
    settings: TlsSettings,
    alpn: tuple[str, ...],
    timeout: float,
    prologue: Prologue | None = None,
) -> Look | None:
    """Reads the chain of a server that did not verify, and whether it asks for a client certificate,
    through the proxy where there is one and never around it. Gives ``None`` when the server shows
    neither within ``timeout`` seconds. ``prologue`` is spoken before TLS.
    """
    if timeout <= 0:
        return None
    context = hop.trace.context
    looking: LookingContext | None = None
    try:
        async with asyncio.timeout(timeout):
            looking = LookingContext(settings, alpn)
            connected = await dial(hop)
            if prologue is not None:
                await prologue(connected, hop.trace)
            name = settings.server_name or hop.route.host
            stream = TlsStream(asyncio.Protocol, looking.context.ssl, name, context.timer)
            await stream.connect(connected)
    except (OSError, ProbeFailure):  # TimeoutError is an OSError
        asked = looking is not None and looking.client_certificate_requested
        return Look(None, certificate_requested=True) if asked else None
    try:
        facts = context.tls.facts(looking.context, stream.get_extra_info("ssl_object"))
    finally:
        stream.abort()
    return Look(facts, certificate_requested=looking.client_certificate_requested)
