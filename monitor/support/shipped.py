"""The files of ``config/`` and ``docs/`` that are installed with the program: rules, dashboards, runbooks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

URL = "http://localhost:9815"
"""Where people reach the page, as the shipped files have it."""
JOB = "driftvakt"
"""The name that the monitor is scraped under, as the shipped files have it."""
_INSTALLED = Path(__file__).parent / "shipped_files"
_CHECKOUT = Path(__file__).parents[2]


def shipped(path: str) -> Path:
    """A file or folder by its path in a checkout, which is also where the wheel keeps it, under
    ``shipped_files``.
    """
    installed = _INSTALLED / path
    return installed if installed.exists() else _CHECKOUT / path


def rules(url: str = URL, runbooks: str | None = None, job: str = JOB) -> str:
    """Prometheus' recording and alerting rules as YAML. ``url`` is where people reach the page,
    ``runbooks`` the folder of the runbooks (the monitor's own, when there is none).
    """
    text = shipped("config/prometheus/driftvakt.rules.yml").read_text("utf-8")
    url = url.rstrip("/")
    folder = f"{url}/runbooks" if runbooks is None else runbooks.rstrip("/")
    text = re.sub(f"{re.escape(URL)}(/runbooks)?", lambda found: folder if found[1] else url, text)
    # PromQL quotes as Go does, and for what can stand in a name JSON does the same
    return text.replace(f'job="{JOB}"', f"job={json.dumps(job, ensure_ascii=False)}")


def dashboard(name: str, url: str = URL) -> dict[str, Any]:
    """The dashboard ``overview``, ``service`` or ``monitor`` for Grafana 10 and later. ``url`` is
    where people reach the page.
    """
    text = shipped(f"config/grafana/dashboards/{name}.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    for link in document["links"]:
        if link.get("url") == URL:
            link["url"] = url.rstrip("/")
    return document
