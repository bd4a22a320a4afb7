"""Says where one request of a probe goes, and what it means when its connection breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.failure import ProbeFailure, from_tls, ssl_error_in
from probes.net.trace import ProbeTrace
from probes.net.transport import Route
from probes.observation import Reason
from probes.settings import TlsSettings

if TYPE_CHECKING:
    from probes.net.proxy_address import Proxy

ALPN = ("http/1.1",)


@dataclass(frozen=True, slots=True)
class Hop:
    """Where one request of a probe goes."""

    trace: ProbeTrace
    route: Route
    tls: TlsSettings | None
    proxy: Proxy | None = None


def broken(error: BaseException, hop: Hop) -> ProbeFailure:
    """What a connection that broke after it was made means."""
    tls_error = ssl_error_in(error)
    if tls_error is not None:
        has_certificate = hop.tls is not None and hop.tls.cert_file is not None
        return from_tls(tls_error, has_certificate=has_certificate)
    if hop.trace.answered:
        return ProbeFailure(Reason.RESET, "the connection was reset within the answer")
    return ProbeFailure(Reason.RESET, "the connection was reset before any answer")


def closed_without_answer(hop: Hop) -> ProbeFailure:
    return ProbeFailure(Reason.RESET, "the connection was closed without an answer")
