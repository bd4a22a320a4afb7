"""Pure: the dashboards for Grafana: all services, one service, and the monitor itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from monitor.export.grafana import (
    GREEN,
    RED,
    STATUSES,
    UNKNOWN,
    YELLOW,
    Panel,
    Query,
    Row,
    dashboard,
    severity_mappings,
    steps,
    variable,
    yes_no,
)

URL = "http://localhost:9815"
_DAY = 86_400
_WANTED = 'environment=~"$environment",service=~"$service"'
_CHECKS = f'{_WANTED},check=~"$check"'
_SEVERITY = {
    "mappings": severity_mappings(),
    "color": {"mode": "thresholds"},
    "custom": {"fillOpacity": 85, "lineWidth": 0},
    "min": 0,
    "max": 3,
}
_TIMELINE = {"showValue": "never", "mergeValues": True, "rowHeight": 0.85,
             "legend": {"showLegend": False}}  # fmt: skip
_STAT = {"colorMode": "background", "graphMode": "none", "textMode": "auto",
         "reduceOptions": {"calcs": ["lastNotNull"]}}  # fmt: skip
_DATES = steps((None, RED), (7, YELLOW), (30, GREEN))
_TABLE = ({"id": "organize", "options": {"excludeByName": {"Time": True, "job": True,
           "instance": True, "__name__": True}}},)  # fmt: skip
_RATIO = {"min": 0.9, "max": 1, "decimals": 3,
          **steps((None, RED), (0.98, YELLOW), (0.999, GREEN))}  # fmt: skip


def _transitions(wanted: str) -> dict[str, Any]:
    return {
        "name": "Transitions",
        "enable": True,
        "iconColor": UNKNOWN,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "expr": f"driftvakt_last_transition_timestamp_seconds{{{wanted}}} * 1000",
        "useValueForTime": "on",
        "titleFormat": "{{environment}}/{{service}}",
        "textFormat": "status changed",
        "step": "30s",
    }


def _variables(*, one: bool) -> list[dict[str, Any]]:
    found = [
        variable(
            "environment",
            "Environment",
            "label_values(driftvakt_service_status, environment)",
            many=not one,
        ),
        variable(
            "service",
            "Service",
            'label_values(driftvakt_service_status{environment=~"$environment"}, service)',
            many=not one,
        ),
    ]
    if one:
        label = f"label_values(driftvakt_check_status{{{_WANTED}}}, check)"
        found.append(variable("check", "Check", label, many=True))
    return found


def _number(status: str, severity: int, colour: str) -> Panel:
    query = f"count(driftvakt_service_severity{{{_WANTED}}} == {severity}) or vector(0)"
    return Panel(
        title=status.capitalize(),
        kind="stat",
        queries=[Query(expr=query, instant=True)],
        width=4,
        height=4,
        defaults=steps((None, UNKNOWN), (1, colour)),
        options=_STAT,
    )


def overview(url: str = URL) -> dict[str, Any]:
    """All services: colours, counts, availability, and what is planned."""
    environments = " + ignoring(status) ".join(
        f'{weight} * driftvakt_environment_status{{status="{status}",environment=~"$environment"}}'
        for weight, (status, _) in enumerate(STATUSES)
        if weight
    )
    numbers = [
        _number(status, severity, colour) for severity, (status, colour) in enumerate(STATUSES)
    ]
    planned = Panel(
        title="Planned",
        kind="stat",
        queries=[
            Query(
                expr=f"count(driftvakt_service_planned{{{_WANTED}}} == 1) or vector(0)",
                instant=True,
            )
        ],
        width=4,
        height=4,
        about="Services whose colour a service window explains.",
        options=_STAT,
        defaults=steps((None, UNKNOWN)),
    )
    differs = Panel(
        title="Stated otherwise",
        kind="stat",
        queries=[
            Query(
                expr=f"count(driftvakt_stated_differs_seconds{{{_WANTED}}} > 0) or vector(0)",
                instant=True,
            )
        ],
        width=4,
        height=4,
        about="Services whose owner states another colour than is measured.",
        options=_STAT,
        defaults=steps((None, UNKNOWN), (1, YELLOW)),
    )
    services = Panel(
        title="Services",
        kind="state-timeline",
        queries=[
            Query(
                expr=f"driftvakt_service_severity{{{_WANTED}}}",
                legend="{{environment}}/{{service}}",
            )
        ],
        width=24,
        height=14,
        defaults=_SEVERITY,
        options=_TIMELINE,
    )
    above = Panel(
        title="Environments",
        kind="state-timeline",
        queries=[Query(expr=environments, legend="{{environment}}")],
        width=24,
        height=6,
        defaults=_SEVERITY,
        options=_TIMELINE,
    )
    availability = Panel(
        title="Availability, planned outages left out",
        kind="bargauge",
        queries=[
            Query(
                expr=f'driftvakt_availability_ratio{{{_WANTED},window="30d",counting="unplanned"}}',
                legend="{{environment}}/{{service}}",
                instant=True,
            )
        ],
        unit="percentunit",
        about="Of the time known in the last 30 days.",
        defaults=_RATIO,
        options={"orientation": "horizontal", "displayMode": "lcd"},
        height=10,
    )
    worst = Panel(
        title="Slowest services (95 of 100 answers are faster)",
        kind="timeseries",
        queries=[
            Query(
                expr="topk(10, histogram_quantile(0.95, sum by (environment, service, le) "
                f"(rate(driftvakt_probe_latency_seconds_bucket{{{_WANTED}}}[$__rate_interval]))))",
                legend="{{environment}}/{{service}}",
            )
        ],
        unit="s",
        height=10,
    )
    certificates = Panel(
        title="Certificates that end first",
        kind="bargauge",
        queries=[
            Query(
                expr="bottomk(10, min by (environment, service, position) "
                f"(driftvakt_certificate_expiry_timestamp_seconds{{{_WANTED}}} - time()) / {_DAY})",
                legend="{{environment}}/{{service}} {{position}}",
                instant=True,
            )
        ],
        unit="d",
        defaults=_DATES,
        options={"orientation": "horizontal", "displayMode": "basic"},
        width=8,
    )
    windows = Panel(
        title="Service windows: days until the end",
        kind="table",
        queries=[
            Query(
                expr=f"(driftvakt_service_window_end_timestamp_seconds - time()) / {_DAY} > 0",
                instant=True,
                format="table",
            )
        ],
        unit="d",
        transformations=_TABLE,
        width=8,
    )
    packages = Panel(
        title="Version packages: days until they retire",
        kind="table",
        queries=[
            Query(
                expr=f"(driftvakt_version_package_retirement_timestamp_seconds - time()) / {_DAY}",
                instant=True,
                format="table",
            )
        ],
        unit="d",
        transformations=_TABLE,
        width=8,
    )
    return dashboard(
        "driftvakt-overview",
        "Driftvakt: all services",
        "What holds, what has held, and what is planned.",
        [
            Row(title="Now", panels=[*reversed(numbers), planned, differs]),
            Row(title="Colours", panels=[services, above]),
            Row(title="How well", panels=[availability, worst]),
            Row(title="What comes", panels=[certificates, windows, packages]),
        ],
        _variables(one=False),
        [_transitions(_WANTED)],
        url=url,
    )


def service(url: str = URL) -> dict[str, Any]:
    """One service: its checks, how fast they are, and why they are not green."""
    checks = " + ignoring(status) ".join(
        f'{weight} * driftvakt_check_status{{status="{status}",{_CHECKS}}}'
        for weight, (status, _) in enumerate(STATUSES)
        if weight
    )
    rate = f"driftvakt_probe_latency_seconds_bucket{{{_CHECKS}}}[$__rate_interval]"
    status = Panel(
        title="Status",
        kind="stat",
        queries=[Query(expr=f"driftvakt_service_severity{{{_WANTED}}}", instant=True)],
        width=4,
        height=5,
        defaults={"mappings": severity_mappings()},
        options=_STAT,
    )
    planned = Panel(
        title="Planned",
        kind="stat",
        queries=[Query(expr=f"driftvakt_service_planned{{{_WANTED}}}", instant=True)],
        width=4,
        height=5,
        defaults=yes_no("yes", "no", bad=False),
        options=_STAT,
    )
    since = Panel(
        title="For",
        kind="stat",
        queries=[
            Query(
                expr=f"time() - driftvakt_last_transition_timestamp_seconds{{{_WANTED}}}",
                instant=True,
            )
        ],
        width=4,
        height=5,
        unit="s",
        options={**_STAT, "colorMode": "none"},
    )
    availability = Panel(
        title="Availability, planned outages left out",
        kind="stat",
        queries=[
            Query(
                expr=f'driftvakt_availability_ratio{{{_WANTED},counting="unplanned"}}',
                legend="{{window}}",
                instant=True,
            )
        ],
        width=12,
        height=5,
        unit="percentunit",
        defaults=_RATIO,
        options=_STAT,
    )
    colours = Panel(
        title="Checks",
        kind="state-timeline",
        queries=[Query(expr=checks, legend="{{check}} {{location}}")],
        width=24,
        height=7,
        defaults=_SEVERITY,
        options=_TIMELINE,
    )
    reasons = Panel(
        title="Why not green",
        kind="table",
        queries=[
            Query(
                expr=f"max by (check, location, reason, cause) "
                f"(driftvakt_check_reason{{{_CHECKS}}}) == 1",
                instant=True,
                format="table",
            )
        ],
        transformations=_TABLE,
        width=12,
        height=7,
    )
    failures = Panel(
        title="Failures a minute, by reason",
        kind="timeseries",
        queries=[
            Query(
                expr="60 * sum by (reason) "
                f"(rate(driftvakt_probe_failures_total{{{_CHECKS}}}[$__rate_interval]))",
                legend="{{reason}}",
            )
        ],
        width=12,
        height=7,
        defaults={"custom": {"stacking": {"mode": "normal"}, "fillOpacity": 40}},
    )
    heat = Panel(
        title="How long answers took",
        kind="heatmap",
        queries=[Query(expr=f"sum by (le) (increase({rate}))", legend="{{le}}", format="heatmap")],
        unit="s",
        height=9,
        options={"calculate": False, "yAxis": {"unit": "s"}, "color": {"scheme": "Oranges"}},
    )
    lines = Panel(
        title="Latency: half, 95 and 99 of 100 are faster",
        kind="timeseries",
        queries=[
            Query(
                expr=f"histogram_quantile({quantile}, sum by (le) (rate({rate})))",
                legend=f"{quantile:.0%}",
            )
            for quantile in (0.5, 0.95, 0.99)
        ],
        unit="s",
        height=9,
    )
    phases = Panel(
        title="By phase",
        kind="timeseries",
        queries=[
            Query(
                expr=f"avg by (phase) (probe_http_duration_seconds{{{_CHECKS}}})",
                legend="{{phase}}",
            )
        ],
        unit="s",
        about="Of the checks of kind http, on average.",
        defaults={"custom": {"stacking": {"mode": "normal"}, "fillOpacity": 40}},
    )
    certificates = Panel(
        title="Days until certificates end",
        kind="timeseries",
        queries=[
            Query(
                expr="min by (check, position) "
                f"(driftvakt_certificate_expiry_timestamp_seconds{{{_CHECKS}}} - time()) / {_DAY}",
                legend="{{check}} {{position}}",
            )
        ],
        unit="d",
    )
    return dashboard(
        "driftvakt-service",
        "Driftvakt: one service",
        "Its checks, how fast they are, and why they are not green.",
        [
            Row(title="Now", panels=[status, planned, since, availability]),
            Row(title="Why", panels=[colours, reasons, failures]),
            Row(title="How fast", panels=[heat, lines, phases, certificates]),
        ],
        _variables(one=True),
        [_transitions(_WANTED)],
        url=url,
    )


def _line(title: str, unit: str, *queries: tuple[str, str], about: str = "") -> Panel:
    return Panel(
        title=title,
        kind="timeseries",
        queries=[Query(expr=expr, legend=legend) for expr, legend in queries],
        unit=unit,
        width=8,
        height=7,
        about=about,
    )


def _flag(title: str, expr: str, yes: str, no: str) -> Panel:
    return Panel(
        title=title,
        kind="stat",
        queries=[Query(expr=expr, instant=True)],
        width=4,
        height=4,
        defaults=yes_no(yes, no),
        options=_STAT,
    )


def monitor(url: str = URL) -> dict[str, Any]:
    """Whether the monitor itself can be believed."""

    def quantile(name: str) -> tuple[str, str]:
        rate = f"rate({name}_bucket[$__rate_interval])"
        return f"histogram_quantile(0.99, sum by (instance, le) ({rate}))", "{{instance}}"

    flags = [
        _flag("Overloaded", "driftvakt_overloaded", "yes", "no"),
        _flag("Own network", "driftvakt_canary_down", "down", "up"),
        _flag("Configuration", "1 - driftvakt_config_last_reload_successful", "faulty", "applied"),
        _flag("History", "driftvakt_history_away", "away", "there"),
        _flag("Status file", "(time() - driftvakt_status_file_timestamp_seconds > bool 30)", "old",
              "fresh"),
        _flag("Faults of our own, last hour",
              "clamp_max(increase(driftvakt_internal_errors_total[1h]), 1) > bool 0", "some",
              "none"),
    ]  # fmt: skip
    work = [
        _line("Probes under way", "short", ("driftvakt_probes_in_flight", "{{instance}}")),
        _line("Probes start late (99 of 100 less)", "s",
              quantile("driftvakt_schedule_lateness_seconds")),
        _line("The loop lags (99 of 100 less)", "s", quantile("driftvakt_loop_lag_seconds")),
        _line("Probes left out a minute", "short",
              ("60 * rate(driftvakt_schedule_missed_total[$__rate_interval])", "{{kind}}")),
        _line("Messages a minute", "short",
              (("60 * sum by (notification, outcome) "
               "(rate(driftvakt_notifications_total[$__rate_interval]))"),
               "{{notification}} {{outcome}}")),
        _line("Transitions an hour", "short",
              ("3600 * sum by (to) (rate(driftvakt_transitions_total[$__rate_interval]))",
               "to {{to}}")),
    ]  # fmt: skip
    kept = [
        _line("What waits to be kept", "short",
              ("driftvakt_history_queue_length", "{{kind}}"),
              ("driftvakt_history_journal_length", "on disk")),
        _line("Time to write", "s",
              (("rate(driftvakt_history_write_seconds_sum[$__rate_interval]) / "
               "rate(driftvakt_history_write_seconds_count[$__rate_interval])"), "{{instance}}")),
        _line("Never written", "short", ("driftvakt_history_dropped_total", "{{kind}}")),
    ]  # fmt: skip
    process = [
        _line("Processor", "percentunit",
              ("rate(process_cpu_seconds_total{job=\"driftvakt\"}[$__rate_interval])",
               "{{instance}}")),
        _line("Memory", "bytes",
              ('process_resident_memory_bytes{job="driftvakt"}', "{{instance}}")),
        _line("Open files", "short", ('process_open_fds{job="driftvakt"}', "{{instance}}")),
    ]  # fmt: skip
    return dashboard(
        "driftvakt-monitor",
        "Driftvakt: the monitor itself",
        "Whether it can be believed: load, delays, history, messages, process.",
        [
            Row(title="Now", panels=flags),
            Row(title="Work", panels=work),
            Row(title="History", panels=kept),
            Row(title="Process", panels=process),
        ],
        [],
        [],
        url=url,
    )


DASHBOARDS: Mapping[str, Callable[[str], dict[str, Any]]] = MappingProxyType(
    {"overview": overview, "service": service, "monitor": monitor}
)
