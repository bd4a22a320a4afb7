"""One probe as JSON: ``last`` of status.json with everything that the probe knows added."""

from __future__ import annotations

from typing import Any

from monitor.judging.grade import Verdict
from monitor.model.timestamps import iso_timestamp
from probes.certificate.chain import arrange
from probes.observation import Certificate, HttpFacts, Observation, Reason, Revocation, TlsFacts


def probe_json(observation: Observation, verdict: Verdict) -> dict[str, Any]:
    """The document of one probe. Keys are always there; a value that was not measured is ``None``."""
    return {
        **_outcome(observation, verdict),
        "parts": [
            _outcome(part, Verdict(grade=part.grade, reason=part.reason, cause=part.cause))
            for part in observation.parts
        ],
    }


def _outcome(observation: Observation, verdict: Verdict) -> dict[str, Any]:
    return {
        "at": iso_timestamp(observation.at),
        "grade": verdict.grade.value,
        "reason": verdict.reason.value if verdict.reason else None,
        "cause": verdict.cause.value if verdict.cause else None,
        "detail": observation.detail,
        "duration_ms": _ms(observation.duration),
        "phases_ms": {phase.value: _ms(took) for phase, took in observation.phases.measured()},
        "address": observation.address,
        "http": _http(observation.http) if observation.http else None,
        "tls": _tls(observation.tls, observation.reason) if observation.tls else None,
        "dns": (
            {"rcode": observation.dns.rcode, "answers": list(observation.dns.answers)}
            if observation.dns
            else None
        ),
    }


def _http(facts: HttpFacts) -> dict[str, Any]:
    return {
        "status": facts.status,
        "version": facts.version,
        "redirects": facts.redirects,
        "content_length": facts.content_length,
        "body_bytes": facts.body_bytes,
        "last_modified": _instant(facts.last_modified),
        "tls": facts.tls,
    }


def _tls(facts: TlsFacts, reason: Reason | None) -> dict[str, Any]:
    chain = arrange(facts, untrusted=reason is Reason.TLS_UNTRUSTED)
    return {
        "version": facts.version,
        "cipher": facts.cipher,
        "verified": facts.verified,
        "verified_not_after": _instant(facts.verified_not_after),
        "chain": [_certificate(each) for each in facts.chain],
        "verified_chain": [_certificate(each) for each in facts.verified_chain],
        "chain_notes": [
            {
                "fault": note.fault.value,
                "subject": note.subject,
                "sha256": note.sha256,
                "words": note.words(),
            }
            for note in chain.notes
        ],
        "revocation": [_revocation(each) for each in facts.revocation],
        "client": _certificate(facts.client) if facts.client else None,
    }


def _revocation(found: Revocation) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "sha256": found.sha256,
        "state": found.state.value,
        "source": found.source or None,
        "revoked_at": _instant(found.revoked_at),
        "reason": found.reason,
        "words": found.detail,
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": iso_timestamp(certificate.not_before),
        "not_after": iso_timestamp(certificate.not_after),
        "names": list(certificate.names),
        "sha256": certificate.sha256,
        "key": {"type": certificate.key_type, "bits": certificate.key_bits},
        "signature_algorithm": certificate.signature_algorithm,
        "signature_hash": certificate.signature_hash,
        "authority": certificate.authority,
        "self_signed": certificate.self_signed,
    }


def _instant(at: float | None) -> str | None:
    return None if at is None else iso_timestamp(at)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
