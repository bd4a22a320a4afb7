"""``/api/v1/windows``, ``/notices``, ``/acknowledgements``, ``/silences`` and ``/runs``: what people do by hand.

Written only from this machine or with the password, as JSON, and never from a page of another site.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from aiohttp import hdrs, web

from monitor.publish.status.renderer import dump
from monitor.publish.web.middleware import Lock
from monitor.publish.web.reload_route import why_refused
from probes.observation import clean

KINDS = ("windows", "notices", "acknowledgements", "silences")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and what is said, as JSON."""

    status: int
    document: dict[str, Any]


class Hands(Protocol):
    """Does what people ask for."""

    def listed(self, kind: str) -> list[dict[str, Any]]: ...
    async def add(self, kind: str, document: Any, author: str) -> Answer: ...
    async def change(self, kind: str, id_: str, document: Any, author: str) -> Answer: ...
    async def end(self, kind: str, id_: str, author: str) -> Answer: ...
    async def run(self, document: Any) -> Answer: ...


def add_by_hand(app: web.Application, hands: Hands, lock: Lock) -> None:
    """Adds the addresses."""
    one_by_one = asyncio.Lock()  # of two that write one id, the second sees the first

    def guarded(
        work: Callable[[web.Request, Any, str], Awaitable[Answer]], *, body: bool = True
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            if why := why_refused(request, lock):
                return _said(Answer(403, {"error": why}))
            document = None
            if body:
                if request.content_type != "application/json":
                    return _said(Answer(415, {"error": "send Content-Type: application/json"}))
                try:
                    document = orjson.loads(await request.read())
                except orjson.JSONDecodeError as error:
                    return _said(Answer(400, {"error": f"this is no JSON: {clean(error)}"}))
                if not isinstance(document, dict):
                    return _said(Answer(400, {"error": "must be a JSON object"}))
            async with one_by_one:
                return _said(await work(request, document, _author(request, lock)))

        return handle

    for kind in KINDS:
        path = f"/api/v1/{kind}"

        async def listed(_: web.Request, kind: str = kind) -> web.Response:
            return _said(Answer(200, {kind: hands.listed(kind)}))

        async def add(_: web.Request, document: Any, author: str, kind: str = kind) -> Answer:
            return await hands.add(kind, document, author)

        async def end(request: web.Request, _: Any, author: str, kind: str = kind) -> Answer:
            return await hands.end(kind, request.match_info["id"], author)

        app.router.add_get(path, listed)
        app.router.add_post(path, guarded(add))
        app.router.add_delete(f"{path}/{{id}}", guarded(end, body=False))

    async def change(request: web.Request, document: Any, author: str) -> Answer:
        return await hands.change("notices", request.match_info["id"], document, author)

    async def run(_: web.Request, document: Any, __: str) -> Answer:
        return await hands.run(document)

    app.router.add_patch("/api/v1/notices/{id}", guarded(change))
    app.router.add_post("/api/v1/runs", guarded(run))


def _author(request: web.Request, lock: Lock) -> str:
    """Who has given the password; empty where none is asked for."""
    if not lock.locked:
        return ""
    _, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    try:
        return clean(base64.b64decode(token).decode("utf-8", "replace").partition(":")[0], 100)
    except (binascii.Error, ValueError):
        return ""


def _said(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=dump(answer.document) + b"\n",
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )
