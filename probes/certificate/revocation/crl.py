"""Pure: certificate revocation lists (RFC 5280, 5), read without building a million objects.

``cryptography`` holds the interpreter while it parses a list or checks its signature: 500 ms for
one of 20 MiB, and all other probes with it. So only the list without its entries is given to it,
and the one entry that matters. The entries are walked here, with pauses in which the caller may
let others run, and
the signature is made of a hash that lets them run too. So :func:`digest` and :func:`find` are for
a thread when the list is long, and the others, which are quick, for the loop.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import SignatureAlgorithmOID

from probes.certificate.revocation.der import (
    GENERALIZED_TIME,
    INTEGER,
    SEQUENCE,
    UTC_TIME,
    Octets,
    children,
    head,
)
from probes.certificate.revocation.der import sequence as der_sequence
from probes.certificate.revocation.verdict import (
    RevocationAnswer,
    Unclear,
    check_dates,
    check_signature,
    reading,
)
from probes.net.work_threads import Stop

MAX_BYTES = 20 * 1024 * 1024
LARGE = 65_536
"""Bytes from which a list is read in a thread."""
TURN = 500
"""Entries that are walked before others have their turn: about 0.2 ms."""
_LIST = "a revocation list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """A list of the right authority and of now. Whoever has verified it may keep it."""

    parts: Parts
    bare: x509.CertificateRevocationList
    """The list without its entries: its names, dates and extensions."""
    until: float

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.parts.der)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Where things are in the DER of a list (RFC 5280, 5.1)."""

    der: Octets
    signed: tuple[int, int]
    """The tbsCertList, its head included."""
    body: int
    """Where its content begins."""
    entries: tuple[int, int]
    """The content of revokedCertificates; empty where there are none."""
    gap: tuple[int, int]
    """The whole of revokedCertificates: what a bare list leaves out."""

    def with_entry(self, entry: bytes = b"") -> x509.CertificateRevocationList:
        """The list with this entry alone, or none; its signature fits no more."""
        listed = der_sequence(entry) if entry else b""
        end = self.signed[1]
        content = bytes(self.der[self.body : self.gap[0]]) + listed + self.der[self.gap[1] : end]
        whole = head(self.der)[2]
        return x509.load_der_x509_crl(
            der_sequence(der_sequence(bytes(content)) + self.der[end:whole])
        )


def read_crl(der: Octets, issuer: x509.Certificate, now: float) -> Crl:
    """A list in the name of ``issuer`` that is current at ``now``, its signature not verified yet.
    Raises :class:`Unclear`.
    """
    with reading(_LIST):
        parts = _parts(der)
        bare = parts.with_entry()
        if bare.issuer != issuer.subject:
            raise Unclear("is another authority's")
        until = check_dates(bare.last_update_utc, bare.next_update_utc, now)
        _check_may_sign(issuer)
    return Crl(parts=parts, bare=bare, until=until)


def digest(crl: Crl, hashed: str | None) -> bytes:
    """What the signature is made of: the hash of this name, or all of it. Raises ``ValueError``."""
    signed = memoryview(crl.parts.der)[slice(*crl.parts.signed)]
    return hashlib.new(hashed, signed).digest() if hashed is not None else bytes(signed)


def hash_name(crl: Crl) -> str | None:
    """The hash that the signature is made of; ``None`` where it is made of the whole (EdDSA).
    Raises :class:`Unclear`.
    """
    with reading(_LIST):
        used = crl.bare.signature_hash_algorithm
        return used.name if used is not None else None


def verify(crl: Crl, issuer: x509.Certificate, data: bytes) -> None:
    """Raises :class:`Unclear` unless ``issuer`` signed the list, ``data`` being its :func:`digest`."""
    with reading(_LIST):
        _check_signature(crl.bare, issuer, data)


def answer(crl: Crl, certificate: x509.Certificate, entry: bytes | None) -> RevocationAnswer:
    """What a list that was verified says of a certificate of its issuer, ``entry`` being what
    :func:`find` found. Raises :class:`Unclear`.
    """
    with reading(_LIST):
        complete = _check_scope(crl.bare, certificate)
        if entry is not None:
            return _revoked(crl, entry)
    if not complete:
        raise Unclear("lists some reasons only, and the certificate for none of these")
    return RevocationAnswer(until=crl.until)


def _parts(der: Octets) -> Parts:
    tag, begin, end = head(der)
    if tag != SEQUENCE or end > len(der):
        raise ValueError("no SEQUENCE")
    outer = list(children(der, begin, end))
    if len(outer) != 3 or outer[0][0] != SEQUENCE:
        raise ValueError("no CertificateList")
    _, start, body, after = outer[0]
    inner = children(der, body, after)
    tag, at, _, place = next(inner, (0, 0, 0, 0))
    if tag == INTEGER:  # the version
        _, at, _, place = next(inner, (0, 0, 0, 0))
    if der[at:place] != der[slice(outer[1][1], outer[1][3])]:
        raise ValueError("two signature algorithms")
    entries = gap = (after, after)
    for tag, at, content, place in inner:
        if tag in (UTC_TIME, GENERALIZED_TIME):
            entries = gap = (place, place)
        elif tag == SEQUENCE and entries != (after, after):  # behind the dates
            entries, gap = (content, place), (at, place)
            break
    return Parts(der=der, signed=(start, after), body=body, entries=entries, gap=gap)


def _check_signature(
    bare: x509.CertificateRevocationList, issuer: x509.Certificate, data: bytes
) -> None:
    used = bare.signature_hash_algorithm
    given, scheme = bare.signature_algorithm_parameters, None
    if bare.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        if not isinstance(given, padding.PSS):
            raise Unclear("is signed in a way that is not understood")
        scheme = given
    whole = used is None
    check_signature(issuer.public_key(), scheme, used, bare.signature, data, digest=not whole)


def _check_may_sign(issuer: x509.Certificate) -> None:
    """RFC 5280, 6.3.3 (f): a key usage, where there is one, must allow it."""
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.crl_sign:
        raise Unclear("is signed by a key that may not sign revocation lists")


def _check_scope(bare: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Whether the list is about such a certificate, for all reasons (RFC 5280, 6.3.3 (b)). Raises
    :class:`Unclear` for what it is not about, and for delta and indirect lists.
    """
    complete = True
    for extension in bare.extensions:
        scope = extension.value
        if isinstance(scope, x509.DeltaCRLIndicator):
            raise Unclear("is a delta list, which is not supported")
        if isinstance(scope, x509.IssuingDistributionPoint):
            complete = scope.only_some_reasons is None
            _check_part(scope, certificate)
        elif extension.critical:
            raise Unclear("has a critical extension that is not understood")
    return complete


def _check_part(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> None:
    if scope.indirect_crl:
        raise Unclear("is an indirect list, which is not supported")
    if scope.only_contains_attribute_certs:
        raise Unclear("is about attribute certificates")
    if scope.only_contains_user_certs and _is_authority(certificate):
        raise Unclear("is not about authorities' certificates")
    if scope.only_contains_ca_certs and not _is_authority(certificate):
        raise Unclear("is about authorities' certificates only")
    if scope.relative_name is not None:
        raise Unclear("has a relative name, which is not supported")
    if scope.full_name is not None:
        named = {
            name
            for point in distribution_points(certificate)
            for name in point.full_name or ()
        }  # fmt: skip
        if named.isdisjoint(scope.full_name):
            raise Unclear("is about another part of the authority's certificates")


def distribution_points(certificate: x509.Certificate) -> tuple[x509.DistributionPoint, ...]:
    """Where the certificate says that its lists are. Raises one of ``MALFORMED``."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def find(crl: Crl, serial: int, stop: Stop) -> bytes | None:
    """The DER of the entry with this serial number. ``stop`` is asked every :data:`TURN` entries.
    Raises ``ValueError`` when the list is broken, :class:`Unclear` when nobody waits for it any more.
    """
    der = crl.parts.der
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    size = len(octets)
    for walked, (_, at, content, after) in enumerate(children(der, *crl.parts.entries), 1):
        tag, number, end = head(der, content)
        if tag != INTEGER:
            raise ValueError("an entry without a serial number")
        if end - number == size and der[number:end] == octets:
            return bytes(der[at:after])
        if walked % TURN == 0 and stop():
            raise Unclear("was not read to its end")
    return None


def _revoked(crl: Crl, entry: bytes) -> RevocationAnswer:
    [revoked] = crl.parts.with_entry(entry)
    reason = None
    for extension in revoked.extensions:
        if isinstance(extension.value, x509.CRLReason):
            reason = extension.value.reason.value
        elif isinstance(extension.value, x509.CertificateIssuer):
            raise Unclear("is an indirect list, which is not supported")
        elif extension.critical:
            raise Unclear("has an entry that is not understood")
    at = revoked.revocation_date_utc.timestamp()
    return RevocationAnswer(revoked_at=at, reason=reason, until=crl.until)
