"""Chains that servers send, read as values: order, gaps, and what is too much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from probes.certificate.chain import Chain, ChainFault, arrange, issued, position, short_name
from probes.net.x509 import read_certificate
from probes.observation import Certificate, TlsFacts
from tests.support.factories_observed import make_certificate
from tests.support.servers.chains import Chains


def certificate(name: str, issuer: str, **more: Any) -> Certificate:
    return make_certificate(
        subject=f"CN={name}",
        issuer=f"CN={issuer}",
        sha256=name.ljust(64, "0"),
        self_signed=name == issuer,
        **more,
    )


LEAF = certificate("expo", "function")
FUNCTION = certificate("function", "policy")
POLICY = certificate("policy", "root")
ROOT = certificate("root", "root")
STRANGER = certificate("stranger", "elsewhere")


def sent(*chain: Certificate, untrusted: bool = False) -> Chain:
    """A chain that nobody verified."""
    return arrange(TlsFacts(chain=chain), untrusted=untrusted)


def verified(*chain: Certificate, path: tuple[Certificate, ...]) -> Chain:
    return arrange(TlsFacts(chain=chain, verified=True, verified_chain=path))


def faults(chain: Chain) -> list[tuple[ChainFault, str]]:
    return [(note.fault, note.subject) for note in chain.notes]


def test_a_chain_in_order_leaves_nothing_to_say() -> None:
    """With its root or without: a root that is sent along is no fault."""
    path = (LEAF, FUNCTION, POLICY, ROOT)
    assert verified(LEAF, FUNCTION, POLICY, path=path) == Chain(path=path)
    assert verified(*path, path=path) == Chain(path=path)
    assert sent(*path) == Chain(path=path)


def test_a_handshake_without_certificates_has_no_chain() -> None:
    assert arrange(TlsFacts()) == Chain(path=())


@pytest.mark.parametrize(
    "chain",
    [
        (LEAF, POLICY, FUNCTION),
        (LEAF, ROOT, POLICY, FUNCTION),
        (LEAF, POLICY, ROOT, FUNCTION),
    ],
)
def test_a_chain_out_of_order_names_the_first_that_comes_too_late(
    chain: tuple[Certificate, ...],
) -> None:
    found = verified(*chain, path=(LEAF, FUNCTION, POLICY, ROOT))
    assert faults(found) == [(ChainFault.OUT_OF_ORDER, "CN=function")]
    assert (
        found.notes[0].words()
        == "the chain is out of order: CN=function comes after its own issuer"
    )


def test_an_issuer_that_was_not_sent_is_missing_only_where_trust_failed() -> None:
    """In every other failure the next issuer may be the very root that we trust."""
    found = sent(LEAF, FUNCTION, untrusted=True)
    assert faults(found) == [(ChainFault.MISSING, "CN=policy")]
    assert found.path == (LEAF, FUNCTION)
    assert sent(LEAF, FUNCTION).notes == ()


def test_a_gap_in_the_middle_is_named() -> None:
    """The policy CA does not help whoever lacks the function CA below it."""
    found = sent(LEAF, POLICY, ROOT, untrusted=True)
    assert faults(found)[0] == (ChainFault.MISSING, "CN=function")
    assert found.path == (LEAF,)


def test_a_whole_chain_that_ends_in_a_stranger_is_untrusted() -> None:
    assert faults(sent(LEAF, FUNCTION, POLICY, ROOT, untrusted=True)) == [
        (ChainFault.UNTRUSTED, "CN=root")
    ]


def test_an_intermediate_that_only_we_know_is_told() -> None:
    """It verifies here because ``ca_file`` holds it; elsewhere it will not."""
    found = verified(LEAF, POLICY, path=(LEAF, FUNCTION, POLICY, ROOT))
    assert faults(found) == [(ChainFault.NOT_SENT, "CN=function")]


def test_another_certificate_of_the_same_intermediate_will_do() -> None:
    """A renewed one with the same name and key."""
    renewed = replace(FUNCTION, sha256="renewed".ljust(64, "0"))
    assert verified(LEAF, renewed, POLICY, path=(LEAF, FUNCTION, POLICY, ROOT)).notes == ()


def test_what_is_sent_twice_and_what_leads_nowhere() -> None:
    found = verified(
        LEAF, FUNCTION, POLICY, FUNCTION, STRANGER, path=(LEAF, FUNCTION, POLICY, ROOT)
    )
    assert faults(found) == [
        (ChainFault.DUPLICATE, "CN=function"),
        (ChainFault.UNNEEDED, "CN=stranger"),
    ]


def test_a_cross_signed_issuer_is_of_use_to_some() -> None:
    """It is another way up, for clients that do not know the new root yet."""
    cross = replace(ROOT, sha256="cross".ljust(64, "0"), issuer="CN=old root", self_signed=False)
    assert verified(LEAF, FUNCTION, POLICY, cross, path=(LEAF, FUNCTION, POLICY, ROOT)).notes == ()


def test_issuers_that_issue_each_other_end() -> None:
    """Hostile, or cross-certified: no endless walk."""
    one, two = certificate("one", "two"), certificate("two", "one")
    assert sent(one, two, one, untrusted=True).path == (one, two)


def test_key_identifiers_tell_namesakes_apart() -> None:
    """Two authorities of one name: the identifiers say which (RFC 5280, 4.2.1.1)."""
    child = replace(LEAF, authority_key_id="01")
    right, wrong = replace(FUNCTION, subject_key_id="01"), replace(FUNCTION, subject_key_id="02")
    assert issued(child, right)
    assert not issued(child, wrong)
    assert issued(child, FUNCTION)
    assert not issued(child, POLICY)


def test_each_has_its_part() -> None:
    path = (LEAF, FUNCTION, ROOT)
    assert [position(one, path) for one in path] == [
        "the certificate", "the intermediate CN=function", "the root CN=root",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "short"),
    [
        ("CN=SITHS e-id Function CA v1,O=Inera AB,C=SE", "CN=SITHS e-id Function CA v1"),
        (r"CN=Inera\, AB,O=x", r"CN=Inera\, AB"),
        ("CN=a\\", "CN=a\\"),
        ("O=Inera AB,C=SE", "O=Inera AB,C=SE"),
        ("", "a certificate without a name"),
        ("CN=" + "x" * 100, "CN=" + "x" * 56 + "…"),
    ],
)
def test_short_names(subject: str, short: str) -> None:
    """A detail has room for a common name, not for every part of a subject."""
    assert short_name(subject) == short


def test_real_certificates_are_joined_by_their_identifiers(tmp_path: Any) -> None:
    """What is read of DER: names, key identifiers, and who signed himself."""
    chains = Chains(tmp_path)
    leaf, function, policy, root = (
        read_certificate(made.der)
        for made in (chains.leaf, chains.function, chains.policy, chains.root)
    )
    assert leaf.authority_key_id == function.subject_key_id
    assert root.subject_key_id == root.authority_key_id
    assert [one.self_signed for one in (leaf, function, policy, root)] == [
        False,
        False,
        False,
        True,
    ]
    assert leaf.signature_hash == "sha256"
    assert faults(sent(leaf, policy, function, root)) == [
        (ChainFault.OUT_OF_ORDER, "CN=Test Function CA")
    ]
