"""Pure: panels, variables and annotations of Grafana dashboards, as Grafana 10 and later read them.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SCHEMA = 39
"""``schemaVersion`` of Grafana 10.4; later ones migrate it themselves."""
COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GREEN, UNKNOWN, YELLOW, RED = "#2f9e58", "#8b949e", "#d9a514", "#d03b3b"
STATUSES = (("green", GREEN), ("unknown", UNKNOWN), ("yellow", YELLOW), ("red", RED))
"""In the order of ``driftvakt_service_severity``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One target of a panel."""

    expr: str
    legend: str = ""
    instant: bool = False
    format: str = "time_series"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. ``width`` of 24 columns, ``height`` in units of 30 pixels."""

    title: str
    kind: str
    queries: Sequence[Query]
    width: int = 12
    height: int = 8
    unit: str = "short"
    about: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    transformations: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A heading and what stands below it."""

    title: str
    panels: Sequence[Panel]


def severity_mappings() -> list[dict[str, Any]]:
    """0 green, 1 unknown, 2 yellow, 3 red: words and colours."""
    options = {
        str(number): {"text": word, "color": colour, "index": number}
        for number, (word, colour) in enumerate(STATUSES)
    }
    return [{"type": "value", "options": options}]


def yes_no(yes: str, no: str, *, bad: bool = True) -> dict[str, Any]:
    """Words for 1 and 0."""
    options = {
        "0": {"text": no, "color": GREEN if bad else UNKNOWN, "index": 0},
        "1": {"text": yes, "color": RED if bad else GREEN, "index": 1},
    }
    return {"mappings": [{"type": "value", "options": options}]}


def steps(*pairs: tuple[float | None, str]) -> dict[str, Any]:
    """Thresholds: from which value on which colour."""
    return {
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in pairs],
        },
        "color": {"mode": "thresholds"},
    }


def variable(name: str, label: str, query: str, *, many: bool) -> dict[str, Any]:
    """Whose values are a label's."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
        "allValue": ".*" if many else None,
        "current": {"text": ["All"], "value": ["$__all"]} if many else {},
    }


def dashboard(
    uid: str,
    title: str,
    about: str,
    rows: Sequence[Row],
    variables: Sequence[Mapping[str, Any]],
    annotations: Sequence[Mapping[str, Any]],
    *,
    url: str,
) -> dict[str, Any]:
    """The whole document. ``url`` is where people reach the page."""
    source = {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "current": {},
    }
    return {
        "uid": uid,
        "title": title,
        "description": about,
        "tags": ["driftvakt"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [source, *variables]},
        "annotations": {"list": list(annotations)},
        "links": [
            {"type": "dashboards", "title": "Driftvakt", "tags": ["driftvakt"], "asDropdown": True,
             "keepTime": True, "includeVars": True},
            {"type": "link", "title": "The page", "url": url, "icon": "external link"},
        ],
        "panels": _placed(rows),
    }  # fmt: skip


def _placed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """From left to right and from top to bottom, as they come."""
    found: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        found.append(
            {"id": len(found) + 1, "type": "row", "title": row.title, "collapsed": False,
             "gridPos": place, "panels": []}
        )  # fmt: skip
        y += 1
        x = height = 0
        for one in row.panels:
            if x + one.width > COLUMNS:
                x, y, height = 0, y + height, 0
            place = {"x": x, "y": y, "w": one.width, "h": one.height}
            found.append(_panel(one, len(found) + 1, place))
            x, height = x + one.width, max(height, one.height)
        y += height
    return found


def _panel(one: Panel, number: int, place: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": one.kind,
        "title": one.title,
        "description": one.about,
        "gridPos": place,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": one.unit, **one.defaults}, "overrides": []},
        "options": dict(one.options),
        "transformations": [dict(each) for each in one.transformations],
        "targets": [
            {
                "refId": chr(ord("A") + order),
                "datasource": SOURCE,
                "editorMode": "code",
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "instant": query.instant,
                "range": not query.instant,
                "format": query.format,
            }
            for order, query in enumerate(one.queries)
        ],
    }
