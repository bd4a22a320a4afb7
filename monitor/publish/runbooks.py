"""What to look at and do when an alert fires: ``docs/runbooks/``, which the wheel carries too."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from aiohttp import web

_PLACES = (
    resources.files("monitor.publish").joinpath("alert_runbooks"),
    Path(__file__).parents[2] / "docs" / "runbooks",  # in a checkout
)
TYPE = "text/plain; charset=utf-8"
"""Markdown that every browser shows."""


def _read() -> dict[str, bytes]:
    place = next((one for one in _PLACES if one.is_dir()), None)
    if place is None:
        return {}
    return {one.name: one.read_bytes() for one in place.iterdir() if one.name.endswith(".md")}


def add_runbooks(app: web.Application) -> None:
    """Adds ``/runbooks/ALERT.md``, which alerts lead to."""
    known = _read()

    async def runbook(request: web.Request) -> web.Response:
        body = known.get(request.match_info["name"])
        if body is None:
            raise web.HTTPNotFound(text="404: there is no such runbook\n")
        return web.Response(body=body, headers={"Content-Type": TYPE})

    app.router.add_get("/runbooks/{name}", runbook)
