"""What the dashboards share."""

from __future__ import annotations

from typing import Any

from monitor.export.grafana import GREEN, RED, UNKNOWN, YELLOW, severity_mappings, steps, variable

URL = "http://localhost:9815"
DAY = 86_400
WANTED = 'environment=~"$environment",service=~"$service"'
CHECKS = f'{WANTED},check=~"$check"'
SEVERITY = {
    "mappings": severity_mappings(),
    "color": {"mode": "thresholds"},
    "custom": {"fillOpacity": 85, "lineWidth": 0},
    "min": 0,
    "max": 3,
}
TIMELINE = {"showValue": "never", "mergeValues": True, "rowHeight": 0.85,
             "legend": {"showLegend": False}}  # fmt: skip
STAT = {"colorMode": "background", "graphMode": "none", "textMode": "auto",
         "reduceOptions": {"calcs": ["lastNotNull"]}}  # fmt: skip
DATES = steps((None, RED), (7, YELLOW), (30, GREEN))
TABLE = ({"id": "organize", "options": {"excludeByName": {"Time": True, "job": True,
           "instance": True, "__name__": True}}},)  # fmt: skip
RATIO = {"min": 0.9, "max": 1, "decimals": 3,
          **steps((None, RED), (0.98, YELLOW), (0.999, GREEN))}  # fmt: skip


def transitions(wanted: str) -> dict[str, Any]:
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


def variables(*, one: bool) -> list[dict[str, Any]]:
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
        label = f"label_values(driftvakt_check_status{{{WANTED}}}, check)"
        found.append(variable("check", "Check", label, many=True))
    return found
