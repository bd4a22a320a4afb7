"""Pure: asking an OCSP responder, and what its response is worth (RFC 6960, RFC 5019)."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from probes.certificate.revocation.verdict import (
    MALFORMED,
    WEAK,
    RevocationAnswer,
    Unclear,
    check_dates,
    check_signature,
    reading,
)

MAX_BYTES = 65_536
"""Bytes of a response: one certificate's status, a signature and the responder's certificate."""
MAX_SIGNERS = 8
"""Certificates of a response that are looked at."""
MAX_STATUSES = 256
"""A responder may tell of more certificates than it was asked of; of so many at most."""
_PSS = SignatureAlgorithmOID.RSASSA_PSS


def question(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The request for one certificate, without a nonce, in SHA-1 as RFC 5019, 2.1.1 has it: it is
    a name here, and the only one that every responder knows. Raises :class:`Unclear`.
    """
    return _named(certificate, issuer, hashes.SHA1()).public_bytes(Encoding.DER)  # noqa: S303


def read_response(
    der: bytes, certificate: x509.Certificate, issuer: x509.Certificate, now: float
) -> RevocationAnswer:
    """What a response says of ``certificate`` at ``now``. Raises :class:`Unclear`."""
    with reading("an OCSP response"):
        return _read(ocsp.load_der_ocsp_response(der), certificate, issuer, now)


def _read(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate, now: float
) -> RevocationAnswer:
    status = response.response_status
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise Unclear(f"is a refusal ({status.name.lower()})")
    if any(extension.critical for extension in response.extensions):
        raise Unclear("has a critical extension that is not understood")
    found = _status_of(response, certificate, issuer)
    _check_signer(response, issuer, now)
    until = check_dates(found.this_update_utc, found.next_update_utc, now)
    match found.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return RevocationAnswer(until=until)
        case ocsp.OCSPCertStatus.REVOKED:
            at, why = found.revocation_time_utc, found.revocation_reason
            return RevocationAnswer(
                revoked_at=at.timestamp() if at is not None else now,
                reason=why.value if why is not None else None,
                until=until,
            )
    raise Unclear("does not know the certificate")


def _named(
    certificate: x509.Certificate, issuer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> ocsp.OCSPRequest:
    builder = ocsp.OCSPRequestBuilder()
    try:
        return builder.add_certificate(certificate, issuer, algorithm).build()
    except MALFORMED:
        raise Unclear("cannot be asked: the certificate has no usable name") from None


def _status_of(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    """The part about the certificate: serial, issuer's name and issuer's key (RFC 6960, 4.1.1)."""
    for number, single in enumerate(response.responses):
        if number == MAX_STATUSES:
            break
        if single.serial_number != certificate.serial_number:
            continue
        named = _named(certificate, issuer, single.hash_algorithm)
        if (single.issuer_name_hash, single.issuer_key_hash) == (
            named.issuer_name_hash,
            named.issuer_key_hash,
        ):
            return single
    raise Unclear("is about another certificate")


def _check_signer(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: float) -> None:
    """Raises :class:`Unclear` unless the issuer signed, or whom it appointed (RFC 6960, 4.2.2.2)."""
    if response.signature_algorithm_oid == _PSS:
        raise Unclear("is signed in a way that is not understood")
    doubt = Unclear("is signed by nobody that the issuer has appointed")
    for signer in _signers(response, issuer):
        try:
            if signer is not issuer:
                _check_appointed(signer, issuer, now)
            check_signature(
                signer.public_key(),
                None,
                response.signature_hash_algorithm,
                response.signature,
                response.tbs_response_bytes,
            )
        except Unclear as unclear:
            doubt = unclear
        else:
            return
    raise doubt


def _signers(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> Iterator[x509.Certificate]:
    """Those who are called what the responder calls itself, the issuer first."""
    name, key_hash = response.responder_name, response.responder_key_hash
    for one in (issuer, *response.certificates[:MAX_SIGNERS]):
        if name is not None:
            if one.subject == name:
                yield one
        elif x509.SubjectKeyIdentifier.from_public_key(one.public_key()).digest == key_hash:
            yield one


def _check_appointed(signer: x509.Certificate, issuer: x509.Certificate, now: float) -> None:
    if signer == issuer:
        return
    try:
        if isinstance(signer.signature_hash_algorithm, WEAK):
            raise Unclear("is signed by a responder whose certificate is weak")
        signer.verify_directly_issued_by(issuer)
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except Unclear:
        raise
    except Exception:  # noqa: BLE001 - wrong issuer, wrong signature, no such extension, odd key
        raise Unclear("is signed by nobody that the issuer has appointed") from None
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        raise Unclear("is signed by a certificate that may not sign OCSP responses")
    begins, ends = signer.not_valid_before_utc.timestamp(), signer.not_valid_after_utc.timestamp()
    if not begins <= now <= ends:
        raise Unclear("is signed by a responder whose certificate is not valid now")
