"""Pure: one service."""

from __future__ import annotations

from typing import Any

from monitor.export.dashboards.shared import (
    CHECKS,
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
    Panel,
    Query,
    Row,
    dashboard,
    severity_mappings,
    yes_no,
)


def service(url: str = URL) -> dict[str, Any]:
    """One service: its checks, how fast they are, and why they are not green."""
    checks = " + ignoring(status) ".join(
        f'{weight} * driftvakt_check_status{{status="{status}",{CHECKS}}}'
        for weight, (status, _) in enumerate(STATUSES)
        if weight
    )
    rate = f"driftvakt_probe_latency_seconds_bucket{{{CHECKS}}}[$__rate_interval]"
    status = Panel(
        title="Status",
        kind="stat",
        queries=[Query(expr=f"driftvakt_service_severity{{{WANTED}}}", instant=True)],
        width=4,
        height=5,
        defaults={"mappings": severity_mappings()},
        options=STAT,
    )
    planned = Panel(
        title="Planned",
        kind="stat",
        queries=[Query(expr=f"driftvakt_service_planned{{{WANTED}}}", instant=True)],
        width=4,
        height=5,
        defaults=yes_no("yes", "no", bad=False),
        options=STAT,
    )
    since = Panel(
        title="For",
        kind="stat",
        queries=[
            Query(
                expr=f"time() - driftvakt_last_transition_timestamp_seconds{{{WANTED}}}",
                instant=True,
            )
        ],
        width=4,
        height=5,
        unit="s",
        options={**STAT, "colorMode": "none"},
    )
    availability = Panel(
        title="Availability, planned outages left out",
        kind="stat",
        queries=[
            Query(
                expr=f'driftvakt_availability_ratio{{{WANTED},counting="unplanned"}}',
                legend="{{window}}",
                instant=True,
            )
        ],
        width=12,
        height=5,
        unit="percentunit",
        defaults=RATIO,
        options=STAT,
    )
    colours = Panel(
        title="Checks",
        kind="state-timeline",
        queries=[Query(expr=checks, legend="{{check}} {{location}}")],
        width=24,
        height=7,
        defaults=SEVERITY,
        options=TIMELINE,
    )
    reasons = Panel(
        title="Why not green",
        kind="table",
        queries=[
            Query(
                expr=f"max by (check, location, reason, cause) "
                f"(driftvakt_check_reason{{{CHECKS}}}) == 1",
                instant=True,
                format="table",
            )
        ],
        transformations=TABLE,
        width=12,
        height=7,
    )
    failures = Panel(
        title="Failures a minute, by reason",
        kind="timeseries",
        queries=[
            Query(
                expr="60 * sum by (reason) "
                f"(rate(driftvakt_probe_failures_total{{{CHECKS}}}[$__rate_interval]))",
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
                expr=f"avg by (phase) (probe_http_duration_seconds{{{CHECKS}}})",
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
                f"(driftvakt_certificate_expiry_timestamp_seconds{{{CHECKS}}} - time()) / {DAY}",
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
        variables(one=True),
        [transitions(WANTED)],
        url=url,
    )
