"""Views as the plain values that stand in status.json. Contract, section 7."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from monitor import wording
from monitor.judging.snapshot import AddressView, CheckView, EnvironmentView, ServiceView
from monitor.model.certificate_changes import CertificateChange
from monitor.model.estate import ServiceId
from monitor.model.text import Text
from monitor.model.time_in_status import WINDOWS, Availability, AvailabilityReport, TimeInStatus
from monitor.model.timestamps import iso_timestamp
from monitor.model.upstream_status import StatedView
from monitor.plan import Acknowledgement, CalendarView, NoticeView, Occurrence, Silence, UpgradeView
from probes.observation import Certificate, Grade, Observation, Reason, TlsFacts

__all__ = [
    "check_value",
    "iso_timestamp",
    "notice_value",
    "text_value",
    "upgrade_value",
    "view_value",
]


def text_value(value: Text) -> dict[str, str]:
    return {"sv": value.sv, "en": value.en}


def view_value(view: ServiceView | EnvironmentView) -> dict[str, Any]:
    """What a service and an environment have in common."""
    return {
        "status": view.status,
        "measured": view.measured,
        "declared": view.declared,
        "planned": view.planned,
        "since": iso_timestamp(view.since),
    }


def window_value(one: Occurrence) -> dict[str, Any]:
    """A service window at one of its times."""
    window = one.window
    return {
        "id": window.id,
        "title": text_value(window.title),
        "message": text_value(window.message) if window.message is not None else None,
        "impact": window.impact,
        "start": iso_timestamp(one.start),
        "end": iso_timestamp(one.end),
        "environments": sorted(window.environments),
        "services": sorted(window.services),
        "changes_certificates": window.changes_certificates,
        "cancelled": window.cancelled,
        "calendar": window.calendar or None,
        "author": window.author or None,
    }


def upgrade_value(one: UpgradeView) -> dict[str, Any]:
    """A version package, with the days that are left until its date."""
    upgrade = one.upgrade
    return {
        "package": upgrade.package,
        "title": text_value(upgrade.title) if upgrade.title is not None else None,
        "message": text_value(upgrade.message) if upgrade.message is not None else None,
        "countdown": text_value(wording.upgrade_message(one)),
        "replaced_by": upgrade.replaced_by,
        "retires": upgrade.retires.isoformat() if upgrade.retires is not None else None,
        "was": [day.isoformat() for day in upgrade.was],
        "moved": bool(upgrade.moved),
        "days_left": one.days_left,
        "retired": one.retired,
        "still_answering": list(one.answering),
    }


def calendar_value(one: CalendarView) -> dict[str, Any]:
    return {
        "name": one.name,
        "last_success": None if one.last_success is None else iso_timestamp(one.last_success),
        "stale": one.stale,
        "trouble": one.trouble or None,
        "unknown_zones": list(one.unknown_zones),
    }


def stated_value(one: StatedView) -> dict[str, Any]:
    """What its owner says."""
    return {
        "status": one.status,
        "says": one.says or None,
        "at": None if one.at is None else iso_timestamp(one.at),
        "differs_since": None if one.differs_since is None else iso_timestamp(one.differs_since),
        "trouble": one.trouble or None,
    }


def notice_value(one: NoticeView) -> dict[str, Any]:
    """A notice that is active."""
    notice = one.notice
    return {
        "id": notice.id,
        "title": text_value(notice.title) if notice.title is not None else None,
        "message": text_value(notice.message),
        "status": notice.status,
        "from": None if notice.begins is None else iso_timestamp(notice.begins),
        "until": None if notice.ends is None else iso_timestamp(notice.ends),
        "updated": None if one.changed_at is None else iso_timestamp(one.changed_at),
        "environments": sorted(notice.environments),
        "services": sorted(notice.services),
        "author": notice.author or None,
    }


def by_hand_value(one: Acknowledgement | Silence) -> dict[str, Any]:
    """What a person acknowledged or silenced."""
    return {
        "id": one.id,
        "because": one.because,
        "author": one.author,
        "written_at": iso_timestamp(one.written_at),
        "until": None if one.ends is None else iso_timestamp(one.ends),
        "environments": sorted(one.environments),
        "services": sorted(one.services),
    }


def availability_value(availability: Availability) -> dict[str, Any]:
    """By window; see docs/availability.md."""
    return {
        window: shares_value(shares)
        for window, shares in zip(WINDOWS, availability.windows, strict=True)
    }


def shares_value(shares: TimeInStatus) -> dict[str, Any]:
    """The ratios, never rounded, and what is unknown, in seconds."""
    return {
        "all": shares.ratio,
        "unplanned": shares.unplanned_ratio,
        "unknown_s": shares.unknown / 1000,
    }


def report_value(service: ServiceId, report: AvailabilityReport) -> dict[str, Any]:
    """What the address for one service's availability answers."""
    return {
        "service": service,
        "at": iso_timestamp(report.at),
        "windows": {
            window: {**shares_value(shares), **_seconds(shares)}
            for window, shares in zip(WINDOWS, report.availability.windows, strict=True)
        },
        "days": [
            {
                "day": day.day.isoformat(),
                "start": iso_timestamp(day.start),
                "end": iso_timestamp(day.end),
                **shares_value(day.shares),
                **_seconds(day.shares),
            }
            for day in report.days
        ],
    }


def _seconds(shares: TimeInStatus) -> dict[str, float]:
    return {
        "green_s": shares.green / 1000,
        "yellow_s": shares.yellow / 1000,
        "red_s": shares.red / 1000,
        "planned_red_s": shares.planned_red / 1000,
    }


def check_value(
    view: CheckView, service: Text, environment: Text, zone: ZoneInfo, now: float
) -> dict[str, Any]:
    """One check of the service and environment so titled; ``zone`` is that of the times in its
    message, which is read at ``now``.
    """
    check, latency, last = view.check, view.latency, view.last
    value = {
        "name": check.name,
        "kind": check.kind,
        "target": check.target,
        "location": check.location,
        "status": view.status,
        "since": iso_timestamp(view.since),
        "reason": view.reason,
        "cause": view.cause,
        "message": text_value(wording.check_message(view, zone, service, environment, now=now)),
        "why": view.why.document(),
        "last": _last(last, view.last_grade, view.last_reason),
        "failed_share": None if view.failed_share is None else round(view.failed_share, 4),
        "latency_ms": None
        if latency is None
        else {"p50": _ms(latency.p50), "p95": _ms(latency.p95), "p99": _ms(latency.p99)},
        "certificate": _certificate(_tls(last), view.changed),
        "addresses": [_address(address) for address in view.addresses],
    }
    if view.locations:
        value["locations"] = [_location(place) for place in view.locations]
    return value


def _location(place: CheckView) -> dict[str, Any]:
    """The check as it stands at one of its locations."""
    return {
        "name": place.check.location,
        "status": place.status,
        "since": iso_timestamp(place.since),
        "reason": place.reason,
        "cause": place.cause,
        "why": place.why.document(),
        "last": _last(place.last, place.last_grade, place.last_reason),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _last(
    last: Observation | None, grade: Grade | None, reason: Reason | None
) -> dict[str, Any] | None:
    """``grade`` and ``reason`` as judged, which knows what is slow."""
    if last is None:
        return None
    return {
        "at": iso_timestamp(last.at),
        "grade": grade or last.grade,
        "reason": reason,
        "duration_ms": _ms(last.duration),
        "phases_ms": {phase.value: _ms(seconds) for phase, seconds in last.phases.measured()},
        "http_status": last.http.status if last.http is not None else None,
    }


def _address(view: AddressView) -> dict[str, Any]:
    reason = view.last.reason if view.last is not None else None
    if view.last_grade not in (None, Grade.GOOD):
        reason = reason or view.reason
    return {
        "address": view.address,
        "status": view.status,
        "since": None if view.since is None else iso_timestamp(view.since),
        "reason": view.reason,
        "cause": view.cause,
        "last": _last(view.last, view.last_grade, reason),
        "certificate": _certificate(view.last.tls if view.last is not None else None, view.changed),
    }


def _tls(last: Observation | None) -> TlsFacts | None:
    """What was learned of TLS; of several addresses, from the one whose certificate ends first."""
    if last is None:
        return None
    if last.tls is not None and last.tls.chain:
        return last.tls
    seen = [part.tls for part in last.parts if part.tls is not None and part.tls.chain]
    return min(seen, key=lambda facts: facts.chain[0].not_after, default=None)


def _certificate(
    facts: TlsFacts | None, changed: CertificateChange | None
) -> dict[str, Any] | None:
    """The server's own certificate, how it came to be there when that was seen and, under
    ``chain``, all that the server sent, itself first.
    """
    if facts is None or facts.leaf is None:
        return None
    if changed is not None and changed.after.sha256 != facts.leaf.sha256:
        changed = None  # another address's
    return {
        **_facts(facts.leaf),
        "verified": facts.verified,
        "changed_at": None if changed is None else iso_timestamp(changed.at),
        "previous_sha256": None if changed is None else changed.before.sha256,
        "same_issuer": None if changed is None else changed.same_issuer,
        "announced": None if changed is None else changed.announced is not None,
        "chain": [_facts(each) for each in facts.chain],
    }


def _facts(cert: Certificate) -> dict[str, Any]:
    return {
        "subject": cert.subject,
        "issuer": cert.issuer,
        "serial": cert.serial,
        "not_before": iso_timestamp(cert.not_before),
        "not_after": iso_timestamp(cert.not_after),
        "names": list(cert.names),
        "sha256": cert.sha256,
        "key": {"type": cert.key_type, "bits": cert.key_bits},
        "signature_algorithm": cert.signature_algorithm,
    }
