"""Pure: what was found out about revocation, in clauses that name the certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from probes.certificate.chain import position, short_name
from probes.observation import Cause, Certificate, Revocation, RevocationState


def revoked_words(found: Sequence[Revocation], path: Sequence[Certificate]) -> Iterator[str]:
    """For each certificate that is revoked: which, since when, why and who says so."""
    for one in found:
        if one.state is RevocationState.REVOKED:
            why = f" ({one.reason})" if one.reason else ""
            yield f"{_which(one, path)} was revoked {_when(one)}{why}, says {one.source}"


def unknown_words(
    found: Sequence[Revocation], path: Sequence[Certificate]
) -> Iterator[tuple[str, Cause]]:
    """For each of which nothing is known: which and why, and whose trouble that is."""
    for one in found:
        if one.state is RevocationState.UNKNOWN:
            yield f"{_which(one, path)}: {one.detail}", one.cause or Cause.DEPENDENCY


def _which(one: Revocation, path: Sequence[Certificate]) -> str:
    for certificate in path:
        if certificate.sha256 == one.sha256:
            return position(certificate, path)
    return short_name(one.subject)


def _when(one: Revocation) -> str:
    if one.revoked_at is None:
        return "at an unknown time"
    try:
        return f"{datetime.fromtimestamp(one.revoked_at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return "at an unknown time"
