"""``/api/v1/evidence/ID``: JSON for programs, a page for browsers, text for who pastes it."""

from __future__ import annotations

import asyncio
import re
from typing import Protocol

from aiohttp import hdrs, web

from monitor.evidence import NotEvidenceError, mail, read_bundle
from monitor.model.transition import PREFIX_PATTERN
from monitor.publish.page import render_evidence
from monitor.publish.web.page_routes import Pages, PageSource, send_html
from monitor.publish.web.responses import send

_FORMATS = {"text/html": "html", "text/plain": "text", "application/json": "json"}


class EvidenceSource(PageSource, Protocol):
    async def evidence(self, id_: str) -> bytes | None: ...


class EvidenceRoute:
    def __init__(self, source: EvidenceSource, pages: Pages) -> None:
        self._source, self._pages = source, pages

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/v1/evidence/{id}", self.evidence)

    async def evidence(self, request: web.Request) -> web.StreamResponse:
        """As ``format`` says, otherwise as ``Accept`` says, otherwise JSON."""
        wanted = request.match_info["id"]
        if not re.fullmatch(PREFIX_PATTERN, wanted):
            raise web.HTTPBadRequest(text="400: this is not the id of a transition\n")
        shape = request.query.get("format") or chosen(request.headers.get(hdrs.ACCEPT, ""))
        if shape not in _FORMATS.values():
            raise web.HTTPBadRequest(text="400: format must be html, text or json\n")
        body = await self._source.evidence(wanted)
        if body is None:
            raise web.HTTPNotFound(text="404: there is no evidence of this id\n")
        headers: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store", hdrs.VARY: "Accept"}
        if shape == "json":
            headers[hdrs.CONTENT_TYPE] = "application/json; charset=utf-8"
            return await send(request, body, headers)
        asked = self._pages.asked(request)
        try:
            if shape == "html":
                snapshot = await self._source.current()
                html = await asyncio.to_thread(render_evidence, body, snapshot, asked)
                return await send_html(request, html, asked, headers)
            text = await asyncio.to_thread(lambda: mail(read_bundle(body), asked.language))
        except NotEvidenceError as error:
            raise web.HTTPNotFound(text=f"404: {error}; see format=json\n") from None
        headers[hdrs.CONTENT_TYPE] = "text/plain; charset=utf-8"
        return await send(request, text.encode("utf-8", "replace"), headers)


def chosen(accept: str) -> str:
    """The first of our formats that ``Accept`` names by its own name, which browsers begin with;
    JSON for who names none (RFC 9110, 12.5.1, without weights).
    """
    for part in accept.split(","):
        found = _FORMATS.get(part.partition(";")[0].strip().lower())
        if found is not None:
            return found
    return "json"
