"""Kind ``certificate`` against real handshakes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.probes.asking import ask_certificate, lasted
from tests.support.servers.ca import Authority, Pair, now
from tests.support.servers.http_server import serve_http
from tests.support.servers.openssl import serve_openssl
from tests.support.servers.raw_server import serve_raw, silence

DAY = dt.timedelta(days=1)


async def look(
    context: ProbeContext,
    authority: Authority,
    pair: Pair,
    tls: dict[str, Any] | None = None,
    **more: Any,
) -> Observation:
    """A probe of a server that holds ``pair``."""
    async with serve_http(tls=authority.server_context(pair)) as server:
        return await ask_certificate(
            context,
            "localhost",
            server.port,
            address="127.0.0.1",
            tls={"ca_file": authority.ca_file, **(tls or {})},
            **more,
        )


@pytest.mark.parametrize(
    ("days", "grade"), [(60, Grade.GOOD), (20, Grade.DEGRADED), (3, Grade.FAILED)]
)
async def test_the_time_that_is_left_is_graded(
    context: ProbeContext, authority: Authority, days: int, grade: Grade
) -> None:
    """Degraded inside the yellow margin, failed inside the red one."""
    pair = authority.issue(not_before=now() - 400 * DAY, not_after=now() + days * DAY)
    seen = await look(context, authority, pair)
    assert seen.grade is grade
    if grade is Grade.GOOD:
        assert seen.reason is None
    else:
        assert (seen.reason, seen.cause) == (Reason.EXPIRY, Cause.TARGET)
        assert f"in {days - 1} days" in seen.detail


async def test_short_lives_have_short_margins(context: ProbeContext, authority: Authority) -> None:
    """``auto``: a third and a tenth of a certificate's life, when that is less."""
    pair = authority.issue(not_before=now() - 2 * DAY, not_after=now() + 4 * DAY)
    assert (await look(context, authority, pair)).grade is Grade.FAILED
    assert (await look(context, authority, pair, expires_within="auto")).grade is Grade.GOOD
    old = authority.issue(not_before=now() - 5 * DAY, not_after=now() + 1 * DAY)
    assert (await look(context, authority, old, expires_within="auto")).grade is Grade.DEGRADED


@pytest.mark.parametrize(
    ("pick", "reason"),
    [
        (lambda ca: ca.expired, Reason.TLS_EXPIRED),
        (lambda ca: ca.not_yet_valid, Reason.TLS_NOT_YET_VALID),
        (lambda ca: ca.misnamed, Reason.TLS_HOSTNAME),
        (lambda ca: ca.untrusted, Reason.TLS_UNTRUSTED),
        (lambda ca: ca.weak, Reason.TLS_WEAK),
    ],
)
async def test_a_bad_certificate_is_named_and_still_read(
    context: ProbeContext, authority: Authority, pick: Callable[[Authority], Pair], reason: Reason
) -> None:
    """Dates, names and fingerprint come from a second look."""
    pair = pick(authority)
    seen = await look(context, authority, pair)
    assert (seen.grade, seen.reason, seen.cause) == (Grade.FAILED, reason, Cause.TARGET)
    assert seen.tls is not None
    assert seen.tls.leaf is not None
    assert seen.tls.leaf.sha256 == pair.sha256
    assert seen.tls.leaf.names
    assert seen.tls.earliest_not_after == pair.leaf.not_valid_after_utc.timestamp()


async def test_keys_may_be_required_to_be_long(context: ProbeContext, authority: Authority) -> None:
    """``min_key_bits`` is the check's own demand, beyond what TLS refuses."""
    short = await look(
        context, authority, authority.issue(rsa_key=True), min_key_bits={"rsa": 3072}
    )
    assert (short.reason, short.detail) == (
        Reason.TLS_WEAK,
        "the certificate has an rsa key of 2048 bits, at least 3072 expected",
    )
    curve = await look(context, authority, authority.valid, min_key_bits={"ec": 384})
    assert curve.reason is Reason.TLS_WEAK


async def test_a_weak_key_is_told_without_verification_too(
    context: ProbeContext, authority: Authority
) -> None:
    """A key of 1,024 bits is weak also where nothing is verified."""
    seen = await look(context, authority, authority.weak, tls={"insecure_skip_verify": True})
    assert seen.reason is Reason.TLS_WEAK


async def test_the_issuer_may_be_required(context: ProbeContext, authority: Authority) -> None:
    """Another issuer than expected is ``tls_issuer``, with its name."""
    good = await look(context, authority, authority.valid, issuer_matches="Testing CA")
    assert good.grade is Grade.GOOD
    wrong = await look(context, authority, authority.valid, issuer_matches="SITHS e-id")
    assert (wrong.reason, wrong.cause) == (Reason.TLS_ISSUER, Cause.TARGET)
    assert "Testing CA" in wrong.detail


async def test_our_own_certificates_end_is_watched(
    context: ProbeContext, authority: Authority
) -> None:
    """``client_expires_within``: the client certificate of the check, not the server's."""
    client = authority.issue("client.test", not_after=now() + 20 * DAY)
    seen = await look(
        context,
        authority,
        authority.valid,
        tls={"cert_file": client.cert_file, "key_file": client.key_file},
    )
    assert (seen.grade, seen.reason, seen.cause) == (
        Grade.DEGRADED,
        Reason.EXPIRY,
        Cause.DEPENDENCY,
    )
    assert "client certificate" in seen.detail
    assert seen.tls is not None
    assert seen.tls.client is not None
    assert seen.tls.client.sha256 == client.sha256


async def test_our_expired_certificate_is_ours(context: ProbeContext, authority: Authority) -> None:
    """With it nothing can be measured."""
    client = authority.expired_client
    seen = await look(
        context,
        authority,
        authority.valid,
        tls={"cert_file": client.cert_file, "key_file": client.key_file},
    )
    assert (seen.reason, seen.cause) == (Reason.TLS_CLIENT_EXPIRED, Cause.MONITOR)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_a_refused_client_certificate_is_heard_of(
    context: ProbeContext, authority: Authority, version: str
) -> None:
    """Also with TLS 1.3, where the server judges after our handshake is done."""
    options = ("-Verify", "1", "-verify_return_error", "-CAfile", str(authority.ca_file), version)
    client = authority.stranger_client
    async with serve_openssl(authority.valid, *options) as port:
        seen = await ask_certificate(
            context,
            "127.0.0.1",
            port,
            tls={
                "ca_file": authority.ca_file,
                "cert_file": client.cert_file,
                "key_file": client.key_file,
            },
        )
    assert (seen.reason, seen.cause) == (Reason.TLS_CLIENT_REJECTED, Cause.TARGET)


async def test_a_refused_port_and_a_silent_one(
    context: ProbeContext, authority: Authority, closed_port: tuple[str, int]
) -> None:
    """What is before TLS keeps its own reasons."""
    refused = await ask_certificate(context, *closed_port)
    assert refused.reason is Reason.CONNECT_REFUSED
    async with serve_raw(silence) as server:
        silent = await ask_certificate(context, "127.0.0.1", server.port, timeout=0.8)
    assert silent.reason is Reason.TIMEOUT
    assert lasted(silent.duration, 0.8)
