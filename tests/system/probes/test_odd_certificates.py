"""Servers whose certificates OpenSSL verifies and a strict reader refuses: they are judged by what they hold."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import ask_certificate, ask_http
from tests.support.servers.ca import DAY, Authority, now
from tests.support.servers.chains import Chains
from tests.support.servers.http_server import HttpServer, serve_http
from tests.support.servers.odd_certificates import REFUSED, pair, resigned
from tests.support.servers.revocation_server import LIST, RESPONDER, Office, asks_at, listed_at


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Chains:
    return Chains(tmp_path_factory.mktemp("odd"))


@pytest.mark.parametrize("name", REFUSED)
async def test_its_own_end_is_the_end_of_a_servers_certificate(
    context: ProbeContext, authority: Authority, chains: Chains, tmp_path: Path, name: str
) -> None:
    """Two days are too few, whether its intermediates come along or not; the service is good meanwhile."""
    tls = {"ca_file": chains.file(chains.root, chains.function)}
    leaf = chains.issue(not_after=now() + 2 * DAY)
    der = resigned(leaf, chains.function, REFUSED[name])
    for others in ((chains.function, chains.policy), ()):
        tls_context = authority.server_context(pair(tmp_path, der, leaf, *others))
        async with serve_http(tls=tls_context) as server:
            server.answer()
            seen = await ask_certificate(
                context, "localhost", server.port, address="127.0.0.1", tls=tls
            )
            visit = await ask_http(
                context, server.url(host="localhost"), address="127.0.0.1", tls=tls
            )
        assert (seen.reason, seen.cause) == (Reason.EXPIRY, Cause.TARGET), seen.detail
        assert seen.detail.startswith("the certificate ends in 1 days")
        for one in (seen, visit):
            assert one.tls is not None
            assert one.tls.leaf is not None
            ends = leaf.certificate.not_valid_after_utc.timestamp()
            assert one.tls.leaf.not_after == one.tls.earliest_not_after == ends
            assert one.tls.verified_not_after == ends
            assert len(one.tls.chain) == 1 + len(others)
        assert visit.grade is Grade.GOOD, visit.detail


async def test_a_name_is_told_beside_one_that_cannot_be_read(
    context: ProbeContext, authority: Authority, chains: Chains, tmp_path: Path
) -> None:
    """A wrong host hears whose the certificate is."""
    leaf = chains.issue(chains.root)
    der = resigned(leaf, chains.root, REFUSED["an ediPartyName"])
    async with serve_http(tls=authority.server_context(pair(tmp_path, der, leaf))) as server:
        seen = await ask_certificate(
            context,
            "other.example.se",
            server.port,
            address="127.0.0.1",
            tls={"ca_file": chains.ca_file},
        )
    assert seen.reason is Reason.TLS_HOSTNAME
    assert seen.detail == "the certificate is not for other.example.se: it is for localhost"


@pytest.mark.parametrize("how", ["ocsp", "crl"])
@pytest.mark.parametrize("name", ["a star in a PrintableString", "an ediPartyName", "TRUE as 1"])
async def test_a_revoked_one_is_found_out(
    context: ProbeContext,
    authority: Authority,
    chains: Chains,
    http_server: HttpServer,
    tmp_path: Path,
    how: str,
    name: str,
) -> None:
    """Where its authority answers is read beside what cannot be read."""
    office = Office(http_server, chains.root)
    where = (asks_at(http_server.url(RESPONDER)), listed_at(http_server.url(LIST)))
    leaf = chains.issue(chains.root, extensions=where)
    office.revoked[leaf.certificate.serial_number] = (
        dt.datetime(2026, 3, 4, tzinfo=dt.UTC),
        None,
    )
    office.known[leaf.certificate.serial_number] = leaf
    der = resigned(leaf, chains.root, REFUSED[name])
    async with serve_http(tls=authority.server_context(pair(tmp_path, der, leaf))) as server:
        seen = await ask_certificate(
            context,
            "localhost",
            server.port,
            address="127.0.0.1",
            tls={"ca_file": chains.ca_file},
            revocation=how,
        )
    # its names are the table's; that it is revoked is its authority's word
    assert (seen.grade, seen.reason) == (Grade.FAILED, Reason.TLS_REVOKED), seen.detail


async def test_our_own_certificate_may_be_odd(
    context: ProbeContext, authority: Authority, chains: Chains, tmp_path: Path
) -> None:
    """The server takes it, so that it is not ours to refuse; its end is watched."""
    mine = chains.issue(chains.root, not_after=now() + 2 * DAY)
    der = resigned(mine, chains.root, REFUSED["a star in a PrintableString"])
    held = pair(tmp_path, der, mine)
    tls_context = authority.server_context(authority.valid, asks_client=True)
    tls_context.load_verify_locations(chains.ca_file)
    async with serve_http(tls=tls_context) as server:
        server.answer()
        tls = {
            "ca_file": authority.ca_file,
            "cert_file": held.cert_file,
            "key_file": held.key_file,
        }
        visit = await ask_http(context, server.url(), tls=tls)
        seen = await ask_certificate(context, server.host, server.port, tls=tls)
    assert visit.grade is Grade.GOOD, visit.detail
    assert (seen.reason, seen.cause) == (Reason.EXPIRY, Cause.DEPENDENCY)
    assert "our own client certificate ends in 1 days" in seen.detail
