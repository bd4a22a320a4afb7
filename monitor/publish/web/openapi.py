"""Pure: the OpenAPI 3.1 document of all JSON addresses, for ``driftvakt export openapi``."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import orjson

from monitor import __version__
from monitor.model.transition import ID_PATTERN
from monitor.publish.web.history_api import LIMIT, MOST
from monitor.publish.web.openapi_by_hand import SCHEMAS_BY_HAND, paths_by_hand
from monitor.publish.web.openapi_parts import (
    EVIDENCE_ID,
    INSTANT,
    LANGUAGE,
    REF,
    SCHEMAS,
    json_response,
    parameter,
    refusal,
)

_NAME = "[a-z0-9][a-z0-9_-]*"
_LOCKED = {"401": refusal("A user name and a password are needed", plain=True)}
_BAD = {"400": refusal("What was asked is not understood")}
_AWAY = {"503": refusal("The history cannot be read now")}


def openapi_document() -> dict[str, Any]:
    """The document as plain values."""
    status, parts = _status_schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Driftvakt",
            "version": __version__,
            "summary": "The status of external test environments, as it is and as it was.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        # relative to the document's own address, /api/openapi.json
        "servers": [{"url": "/"}],
        # none, or a user name and a password where the configuration asks for them
        "security": [{}, {"basic": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
            "schemas": {**SCHEMAS, **SCHEMAS_BY_HAND, **parts, "StatusFile": status},
        },
    }


@cache
def document_body() -> bytes:
    """The document as JSON."""
    return orjson.dumps(openapi_document())


def _paths() -> dict[str, Any]:
    service = parameter(
        "service", {"type": "string", "pattern": f"^{_NAME}/{_NAME}$"}, "ENV/SERVICE"
    )
    environment = parameter("env", {"type": "string", "pattern": f"^{_NAME}$"}, "An environment")
    return {
        "/status.json": _get("status", "Everything, now", [], "StatusFile"),
        "/api/v1/availability": _get(
            "availability",
            "How available a service has been",
            [{**service, "required": True}],
            "Availability",
            {**_BAD, "404": refusal("No such service is watched")},
        ),
        "/api/v1/history": _get(
            "history",
            "Transitions, the newest first",
            [
                service,
                environment,
                parameter("since", INSTANT, "From then on; or a length of time ago: 7d"),
                parameter("until", INSTANT, "Before then"),
                parameter(
                    "limit",
                    {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
                    "Transitions of a page",
                ),
                parameter("before", {"type": "string", "pattern": ID_PATTERN}, "`next` of a page"),
            ],
            "History",
            {**_BAD, **_AWAY},
        ),
        "/api/v1/evidence/{id}": _get(
            "evidence",
            "What was seen when a service became worse",
            [EVIDENCE_ID],
            "Evidence",
            {
                "400": refusal("This is not the id of a transition", plain=True),
                "404": refusal("There is no evidence of this id", plain=True),
            },
        ),
        "/api/v2/summary.json": _get(
            "summary", "The status as status-page clients read it", [LANGUAGE], "Summary"
        ),
        **paths_by_hand(),
        "/api/openapi.json": _get("openapi", "This document", [], "OpenApi"),
    }


def _get(
    name: str,
    summary: str,
    parameters: list[dict[str, Any]],
    schema: str,
    refusals: dict[str, Any] | None = None,
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {"200": json_response(summary, schema), **(refusals or {}), **_LOCKED},
    }
    if parameters:
        operation["parameters"] = parameters
    return {"get": operation}


def _status_schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """The status file's schema with its parts among the components."""
    text = (
        resources.files("monitor.publish.status").joinpath("status.schema.json").read_text("utf-8")
    )
    # a part's name must not meet one of ours
    whole = orjson.loads(text.replace('"#/$defs/', f'"{REF}Status.'))
    parts = {f"Status.{name}": part for name, part in whole.pop("$defs").items()}
    for key in ("$schema", "$id"):
        whole.pop(key, None)
    return whole, parts
