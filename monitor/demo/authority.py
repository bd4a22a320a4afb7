"""A certificate authority that lives as long as the demo.

The authority's own key never leaves memory. A server's key is on disk only while OpenSSL, which
reads files alone, is reading it.
"""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK = IPv4Address("127.0.0.1")
ROOT_DAYS = 365
BACKDATED = timedelta(hours=1)
"""A clock that was just set back must not make a new certificate invalid."""


class Authority:
    """A private root that issues server certificates for 127.0.0.1. ``now`` is in UTC."""

    def __init__(self, name: str, now: datetime) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        self._subject = _name(name)
        self._identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        self._root = (
            _valid(public, self._subject, self._subject, now, timedelta(days=ROOT_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(self._identifier, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def pem(self) -> bytes:
        """The root certificate, for those who are to trust it."""
        return self._root.public_bytes(Encoding.PEM)

    def server_context(self, name: str, lifetime: timedelta, folder: Path) -> ssl.SSLContext:
        """TLS for a server on 127.0.0.1 and localhost whose certificate ends after ``lifetime``.

        Its key is in a file, readable by us alone, inside ``folder`` until the context has it.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._issue(key.public_key(), name, lifetime)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with TemporaryDirectory(dir=folder) as private:
            file = Path(private, "server.pem")
            file.touch(mode=0o600, exist_ok=False)
            file.write_bytes(
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                + certificate.public_bytes(Encoding.PEM)
            )
            context.load_cert_chain(file)
        return context

    def _issue(
        self, public: ec.EllipticCurvePublicKey, name: str, lifetime: timedelta
    ) -> x509.Certificate:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(LOOPBACK)])
        signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._identifier)
        return (
            _valid(public, _name(name), self._subject, self._now, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(names, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(signer, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Driftvakt demo"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _valid(
    public: ec.EllipticCurvePublicKey,
    subject: x509.Name,
    issuer: x509.Name,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lifetime)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
