"""Pure: certificate revocation lists (RFC 5280, 5), read without building a million objects.

``cryptography`` holds the interpreter while it parses a list or checks its signature: 500 ms for
one of 20 MiB, and all other probes with it. So only the list without its entries is given to it,
and the one entry that matters. The entries are walked here, with pauses in which others run, and
the signature is made of a hash that lets them run too.
"""

from __future__ import annotations

import hashlib
import time
import warnings
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import SignatureAlgorithmOID

from probes.der import GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME, Octets, children, head
from probes.der import sequence as der_sequence
from probes.response import Stop
from probes.revocation_answer import (
    MALFORMED,
    Answer,
    Unclear,
    check_dates,
    check_signature,
)

MAX_BYTES = 20 * 1024 * 1024
LARGE = 65_536
"""Bytes from which a list is read in a thread."""
TURN = 500
"""Entries that are walked before others have their turn: about 0.2 ms."""
_UNREADABLE = "is not a revocation list that can be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """A list whose signature and dates are right."""

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
    """A list that ``issuer`` made and that is current at ``now``. Raises :class:`Unclear`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            parts = _parts(der)
            bare = parts.with_entry()
            if bare.issuer != issuer.subject:
                raise Unclear("is another authority's")
            until = check_dates(bare.last_update_utc, bare.next_update_utc, now)
            _check_signature(parts, bare, issuer)
            _check_may_sign(issuer)
        except MALFORMED:
            raise Unclear(_UNREADABLE) from None
    return Crl(parts=parts, bare=bare, until=until)


def look_up(crl: Crl, certificate: x509.Certificate, stop: Stop) -> Answer:
    """What the list says of a certificate of its issuer. Raises :class:`Unclear`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            complete = _check_scope(crl.bare, certificate)
            entry = _find(crl.parts, certificate.serial_number, stop)
            if entry is not None:
                return _revoked(crl, entry)
        except MALFORMED:
            raise Unclear(_UNREADABLE) from None
    if not complete:
        raise Unclear("lists some reasons only, and the certificate for none of these")
    return Answer(until=crl.until)


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
    parts: Parts, bare: x509.CertificateRevocationList, issuer: x509.Certificate
) -> None:
    used = bare.signature_hash_algorithm
    signed = memoryview(parts.der)[slice(*parts.signed)]
    given, scheme = bare.signature_algorithm_parameters, None
    if bare.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        if not isinstance(given, padding.PSS):
            raise Unclear("is signed in a way that is not understood")
        scheme = given
    digest = used is not None
    # hashlib lets others run meanwhile
    data = hashlib.new(used.name, signed).digest() if used is not None else bytes(signed)
    check_signature(issuer.public_key(), scheme, used, bare.signature, data, digest=digest)


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


def _find(parts: Parts, serial: int, stop: Stop) -> bytes | None:
    """The DER of the certificate's entry."""
    der = parts.der
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    size = len(octets)
    for walked, (_, at, content, after) in enumerate(children(der, *parts.entries), 1):
        tag, number, end = head(der, content)
        if tag != INTEGER:
            raise ValueError("an entry without a serial number")
        if end - number == size and der[number:end] == octets:
            return bytes(der[at:after])
        if walked % TURN == 0:
            if stop():
                raise Unclear("was not read to its end")
            time.sleep(0)
    return None


def _revoked(crl: Crl, entry: bytes) -> Answer:
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
    return Answer(revoked_at=at, reason=reason, until=crl.until)
