"""TLS over kind ``http``: every reason from a real handshake, and what is learned all the same."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.probes.asking import ask_http, lasted
from tests.support.servers.ca import Authority, Pair
from tests.support.servers.http_server import serve_http
from tests.support.servers.nginx import serve_nginx
from tests.support.servers.openssl import serve_openssl
from tests.support.servers.raw_server import close_at_once, serve_raw, silence


async def visit(
    context: ProbeContext, authority: Authority, pair: Pair, host: str = "localhost", **tls: Any
) -> Observation:
    """A probe of a server that holds ``pair``."""
    async with serve_http(tls=authority.server_context(pair)) as server:
        server.answer()
        return await ask_http(
            context,
            server.url(host=host),
            address="127.0.0.1",
            tls={"ca_file": authority.ca_file, **tls},
        )


@pytest.mark.parametrize(
    ("pick", "reason"),
    [
        (lambda ca: ca.expired, Reason.TLS_EXPIRED),
        (lambda ca: ca.not_yet_valid, Reason.TLS_NOT_YET_VALID),
        (lambda ca: ca.misnamed, Reason.TLS_HOSTNAME),
        (lambda ca: ca.untrusted, Reason.TLS_UNTRUSTED),
    ],
)
async def test_a_certificate_that_does_not_verify_is_named_and_still_read(
    context: ProbeContext, authority: Authority, pick: Callable[[Authority], Pair], reason: Reason
) -> None:
    """Its dates, names and fingerprint are there, above all when it is bad."""
    pair = pick(authority)
    seen = await visit(context, authority, pair)
    assert (seen.grade, seen.reason, seen.cause) == (Grade.FAILED, reason, Cause.TARGET)
    assert seen.tls is not None
    assert seen.tls.verified is False
    assert seen.tls.verified_not_after is None
    leaf = seen.tls.leaf
    assert leaf is not None
    assert leaf.sha256 == pair.sha256
    assert leaf.not_after == pair.leaf.not_valid_after_utc.timestamp()
    assert leaf.not_before == pair.leaf.not_valid_before_utc.timestamp()
    assert leaf.names


async def test_a_good_certificate_tells_all_there_is(
    context: ProbeContext, authority: Authority
) -> None:
    """Version, cipher, chain and the end of what verified."""
    seen = await visit(context, authority, authority.valid)
    assert seen.grade is Grade.GOOD
    assert seen.tls is not None
    assert (seen.tls.version, seen.tls.verified) == ("TLSv1.3", True)
    assert seen.tls.cipher
    assert seen.tls.leaf is not None
    assert seen.tls.leaf.sha256 == authority.valid.sha256
    assert seen.tls.verified_not_after == seen.tls.leaf.not_after
    assert seen.http is not None
    assert seen.http.tls is True


async def test_not_verifying_is_a_choice(context: ProbeContext, authority: Authority) -> None:
    """``insecure_skip_verify`` takes any certificate and says that it did not verify."""
    seen = await visit(context, authority, authority.expired, insecure_skip_verify=True)
    assert seen.grade is Grade.GOOD
    assert seen.tls is not None
    assert seen.tls.verified is False
    assert seen.tls.leaf is not None
    assert seen.tls.leaf.sha256 == authority.expired.sha256


async def test_the_server_name_is_what_is_verified(
    context: ProbeContext, authority: Authority
) -> None:
    """``server_name`` stands for the host, in SNI and in the verification."""
    pair = authority.issue("inner.test")
    assert (await visit(context, authority, pair)).reason is Reason.TLS_HOSTNAME
    seen = await visit(context, authority, pair, server_name="inner.test")
    assert seen.grade is Grade.GOOD


async def test_no_version_in_common(context: ProbeContext, authority: Authority) -> None:
    """A server of TLS 1.2 and a check that wants 1.3."""
    async with serve_openssl(authority.valid, "-tls1_2") as port:
        seen = await ask_http(
            context,
            f"https://127.0.0.1:{port}/",
            tls={"ca_file": authority.ca_file, "min_version": "TLSv1.3"},
        )
    assert (seen.reason, seen.cause) == (Reason.TLS_VERSION, Cause.TARGET)


@pytest.mark.parametrize(("option", "version"), [("-tls1", "TLSv1"), ("-tls1_1", "TLSv1.1")])
async def test_an_old_server_is_refused_unless_asked_for(
    context: ProbeContext, authority: Authority, option: str, version: str
) -> None:
    """TLS 1.0 and 1.1 fail by default, and can be spoken where a check says so."""
    pair = authority.issue(rsa_key=True)
    async with serve_openssl(pair, option, "-cipher", "ALL:@SECLEVEL=0") as port:
        url = f"https://127.0.0.1:{port}/"
        seen = await ask_http(context, url, tls={"ca_file": authority.ca_file})
        assert (seen.reason, seen.cause) == (Reason.TLS_VERSION, Cause.TARGET)
        old = await ask_http(
            context, url, tls={"ca_file": authority.ca_file, "max_version": version}
        )
        assert (old.grade, old.reason) == (Grade.GOOD, None)
        assert old.tls is not None
        assert old.tls.version == version


async def test_an_answer_in_plain_text_is_no_tls(context: ProbeContext) -> None:
    """A server that speaks first, and not TLS."""

    async def greet(_reader: Any, writer: Any) -> None:
        writer.write(b"220 mail.example.se ESMTP\r\n")
        await writer.drain()
        await silence(_reader, writer)

    async with serve_raw(greet) as server:
        seen = await ask_http(context, f"https://127.0.0.1:{server.port}/")
    assert (seen.reason, seen.cause) == (Reason.TLS_HANDSHAKE, Cause.TARGET)
    assert "does not speak TLS" in seen.detail


async def test_a_handshake_that_hangs_is_a_timeout(context: ProbeContext) -> None:
    """The deadline covers the handshake."""
    async with serve_raw(silence) as server:
        seen = await ask_http(context, f"https://127.0.0.1:{server.port}/", timeout=0.8)
    assert (seen.reason, seen.detail) == (
        Reason.TIMEOUT,
        "the TLS handshake did not end within 0.8 s: what we sent arrived, and nothing came",
    )
    assert lasted(seen.duration, 0.8)


async def test_a_handshake_that_is_closed_is_a_reset(context: ProbeContext) -> None:
    """The server goes away before its hello."""
    async with serve_raw(close_at_once) as server:
        seen = await ask_http(context, f"https://127.0.0.1:{server.port}/")
    assert (seen.reason, seen.cause) == (Reason.RESET, Cause.TARGET)


def with_client(authority: Authority, pair: Pair | None) -> dict[str, Path]:
    settings = {"ca_file": authority.ca_file}
    if pair is not None:
        settings |= {"cert_file": pair.cert_file, "key_file": pair.key_file}
    return settings


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_openssl_refuses_a_client_certificate_with_an_alert(
    context: ProbeContext, authority: Authority, version: str
) -> None:
    """The alert of ``s_server -Verify``: with none it is our lack, with a wrong one their no."""
    options = ("-Verify", "1", "-verify_return_error", "-CAfile", str(authority.ca_file), version)
    async with serve_openssl(authority.valid, *options) as port:
        url = f"https://127.0.0.1:{port}/"
        none = await ask_http(context, url, tls=with_client(authority, None))
        wrong = await ask_http(context, url, tls=with_client(authority, authority.stranger_client))
        good = await ask_http(context, url, tls=with_client(authority, authority.client))
    assert (none.reason, none.cause) == (Reason.TLS_CLIENT_REJECTED, Cause.MONITOR)
    assert "no cert_file is configured" in none.detail
    assert (wrong.reason, wrong.cause) == (Reason.TLS_CLIENT_REJECTED, Cause.TARGET)
    assert (good.grade, good.reason) == (Grade.GOOD, None)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_may_refuse_a_client_certificate_by_a_reset(
    context: ProbeContext, authority: Authority, version: ssl.TLSVersion
) -> None:
    """Python's own server closes without a word that arrives."""
    tls_context = authority.server_context(authority.valid, asks_client=True)
    tls_context.maximum_version = version
    async with serve_http(tls=tls_context) as server:
        server.answer()
        none = await ask_http(context, server.url(), tls=with_client(authority, None))
        wrong = await ask_http(
            context, server.url(), tls=with_client(authority, authority.stranger_client)
        )
        good = await ask_http(context, server.url(), tls=with_client(authority, authority.client))
    assert (none.reason, none.cause) == (Reason.TLS_CLIENT_REJECTED, Cause.MONITOR)
    assert (wrong.reason, wrong.cause) == (Reason.TLS_CLIENT_REJECTED, Cause.TARGET)
    assert good.grade is Grade.GOOD
    assert good.tls is not None
    assert good.tls.client is not None
    assert good.tls.client.sha256 == authority.client.sha256


async def test_nginx_refuses_a_client_certificate_inside_tls(
    context: ProbeContext, authority: Authority, tmp_path: Path
) -> None:
    """HTTP 400 with nginx's own words, whatever status the check expects."""
    pair = authority.valid
    server = f"""
      ssl_certificate {pair.cert_file};
      ssl_certificate_key {pair.key_file};
      ssl_client_certificate {authority.ca_file};
      ssl_verify_client on;
      location / {{ return 200 "ok"; }}
    """
    async with serve_nginx(tmp_path, server, tls=True) as port:
        url = f"https://127.0.0.1:{port}/"
        none = await ask_http(context, url, tls=with_client(authority, None))
        wrong = await ask_http(context, url, tls=with_client(authority, authority.stranger_client))
        good = await ask_http(context, url, tls=with_client(authority, authority.client))
    assert (none.reason, none.cause) == (Reason.TLS_CLIENT_REJECTED, Cause.MONITOR)
    assert (wrong.reason, wrong.cause) == (Reason.TLS_CLIENT_REJECTED, Cause.TARGET)
    assert good.grade is Grade.GOOD


async def test_our_expired_client_certificate_is_ours(
    context: ProbeContext, authority: Authority
) -> None:
    """No connection is made with it: the target cannot be judged."""
    async with serve_http(
        tls=authority.server_context(authority.valid, asks_client=True)
    ) as server:
        seen = await ask_http(
            context, server.url(), tls=with_client(authority, authority.expired_client)
        )
        assert server.arrivals == []
    assert (seen.reason, seen.cause) == (Reason.TLS_CLIENT_EXPIRED, Cause.MONITOR)


@pytest.mark.parametrize("key", ["ca_file", "cert_file"])
@pytest.mark.parametrize("content", [None, b"", b"not PEM"])
async def test_our_missing_or_broken_files_are_ours(
    context: ProbeContext, authority: Authority, tmp_path: Path, key: str, content: bytes | None
) -> None:
    """A file of the configuration that cannot be used says nothing of the target."""
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_bytes(content)
    async with serve_http(tls=authority.server_context(authority.valid)) as server:
        seen = await ask_http(context, server.url(), tls={"ca_file": authority.ca_file, key: path})
    assert seen.cause is Cause.MONITOR
    assert "file.pem" in seen.detail


@pytest.mark.parametrize("pick", ["expired", "untrusted", "misnamed"])
async def test_a_refusal_by_tls_can_be_expected(
    context: ProbeContext, authority: Authority, pick: str
) -> None:
    """``expect.failure: tls`` is good when the certificate does not verify."""
    async with serve_http(tls=authority.server_context(getattr(authority, pick))) as server:
        server.answer()
        seen = await ask_http(
            context,
            server.url(host="localhost"),
            tls={"ca_file": authority.ca_file},
            expect={"failure": "tls"},
        )
    assert (seen.grade, seen.reason) == (Grade.GOOD, None)


async def test_a_client_that_must_be_refused(context: ProbeContext, authority: Authority) -> None:
    """The negative test of mutual TLS: without a certificate no entry."""
    async with serve_http(
        tls=authority.server_context(authority.valid, asks_client=True)
    ) as server:
        server.answer()
        refused = await ask_http(
            context, server.url(), tls=with_client(authority, None), expect={"failure": "tls"}
        )
        let_in = await ask_http(
            context,
            server.url(),
            tls=with_client(authority, authority.client),
            expect={"failure": "tls"},
        )
    assert (refused.grade, refused.reason) == (Grade.GOOD, None)
    assert let_in.reason is Reason.UNEXPECTED_SUCCESS
