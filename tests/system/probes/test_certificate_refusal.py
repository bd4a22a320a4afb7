"""``expect.failure`` of kind ``certificate``: TLS versions and clients that must be refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.probes.asking import ask_certificate, ask_http
from tests.support.servers.ca import Authority
from tests.support.servers.nginx import serve_nginx
from tests.support.servers.openssl import serve_openssl

REFUSED = {"failure": "tls"}
VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
OPENSSL_OLD = ("-cipher", "ALL:@SECLEVEL=0")


async def only(
    context: ProbeContext, authority: Authority, port: int, version: str, **more: Any
) -> Observation:
    """A probe that speaks one version and wants to be refused."""
    tls = {"ca_file": authority.ca_file, "min_version": version, "max_version": version}
    return await ask_certificate(context, "127.0.0.1", port, tls=tls, expect=REFUSED, **more)


@pytest.mark.parametrize(
    ("option", "accepted"), [("-tls1", 0), ("-tls1_1", 1), ("-tls1_2", 2), ("-tls1_3", 3)]
)
async def test_openssl_refuses_every_version_but_its_own(
    context: ProbeContext, authority: Authority, option: str, accepted: int
) -> None:
    """What is offered is ``unexpected_success``, and what is not offered is good."""
    pair = authority.issue(rsa_key=True)
    async with serve_openssl(pair, option, *OPENSSL_OLD) as port:
        for place, version in enumerate(VERSIONS):
            seen = await only(context, authority, port, version)
            if place == accepted:
                assert (seen.grade, seen.reason, seen.cause) == (
                    Grade.FAILED, Reason.UNEXPECTED_SUCCESS, Cause.TARGET,
                )  # fmt: skip
                assert seen.detail == (f"the probe should have failed: tls; {version} was accepted")
                assert seen.tls is not None
                assert seen.tls.version == version
            else:
                assert (seen.grade, seen.reason) == (Grade.GOOD, None), version
                assert seen.detail.startswith("as expected: ")


@pytest.mark.parametrize(
    ("protocols", "refuses"), [("TLSv1.2 TLSv1.3", True), ("TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", False)]
)
async def test_nginx_refuses_old_versions_when_it_is_told_to(
    context: ProbeContext, authority: Authority, tmp_path: Path, protocols: str, refuses: bool
) -> None:
    """One ``max_version`` covers it and all that are older; both kinds agree."""
    pair = authority.issue(rsa_key=True)
    server = f"""
      ssl_certificate {pair.cert_file};
      ssl_certificate_key {pair.key_file};
      ssl_protocols {protocols};
      ssl_ciphers ALL:@SECLEVEL=0;
      location / {{ return 200 "ok"; }}
    """
    tls = {"ca_file": authority.ca_file, "max_version": "TLSv1.1"}
    async with serve_nginx(tmp_path, server, tls=True) as port:
        handshake = await ask_certificate(context, "127.0.0.1", port, tls=tls, expect=REFUSED)
        request = await ask_http(context, f"https://127.0.0.1:{port}/", tls=tls, expect=REFUSED)
        new = await ask_certificate(context, "127.0.0.1", port, tls={"ca_file": authority.ca_file})
    for seen in (handshake, request):
        if refuses:
            assert (seen.grade, seen.reason) == (Grade.GOOD, None)
        else:
            assert (seen.grade, seen.reason) == (Grade.FAILED, Reason.UNEXPECTED_SUCCESS)
    assert new.grade is Grade.GOOD


async def test_an_old_version_that_was_taken_is_not_refused_by_our_distrust(
    context: ProbeContext, authority: Authority
) -> None:
    """The server agreed to TLS 1.1; that its certificate is unknown to us says nothing about that."""
    pair = authority.issue(rsa_key=True)
    tls = {"ca_file": authority.stranger_file, "max_version": "TLSv1.1"}
    async with serve_openssl(pair, "-tls1_1", *OPENSSL_OLD) as port:
        handshake = await ask_certificate(context, "127.0.0.1", port, tls=tls, expect=REFUSED)
        request = await ask_http(context, f"https://127.0.0.1:{port}/", tls=tls, expect=REFUSED)
    assert (handshake.grade, handshake.reason) == (Grade.FAILED, Reason.TLS_UNTRUSTED)
    assert (request.grade, request.reason) == (Grade.FAILED, Reason.TLS_UNTRUSTED)


async def test_a_certificate_that_must_not_be_trusted(
    context: ProbeContext, authority: Authority
) -> None:
    """Without a word on versions, distrust is the refusal that was asked for."""
    async with serve_openssl(authority.valid) as port:
        for ca_file, grade in (
            (authority.stranger_file, Grade.GOOD), (authority.ca_file, Grade.FAILED),
        ):  # fmt: skip
            seen = await ask_certificate(
                context, "127.0.0.1", port, tls={"ca_file": ca_file}, expect=REFUSED
            )
            assert seen.grade is grade


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_a_client_without_a_certificate_must_be_refused(
    context: ProbeContext, authority: Authority, version: str
) -> None:
    """Also with TLS 1.3, where the refusal comes after the handshake."""
    options = ("-Verify", "1", "-verify_return_error", "-CAfile", str(authority.ca_file), version)
    client = authority.client
    with_client = {"cert_file": client.cert_file, "key_file": client.key_file}
    tls = {"ca_file": authority.ca_file}
    async with serve_openssl(authority.valid, *options) as port:
        none = await ask_certificate(context, "127.0.0.1", port, tls=tls, expect=REFUSED)
        ours = await ask_certificate(
            context, "127.0.0.1", port, tls=tls | with_client, expect=REFUSED
        )
    assert (none.grade, none.reason) == (Grade.GOOD, None)
    assert "client certificate" in none.detail
    assert (ours.grade, ours.reason) == (Grade.FAILED, Reason.UNEXPECTED_SUCCESS)


async def test_a_finding_is_no_refusal_unless_it_is_named(
    context: ProbeContext, authority: Authority
) -> None:
    """The server let us in, whatever its key is worth; who asks for ``tls_weak`` asks for just that."""
    async with serve_openssl(authority.valid) as port:

        async def ask(failure: str) -> Observation:
            return await ask_certificate(
                context,
                "127.0.0.1",
                port,
                tls={"ca_file": authority.ca_file},
                min_key_bits={"ec": 521},
                expect={"failure": failure},
            )

        group, named, other = [await ask(word) for word in ("tls", "tls_weak", "tls_issuer")]
    assert group.reason is Reason.UNEXPECTED_SUCCESS
    assert (named.grade, named.reason) == (Grade.GOOD, None)
    assert named.detail == (
        "as expected: the certificate has an ec key of 256 bits, at least 521 expected"
    )
    assert other.reason is Reason.UNEXPECTED_SUCCESS


async def test_a_port_that_must_be_closed(
    context: ProbeContext, closed_port: tuple[str, int], authority: Authority
) -> None:
    seen = await ask_certificate(context, *closed_port, expect={"failure": "connect"})
    assert seen.grade is Grade.GOOD
    other = await ask_certificate(context, *closed_port, expect=REFUSED)
    assert (other.grade, other.reason) == (Grade.FAILED, Reason.CONNECT_REFUSED)


async def test_trouble_of_our_own_is_no_refusal(
    context: ProbeContext, authority: Authority, tmp_path: Path
) -> None:
    """A missing ``ca_file`` asked nobody anything."""
    async with serve_openssl(authority.valid) as port:
        seen = await ask_certificate(
            context, "127.0.0.1", port, tls={"ca_file": tmp_path / "none.pem"}, expect=REFUSED
        )
    assert (seen.grade, seen.cause) == (Grade.FAILED, Cause.MONITOR)
