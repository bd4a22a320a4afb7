"""Small values with sensible defaults, for tests that need a view or a snapshot.

Every instant is near :data:`NOW`, Monday 23 November 2026, 13:02:11.120 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from monitor.judging.snapshot import (
    AddressView,
    CheckView,
    EnvironmentView,
    Quantiles,
    ServiceView,
    Snapshot,
    Why,
)
from monitor.model.certificate_changes import CertificateChange, Leaf
from monitor.model.estate import Check, CheckId, Environment, Estate, Service, ServiceId
from monitor.model.status import Rule, Status, Thresholds
from monitor.model.text import Text
from probes.observation import Cause, Grade, Observation, Reason
from probes.settings import ProbeSettings
from tests.support.factories_observed import DAY as DAY
from tests.support.factories_observed import NOW as NOW
from tests.support.factories_observed import make_certificate as make_certificate
from tests.support.factories_observed import make_failure as make_failure
from tests.support.factories_observed import make_http as make_http
from tests.support.factories_observed import make_observation as make_observation
from tests.support.factories_observed import make_tls as make_tls

GOOD_WHY = Why(rule=Rule.GOOD, failed=0, of=20, consecutive=0, threshold=2.0, first_bad_at=None)


class NoSettings(ProbeSettings):
    """Settings of a check that is never run."""

    def target(self) -> str:
        return "nowhere"

    def endpoint(self) -> tuple[str, int]:
        return "nowhere", 1


def make_text(sv: str, en: str | None = None) -> Text:
    return Text(sv=sv, en=sv if en is None else en)


def make_check(
    name: str = "api", *, environment: str = "ext5", service: str = "expo", **changes: Any
) -> Check:
    """An ``http`` check of ``https://expo.ext5.example.se/`` every 30 s."""
    values: dict[str, Any] = {
        "id": CheckId(f"{environment}/{service}/{name}"),
        "environment": environment,
        "service": service,
        "name": name,
        "kind": "http",
        "settings": NoSettings(),
        "location": "internet",
        "target": f"https://{service}.{environment}.example.se/fhir/metadata",
        "host": f"{service}.{environment}.example.se",
        "port": 443,
        "interval": 30.0,
        "retry_interval": 5.0,
        "timeout": 10.0,
        "thresholds": Thresholds(latency_yellow=1.0, latency_red=5.0),
    }
    return Check(**{**values, **changes})


def make_view(
    check: Check | None = None, last: Observation | None = None, **changes: Any
) -> CheckView:
    """A check's view: green with a good observation unless told otherwise."""
    last = make_observation() if last is None else last
    values: dict[str, Any] = {
        "check": make_check() if check is None else check,
        "status": Status.GREEN,
        "since": NOW - 3600,
        "reason": None,
        "cause": None,
        "why": GOOD_WHY,
        "last": last,
        "last_grade": last.grade,
        "last_reason": last.reason,
        "trouble": "",
        "failed_share": 0.0,
        "latency": Quantiles(p50=0.041, p95=0.0802, p99=0.12),
    }
    return CheckView(**{**values, **changes})


def make_red_view(
    check: Check | None = None, reason: Reason = Reason.CONNECT_REFUSED, **changes: Any
) -> CheckView:
    """Three refusals in a row."""
    last = changes.pop("last", None) or make_failure(reason)
    values: dict[str, Any] = {
        "status": Status.RED,
        "since": NOW - 11.0,
        "reason": reason,
        "cause": Cause.TARGET,
        "why": Why(
            rule=Rule.RED_AFTER,
            failed=3,
            of=20,
            consecutive=3,
            threshold=3.0,
            first_bad_at=NOW - 11.0,
        ),
        "failed_share": 0.15,
        "evidence": last,
    }
    return make_view(check, last, **{**values, **changes})


def make_unmeasured_view(check: Check | None = None, **changes: Any) -> CheckView:
    """A check that has not been probed yet."""
    values: dict[str, Any] = {
        "status": Status.UNKNOWN,
        "why": Why(
            rule=Rule.UNMEASURED, failed=0, of=0, consecutive=0, threshold=0.0, first_bad_at=None
        ),
        "last": None,
        "last_grade": None,
        "last_reason": None,
        "failed_share": None,
        "latency": None,
    }
    return replace(make_view(check), **{**values, **changes})


def make_change(**changes: Any) -> CertificateChange:
    """An hour ago, from an older certificate of the same issuer to :func:`make_certificate`'s."""
    leaf = make_certificate()
    after = Leaf(
        sha256=leaf.sha256, issuer=leaf.issuer, not_after=leaf.not_after, seen_at=NOW - 3600
    )
    before = replace(after, sha256="0a" * 32, not_after=NOW + 3 * DAY)
    return replace(CertificateChange(at=NOW - 3600, before=before, after=after), **changes)


def make_address_view(address: str = "192.0.2.10", **changes: Any) -> AddressView:
    values: dict[str, Any] = {
        "address": address,
        "status": Status.GREEN,
        "since": NOW - 3600,
        "reason": None,
        "cause": None,
        "last": make_observation(address=address),
        "last_grade": Grade.GOOD,
    }
    return AddressView(**{**values, **changes})


def make_service(
    name: str = "expo",
    checks: Iterable[Check] | None = None,
    *,
    environment: str = "ext5",
    **changes: Any,
) -> Service:
    values: dict[str, Any] = {
        "id": ServiceId(f"{environment}/{name}"),
        "environment": environment,
        "name": name,
        "title": Text(sv=f"Receptexpedition ({name.upper()})", en=f"Dispensing ({name.upper()})"),
        "help": Text(sv="Använd reservrutinen.", en="Use the fallback routine."),
        "checks": (
            (make_check(environment=environment, service=name),)
            if checks is None
            else tuple(checks)
        ),
    }
    return Service(**{**values, **changes})


def make_service_view(
    views: Sequence[CheckView] | None = None, service: Service | None = None, **changes: Any
) -> ServiceView:
    """A service as bad as its worst check."""
    views = [make_view()] if views is None else views
    if service is None:
        first = views[0].check if views else make_check()
        service = make_service(
            first.service, [view.check for view in views], environment=first.environment
        )
    status = max((view.status for view in views), key=lambda s: s.severity, default=Status.UNKNOWN)
    values: dict[str, Any] = {
        "service": service,
        "status": status,
        "measured": status,
        "declared": Status.GREEN,
        "planned": False,
        "since": min((view.since for view in views), default=NOW),
        "checks": tuple(views),
    }
    return ServiceView(**{**values, **changes})


def make_environment_view(
    services: Sequence[ServiceView] | None = None, **changes: Any
) -> EnvironmentView:
    """An environment as bad as its worst service."""
    services = [make_service_view()] if services is None else services
    name = services[0].service.environment if services else "ext5"
    status = max(
        (view.status for view in services), key=lambda s: s.severity, default=Status.UNKNOWN
    )
    values: dict[str, Any] = {
        "environment": Environment(
            name=name,
            title=make_text(name.upper()),
            services=tuple(view.service for view in services),
        ),
        "status": status,
        "measured": status,
        "declared": Status.GREEN,
        "planned": False,
        "since": min((view.since for view in services), default=NOW),
        "services": tuple(services),
    }
    return EnvironmentView(**{**values, **changes})


def make_snapshot(
    *views: CheckView,
    environments: Sequence[EnvironmentView] | None = None,
    at: float = NOW,
    estate: Estate | None = None,
    **changes: Any,
) -> Snapshot:
    """A snapshot of ``views`` grouped by their services and environments, or of ``environments``.

    Two snapshots of one configuration should be given the same ``estate``.
    """
    if environments is None:
        environments = _grouped(views or (make_view(),))
    if estate is None:
        estate = Estate(environments=tuple(view.environment for view in environments))
    status = max(
        (view.status for view in environments), key=lambda s: s.severity, default=Status.UNKNOWN
    )
    values: dict[str, Any] = {
        "at": at,
        "status": status,
        "since": min((view.since for view in environments), default=at),
        "environments": tuple(environments),
        "estate": estate,
    }
    return Snapshot(**{**values, **changes})


def _grouped(views: Iterable[CheckView]) -> list[EnvironmentView]:
    tree: dict[str, dict[str, list[CheckView]]] = {}
    for view in views:
        services = tree.setdefault(view.check.environment, {})
        services.setdefault(view.check.service, []).append(view)
    return [
        make_environment_view([make_service_view(checks) for checks in services.values()])
        for services in tree.values()
    ]
