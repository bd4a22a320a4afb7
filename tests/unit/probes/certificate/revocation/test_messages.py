"""What was found out about revocation, for people."""

from __future__ import annotations

from probes.certificate.rules import judge
from probes.certificate.settings import CertificateSettings
from probes.observation import Cause, Grade, Reason, Revocation, RevocationState, TlsFacts
from tests.support.factories_observed import make_certificate

NOW = 1_795_438_931.0
FAR = {"not_before": NOW - 86_400, "not_after": NOW + 300 * 86_400}
LEAF = make_certificate(subject="CN=a.example.se", issuer="CN=Middle", sha256="a" * 64, **FAR)
MIDDLE = make_certificate(
    subject="CN=Middle", issuer="CN=Root", sha256="b" * 64, authority=True, **FAR
)
ROOT = make_certificate(
    subject="CN=Root", issuer="CN=Root", sha256="c" * 64, authority=True, self_signed=True, **FAR
)


def found(state: RevocationState, sha256: str = LEAF.sha256, **more: object) -> Revocation:
    values: dict[str, object] = {"sha256": sha256, "subject": "CN=x", "state": state, **more}
    return Revocation(**values)  # type: ignore[arg-type]


def judged(*revocation: Revocation, **settings: object) -> tuple[object, ...]:
    parsed = CertificateSettings.model_validate(
        {"host": "a.example.se", "revocation": "any", **settings}
    )
    facts = TlsFacts(
        version="TLSv1.3", chain=(LEAF, MIDDLE), verified=True,
        verified_chain=(LEAF, MIDDLE, ROOT), revocation=revocation,
    )  # fmt: skip
    seen = judge(facts, NOW, parsed, None)
    worst = seen.worst
    return (
        (worst.grade, worst.reason, worst.cause) if worst else (Grade.GOOD, None, None),
        seen.detail,
    )


def test_a_date_beyond_the_calendar_does_not_stop_it() -> None:
    """An authority may write any."""
    for at in (1e18, -1e18, None):
        worst, detail = judged(
            found(RevocationState.REVOKED, revoked_at=at, source="CRL http://c.example.se/")
        )
        assert worst == (Grade.FAILED, Reason.TLS_REVOKED, Cause.TARGET)
        assert detail == (
            "the certificate was revoked at an unknown time, says CRL http://c.example.se/"
        )


def test_revoked_is_worse_than_unknown() -> None:
    """Both are told, the revoked one first, and the cause is its own."""
    worst, detail = judged(
        found(RevocationState.UNKNOWN, detail="stapled OCSP is not sent", cause=Cause.MONITOR),
        found(RevocationState.REVOKED, MIDDLE.sha256, revoked_at=NOW, source="CRL x"),
        revocation_required=True,
    )
    assert worst == (Grade.FAILED, Reason.TLS_REVOKED, Cause.TARGET)
    assert detail == (
        "the intermediate CN=Middle was revoked 2026-11-23T13:02:11Z, says CRL x;"
        " revocation could not be established: the certificate: stapled OCSP is not sent"
    )


def test_our_own_trouble_in_finding_out_is_ours() -> None:
    unknown = found(RevocationState.UNKNOWN, detail="CRL x was not asked", cause=Cause.MONITOR)
    assert judged(unknown)[0] == (Grade.GOOD, None, None)
    worst, _ = judged(unknown, revocation_required=True)
    assert worst == (Grade.FAILED, Reason.TLS_REVOKED, Cause.MONITOR)
