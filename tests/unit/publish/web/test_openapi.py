"""The OpenAPI document: whole, and true of what is served."""

from __future__ import annotations

from typing import Any

import orjson
from jsonschema import Draft202012Validator

from monitor.publish.status.renderer import render_status_body
from monitor.publish.web.app import application
from monitor.publish.web.openapi import openapi_document
from monitor.publish.web.openapi_parts import REF
from tests.support.feed_values import make_planned, make_window
from tests.support.web_site import FixedSource


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
    """No more and no less."""
    app = application(FixedSource())
    served = {
        route.resource.canonical
        for route in app.router.routes()
        if route.resource is not None and route.method == "GET"
    }
    named = {path for path in served if path.startswith("/api/") or path == "/status.json"}
    assert set(openapi_document()["paths"]) == named - {"/api/v1/events"}


async def test_the_status_file_is_as_it_says() -> None:
    """With windows, so that their parts are looked at too."""
    valid("StatusFile", await render_status_body(make_planned([make_window()]), version="1"))
