"""The chain as a tree: golden pictures, and what JSON says of the same."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from rich.console import Group

from monitor.console.chain import certificates
from monitor.console.probe_json import probe_json
from monitor.judging.grade import GOOD
from probes.observation import (
    Certificate,
    Observation,
    Reason,
    Revocation,
    RevocationState,
    TlsFacts,
)
from tests.support.factories_observed import DAY, NOW, make_certificate
from tests.support.plain_text import lines

ROOT = make_certificate(
    subject="CN=Test Root CA",
    issuer="CN=Test Root CA",
    sha256="01" * 32,
    self_signed=True,
    signature_hash="sha1",
    key_bits=4096,
    not_after=NOW + 3000 * DAY,
)
MIDDLE = make_certificate(
    subject="CN=Test Function CA,O=Example",
    issuer=ROOT.subject,
    sha256="02" * 32,
    not_after=NOW + 900 * DAY,
)
LEAF = make_certificate(
    subject="CN=expo.ext5.example.se",
    issuer=MIDDLE.subject,
    sha256="03" * 32,
    not_after=NOW + 12.5 * DAY,
)
CLIENT = replace(LEAF, subject="CN=driftvakt", sha256="04" * 32, names=(), not_after=NOW + 90 * DAY)


def seen(
    *chain: Certificate,
    verified: tuple[Certificate, ...] = (),
    client: Certificate | None = None,
    reason: Reason | None = None,
) -> Observation:
    return Observation(
        at=NOW,
        duration=0.1,
        reason=reason,
        tls=TlsFacts(chain=chain, verified=bool(verified), verified_chain=verified, client=client),
    )


def drawn(observation: Observation, language: str = "en") -> str:
    shown = lines(Group(*certificates(observation, language)), 100)
    return "\n".join(shown).strip("\n") + "\n"


def test_the_authority_that_we_trust_stands_at_the_top() -> None:
    """Though it was not sent. Our own certificate comes after."""
    whole = seen(LEAF, MIDDLE, verified=(LEAF, MIDDLE, ROOT), client=CLIENT)
    assert drawn(whole) == dedent(
        """\
        Certificate chain
          CN=Test Root CA  trusted here
          3000 days left (until 2035-02-09)
          rsa 4096 bits, sha256WithRSAEncryption, SHA-256 0101010101010101…
          └── CN=Test Function CA,O=Example
              900 days left (until 2029-05-11)
              rsa 2048 bits, sha256WithRSAEncryption, SHA-256 0202020202020202…
              └── CN=expo.ext5.example.se
                  12 days left (until 2026-12-06)
                  expo.ext5.example.se, 192.0.2.10
                  rsa 2048 bits, sha256WithRSAEncryption, SHA-256 0303030303030303…

        Our client certificate
          CN=driftvakt
          90 days left (until 2027-02-21)
          issued by CN=Test Function CA,O=Example
          rsa 2048 bits, sha256WithRSAEncryption, SHA-256 0404040404040404…
        """
    )


def test_a_missing_issuer_stands_where_it_should_be() -> None:
    """Above all that was sent; in Swedish here."""
    assert drawn(seen(LEAF, reason=Reason.TLS_UNTRUSTED), "sv") == dedent(
        """\
        Certifikatkedja  (kedjan är inte verifierad)
          CN=Test Function CA,O=Example  saknas: varken skickat eller betrott här
          └── CN=expo.ext5.example.se
              12 dygn kvar (till 2026-12-06)
              expo.ext5.example.se, 192.0.2.10
              rsa 2048 bitar, sha256WithRSAEncryption, SHA-256 0303030303030303…
        """
    )


def test_where_nothing_verified_for_another_reason_nothing_is_called_missing() -> None:
    """The next issuer may be trusted well enough: it is named, and no more."""
    expired = replace(LEAF, not_after=NOW - 3.5 * DAY)
    assert drawn(seen(expired, reason=Reason.TLS_EXPIRED)) == dedent(
        """\
        Certificate chain  (the chain did not verify)
          CN=expo.ext5.example.se
          expired 3 days ago (2026-11-20)
          expo.ext5.example.se, 192.0.2.10
          issued by CN=Test Function CA,O=Example
          rsa 2048 bits, sha256WithRSAEncryption, SHA-256 0303030303030303…
        """
    )


def test_all_that_is_odd_is_remarked() -> None:
    """Order, strength, dates, and what was sent for nothing; a root's own signature is none of it."""
    weak = replace(MIDDLE, key_bits=1024, signature_hash="sha1", not_before=NOW + 2.5 * DAY)
    stray = replace(CLIENT, subject="CN=Stray", issuer="CN=Nobody", sha256="05" * 32)
    strange = seen(LEAF, ROOT, weak, stray, stray, reason=Reason.TLS_UNTRUSTED)
    assert drawn(strange) == dedent(
        """\
        Certificate chain  (the chain did not verify)
          CN=Test Root CA  not trusted here
          3000 days left (until 2035-02-09)
          rsa 4096 bits, sha256WithRSAEncryption, SHA-256 0101010101010101…
          └── CN=Test Function CA,O=Example  weak key, weak signature, out of order: sent after its issuer
              not valid for another 2 days (from 2026-11-26)
              rsa 1024 bits, sha256WithRSAEncryption, SHA-256 0202020202020202…
              └── CN=expo.ext5.example.se
                  12 days left (until 2026-12-06)
                  expo.ext5.example.se, 192.0.2.10
                  rsa 2048 bits, sha256WithRSAEncryption, SHA-256 0303030303030303…

        Also sent
          CN=Stray  not needed, sent twice
          90 days left (until 2027-02-21)
          rsa 2048 bits, sha256WithRSAEncryption, SHA-256 0505050505050505…
        """
    )


def test_an_intermediate_that_only_we_know_is_remarked() -> None:
    text = drawn(seen(LEAF, verified=(LEAF, MIDDLE)))
    assert "CN=Test Function CA,O=Example  trusted here, not sent by the server" in text
    assert "issued by CN=Test Root CA" in text


def test_many_names_are_cut_and_counted() -> None:
    many = replace(LEAF, names=tuple(f"{place}.example.se" for place in range(11)))
    assert "7.example.se and 3 more" in " ".join(drawn(seen(many)).split())


def test_text_of_a_server_is_only_text() -> None:
    """Square brackets are not the console's language."""
    hostile = replace(LEAF, subject="CN=[bold red]x[/]", names=("[link=http://a]b[/link]",))
    text = drawn(seen(hostile))
    assert "CN=[bold red]x[/]" in text
    assert "[link=http://a]b[/link]" in text


@pytest.mark.parametrize("not_after", [1e18, -1e18])
def test_dates_beyond_the_calendar_do_not_stop_it(not_after: float) -> None:
    assert "(" in drawn(seen(replace(LEAF, not_after=not_after, not_before=-2e18)))


@pytest.mark.parametrize("observation", [Observation(at=NOW, duration=0), seen()])
def test_without_certificates_there_is_no_tree(observation: Observation) -> None:
    assert list(certificates(observation)) == []


def test_json_has_the_chain_that_verified_and_the_notes() -> None:
    document = probe_json(seen(LEAF, verified=(LEAF, MIDDLE, ROOT)), GOOD)["tls"]
    assert [one["subject"] for one in document["verified_chain"]] == [
        LEAF.subject, MIDDLE.subject, ROOT.subject,
    ]  # fmt: skip
    assert document["verified_chain"][2]["self_signed"] is True
    assert document["verified_chain"][2]["signature_hash"] == "sha1"
    assert document["chain_notes"] == [
        {
            "fault": "not_sent",
            "subject": MIDDLE.subject,
            "sha256": MIDDLE.sha256,
            "words": "the intermediate CN=Test Function CA is not sent, and known only here",
        }
    ]
    missing = probe_json(seen(LEAF, reason=Reason.TLS_UNTRUSTED), GOOD)["tls"]["chain_notes"]
    assert [(note["fault"], note["subject"]) for note in missing] == [("missing", MIDDLE.subject)]


def asked(*states: RevocationState) -> Observation:
    """A whole chain, of whose certificates this was found out."""
    found = tuple(
        Revocation(
            sha256=one.sha256,
            subject=one.subject,
            state=state,
            source="CRL http://c.example.se/" if state is RevocationState.REVOKED else "",
            revoked_at=NOW - 9 * DAY if state is RevocationState.REVOKED else None,
            reason="keyCompromise" if state is RevocationState.REVOKED else None,
            detail="stapled OCSP is not sent" if state is RevocationState.UNKNOWN else "",
        )
        for one, state in zip((LEAF, MIDDLE), states, strict=True)
    )
    whole = seen(LEAF, MIDDLE, verified=(LEAF, MIDDLE, ROOT))
    assert whole.tls is not None
    return replace(whole, tls=replace(whole.tls, revocation=found))


def test_the_tree_says_what_is_known_of_revocation() -> None:
    """Unknown is neither good nor revoked."""
    text = drawn(asked(RevocationState.REVOKED, RevocationState.GOOD))
    assert "CN=Test Function CA,O=Example  not revoked" in text
    assert "CN=expo.ext5.example.se  revoked 2026-11-14" in text
    text = drawn(asked(RevocationState.UNKNOWN, RevocationState.GOOD))
    assert "CN=expo.ext5.example.se  revocation unknown" in text
    assert "spärrstatus okänd" in drawn(asked(RevocationState.UNKNOWN, RevocationState.GOOD), "sv")
    assert "revo" not in drawn(seen(LEAF, MIDDLE, verified=(LEAF, MIDDLE, ROOT)))


def test_json_says_what_is_known_of_revocation() -> None:
    document = probe_json(asked(RevocationState.REVOKED, RevocationState.UNKNOWN), GOOD)["tls"]
    assert document["revocation"] == [
        {
            "subject": LEAF.subject,
            "sha256": LEAF.sha256,
            "state": "revoked",
            "source": "CRL http://c.example.se/",
            "revoked_at": "2026-11-14T13:02:11.120Z",
            "reason": "keyCompromise",
            "words": "",
        },
        {
            "subject": MIDDLE.subject,
            "sha256": MIDDLE.sha256,
            "state": "unknown",
            "source": None,
            "revoked_at": None,
            "reason": None,
            "words": "stapled OCSP is not sent",
        },
    ]
