"""Kind ``certificate`` asks whether what it met is revoked: real lists (CRL)."""

from __future__ import annotations

import pytest
from cryptography import x509

from probes.certificate.revocation import crl
from probes.observation import Grade
from tests.support.probes.revocation import FAILED, GOOD, SINCE, Asker, doubted, found, outcome
from tests.support.servers.ca import DAY, now
from tests.support.servers.chains import make
from tests.support.servers.revocation_server import HOUR, LIST, RESPONDER, Office


async def test_a_list_says_good_and_revoked(ask: Asker, office: Office) -> None:
    good, bad, silent = (office.issue(crl=True, ocsp=True) for _ in range(3))
    office.revoke(bad, at=SINCE, reason=x509.ReasonFlags.superseded)
    office.revoke(silent, at=SINCE)
    seen = await ask(good, revocation="crl", revocation_required=True)
    assert (seen.grade, found(seen).state) == (Grade.GOOD, GOOD)
    assert found(seen).source == f"CRL {office.server.url(LIST)}"
    seen = await ask(bad, revocation="crl")
    assert outcome(seen) == FAILED
    assert "revoked 2026-03-04T05:06:07Z (superseded), says CRL http://" in seen.detail
    seen = await ask(silent, revocation="crl")
    assert "revoked 2026-03-04T05:06:07Z, says CRL http://" in seen.detail
    # one list for all, and nobody asked the responder
    assert (office.asked(LIST), office.asked(RESPONDER)) == (1, 0)


async def test_lists_that_are_not_of_now(ask: Asker, office: Office) -> None:
    office.updated, office.following = now() - 3 * DAY, now() - 2 * DAY - HOUR
    why = await doubted(ask, office.issue(crl=True), revocation="crl")
    assert "is out of date: its next update was due 2 days ago" in why


async def test_after_a_responder_a_list(ask: Asker, office: Office) -> None:
    """``any`` asks in turn until one gives an answer; the first answer is the last question."""
    leaf = office.issue(ocsp=True, crl=True)
    seen = await ask(leaf, revocation="any")
    assert found(seen).source.startswith("OCSP ")
    assert office.asked(LIST) == 0
    other = office.issue(ocsp=True, crl=True)
    office.strangers.add(other.certificate.serial_number)
    seen = await ask(other, revocation="any", revocation_required=True)
    assert (seen.grade, found(seen).state) == (Grade.GOOD, GOOD)
    assert found(seen).source.startswith("CRL ")


@pytest.mark.parametrize(
    ("extension", "why"),
    [
        (x509.DeltaCRLIndicator(5), "is a delta list, which is not supported"),
        (
            x509.IssuingDistributionPoint(None, None, False, False, None, True, False),
            "is an indirect list, which is not supported",
        ),
        (
            x509.IssuingDistributionPoint(None, None, False, True, None, False, False),
            "is about authorities' certificates only",
        ),
        (
            x509.IssuingDistributionPoint(
                [x509.UniformResourceIdentifier("http://other.example.se/")],
                None, False, False, None, False, False,
            ),
            "is about another part of the authority's certificates",
        ),
        (
            x509.IssuingDistributionPoint(
                None, None, False, False,
                frozenset([x509.ReasonFlags.key_compromise]), False, False,
            ),
            "lists some reasons only",
        ),
        (
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
            "has a critical extension that is not understood",
        ),
    ],
)  # fmt: skip
async def test_lists_that_do_not_tell_all(
    ask: Asker, office: Office, extension: x509.ExtensionType, why: str
) -> None:
    """RFC 5280, 6.3.3: that a certificate is not on such a list means nothing."""
    office.server.answer(LIST, body=office.crl(extension))
    assert why in await doubted(ask, office.issue(crl=True), revocation="crl")


async def test_a_list_about_servers_certificates(ask: Asker, office: Office) -> None:
    """One that names its own place and its part is as good as a whole one."""
    point = x509.IssuingDistributionPoint(
        [x509.UniformResourceIdentifier(office.server.url(LIST))],
        None, True, False, None, False, False,
    )  # fmt: skip
    office.server.answer(LIST, body=office.crl(point))
    seen = await ask(office.issue(crl=True), revocation="crl", revocation_required=True)
    assert found(seen).state is GOOD


async def test_a_list_of_another_authority(ask: Asker, office: Office) -> None:
    other = Office(office.server, make("Other Root CA"))
    leaf = office.issue(crl=True)
    office.server.answer(LIST, body=other.crl())
    assert "is another authority's" in await doubted(ask, leaf, revocation="crl")


async def test_a_long_list_is_read_to_its_end(ask: Asker, office: Office) -> None:
    """In a thread, from the size on at which it would hold up others."""
    leaf = office.issue(crl=True)
    office.revoke(leaf, at=SINCE)
    body = office.crl(serials=range(1, 20_000))
    assert len(body) > crl.LARGE
    office.server.answer(LIST, body=body)
    assert outcome(await ask(leaf, revocation="crl", timeout=10.0)) == FAILED
    good = office.issue(crl=True)
    assert found(await ask(good, revocation="crl", timeout=10.0)).state is GOOD
    assert office.asked(LIST) == 1


async def test_a_list_that_is_too_long_is_not_taken_in(ask: Asker, office: Office) -> None:
    """Its first bytes say how long it is."""
    office.server.answer(LIST, body=b"\x30\x84\x02\x00\x00\x00" + bytes(200_000))
    why = await doubted(ask, office.issue(crl=True), revocation="crl")
    assert "is larger than 20971520 bytes" in why
