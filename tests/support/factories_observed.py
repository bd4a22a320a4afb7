"""Observations with sensible defaults: what a probe of ``expo.ext5.example.se`` saw.

Every instant is near :data:`NOW`, Monday 23 November 2026, 13:02:11.120 UTC.
"""

from __future__ import annotations

from typing import Any

from probes.observation import (
    Cause,
    Certificate,
    Grade,
    HttpFacts,
    Observation,
    Phases,
    Reason,
    TlsFacts,
)

NOW = 1795438931.120
DAY = 86_400.0


def make_certificate(**changes: Any) -> Certificate:
    """A leaf that is valid from 30 days ago and for 60 more."""
    values: dict[str, Any] = {
        "subject": "CN=expo.ext5.example.se,O=Example",
        "issuer": "CN=SITHS e-id Function CA v1,O=Inera AB",
        "serial": "1a2b3c",
        "not_before": NOW - 30 * DAY,
        "not_after": NOW + 60 * DAY,
        "names": ("expo.ext5.example.se", "192.0.2.10"),
        "sha256": "ab" * 32,
        "key_type": "rsa",
        "key_bits": 2048,
        "signature_algorithm": "sha256WithRSAEncryption",
        "authority": False,
    }
    return Certificate(**{**values, **changes})


def make_tls(**changes: Any) -> TlsFacts:
    """TLS 1.3 with a chain of two that verified."""
    leaf = make_certificate()
    authority = make_certificate(
        subject=leaf.issuer, sha256="cd" * 32, not_after=NOW + 900 * DAY, authority=True
    )
    values: dict[str, Any] = {
        "version": "TLSv1.3",
        "cipher": "TLS_AES_256_GCM_SHA384",
        "chain": (leaf, authority),
        "verified": True,
        "verified_not_after": leaf.not_after,
    }
    return TlsFacts(**{**values, **changes})


def make_http(**changes: Any) -> HttpFacts:
    values: dict[str, Any] = {
        "status": 200,
        "version": "1.1",
        "content_length": 1234,
        "body_bytes": 1234,
        "tls": True,
    }
    return HttpFacts(**{**values, **changes})


def make_observation(**changes: Any) -> Observation:
    """A good answer over HTTPS in 41 ms, a second before :data:`NOW`."""
    values: dict[str, Any] = {
        "at": NOW - 1.0,
        "duration": 0.041,
        "phases": Phases(
            resolve=0.0004, connect=0.0012, tls=0.0052, processing=0.033, transfer=0.0012
        ),
        "address": "192.0.2.10",
        "http": make_http(),
        "tls": make_tls(),
    }
    return Observation(**{**values, **changes})


def make_failure(reason: Reason = Reason.CONNECT_REFUSED, **changes: Any) -> Observation:
    """A failed probe that learned nothing of HTTP or TLS."""
    values: dict[str, Any] = {
        "at": NOW - 1.0,
        "duration": 0.0018,
        "grade": Grade.FAILED,
        "reason": reason,
        "cause": Cause.TARGET,
        "detail": "connection to 192.0.2.10 port 443 refused",
        "phases": Phases(resolve=0.0004, connect=0.0012),
        "address": "192.0.2.10",
    }
    return Observation(**{**values, **changes})
