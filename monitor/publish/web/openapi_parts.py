"""Pure: the parts that the OpenAPI document is made of. JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

from monitor.model.status import Status
from monitor.model.time_in_status import WINDOWS
from monitor.model.transition import ID_PATTERN, PREFIX_PATTERN
from probes.observation import Cause, Reason

REF = "#/components/schemas/"
INSTANT: dict[str, Any] = {
    "type": "string",
    "pattern": (
        r"^([0-9]{1,9}[smhd]|[0-9]{1,11}(\.[0-9]{1,9})?|[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
        r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)$"
    ),
    "examples": ["2026-11-23T13:02:11Z", "7d"],
}


def parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """One of a query."""
    return {"name": name, "in": "query", "schema": schema, "description": description}


EVIDENCE_ID: dict[str, Any] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": PREFIX_PATTERN},
    "description": "The id of a transition, or what only it begins with",
}
LANGUAGE = parameter(
    "lang", {"type": "string", "examples": ["sv", "en"]}, "sv or en; else Accept-Language decides"
)


def json_response(description: str, schema: str) -> dict[str, Any]:
    """A body of JSON."""
    content = {"application/json": {"schema": {"$ref": f"{REF}{schema}"}}}
    return {"description": description, "content": content}


def refusal(description: str, *, plain: bool = False) -> dict[str, Any]:
    """An answer that says why there is none; ``plain`` text or JSON."""
    if plain:
        return {
            "description": description,
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    return json_response(description, "Error")


def _object(*optional: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_STRING: dict[str, Any] = {"type": "string"}
_NULL: dict[str, Any] = {"type": "null"}
_BOOLEAN: dict[str, Any] = {"type": "boolean"}
_SECONDS: dict[str, Any] = {"type": "number", "minimum": 0}
_RATIO = _or_null({"type": "number", "minimum": 0, "maximum": 1})
_TOLD: dict[str, Any] = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
}
_STATUS: dict[str, Any] = {"enum": [one.value for one in Status]}
_ID: dict[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{12}$"}
_SHARES = {
    "all": _RATIO,
    "unplanned": _RATIO,
    **dict.fromkeys(("unknown_s", "green_s", "yellow_s", "red_s", "planned_red_s"), _SECONDS),
}
_COMPONENT_STATUS: dict[str, Any] = {
    "enum": [
        "operational",
        "degraded_performance",
        "partial_outage",
        "major_outage",
        "under_maintenance",
    ]
}
_EVENT: dict[str, Any] = {
    "id": _ID,
    "name": _STRING,
    "status": {"enum": ["investigating", "identified", "scheduled", "in_progress"]},
    "impact": {"enum": ["none", "minor", "major", "critical", "maintenance"]},
    "shortlink": _STRING,
    "page_id": _ID,
    "created_at": _TOLD,
    "started_at": _TOLD,
    "updated_at": _TOLD,
    "monitoring_at": _NULL,
    "resolved_at": _NULL,
    "components": _list({"$ref": f"{REF}Component"}),
    "incident_updates": _list({"$ref": f"{REF}IncidentUpdate"}),
}

SCHEMAS: dict[str, Any] = {
    "Error": _object(error=_STRING),
    "Text": _object(sv=_STRING, en=_STRING),
    "History": _object(
        transitions=_list({"$ref": f"{REF}Transition"}),
        next=_or_null({"type": "string", "pattern": ID_PATTERN}),
    ),
    "Transition": {
        **_object(
            id={"type": "string", "pattern": ID_PATTERN},
            at=_TOLD,
            since=_TOLD,
            environment=_STRING,
            service=_or_null(_STRING),
            planned=_BOOLEAN,
            service_window=_or_null(_STRING),
            check=_or_null(_STRING),
            reason=_or_null({"enum": [one.value for one in Reason]}),
            cause=_or_null({"enum": [one.value for one in Cause]}),
            began=_or_null(_TOLD),
            message={"$ref": f"{REF}Text"},
            evidence=_or_null(_STRING),
            to=_STATUS,
            **{"from": _STATUS},
        ),
        "description": "A published status changing. `at` is when it was noticed, `since` the "
        "first observation of the run that led to it.",
    },
    "ByHand": {
        "type": "object",
        "required": ["id", "author", "written_at", "ends_at"],
        "description": "docs/by-hand.md",
    },
    "Runs": _object(runs=_list(_object(check=_STRING, due_in_s=_SECONDS))),
    "Availability": _object(
        service=_STRING,
        at=_TOLD,
        windows=_object(**{window: _object(**_SHARES) for window in WINDOWS}),
        days=_list(_object(day=_STRING, start=_TOLD, end=_TOLD, **_SHARES)),
    ),
    "Evidence": {"type": "object", "description": "docs/evidence.md"},
    "OpenApi": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Summary": _object(
        page=_object(id=_ID, name=_STRING, url=_STRING, time_zone=_STRING, updated_at=_TOLD),
        status=_object(
            indicator={"enum": ["none", "minor", "major", "critical"]}, description=_STRING
        ),
        components=_list({"$ref": f"{REF}Component"}),
        incidents=_list({"$ref": f"{REF}Incident"}),
        scheduled_maintenances=_list({"$ref": f"{REF}Maintenance"}),
    ),
    "Component": _object(
        "components",
        id=_ID,
        name=_STRING,
        description=_or_null(_STRING),
        status=_COMPONENT_STATUS,
        group_id=_or_null(_ID),
        group=_BOOLEAN,
        components=_list(_ID),
        created_at=_or_null(_TOLD),
        updated_at=_TOLD,
        position={"type": "integer", "minimum": 1},
        showcase=_BOOLEAN,
        start_date=_NULL,
        page_id=_ID,
        only_show_if_degraded=_BOOLEAN,
    ),
    "Incident": _object(**_EVENT),
    "Maintenance": _object(**_EVENT, scheduled_for=_TOLD, scheduled_until=_TOLD),
    "IncidentUpdate": _object(
        id=_ID,
        incident_id=_ID,
        status=_STRING,
        body=_STRING,
        created_at=_TOLD,
        updated_at=_TOLD,
        display_at=_TOLD,
        affected_components={"type": "array", "maxItems": 0},
    ),
}
