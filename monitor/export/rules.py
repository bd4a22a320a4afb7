"""Prometheus' recording and alerting rules as a document."""

from __future__ import annotations

from typing import Any

from monitor.export.budget_alerts import BUDGET_ALERTS
from monitor.export.certificate_alerts import CERTIFICATE_ALERTS
from monitor.export.monitor_alerts import monitor_alerts
from monitor.export.recordings import BASIC, LONG, SHORT, shares
from monitor.export.rule import Alert
from monitor.export.service_alerts import SERVICE_ALERTS

URL = "http://localhost:9815"
JOB = "driftvakt"


def alerts(job: str = JOB) -> dict[str, tuple[Alert, ...]]:
    """All of them, by group."""
    return {
        "driftvakt-services": SERVICE_ALERTS,
        "driftvakt-certificates": CERTIFICATE_ALERTS,
        "driftvakt-monitor": monitor_alerts(job),
        "driftvakt-budgets": BUDGET_ALERTS,
    }


def rules(url: str = URL, runbooks: str | None = None, job: str = JOB) -> dict[str, Any]:
    """``url`` is where people reach the page, ``runbooks`` the folder of the runbooks (the
    monitor's own, when there is none).
    """
    url = url.rstrip("/")
    folder = f"{url}/runbooks" if runbooks is None else runbooks.rstrip("/")
    recording: list[dict[str, Any]] = [
        {
            "name": "driftvakt-recording",
            "rules": [one.document() for one in (*BASIC, *shares(SHORT))],
        },
        {
            "name": "driftvakt-recording-long",
            "interval": "2m",
            "rules": [one.document() for one in shares(LONG)],
        },
    ]
    alerting = [
        {"name": name, "rules": [one.document(url, folder) for one in group]}
        for name, group in alerts(job).items()
    ]
    return {"groups": recording + alerting}
