"""Pure: the OpenAPI document's part on what people do by hand; docs/by-hand.md has it in prose."""

from __future__ import annotations

from typing import Any

from monitor.publish.web.by_hand_routes import KINDS
from monitor.publish.web.openapi_parts import REF, json_response, refusal
from probes.settings import POSITIVE_DURATION_PATTERN

_NAME = "[a-z0-9][a-z0-9_-]*"
_TIME: dict[str, Any] = {
    "type": "string",
    "pattern": (
        r"^[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?"
        r"(?:Z|[+-][0-2][0-9]:[0-5][0-9])?$"
    ),
    "description": "Without an offset in the zone of the configuration",
    "examples": ["2026-11-24T22:00"],
}


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _names(pattern: str) -> dict[str, Any]:
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "items": {"type": "string", "pattern": pattern},
    }


_ENDING: dict[str, Any] = {
    "id": {"type": "string", "maxLength": 64, "pattern": f"^{_NAME}$"},
    "author": {**_text(100), "description": "Who writes it, where no password says so"},
    "until": _TIME,
    "for": {
        "type": "string",
        "pattern": POSITIVE_DURATION_PATTERN,
        "description": "In place of `until`: so long after the start",
        "examples": ["2h"],
    },
}
_SCOPE: dict[str, Any] = {
    "environments": _names(f"^{_NAME}$"),
    "services": _names(f"^{_NAME}/{_NAME}$"),
}
_SERVICE: dict[str, Any] = {"type": "string", "pattern": f"^{_NAME}/{_NAME}$"}


def _sent(description: str, *required: str, **properties: Any) -> dict[str, Any]:
    """A body: a null is as good as a key that is left out."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": list(required),
        "properties": {
            name: one if name in required else {"anyOf": [one, {"type": "null"}]}
            for name, one in properties.items()
        },
    }


_WINDOW = {
    "title": _text(200),
    "impact": {"type": "string", "enum": ["none", "disturbance", "outage"]},
    "message": _text(2_000),
    "start": _TIME,
}
_NOTICE = {
    "message": _text(2_000),
    "title": _text(200),
    "status": {"type": "string", "enum": ["green", "yellow", "red"]},
    "from": _TIME,
}
_BECAUSE = _text(2_000)
BODIES: dict[str, Any] = {
    "windows": _sent(
        "A service window, once: with until or for",
        "title",
        "impact",
        **_WINDOW,
        **_SCOPE,
        **_ENDING,
    ),
    "notices": _sent(
        "A message to readers: with until or for", "message", **_NOTICE, **_SCOPE, **_ENDING
    ),
    "acknowledgements": _sent(
        "Somebody is at it: until the next green, or sooner",
        *("service", "because"),
        service=_SERVICE,
        because=_BECAUSE,
        **_ENDING,
    ),
    "silences": _sent(
        "Nobody need be told: of which environments or services, with until or for",
        "because",
        because=_BECAUSE,
        **_SCOPE,
        **_ENDING,
    ),
    "runs": _sent(
        "One of them",
        service=_SERVICE,
        check={"type": "string", "pattern": f"^{_NAME}(?:/{_NAME}){{2}}$"},
    ),
}
BODIES["windows"]["properties"]["changes_certificates"] = {"type": "boolean"}
_CHANGED = {
    **BODIES["notices"],
    "required": [],
    "description": "What is to be another; null takes away",
}
SCHEMAS_BY_HAND: dict[str, Any] = {
    "NewWindow": BODIES["windows"],
    "NewNotice": BODIES["notices"],
    "ChangedNotice": _CHANGED,
    "NewAcknowledgement": BODIES["acknowledgements"],
    "NewSilence": BODIES["silences"],
    "NewRun": BODIES["runs"],
}
_SCHEMA_OF = dict(
    zip(KINDS, ("NewWindow", "NewNotice", "NewAcknowledgement", "NewSilence"), strict=True)
)
_REFUSALS = {
    "401": refusal("A user name and a password are needed", plain=True),
    "403": refusal("Neither from this machine nor with a password, or of another site"),
    "429": refusal("Too many, or too often"),
}
_BODIES_REFUSED = {
    "400": refusal("What was asked is not understood"),
    "409": refusal("It cannot be so now"),
    "415": refusal("This is no JSON"),
}
_AWAY = {"503": refusal("The history cannot be written now: nothing is another")}
_NONE = {"404": refusal("There is none that lasts")}


def paths_by_hand() -> dict[str, Any]:
    """The addresses."""
    found: dict[str, Any] = {}
    for kind, name in _SCHEMA_OF.items():
        kept = json_response("As it is kept", "ByHand")
        listed = {
            "type": "object",
            "additionalProperties": False,
            "required": [kind],
            "properties": {kind: {"type": "array", "items": {"$ref": f"{REF}ByHand"}}},
        }
        found[f"/api/v1/{kind}"] = {
            "get": {
                "operationId": f"list_{kind}",
                "summary": f"The live {kind} that people wrote",
                "responses": {
                    "200": {
                        "description": "The oldest first",
                        "content": {"application/json": {"schema": listed}},
                    },
                    "401": _REFUSALS["401"],
                },
            },
            "post": {
                "operationId": f"add_{kind}",
                "summary": f"Writes one of the {kind}",
                "requestBody": _body(name),
                "responses": {"201": kept, **_BODIES_REFUSED, **_REFUSALS, **_AWAY},
            },
        }
        found[f"/api/v1/{kind}/{{id}}"] = {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "delete": {
                "operationId": f"end_{kind}",
                "summary": f"Ends one of the {kind}",
                "responses": {
                    "200": kept,
                    **_NONE,
                    "409": refusal("It stands in the configuration"),
                    **_REFUSALS,
                    **_AWAY,
                },
            },
        }
    found["/api/v1/notices/{id}"]["patch"] = {
        "operationId": "change_notices",
        "summary": "Changes what is given of a notice",
        "requestBody": _body("ChangedNotice"),
        "responses": {
            "200": json_response("As it is kept", "ByHand"),
            **_NONE,
            **_BODIES_REFUSED,
            **_REFUSALS,
            **_AWAY,
        },
    }
    found["/api/v1/runs"] = {
        "post": {
            "operationId": "run",
            "summary": "Measures a service or a check as soon as its promises allow it",
            "requestBody": _body("NewRun"),
            "responses": {
                "202": json_response("When each is due", "Runs"),
                "409": refusal("It is measured from other locations alone"),
                **_BODIES_REFUSED,
                **_REFUSALS,
            },
        }
    }
    return found


def _body(schema: str) -> dict[str, Any]:
    return {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"{REF}{schema}"}}},
    }
