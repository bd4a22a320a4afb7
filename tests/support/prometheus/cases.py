"""For every alert: when it fires, and when it does not although it nearly would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.support.prometheus.series import DAY, Series, Span, flat, named, of_service, service

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    alert: str
    what: str
    series: Series
    at: int
    """The step at which it is asked."""
    firing: tuple[Labels, ...] = ()
    """All that fires then, by those of its labels that matter."""
    step: int = 60
    """Seconds."""


UNPLANNED = {"severity": "critical", "planned": "false", "service": "expo"}
WARNING = {"severity": "warning"}
CRITICAL = {"severity": "critical"}


def _services() -> Iterator[Case]:
    red, green = ("red", False, 5), ("green", False, 5)
    planned: Span = ("red", True, 5)
    name = "DriftvaktServiceRed"
    yield Case(name, "red", service(green, red), 6, (UNPLANNED,))
    yield Case(name, "a plan that is over", service(planned, red), 6, (UNPLANNED,))
    yield Case(name, "red as planned", service(green, planned), 6)
    yield Case(name, "yellow", service(green, ("yellow", False, 9)), 8)
    yield Case(name, "unknown", service(green, ("unknown", False, 9)), 8)
    yield Case(name, "red again green", service(red, green), 7)
    yield Case(
        name,
        "another service's plan",
        {**service(green, red), **service(green, planned, name="lf")},
        6,
        (UNPLANNED,),
    )
    elsewhere = {
        series.replace('instance="watch', 'instance="other'): is_
        for series, is_ in service(green, planned).items()
    }
    both = {**service(green, red), **elsewhere}
    yield Case(name, "another monitor's plan", both, 6, ({**UNPLANNED, "instance": "watch:9815"},))
    name = "DriftvaktServiceRedPlanned"
    calm = {"severity": "info", "planned": "true"}
    yield Case(name, "red as planned", service(green, planned), 6, (calm,))
    yield Case(name, "red without a plan", service(green, red), 6)
    yield Case(name, "a plan without red", service(green, ("green", True, 5)), 6)
    name = "DriftvaktServiceYellow"
    yellow: Span = ("yellow", False, 40)
    yield Case(name, "16 minutes", service(green, yellow), 21, ({**WARNING, "planned": "false"},))
    yield Case(name, "14 minutes", service(green, yellow), 19)
    yield Case(name, "planned", service(green, ("yellow", True, 40)), 30)
    yield Case(
        name, "twice ten minutes",
        service(green, ("yellow", False, 10), green, ("yellow", False, 10)), 29,
    )  # fmt: skip
    name = "DriftvaktServiceUnknown"
    unknown: Span = ("unknown", False, 40)
    yield Case(name, "16 minutes", service(green, unknown), 21, (WARNING,))
    yield Case(name, "14 minutes", service(green, unknown), 19)
    yield Case(name, "red", service(("red", False, 40)), 30)


def _overruns() -> Iterator[Case]:
    name = "DriftvaktWindowOverrun"
    before: Span = ("green", False, 5)
    window: Span = ("red", True, 30)
    after: Span = ("red", False, 30)
    yield Case(name, "still red", service(before, window, after), 42, (WARNING,))
    better: Span = ("yellow", False, 30)
    yield Case(name, "yellow is not green", service(before, window, better), 42, (WARNING,))
    yield Case(name, "within the window", service(before, window), 30)
    yield Case(name, "a little late", service(before, window, after), 38)
    yield Case(
        name, "broken anew afterwards",
        service(before, window, ("green", False, 10), after), 60,
    )  # fmt: skip
    yield Case(name, "never planned", service(before, after), 30)
    yield Case(name, "in time", service(before, window, ("green", False, 30)), 60)


def _packages() -> Iterator[Case]:
    name = "DriftvaktPackageRetirementNear"
    series = named(
        "driftvakt_version_package_retirement_timestamp_seconds",
        'package="16.1",replaced_by="17.1"',
    )
    for days, firing in (
        (31, ()),
        (29, ({"severity": "info", "within": "30d", "package": "16.1"},)),
        (6, ({"severity": "warning", "within": "7d", "package": "16.1"},)),
        (0, ()),
    ):
        yield Case(name, f"{days} days", {series: flat((days * DAY, 5))}, 3, firing)
    name = "DriftvaktPackageStillAnswers"
    series = of_service(
        "driftvakt_version_package_still_answers", labels='package="16.1",check="v16"'
    )
    yield Case(name, "it answers", {series: flat((1, 20))}, 17, (WARNING,))
    yield Case(name, "it does not", {series: flat((1, 10), (0, 10))}, 17)


def _certificates() -> Iterator[Case]:
    positions = {
        "leaf": "DriftvaktCertificateExpiring",
        "intermediate": "DriftvaktChainCertificateExpiring",
        "client": "DriftvaktClientCertificateExpiring",
    }
    metric = "driftvakt_certificate_expiry_timestamp_seconds"
    for position, name in positions.items():

        def ends(check: str = "c", position: str = position) -> str:
            labels = f'check="{check}",location="sjunet",position="{position}"'
            return of_service(metric, labels=labels)

        for days, severity, within in (
            (31, None, None),
            (29, "info", "30d"),
            (13, "warning", "14d"),
            (6, "warning", "7d"),
            (-3, "warning", "7d"),
        ):
            firing = ({"severity": severity, "within": within},) if severity and within else ()
            yield Case(name, f"{days} days", {ends(): flat((days * DAY, 20))}, 15, firing)
        yield Case(
            name, "its server away for half an hour",
            {ends(): flat((6 * DAY, 20), (None, 40))}, 50, ({"within": "7d"},),
        )  # fmt: skip
        yield Case(
            name, "seen by two checks, the earlier counts",
            {ends(): flat((6 * DAY, 20)), ends("d"): flat((13 * DAY, 20))}, 15,
            ({"within": "7d"},),
        )  # fmt: skip
        yield Case(
            name, "renewed", {ends(): flat((6 * DAY, 20), (300 * DAY, 20))}, 30
        )  # fmt: skip
        other = next(one for one in positions if one != position)
        labels = f'check="c",location="sjunet",position="{other}"'
        yield Case(
            name, "another's", {of_service(metric, labels=labels): flat((6 * DAY, 20))}, 15
        )  # fmt: skip


def _changes() -> Iterator[Case]:
    name = "DriftvaktCertificateChanged"
    labels = 'check="c",location="sjunet",position="leaf"'
    changed = of_service("driftvakt_certificate_changed_timestamp_seconds", labels=labels)

    def window(service: str = "expo", impact: str = "none") -> str:
        return of_service("driftvakt_service_window_active", service, f'impact="{impact}"')

    at_ten = flat((None, 10), (600, 90))
    yield Case(name, "no windows at all", {changed: at_ten}, 12, (WARNING,))
    yield Case(name, "none under way", {changed: at_ten, window(): flat((0, 99))}, 12, (WARNING,))
    elsewhere = {changed: at_ten, window("lf"): flat((1, 99))}
    yield Case(name, "another service's window", elsewhere, 12, (WARNING,))
    inside = {
        changed: at_ten,
        window(): flat((0, 5), (1, 20), (0, 70)),
        window(impact="outage"): flat((0, 99)),
    }
    yield Case(name, "inside a window", inside, 12)
    yield Case(name, "and after that window", inside, 60)
    yield Case(name, "hours ago", {changed: at_ten}, 75)


def _monitor() -> Iterator[Case]:
    name = "DriftvaktAbsent"
    up = named("up")
    yield Case(name, "down", {up: flat((1, 5), (0, 5))}, 7, ({**CRITICAL, "job": "driftvakt"},))
    yield Case(name, "not scraped at all", {}, 3, ({**CRITICAL, "job": "driftvakt"},))
    yield Case(name, "up", {up: flat((1, 20))}, 10)
    yield Case(name, "one scrape missed", {up: flat((1, 5), (0, 1), (1, 5))}, 7)
    name = "DriftvaktStale"
    last = "driftvakt_last_observation_timestamp_seconds"
    api, port = (of_service(last, labels=f'check="{one}",location="x"') for one in ("api", "port"))
    stuck = "0+60x10 600+0x40"
    yield Case(name, "nothing measured", {api: stuck}, 28, (CRITICAL,))
    yield Case(name, "not for 14 minutes", {api: stuck}, 24)
    yield Case(name, "one goes on", {api: stuck, port: "0+60x50"}, 40)
    name = "DriftvaktCanaryDown"
    canary = named("driftvakt_canary_down")
    yield Case(name, "three minutes", {canary: flat((0, 5), (1, 5))}, 8, (CRITICAL,))
    yield Case(name, "a minute", {canary: flat((0, 5), (1, 1), (0, 5))}, 8)
    name = "DriftvaktMonitorTrouble"

    def reason(reason: str, cause: str) -> str:
        labels = f'check="api",location="x",reason="{reason}",cause="{cause}"'
        return of_service("driftvakt_check_reason", labels=labels)

    ours = {reason("tls_client_expired", "monitor"): flat((1, 20))}
    trouble = {**WARNING, "reason": "tls_client_expired", "service": "expo"}
    yield Case(name, "ours", ours, 6, (trouble,))
    yield Case(name, "for a moment", {reason("timeout", "monitor"): flat((1, 3), (None, 17))}, 9)
    yield Case(name, "the target's", {reason("timeout", "target"): flat((1, 20))}, 9)
    name = "DriftvaktOverloaded"
    overloaded = named("driftvakt_overloaded")
    yield Case(name, "for long", {overloaded: flat((1, 20))}, 7, (WARNING,))
    yield Case(name, "for a moment", {overloaded: flat((0, 5), (1, 2), (0, 9))}, 12)
    name = "DriftvaktReloadFailed"
    loaded = named("driftvakt_config_last_reload_successful")
    yield Case(name, "refused", {loaded: flat((1, 5), (0, 9))}, 8, (WARNING,))
    yield Case(name, "read", {loaded: flat((1, 5), (0, 2), (1, 9))}, 9)
    name = "DriftvaktStatusFileOld"
    written = named("driftvakt_status_file_timestamp_seconds")
    build = {named("driftvakt_build_info", 'version="1"'): flat((1, 20))}
    yield Case(name, "written no more", {**build, written: "0+60x5 300+0x9"}, 9, (WARNING,))
    yield Case(name, "never written", build, 4, (WARNING,))
    yield Case(name, "written always", {**build, written: "0+60x20"}, 9)


def _messages() -> Iterator[Case]:
    name = "DriftvaktNotificationFailing"

    def told(outcome: str) -> str:
        labels = f'notification="mail",outcome="{outcome}"'
        return named("driftvakt_notifications_total", labels)

    lost = {**WARNING, "notification": "mail", "outcome": "given_up"}
    failed = {**lost, "outcome": "failed"}
    first = {told("given_up"): flat((None, 30), (1, 90))}
    yield Case(name, "the first lost", first, 40, (lost,))
    yield Case(name, "one more lost", {told("given_up"): flat((4, 90), (5, 60))}, 100, (lost,))
    yield Case(name, "attempts fail", {told("failed"): flat((7, 20), (10, 9))}, 25, (failed,))
    yield Case(name, "two failed attempts", {told("failed"): flat((7, 20), (9, 9))}, 25)
    yield Case(name, "lost long ago", {told("given_up"): flat((4, 20), (5, 130))}, 140)
    yield Case(name, "all arrive", {told("delivered"): "0+5x40"}, 30)
    yield Case(name, "begun anew", {told("failed"): flat((9, 20), (0, 20))}, 30)


def _burns(*pairs: tuple[str, str]) -> tuple[Labels, ...]:
    return tuple({"objective": objective, "span": span} for objective, span in pairs)


def _budgets() -> Iterator[Case]:
    name = "DriftvaktErrorBudgetBurnFast"
    green: Span = ("green", False, 400)
    hour: Span = ("red", False, 60)
    short: Span = ("red", False, 6)
    after: Span = ("green", False, 60)
    yield Case(
        name, "a few minutes", service(green, short, after), 407,
        _burns(("99.9", "1h"), ("99.9", "6h")),
    )  # fmt: skip
    yield Case(
        name, "an hour", service(green, hour, after), 459,
        _burns(("99.9", "1h"), ("99.9", "6h"), ("98", "1h"), ("98", "6h")),
    )  # fmt: skip
    yield Case(name, "over for long", service(green, short, after), 450)
    yield Case(name, "planned", service(green, ("red", True, 60), after), 459)
    yield Case(name, "unknown", service(green, ("unknown", False, 60), after), 459)
    yield Case(name, "yellow", service(green, ("yellow", False, 60), after), 459)
    name = "DriftvaktErrorBudgetBurnSlow"
    # ten minutes a step; four days
    often = [("green", False, 19), ("red", False, 1)] * 30
    oftener = [("green", False, 9), ("red", False, 1)] * 60
    yield Case(
        name, "a twentieth of the time", service(*often, step=600), 587,
        _burns(("99.9", "1d"), ("99.9", "3d"), ("98", "3d")), step=600,
    )  # fmt: skip
    yield Case(
        name, "a tenth of the time", service(*oftener, step=600), 596,
        _burns(("99.9", "1d"), ("99.9", "3d"), ("98", "1d"), ("98", "3d")), step=600,
    )  # fmt: skip
    healed = service(*often, ("green", False, 45), step=600)
    yield Case(name, "healed seven hours ago", healed, 643, step=600)
    yellow = service(("green", False, 400), ("yellow", False, 200), step=600)
    yield Case(name, "yellow for days", yellow, 595, step=600)


CASES = (
    *_services(),
    *_overruns(),
    *_packages(),
    *_certificates(),
    *_changes(),
    *_monitor(),
    *_messages(),
    *_budgets(),
)
