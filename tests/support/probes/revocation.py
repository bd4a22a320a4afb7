"""Asking whether a certificate is revoked: what tests of ``revocation`` share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason, Revocation, RevocationState
from tests.support.probes.asking import ask_certificate
from tests.support.servers.ca import Authority
from tests.support.servers.chains import Chains, Made
from tests.support.servers.http_server import serve_http

SINCE = dt.datetime(2026, 3, 4, 5, 6, 7, tzinfo=dt.UTC)

GOOD, REVOKED, UNKNOWN = RevocationState.GOOD, RevocationState.REVOKED, RevocationState.UNKNOWN

FAILED = (Grade.FAILED, Reason.TLS_REVOKED, Cause.TARGET)

UNESTABLISHED = (Grade.FAILED, Reason.TLS_REVOKED, Cause.DEPENDENCY)


class Asker:
    """Asks a server that holds one certificate, again and again."""

    def __init__(self, context: ProbeContext, authority: Authority, chains: Chains) -> None:
        self._context = context
        self._authority = authority
        self._chains = chains

    async def __call__(
        self,
        *sent: Made,
        context: ProbeContext | None = None,
        ca_file: Path | None = None,
        **more: Any,
    ) -> Observation:
        tls_context = self._authority.server_context(self._chains.pair(*sent))
        tls = {"ca_file": ca_file or self._chains.ca_file, **more.pop("tls", {})}
        async with serve_http(tls=tls_context) as server:
            return await ask_certificate(
                context or self._context, server.host, server.port, tls=tls, **more
            )


def outcome(seen: Observation) -> tuple[Grade, Reason | None, Cause | None]:
    return seen.grade, seen.reason, seen.cause


def found(seen: Observation) -> Revocation:
    """What is known of the only certificate that was asked about."""
    assert seen.tls is not None
    [only] = seen.tls.revocation
    return only


async def doubted(ask: Asker, leaf: Made, **more: Any) -> str:
    """Why it is not known whether ``leaf`` is revoked; that this is no fault unless it must be."""
    required = await ask(leaf, revocation_required=True, **more)
    soft = await ask(leaf, **more)
    assert outcome(required) == UNESTABLISHED
    assert (soft.grade, soft.reason) == (Grade.GOOD, None)
    assert found(soft).state is UNKNOWN
    why = found(soft).detail
    assert soft.detail == f"revocation is unknown: the certificate: {why}"
    assert required.detail == f"revocation could not be established: the certificate: {why}"
    return why
