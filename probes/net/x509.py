"""Reading certificates: facts out of DER, whatever the certificate is worth."""

from __future__ import annotations

import base64
import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address
from ssl import cert_time_to_seconds
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from probes.net.ber import encoded, first
from probes.net.reference_identity import presented
from probes.net.x509_repair import MOST_MENDED, UNREADABLE, load, load_within
from probes.observation import Certificate, clean
from probes.settings import is_ip

MAX_NAMES = 100
_UNREADABLE = "(unreadable)"
_PEM = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)"
    rb"-----END (?:X509 |TRUSTED )?CERTIFICATE-----"
)
KEY_ID_BYTES = 64
"""Kept of a key identifier, which is 20 octets by custom and as long as a server likes."""


def read_certificate(der: bytes) -> Certificate:
    """The facts of one certificate. Raises ``ValueError`` when it cannot be parsed at all."""
    return _facts(der, load(der))


def _facts(der: bytes, parsed: x509.Certificate) -> Certificate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        key_type, key_bits = _key(parsed)
        subject_key, authority_key = _key_ids(parsed)
        subject, issuer = _name(parsed.subject), _name(parsed.issuer)
        same = parsed.subject == parsed.issuer and subject != _UNREADABLE
        return Certificate(
            subject=subject,
            issuer=issuer,
            serial=f"{parsed.serial_number:x}",
            not_before=parsed.not_valid_before_utc.timestamp(),
            not_after=parsed.not_valid_after_utc.timestamp(),
            names=_names(parsed),
            sha256=hashlib.sha256(der).hexdigest(),
            key_type=key_type,
            key_bits=key_bits,
            signature_algorithm=_signature(parsed),
            authority=_authority(parsed),
            signature_hash=_signature_hash(parsed),
            self_signed=same and authority_key in (None, subject_key),
            subject_key_id=subject_key,
            authority_key_id=authority_key,
        )


def _name(name: x509.Name) -> str:
    text = name.rfc4514_string()
    return _UNREADABLE if text == UNREADABLE else clean(text)


def read_pem_certificate(pem: bytes) -> Certificate:
    """The first certificate of a PEM file, as OpenSSL finds it. Raises ``ValueError`` when there is
    none.
    """
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("no certificate")
    # a TRUSTED CERTIFICATE has settings of OpenSSL's own behind it
    one = first(base64.b64decode(found[1]))
    return read_certificate(encoded(one.tag, one.content))


def read_chain(chain: Sequence[bytes], limit: int = 16) -> tuple[Certificate, ...]:
    """The certificates in the order sent; at most ``limit``. One that cannot be read is left out; when
    that is the first, so are all: no other may pass for the server's own.
    """
    read: list[Certificate] = []
    left = MOST_MENDED
    for place, der in enumerate(chain[:limit]):
        try:
            parsed, mended = load_within(der, left)
            left -= mended
            read.append(_facts(der, parsed))
        except (ValueError, OverflowError):
            if place == 0:
                break
    return tuple(read)


def _key(parsed: x509.Certificate) -> tuple[str, int | None]:
    try:
        key = parsed.public_key()
    except Exception:  # noqa: BLE001 - cryptography raises many types for odd keys; none matters
        return "unknown", None
    match key:
        case rsa.RSAPublicKey():
            return "rsa", key.key_size
        case ec.EllipticCurvePublicKey():
            return "ec", key.curve.key_size
        case dsa.DSAPublicKey():
            return "dsa", key.key_size
        case ed25519.Ed25519PublicKey():
            return "ed25519", 256
        case ed448.Ed448PublicKey():
            return "ed448", 456
    return "unknown", None


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = [
            *extension.value.get_values_for_type(x509.DNSName),
            *(str(ip) for ip in extension.value.get_values_for_type(x509.IPAddress)),
        ]
    except x509.ExtensionNotFound:
        return ()
    return tuple(clean(name) for name in names[:MAX_NAMES])


def server_names(der: bytes, openssl: Mapping[str, Any]) -> frozenset[str]:
    """All DNS names, as :func:`probes.net.reference_identity.presented`, and IP addresses that a certificate is for.
    ``openssl`` is what OpenSSL reads in one that cannot be read here.
    """
    try:
        found = load(der).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [presented(name) for name in found.get_values_for_type(x509.DNSName)]
        addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    except x509.ExtensionNotFound:
        return frozenset()
    except ValueError:
        alternatives = openssl.get("subjectAltName", ())
        names = [presented(name) for kind, name in alternatives if kind == "DNS"]
        addresses = [
            str(ip_address(name))
            for kind, name in alternatives
            if kind == "IP Address" and is_ip(name)
        ]
    # a DNS name that reads as an address is neither (RFC 9525, 6.4)
    return frozenset((*(name for name in names if not is_ip(name)), *addresses))


def read_by_openssl(der: bytes, openssl: Mapping[str, Any]) -> Certificate:
    """What OpenSSL reads in a certificate that it has verified and that cannot be read here: its dates and
    names (the form of ``ssl.SSLSocket.getpeercert``). Nothing is known of its key.
    """
    return Certificate(
        subject=_told(openssl.get("subject", ())),
        issuer=_told(openssl.get("issuer", ())),
        serial=str(openssl.get("serialNumber", "")).lower().lstrip("0"),
        not_before=float(cert_time_to_seconds(openssl["notBefore"])),
        not_after=float(cert_time_to_seconds(openssl["notAfter"])),
        names=tuple(
            clean(name)
            for kind, name in openssl.get("subjectAltName", ())[:MAX_NAMES]
            if kind in ("DNS", "IP Address")
        ),
        sha256=hashlib.sha256(der).hexdigest(),
        key_type="unknown",
        key_bits=None,
        signature_algorithm="unknown",
        authority=False,
    )


def _told(name: Iterable[Iterable[tuple[str, str]]]) -> str:
    short = {"commonName": "CN", "organizationName": "O", "countryName": "C"}
    parts = [f"{short.get(kind, kind)}={value}" for rdn in name for kind, value in rdn]
    return clean(",".join(reversed(parts)))


def _signature(parsed: x509.Certificate) -> str:
    oid = parsed.signature_algorithm_oid
    name = getattr(oid, "_name", "")
    return str(name) if name and name != "Unknown OID" else oid.dotted_string


# cryptography knows no hash of these; nobody should have seen one since 2010 (RFC 6149, RFC 6150)
_FORGOTTEN = {"1.2.840.113549.1.1.2": "md2", "1.2.840.113549.1.1.3": "md4"}


def _signature_hash(parsed: x509.Certificate) -> str | None:
    try:
        used = parsed.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return _FORGOTTEN.get(parsed.signature_algorithm_oid.dotted_string)
    return used.name if used is not None else None


def _key_ids(parsed: x509.Certificate) -> tuple[str | None, str | None]:
    """The key identifiers of subject and issuer, as far as they are there (RFC 5280, 4.2.1)."""
    subject = authority = None
    for extension in parsed.extensions:
        if isinstance(extension.value, x509.SubjectKeyIdentifier):
            subject = extension.value.digest
        elif isinstance(extension.value, x509.AuthorityKeyIdentifier):
            authority = extension.value.key_identifier
    return _hex(subject), _hex(authority)


def _hex(octets: bytes | None) -> str | None:
    return octets[:KEY_ID_BYTES].hex() if octets else None


def _authority(parsed: x509.Certificate) -> bool:
    try:
        return bool(parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False
