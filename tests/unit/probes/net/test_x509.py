"""Certificates that are not as RFC 5280 has them still tell their dates."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from probes.net.x509 import read_certificate

BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def certificate(attribute: x509.NameAttribute[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([attribute])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(BEGIN).not_valid_after(BEGIN + dt.timedelta(days=365))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.filterwarnings("error")
def test_a_country_that_is_spelled_out_is_told_without_a_warning() -> None:
    """A name longer than its kind allows is read; found by fuzzing."""
    odd = x509.NameAttribute(NameOID.COMMON_NAME, "Sverige")
    der = certificate(odd).replace(b"\x06\x03\x55\x04\x03\x0c", b"\x06\x03\x55\x04\x06\x0c")
    read = read_certificate(der)
    assert (read.subject, read.not_before) == ("C=Sverige", BEGIN.timestamp())


def test_a_name_of_an_impossible_type_is_unreadable() -> None:
    """Its dates are not lost with it."""
    der = certificate(x509.NameAttribute(NameOID.COMMON_NAME, "x" * 8))
    read = read_certificate(der.replace(b"\x06\x03\x55\x04\x03\x0c", b"\x06\x03\x55\x04\x03\x03"))
    assert (read.subject, read.not_before) == ("(unreadable)", BEGIN.timestamp())
