"""What a source of revocation is worth: its dates and its signature."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa

from probes.certificate.revocation.verdict import (
    LONGEST_KEPT,
    SHORTEST_KEPT,
    UNDATED_KEPT,
    Unclear,
    check_dates,
    check_signature,
)
from probes.observation import Cause

NOW = 1_795_438_931.0
DATA = b"what is signed"


def at(offset: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(NOW + offset, dt.UTC)


@pytest.mark.parametrize(
    ("updated", "following", "kept"),
    [
        (-10.0, 3600.0, 3600.0),
        (-10.0, 1.0, SHORTEST_KEPT),
        (-10.0, -299.0, SHORTEST_KEPT),
        (299.0, 3600.0, 3600.0),
        (-10.0, 90 * 86_400.0, LONGEST_KEPT),
        (-10.0, None, UNDATED_KEPT),
    ],
)
def test_how_long_something_is_kept(updated: float, following: float | None, kept: float) -> None:
    """Until its next update, but neither for a moment nor for months."""
    until = check_dates(at(updated), None if following is None else at(following), NOW)
    assert until == pytest.approx(NOW + kept, abs=0.01)


@pytest.mark.parametrize(
    ("updated", "following", "words"),
    [
        (301.0, 3600.0, "is dated 5 minutes in the future"),
        (-7200.0, -301.0, "is out of date: its next update was due 5 minutes ago"),
        (-7200.0, -7200.0, "is out of date: its next update was due 2 hours ago"),
        (-90_000.0, None, "is 25 hours old and names no next update"),
    ],
)
def test_what_is_not_of_now(updated: float, following: float | None, words: str) -> None:
    with pytest.raises(Unclear) as unclear:
        check_dates(at(updated), None if following is None else at(following), NOW)
    assert unclear.value.words == words
    assert unclear.value.cause is Cause.DEPENDENCY


def test_signatures_of_every_usual_kind() -> None:
    """RSA of both paddings, ECDSA and EdDSA; another key's is refused."""
    digest = hashes.SHA256()
    old = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
    signed = old.sign(DATA, padding.PKCS1v15(), digest)
    check_signature(old.public_key(), None, digest, signed, DATA)
    check_signature(old.public_key(), pss, digest, old.sign(DATA, pss, digest), DATA)
    curve = ec.generate_private_key(ec.SECP256R1())
    check_signature(curve.public_key(), None, digest, curve.sign(DATA, ec.ECDSA(digest)), DATA)
    edwards = ed25519.Ed25519PrivateKey.generate()
    check_signature(edwards.public_key(), None, None, edwards.sign(DATA), DATA)
    for key, used in ((old, digest), (curve, digest), (edwards, None)):
        with pytest.raises(Unclear, match="has a signature that is not its issuer's"):
            check_signature(key.public_key(), None, used, bytes(64), DATA)


def test_signatures_that_prove_nothing() -> None:
    """An old digest, and keys that do not fit the algorithm."""
    old = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = old.sign(DATA, padding.PKCS1v15(), hashes.SHA1())
    with pytest.raises(Unclear, match="is signed with sha1"):
        check_signature(old.public_key(), None, hashes.SHA1(), signed, DATA)
    stranger = dsa.generate_private_key(1024)
    for key, used in ((stranger, hashes.SHA256()), (old, None)):
        with pytest.raises(Unclear, match="in a way that is not understood"):
            check_signature(key.public_key(), None, used, bytes(40), DATA)
