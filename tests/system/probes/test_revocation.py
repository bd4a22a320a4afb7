"""Kind ``certificate`` asks whether what it met is revoked: real responders."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Reason
from tests.support.probes.asking import ask_certificate, lasted
from tests.support.probes.revocation import (
    FAILED,
    GOOD,
    SINCE,
    UNESTABLISHED,
    UNKNOWN,
    Asker,
    doubted,
    found,
    outcome,
)
from tests.support.servers.ca import DAY, Authority, now
from tests.support.servers.chains import Chains, Made, make
from tests.support.servers.http_server import serve_http
from tests.support.servers.raw_server import serve_raw
from tests.support.servers.revocation_server import (
    HOUR,
    LIST,
    RESPONDER,
    Office,
    asks_at,
    listed_at,
)


async def test_a_responder_says_good(ask: Asker, office: Office) -> None:
    """It is asked once, by POST, and told nothing that is secret."""
    leaf = office.issue(ocsp=True)
    seen = await ask(leaf, revocation="ocsp", revocation_required=True)
    assert (seen.grade, seen.detail) == (Grade.GOOD, "")
    said = found(seen)
    assert (said.state, said.sha256) == (GOOD, leaf.sha256)
    assert said.source == f"OCSP {office.server.url(RESPONDER)}"
    [arrival] = office.server.arrivals
    assert (arrival.method, arrival.path) == ("POST", RESPONDER)
    assert arrival.headers["Content-Type"] == "application/ocsp-request"
    assert "Authorization" not in arrival.headers
    assert arrival.headers["User-Agent"].startswith("driftvakt")


async def test_off_asks_nobody(ask: Asker, office: Office) -> None:
    """The default."""
    leaf = office.issue(ocsp=True, crl=True)
    office.revoke(leaf, at=SINCE)
    seen = await ask(leaf)
    assert seen.grade is Grade.GOOD
    assert seen.tls is not None
    assert seen.tls.revocation == ()
    assert office.server.arrivals == []


async def test_a_responder_says_revoked(ask: Asker, office: Office) -> None:
    """The detail has which certificate, since when, why and who says so."""
    leaf = office.issue(ocsp=True)
    office.revoke(leaf, at=SINCE, reason=x509.ReasonFlags.key_compromise)
    seen = await ask(leaf, revocation="ocsp")
    assert outcome(seen) == FAILED
    assert seen.detail == (
        "the certificate was revoked 2026-03-04T05:06:07Z (keyCompromise),"
        f" says OCSP {office.server.url(RESPONDER)}"
    )
    assert (found(seen).revoked_at, found(seen).reason) == (SINCE.timestamp(), "keyCompromise")


async def test_an_intermediate_is_asked_about_too(
    ask: Asker, office: Office, chains: Chains
) -> None:
    """Each with its own issuer; the detail names which."""
    policy = make(
        "Test Policy CA",
        chains.root,
        extensions=(listed_at(office.server.url(LIST)),),
    )
    below = Office(office.server, policy)
    office.server.handlers["/root.crl"] = office.server.handlers[LIST]
    leaf = below.issue(ocsp=True)

    async def root_list(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=office.crl())

    office.server.handlers[LIST] = root_list
    seen = await ask(leaf, policy, revocation="any", revocation_required=True)
    assert seen.grade is Grade.GOOD
    assert seen.tls is not None
    assert [(one.state, one.sha256) for one in seen.tls.revocation] == [
        (GOOD, leaf.sha256),
        (GOOD, policy.sha256),
    ]
    office.revoke(policy, at=SINCE, reason=x509.ReasonFlags.ca_compromise)
    async with ProbeContext() as fresh:
        seen = await ask(leaf, policy, context=fresh, revocation="any")
    assert outcome(seen) == FAILED
    assert seen.detail.startswith("the intermediate CN=Test Policy CA was revoked 2026-03-04")
    assert "cACompromise" in seen.detail


async def test_unknown_is_not_revoked(ask: Asker, office: Office) -> None:
    """A responder that does not know the certificate: a note, unless it must be known."""
    leaf = office.issue(ocsp=True)
    office.strangers.add(leaf.certificate.serial_number)
    why = await doubted(ask, leaf, revocation="ocsp")
    assert why.endswith(f"OCSP {office.server.url(RESPONDER)} does not know the certificate")


async def test_a_certificate_that_names_nobody(ask: Asker, office: Office) -> None:
    """Nor does one that names a directory only, or a web server over TLS."""
    wanted = "the certificate names no revocation list at an http:// address"
    assert await doubted(ask, office.issue(ocsp=True), revocation="crl") == wanted
    others = listed_at("ldap://ldap.example.se/cn=list", "https://list.example.se/a.crl")
    assert await doubted(ask, office.issue_with(others), revocation="crl") == wanted
    assert office.server.arrivals == []


async def test_a_certificate_that_is_trusted_itself(ask: Asker, chains: Chains) -> None:
    """Nobody could revoke it."""
    alone = make("expo.ext5.example.se", hosts=("127.0.0.1",))
    seen = await ask(alone, ca_file=chains.file(alone), revocation="any")
    assert seen.grade is Grade.GOOD
    assert "is trusted itself" in found(seen).detail


async def test_nothing_is_known_of_a_chain_that_is_not_verified(ask: Asker, office: Office) -> None:
    """It is by our own will: no fault of the target or its authority."""
    leaf = office.issue(ocsp=True)
    seen = await ask(
        leaf, revocation="ocsp", revocation_required=True, tls={"insecure_skip_verify": True}
    )
    assert outcome(seen) == (Grade.FAILED, Reason.TLS_REVOKED, Cause.MONITOR)
    assert office.server.arrivals == []


def delegate(issuer: Made, *usages: x509.ObjectIdentifier, **how: Any) -> Made:
    extensions = (x509.ExtendedKeyUsage(usages),) if usages else ()
    return make("Test Responder", issuer, hosts=("r.example.se",), extensions=extensions, **how)


async def test_a_responder_that_the_issuer_appointed(ask: Asker, office: Office) -> None:
    """RFC 6960, 4.2.2.2: issued by the same authority, and for this purpose."""
    office.signer = delegate(office.issuer, ExtendedKeyUsageOID.OCSP_SIGNING)
    seen = await ask(office.issue(ocsp=True), revocation="ocsp")
    assert found(seen).state is GOOD


async def test_responders_that_nobody_appointed(ask: Asker, office: Office) -> None:
    """A server's certificate of the same authority, one that has ended, and a stranger's."""
    office.signer = delegate(office.issuer, ExtendedKeyUsageOID.SERVER_AUTH)
    why = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
    assert "is signed by a certificate that may not sign OCSP responses" in why
    office.signer = delegate(office.issuer)
    why = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
    assert "is signed by nobody that the issuer has appointed" in why
    office.signer = delegate(office.issuer, ExtendedKeyUsageOID.OCSP_SIGNING, not_after=now() - DAY)
    why = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
    assert "is signed by a responder whose certificate is not valid now" in why
    office.signer = delegate(make("Test Root CA"), ExtendedKeyUsageOID.OCSP_SIGNING)
    why = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
    assert "is signed by nobody that the issuer has appointed" in why


async def test_a_signature_that_is_not_the_issuers(ask: Asker, office: Office) -> None:
    """Somebody of the authority's name, with another key, says that all is good."""
    leaf = office.issue(ocsp=True, crl=True)
    office.revoke(leaf, at=SINCE)
    liar = make("Test Root CA")
    office.signer = liar
    office.server.answer(RESPONDER, body=office.response(leaf))
    office.revoked.clear()
    office.server.answer(LIST, body=office.crl())
    assert "is signed by nobody" in await doubted(ask, leaf, revocation="ocsp")
    assert "has a signature that is not its issuer's" in await doubted(ask, leaf, revocation="crl")
    office.signer = None
    other = office.issue_with(asks_at(office.server.url("/forged")))
    forged = bytearray(office.response(other))
    forged[-1] ^= 1
    office.server.answer("/forged", body=bytes(forged))
    why = await doubted(ask, other, revocation="ocsp")
    assert "has a signature that is not its issuer's" in why


@pytest.mark.parametrize(
    ("updated", "following", "why"),
    [
        (-3 * DAY, -2 * DAY - HOUR, "is out of date: its next update was due 2 days ago"),
        (3 * HOUR, 9 * HOUR, "in the future"),
        (-3 * DAY, None, "is 3 days old and names no next update"),
    ],
)
async def test_responses_that_are_not_of_now(
    ask: Asker, office: Office, updated: dt.timedelta, following: dt.timedelta | None, why: str
) -> None:
    """RFC 6960, 4.2.2.1: one that was good once may hide what has been revoked since."""
    office.updated = now() + updated
    office.following = now() + following if following is not None else None
    assert why in await doubted(ask, office.issue(ocsp=True), revocation="ocsp")


async def test_clocks_may_differ_a_little(ask: Asker, office: Office) -> None:
    """Four minutes either way."""
    office.updated, office.following = now() + dt.timedelta(minutes=4), now() + HOUR
    assert found(await ask(office.issue(ocsp=True), revocation="ocsp")).state is GOOD
    office.updated, office.following = now() - DAY, now() - dt.timedelta(minutes=4)
    assert found(await ask(office.issue(ocsp=True), revocation="ocsp")).state is GOOD


async def test_a_response_about_another_certificate(ask: Asker, office: Office) -> None:
    """A good one, signed and of today: but not ours."""
    office.server.answer(RESPONDER, body=office.response(office.issue()))
    why = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
    assert "is about another certificate" in why


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"body": b"\x31\x03\x0a\x01\x03"}, "is not DER"),
        ({"body": b"\x30\x80\x0a\x01\x03\x00\x00"}, "is not DER"),
        ({"body": b"\x30\x00"}, "can be read"),
        ({"body": b"\x30\x06\x0a\x01\x03\x05\x00\x05\x00"}, "can be read"),
        ({"body": b"<html>come back later</html>"}, "is not DER"),
        ({"body": b""}, "ends too early"),
        ({"body": b"\x30\x82\x10\x00" + bytes(100)}, "ends too early"),
        ({"body": b"\x30\x83\x01\x00\x01" + bytes(100)}, "is larger than 65536 bytes"),
        ({"body": b"\x30\x84\xff\xff\xff\xff" + bytes(100_000)}, "is larger than 65536 bytes"),
        ({"body": b"\x30\x82\x40\x00" + bytes(0x4000)}, "can be read"),
        ({"status": 503, "body": b"no"}, "is HTTP 503"),
    ],
)
async def test_answers_that_are_no_response(
    ask: Asker, office: Office, answer: dict[str, Any], why: str
) -> None:
    """Short, long, other and refused ones: unknown, in words that name the responder."""
    office.server.answer(RESPONDER, **answer)
    said = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
    assert f"OCSP {office.server.url(RESPONDER)} " in said
    assert why in said


async def test_a_responder_that_wants_to_be_asked_later(ask: Asker, office: Office) -> None:
    """RFC 6960, 2.3: an unsigned refusal."""
    office.server.answer(RESPONDER, body=bytes.fromhex("30030a0103"))
    said = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
    assert "is a refusal (try_later)" in said


async def test_a_redirect_leads_nowhere(ask: Asker, office: Office) -> None:
    """Whoever is named in a certificate does not send us to a third."""
    async with serve_http() as third:
        office.server.answer(RESPONDER, status=302, headers={"Location": third.url("/")})
        why = await doubted(ask, office.issue(ocsp=True), revocation="ocsp")
        assert "is HTTP 302, and redirects are not followed" in why
        assert third.arrivals == []


async def test_a_responder_that_is_down(ask: Asker, office: Office) -> None:
    """It is the dependency's trouble, and never shown as the target's."""
    async with serve_http() as gone:
        leaf = office.issue_with(asks_at(gone.url("/")))
    why = await doubted(ask, leaf, revocation="ocsp")
    assert (
        f"OCSP {gone.url('/')} gave no answer: connection to 127.0.0.1:{gone.port} refused" in why
    )


async def test_a_responder_that_hangs_does_not_outlast_the_deadline(
    ask: Asker, office: Office
) -> None:
    """The total holds, and what was waited for is none of the target's time."""
    hang = asyncio.Event()

    async def silent(_request: web.BaseRequest) -> web.StreamResponse:
        await hang.wait()
        return web.Response()

    office.server.handlers[RESPONDER] = silent
    leaf = office.issue(ocsp=True)
    begun = asyncio.get_running_loop().time()
    seen = await ask(leaf, revocation="ocsp", revocation_required=True, timeout=1.0)
    assert lasted(asyncio.get_running_loop().time() - begun, 1.0)
    assert outcome(seen) == UNESTABLISHED
    assert "did not answer within" in seen.detail
    assert seen.duration < 0.9
    hang.set()


async def test_a_source_that_hangs_leaves_time_for_the_next(ask: Asker, office: Office) -> None:
    """With ``any``: the responder hangs, the list answers."""

    async def silent(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    office.server.handlers[RESPONDER] = silent
    leaf = office.issue(ocsp=True, crl=True)
    office.revoke(leaf, at=SINCE)
    seen = await ask(leaf, revocation="any", timeout=2.0)
    assert outcome(seen) == FAILED
    assert found(seen).source == f"CRL {office.server.url(LIST)}"


async def test_a_body_that_drips_does_not_outlast_the_deadline(ask: Asker, office: Office) -> None:
    """A byte now and then."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n\x30\x82\x0f\x9c")
        while True:
            writer.write(b"\x00")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serve_raw(drip) as raw:
        leaf = office.issue_with(listed_at(f"http://127.0.0.1:{raw.port}/"))
        begun = asyncio.get_running_loop().time()
        seen = await ask(leaf, revocation="crl", timeout=1.0)
        assert lasted(asyncio.get_running_loop().time() - begun, 1.0)
    assert found(seen).state is UNKNOWN


async def test_only_so_many_addresses_are_asked(ask: Asker, office: Office) -> None:
    """A certificate may name as many as it likes."""
    office.server.answer("/no", status=404)
    many = [office.server.url(f"/no?{number}") for number in range(10)]
    seen = await ask(office.issue_with(asks_at(*many)), revocation="ocsp")
    assert found(seen).state is UNKNOWN
    assert len(office.server.arrivals) == 2


async def test_one_must_be_revoked(ask: Asker, office: Office) -> None:
    """``expect.failure: tls_revoked`` wants an authority's word: silence will not do."""
    expecting = {"failure": "tls_revoked"}
    leaf = office.issue(ocsp=True)
    office.revoke(leaf, at=SINCE)
    seen = await ask(leaf, revocation="ocsp", expect=expecting)
    assert seen.grade is Grade.GOOD
    assert seen.detail.startswith("as expected: the certificate was revoked 2026-03-04")
    seen = await ask(office.issue(ocsp=True), revocation="ocsp", expect=expecting)
    assert outcome(seen) == (Grade.FAILED, Reason.UNEXPECTED_SUCCESS, Cause.TARGET)
    seen = await ask(office.issue(), revocation="ocsp", expect=expecting)
    assert outcome(seen) == UNESTABLISHED


async def test_every_address_is_asked(
    context: ProbeContext, authority: Authority, chains: Chains, office: Office
) -> None:
    """And one request to the responder is enough for all that show the same certificate."""
    leaf = office.issue(ocsp=True)
    office.revoke(leaf, at=SINCE)
    tls_context = authority.server_context(chains.pair(leaf))
    async with serve_http(tls=tls_context) as server:
        seen = await ask_certificate(
            context,
            "localhost",
            server.port,
            address="all",
            ip_version=4,
            tls={"ca_file": chains.ca_file},
            revocation="ocsp",
        )
    assert outcome(seen) == FAILED
    assert office.asked(RESPONDER) == 1
