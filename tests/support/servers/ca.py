"""Certificate authorities made at start, and every kind of certificate a test needs."""

from __future__ import annotations

import datetime as dt
import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
NAMES = (HOST, "127.0.0.2", "127.0.0.3", "::1", "localhost", "expo.test", "other.test")
DAY = dt.timedelta(days=1)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate (with its intermediates) and its key, in PEM files."""

    cert_file: Path
    key_file: Path

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.cert_file.read_bytes())

    @property
    def sha256(self) -> str:
        return self.leaf.fingerprint(hashes.SHA256()).hex()


class Authority:
    """The authority that the tests trust, another that they do not, and what both issue."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trusted = trustme.CA()
        self._stranger = trustme.CA()
        self._made = 0

    @cached_property
    def ca_file(self) -> Path:
        return self._write("ca.pem", self._trusted.cert_pem.bytes())

    @cached_property
    def stranger_file(self) -> Path:
        return self._write("stranger.pem", self._stranger.cert_pem.bytes())

    @cached_property
    def valid(self) -> Pair:
        return self.issue()

    @cached_property
    def expired(self) -> Pair:
        return self.issue(not_before=now() - 30 * DAY, not_after=now() - DAY)

    @cached_property
    def not_yet_valid(self) -> Pair:
        return self.issue(not_before=now() + DAY, not_after=now() + 30 * DAY)

    @cached_property
    def misnamed(self) -> Pair:
        return self.issue("somewhere.else.test")

    @cached_property
    def untrusted(self) -> Pair:
        return self.issue(by=self._stranger)

    @cached_property
    def client(self) -> Pair:
        return self.issue("client.test")

    @cached_property
    def expired_client(self) -> Pair:
        return self.issue("client.test", not_before=now() - 30 * DAY, not_after=now() - DAY)

    @cached_property
    def stranger_client(self) -> Pair:
        return self.issue("client.test", by=self._stranger)

    @cached_property
    def weak(self) -> Pair:
        """An RSA key of 1,024 bits, which trustme does not make."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        issuer = x509.load_pem_x509_certificate(self._trusted.cert_pem.bytes())
        issuer_key = load_pem_private_key(self._trusted.private_key_pem.bytes(), password=None)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak.test")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - DAY)
            .not_valid_after(now() + 60 * DAY)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(issuer_key, hashes.SHA256())  # type: ignore[arg-type]
        )
        return self._pair(
            certificate.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        )

    def issue(
        self,
        *names: str,
        by: trustme.CA | None = None,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
        organization: str = "Driftvakt test",
        rsa_key: bool = False,
    ) -> Pair:
        """A certificate for ``names``, by default every name of loopback."""
        issued = (by or self._trusted).issue_cert(
            *(names or NAMES),
            not_before=not_before,
            not_after=not_after,
            organization_name=organization,
            key_type=trustme.KeyType.RSA if rsa_key else trustme.KeyType.ECDSA,
        )
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        return self._pair(chain, issued.private_key_pem.bytes())

    def server_context(self, pair: Pair, *, asks_client: bool = False) -> ssl.SSLContext:
        """A server's context; with ``asks_client`` it requires a certificate of our authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # to be allowed to hold a weak key
        context.load_cert_chain(pair.cert_file, pair.key_file)
        if asks_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca_file)
        return context

    def _pair(self, certificates: bytes, key: bytes) -> Pair:
        self._made += 1
        return Pair(
            self._write(f"{self._made}.pem", certificates), self._write(f"{self._made}.key", key)
        )

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        return path
