"""Views for the tests of the wording: an honest example, with only what a test is about given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.judging.snapshot import (
    AddressView,
    CheckView,
    EnvironmentView,
    ServiceView,
    Snapshot,
    Why,
)
from monitor.model.estate import Check, CheckId, Environment, Estate, Service, ServiceId
from monitor.model.status import Rule, Status, Thresholds
from monitor.model.text import Text
from monitor.model.transition import Transition
from probes.observation import Cause, Certificate, Grade, Observation, Reason
from probes.settings import ProbeSettings

STOCKHOLM = ZoneInfo("Europe/Stockholm")
TARGET = "https://expo.ext5.example.se/fhir/metadata"
EXPO = Text(sv="Receptexpedition (EXPO)", en="Dispensing (EXPO)")


def local(text: str, fold: int = 0) -> float:
    """The instant of a local time in Stockholm, ``2026-11-23T14:02``."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM, fold=fold).timestamp()


SINCE = local("2026-11-23T14:02")


def make_check(name: str = "api", **given: Any) -> Check:
    check = Check(
        id=CheckId(f"ext5/expo/{name}"),
        environment="ext5",
        service="expo",
        name=name,
        kind="http",
        settings=ProbeSettings(),
        location="internet",
        target=TARGET,
        host="expo.ext5.example.se",
        port=443,
        interval=30.0,
        retry_interval=5.0,
        timeout=10.0,
        thresholds=Thresholds(latency_yellow=1.0, latency_red=5.0),
    )
    return replace(check, **given)


def seen(
    grade: Grade = Grade.FAILED,
    reason: Reason | None = Reason.STATUS,
    detail: str = "HTTP 503, expected 2xx",
    **given: Any,
) -> Observation:
    plain = Observation(
        at=SINCE + 60, duration=0.2, grade=grade, reason=reason, cause=Cause.TARGET, detail=detail
    )
    return replace(plain, **given)


def green(name: str = "api", **given: Any) -> CheckView:
    view = CheckView(
        check=make_check(name),
        status=Status.GREEN,
        since=SINCE,
        reason=None,
        cause=None,
        why=Why(rule=Rule.GOOD, failed=0, of=20, consecutive=0, threshold=2, first_bad_at=None),
        last=Observation(at=SINCE + 60, duration=0.041),
        last_grade=Grade.GOOD,
        last_reason=None,
        trouble="",
        failed_share=0.0,
        latency=None,
    )
    return replace(view, **given)


def bad(
    status: Status,
    rule: Rule,
    failed: int = 3,
    of: int = 20,
    consecutive: int = 3,
    *,
    reason: Reason | None = Reason.STATUS,
    detail: str = "HTTP 503, expected 2xx",
    threshold: float = 3,
    duration: float = 0.2,
    **given: Any,
) -> CheckView:
    """A check in trouble whose newest measurement is the evidence."""
    grade = Grade.DEGRADED if rule in (Rule.DEGRADED_AFTER, Rule.GREEN_AFTER) else Grade.FAILED
    last = seen(grade, reason, detail, duration=duration)
    return green(
        **{
            "status": status,
            "reason": reason,
            "cause": Cause.TARGET,
            "why": Why(
                rule=rule,
                failed=failed,
                of=of,
                consecutive=consecutive,
                threshold=threshold,
                first_bad_at=SINCE,
            ),
            "last": last,
            "last_grade": grade,
            "last_reason": reason,
            "evidence": last,
            **given,
        }
    )


def unknown(rule: Rule, **given: Any) -> CheckView:
    why = Why(rule=rule, failed=0, of=0, consecutive=0, threshold=0, first_bad_at=None)
    return green(
        **{"status": Status.UNKNOWN, "why": why, "last": None, "last_grade": None, **given}
    )


def address(ip: str, status: Status, reason: Reason | None = None) -> AddressView:
    return AddressView(
        address=ip,
        status=status,
        since=SINCE,
        reason=reason,
        cause=None,
        last=None,
        last_grade=None,
    )


def certificate(not_after: float) -> Certificate:
    return Certificate(
        subject="CN=expo.ext5.example.se",
        issuer="CN=TEST SITHS e-id Function CA v1",
        serial="0a1b",
        not_before=local("2026-01-01T00:00"),
        not_after=not_after,
        names=("expo.ext5.example.se",),
        sha256="00" * 32,
        key_type="rsa",
        key_bits=2048,
        signature_algorithm="sha256",
        authority=False,
    )


def service(
    status: Status, *checks: CheckView, title: Text = EXPO, name: str = "expo", **given: Any
) -> ServiceView:
    view = ServiceView(
        service=Service(
            id=ServiceId(f"ext5/{name}"),
            environment="ext5",
            name=name,
            title=title,
            checks=tuple(check.check for check in checks),
        ),
        status=status,
        measured=status,
        declared=Status.GREEN,
        planned=False,
        since=SINCE,
        checks=checks,
    )
    return replace(view, **given)


def environment(
    status: Status, *services: ServiceView, name: str = "ext5", title: str = "EXT5", **given: Any
) -> EnvironmentView:
    view = EnvironmentView(
        environment=Environment(
            name=name,
            title=Text(sv=title, en=title),
            services=tuple(each.service for each in services),
        ),
        status=status,
        measured=status,
        declared=Status.GREEN,
        planned=False,
        since=SINCE,
        services=services,
    )
    return replace(view, **given)


def snapshot(status: Status, *environments: EnvironmentView) -> Snapshot:
    return Snapshot(
        at=SINCE + 600,
        status=status,
        since=SINCE,
        environments=environments,
        estate=Estate(environments=tuple(each.environment for each in environments)),
    )


def transition(before: Status, after: Status, **given: Any) -> Transition:
    plain = Transition(
        at=SINCE + 10,
        since=SINCE,
        environment="ext5",
        service="expo",
        before=before,
        after=after,
    )
    return replace(plain, **given)
