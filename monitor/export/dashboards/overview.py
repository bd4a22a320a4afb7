"""Pure: all services."""

from __future__ import annotations

from typing import Any

from monitor.export.dashboards.shared import (
    DATES,
    DAY,
    RATIO,
    SEVERITY,
    STAT,
    TABLE,
    TIMELINE,
    URL,
    WANTED,
    transitions,
    variables,
)
from monitor.export.grafana import (
    STATUSES,
    UNKNOWN,
    YELLOW,
    Panel,
    Query,
    Row,
    dashboard,
    steps,
)


def _number(status: str, severity: int, colour: str) -> Panel:
    query = f"count(driftvakt_service_severity{{{WANTED}}} == {severity}) or vector(0)"
    return Panel(
        title=status.capitalize(),
        kind="stat",
        queries=[Query(expr=query, instant=True)],
        width=4,
        height=4,
        defaults=steps((None, UNKNOWN), (1, colour)),
        options=STAT,
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
                expr=f"count(driftvakt_service_planned{{{WANTED}}} == 1) or vector(0)",
                instant=True,
            )
        ],
        width=4,
        height=4,
        about="Services whose colour a service window explains.",
        options=STAT,
        defaults=steps((None, UNKNOWN)),
    )
    differs = Panel(
        title="Stated otherwise",
        kind="stat",
        queries=[
            Query(
                expr=f"count(driftvakt_stated_differs_seconds{{{WANTED}}} > 0) or vector(0)",
                instant=True,
            )
        ],
        width=4,
        height=4,
        about="Services whose owner states another colour than is measured.",
        options=STAT,
        defaults=steps((None, UNKNOWN), (1, YELLOW)),
    )
    services = Panel(
        title="Services",
        kind="state-timeline",
        queries=[
            Query(
                expr=f"driftvakt_service_severity{{{WANTED}}}",
                legend="{{environment}}/{{service}}",
            )
        ],
        width=24,
        height=14,
        defaults=SEVERITY,
        options=TIMELINE,
    )
    above = Panel(
        title="Environments",
        kind="state-timeline",
        queries=[Query(expr=environments, legend="{{environment}}")],
        width=24,
        height=6,
        defaults=SEVERITY,
        options=TIMELINE,
    )
    availability = Panel(
        title="Availability, planned outages left out",
        kind="bargauge",
        queries=[
            Query(
                expr=f'driftvakt_availability_ratio{{{WANTED},window="30d",counting="unplanned"}}',
                legend="{{environment}}/{{service}}",
                instant=True,
            )
        ],
        unit="percentunit",
        about="Of the time known in the last 30 days.",
        defaults=RATIO,
        options={"orientation": "horizontal", "displayMode": "lcd"},
        height=10,
    )
    worst = Panel(
        title="Slowest services (95 of 100 answers are faster)",
        kind="timeseries",
        queries=[
            Query(
                expr="topk(10, histogram_quantile(0.95, sum by (environment, service, le) "
                f"(rate(driftvakt_probe_latency_seconds_bucket{{{WANTED}}}[$__rate_interval]))))",
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
                f"(driftvakt_certificate_expiry_timestamp_seconds{{{WANTED}}} - time()) / {DAY})",
                legend="{{environment}}/{{service}} {{position}}",
                instant=True,
            )
        ],
        unit="d",
        defaults=DATES,
        options={"orientation": "horizontal", "displayMode": "basic"},
        width=8,
    )
    windows = Panel(
        title="Service windows: days until the end",
        kind="table",
        queries=[
            Query(
                expr=f"(driftvakt_service_window_end_timestamp_seconds - time()) / {DAY} > 0",
                instant=True,
                format="table",
            )
        ],
        unit="d",
        transformations=TABLE,
        width=8,
    )
    packages = Panel(
        title="Version packages: days until they retire",
        kind="table",
        queries=[
            Query(
                expr=f"(driftvakt_version_package_retirement_timestamp_seconds - time()) / {DAY}",
                instant=True,
                format="table",
            )
        ],
        unit="d",
        transformations=TABLE,
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
        variables(one=False),
        [transitions(WANTED)],
        url=url,
    )
