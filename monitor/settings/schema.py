"""The configuration's JSON Schema (draft 2020-12), made from the models that validate it.

It refuses what the models refuse, as far as one value can tell: unknown and missing keys, types,
durations, patterns, keys that are not available yet, the keys of each kind. It cannot know what
needs two places or more than the file: duplicate names, references, red below yellow, variables.

Where a value is not plain text, a placeholder is allowed too: a whole one (``${PORT}``) for numbers
and booleans, one anywhere for text of a certain form (``https://${HOST}/``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from monitor.settings.env_vars import PLACEHOLDER
from monitor.settings.models import (
    CanarySettings,
    CheckSettings,
    EnvironmentSettings,
    ServiceSettings,
    Top,
)
from probes.kind import Kind
from probes.kinds import load_kinds

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_WHOLE = {"$ref": "#/$defs/placeholder"}
_INSIDE = {"$ref": "#/$defs/text_with_placeholder"}

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema of one configuration file, the kinds of installed packages included."""
    kinds = load_kinds()
    ours = (Top, EnvironmentSettings, ServiceSettings, CheckSettings, CanarySettings)
    every: list[type[BaseModel]] = [*ours, *(kind.settings for kind in kinds.values())]
    made, whole = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(every)],
        ref_template="#/$defs/{model}",
    )
    definitions: Schema = whole["$defs"]
    names = {model: made[(model, "validation")]["$ref"].removeprefix("#/$defs/") for model in every}
    own = {model: definitions.pop(names[model]) for model in dict.fromkeys(every)}
    for kind in kinds.values():
        for what, base in (("check", CheckSettings), ("canary", CanarySettings)):
            definitions[f"{what}_{kind.name}"] = _joined(kind, own[base], own[kind.settings])
    definitions["check"] = _by_kind("check", kinds)
    definitions["canary"] = _by_kind("canary", kinds)
    definitions["service"] = _with_list(own[ServiceSettings], "checks", "check")
    definitions["environment"] = _with_list(own[EnvironmentSettings], "services", "service")
    top = _with_list(own[Top], "environments", "environment")
    top["properties"]["canary"] = {"type": "array", "items": {"$ref": "#/$defs/canary"}}
    top["patternProperties"] = {"^x-": {"description": "Not read: a place for anchors."}}
    schema: Schema = _loosened(_tidied({**top, "$defs": definitions}))
    schema["$defs"]["placeholder"] = {"type": "string", "pattern": f"^{PLACEHOLDER}$"}
    schema["$defs"]["text_with_placeholder"] = {"type": "string", "pattern": PLACEHOLDER}
    return {"$schema": DIALECT, "title": "driftvakt configuration", **schema}


def _joined(kind: Kind, ours: Schema, theirs: Schema) -> Schema:
    """One closed object of the monitor's keys, ``kind`` and the kind's own keys."""
    return {
        **{key: value for key, value in theirs.items() if key not in ("properties", "required")},
        "properties": {
            "kind": {"const": kind.name},
            **theirs.get("properties", {}),
            **ours["properties"],
        },
        "required": ["kind", *ours.get("required", []), *theirs.get("required", [])],
        "additionalProperties": False,
    }


def _by_kind(what: str, kinds: Mapping[str, Kind]) -> Schema:
    """``kind`` says which object it must be."""
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": sorted(kinds)}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{what}_{name}"},
            }
            for name in sorted(kinds)
        ],
    }


def _with_list(schema: Schema, key: str, item: str) -> Schema:
    items = {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/{item}"}}
    return {
        **schema,
        "properties": {**schema["properties"], key: items},
        "required": [*schema.get("required", []), key],
    }


def _tidied(schema: Any) -> Any:
    """Without the titles and empty defaults that pydantic makes up."""
    if isinstance(schema, list):
        return [_tidied(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tidy: Schema = {}
    for key, value in schema.items():
        if key in ("properties", "$defs", "patternProperties"):
            tidy[key] = {name: _tidied(one) for name, one in value.items()}
        elif (key == "title" and isinstance(value, str)) or (key == "default" and value is None):
            continue
        else:
            tidy[key] = value if key in ("default", "const", "enum") else _tidied(value)
    if "patternProperties" in tidy:  # keys of a certain form: and no others
        tidy.setdefault("additionalProperties", False)
    return tidy


def _loosened(schema: Any) -> Any:
    """Lets a placeholder stand where a value has a form that ``${…}`` has not."""
    if not isinstance(schema, dict):
        return schema
    loose: Schema = {}
    for key, value in schema.items():
        if key in ("properties", "$defs", "patternProperties"):
            loose[key] = {
                name: one if name == "kind" else _loosened(one) for name, one in value.items()
            }
        elif key in ("items", "additionalProperties"):
            loose[key] = _loosened(value)
        elif key in ("anyOf", "oneOf"):
            loose[key] = [_loosened(one) for one in value]
        else:
            loose[key] = value
    if schema.get("type") in ("integer", "number", "boolean"):
        return {"anyOf": [loose, _WHOLE]}
    formed = schema.keys() & {"pattern", "enum", "const", "format"}
    if formed and (schema.get("type") == "string" or not schema.keys() & {"type"}):
        return {"anyOf": [loose, _INSIDE]}
    return loose
