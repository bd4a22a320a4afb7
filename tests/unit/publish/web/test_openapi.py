"""The OpenAPI document: whole, and true of what is served."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from monitor.publish.status.renderer import render_status_body
from monitor.publish.web.app import application
from monitor.publish.web.openapi import openapi_document
from monitor.publish.web.openapi_by_hand import BODIES
from monitor.publish.web.openapi_parts import REF
from monitor.settings.by_hand import MODELS, RunByHand
from tests.support.feed_values import make_planned, make_window
from tests.support.web_site import FixedSource, NoHands


def valid(name: str, body: bytes) -> Any:
    """The body, which is as the document says of ``name``."""
    value = orjson.loads(body)
    schema = {"$ref": f"{REF}{name}", "components": openapi_document()["components"]}
    Draft202012Validator(schema).validate(value)
    return value


def test_every_reference_is_there_and_every_schema_is_one() -> None:
    """Nothing dangles."""
    whole = openapi_document()
    schemas = whole["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    seen = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                seen.add(value["$ref"].removeprefix(REF))
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(whole)
    assert seen <= set(schemas)
    assert set(schemas) - seen == {"Text"} - seen


async def test_it_names_every_json_address_that_is_served() -> None:
    """No more and no less, with the methods."""
    app = application(FixedSource(), hands=NoHands())
    served = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    documented = {
        (path, method)
        for path, one in openapi_document()["paths"].items()
        for method in one.keys() - {"parameters"}
    }
    assert documented == {
        (path, method)
        for path, method in served - {("/api/v1/events", "get")}
        if path.startswith("/api/") or path == "/status.json"
        if method != "options"
    }


@pytest.mark.parametrize("kind", [*MODELS, "runs"])
def test_a_body_may_hold_what_the_daemon_reads(kind: str) -> None:
    """The same keys, those that must be there, and bounds."""
    models: dict[str, type[BaseModel]] = {**MODELS, "runs": RunByHand}
    read = models[kind].model_json_schema(by_alias=True)

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            said = ("title", "default", "description", "examples")
            return {
                name: plain(one)
                for name, one in value.items()
                if name not in said or not isinstance(one, str | bool | list | None)
            }
        return [plain(one) for one in value] if isinstance(value, list) else value

    told = BODIES[kind]
    assert set(told["required"]) == set(read.get("required", ()))
    assert plain(told["properties"]) == plain(read["properties"])


async def test_the_status_file_is_as_it_says() -> None:
    """With windows, so that their parts are looked at too."""
    valid("StatusFile", await render_status_body(make_planned([make_window()]), version="1"))
