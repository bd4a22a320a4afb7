"""Chains of certificates, whole and broken: a root, two intermediates, and servers' own."""

from __future__ import annotations

import datetime as dt
import subprocess
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.patience import PATIENCE
from tests.support.servers.ca import DAY, Pair, now
from tests.support.servers.programs import require_program

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
HOSTS = ("expo.ext5.example.se", "localhost", "127.0.0.1", "127.0.0.2")


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate with its key, which can issue others."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def make(
    name: str,
    issuer: Made | None = None,
    *,
    hosts: tuple[str, ...] = (),
    key: Key | None = None,
    not_before: dt.datetime | None = None,
    not_after: dt.datetime | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> Made:
    """A certificate for ``hosts``, or without them an authority's; its own issuer without another."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or now() - 10 * DAY)
        .not_valid_after(not_after or now() + 300 * DAY)
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if hosts:
        names = x509.SubjectAlternativeName([_name(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Made(builder.sign(signer, hashes.SHA256()), own)


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Chains:
    """A root, an intermediate "Test Policy CA", under it "Test Function CA", and what it issues."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    @cached_property
    def root(self) -> Made:
        return make("Test Root CA", not_after=now() + 3000 * DAY)

    @cached_property
    def policy(self) -> Made:
        return make("Test Policy CA", self.root, not_after=now() + 2000 * DAY)

    @cached_property
    def function(self) -> Made:
        return make("Test Function CA", self.policy, not_after=now() + 1000 * DAY)

    @cached_property
    def leaf(self) -> Made:
        return self.issue()

    @cached_property
    def ca_file(self) -> Path:
        """What a client of these services trusts: the root alone."""
        return self.file(self.root)

    def issue(self, by: Made | None = None, **how: object) -> Made:
        """A server's own certificate, by default of the function CA."""
        return make("expo.ext5.example.se", by or self.function, **{"hosts": HOSTS, **how})  # type: ignore[arg-type]

    def file(self, *made: Made) -> Path:
        """A PEM file of these."""
        path = self._folder / f"{next(self._numbers)}.pem"
        path.write_bytes(b"".join(one.pem for one in made))
        return path

    def pair(self, leaf: Made, *others: Made) -> Pair:
        """What a server holds; it sends exactly these, in this order."""
        key_file = self._folder / f"{next(self._numbers)}.key"
        key_file.write_bytes(
            leaf.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )
        return Pair(self.file(leaf, *others), key_file)

    def signed_with(self, digest: str, made: Made, by: Made) -> Made:
        """The same names and key, signed with an old digest: only openssl still does so."""
        program = require_program("openssl")
        issuer, extensions = self.pair(by), self._folder / f"{next(self._numbers)}.ext"
        request = x509.CertificateSigningRequestBuilder().subject_name(made.certificate.subject)
        asked = request.sign(made.key, hashes.SHA256()).public_bytes(Encoding.PEM)
        names = ",".join(
            f"{'IP' if host.replace('.', '').isdigit() else 'DNS'}:{host}" for host in HOSTS
        )
        ca = made.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        extensions.write_text("basicConstraints=CA:TRUE" if ca else f"subjectAltName={names}")
        signed = subprocess.run(
            [program, "x509", "-req", f"-{digest}", "-days", "300", "-CA", issuer.cert_file,
             "-CAkey", issuer.key_file, "-set_serial", "77", "-extfile", extensions],
            input=asked, capture_output=True, check=True, timeout=PATIENCE,
        ).stdout  # fmt: skip
        return Made(x509.load_pem_x509_certificate(signed), made.key)
