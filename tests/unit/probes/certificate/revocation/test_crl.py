"""Revocation lists of every kind of signature, and entries found by their serial number."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from probes.certificate.revocation import crl
from probes.certificate.revocation.verdict import Unclear
from probes.net.work_threads import never

BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NOW = (BEGIN + dt.timedelta(hours=1)).timestamp()
END = BEGIN + dt.timedelta(days=1)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Root CA")])
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
SERIALS = (1, 127, 128, 255, 256, 2**63, 2**159 - 1)


def certificate(
    key: Key, serial: int, *extensions: x509.ExtensionType, name: x509.Name = NAME
) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(NAME)
    builder = builder.public_key(key.public_key()).serial_number(serial)
    builder = builder.not_valid_before(BEGIN).not_valid_after(END)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, _digest(key))


def _digest(key: Key) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def listing(key: Key, *serials: int, pss: bool = False) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(NAME)
    builder = builder.last_update(BEGIN).next_update(END)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(BEGIN)
        builder = builder.add_revoked_certificate(entry.build())
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else None
    return builder.sign(key, _digest(key), rsa_padding=scheme).public_bytes(Encoding.DER)


def verified(der: bytes, issuer: x509.Certificate) -> crl.Crl:
    whole = crl.read_crl(der, issuer, NOW)
    crl.verify(whole, issuer, crl.digest(whole, crl.hash_name(whole)))
    return whole


def revoked(whole: crl.Crl, asked: x509.Certificate) -> bool:
    entry = crl.find(whole, asked.serial_number, never)
    return crl.answer(whole, asked, entry).revoked_at == BEGIN.timestamp()


@pytest.mark.parametrize("kind", ["ec", "rsa", "pss", "ed25519"])
def test_lists_of_every_usual_signature(kind: str) -> None:
    """Verified by the issuer's key; not by another, and not when an entry is altered."""
    keys: dict[str, Key] = {
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    key = keys.get(kind) or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer = certificate(key, 5)
    der = listing(key, 70, 71, pss=kind == "pss")
    whole = verified(der, issuer)
    assert revoked(whole, certificate(key, 71))
    assert not revoked(whole, certificate(key, 72))
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(Unclear, match=r"not its issuer's|not understood"):
        verified(der, certificate(other, 5))
    altered = der.replace(b"\x02\x01\x47", b"\x02\x01\x48")
    assert altered != der
    with pytest.raises(Unclear, match="not its issuer's"):
        verified(altered, issuer)


def test_serial_numbers_of_every_length() -> None:
    """Each is found, and none for another."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = certificate(key, 5)
    for serial in SERIALS:
        others = [other for other in SERIALS if other != serial]
        asked = certificate(key, serial)
        assert revoked(verified(listing(key, *others, serial), issuer), asked)
        assert not revoked(verified(listing(key, *others), issuer), asked)


def test_a_list_without_entries_revokes_nobody() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert not revoked(verified(listing(key), certificate(key, 5)), certificate(key, 7))


@pytest.mark.parametrize("allowed", [True, False])
def test_a_key_that_may_not_sign_lists(*, allowed: bool) -> None:
    """RFC 5280, 6.3.3 (f)."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=allowed,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    issuer = certificate(key, 5, usage)
    if allowed:
        verified(listing(key), issuer)
        return
    with pytest.raises(Unclear, match="may not sign revocation lists"):
        verified(listing(key), issuer)


def test_looking_through_a_long_list_can_be_stopped() -> None:
    """When nobody waits for it any more."""
    key = ec.generate_private_key(ec.SECP256R1())
    whole = verified(listing(key, *range(1, crl.TURN + 5)), certificate(key, 5))
    with pytest.raises(Unclear, match="not read to its end"):
        crl.find(whole, crl.TURN + 9, lambda: True)
    assert crl.find(whole, crl.TURN + 9, never) is None


def test_a_list_that_is_cut_off_is_not_read() -> None:
    """At any place."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer, der = certificate(key, 5), listing(key, 70, 71)
    for size in range(len(der)):
        with pytest.raises(Unclear, match="can be read"):
            crl.read_crl(der[:size], issuer, NOW)
