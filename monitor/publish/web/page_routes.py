"""The addresses that people open: the page, each service's own, and the files that they need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from aiohttp import hdrs, web

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate, ServiceId
from monitor.model.records import Past
from monitor.model.time_in_status import AvailabilityReport
from monitor.publish.page import Overview, PageQuery, render_service
from monitor.publish.page.query import names
from monitor.publish.page.shared import FILES
from monitor.publish.rendering.language import choose_language
from monitor.publish.rendering.pacer import Pacer
from monitor.publish.web.responses import STREAMED, Stream, gzip, send, takes_gzip

MOST_AT_ONCE = 50
"""Services; a page of more is sent while it is made."""


class PageSource(Protocol):
    """What the pages need."""

    @property
    def estate(self) -> Estate: ...
    async def current(self) -> Snapshot:
        """Everything, at this moment."""

    def availability(self, service: ServiceId) -> AvailabilityReport: ...
    async def past(self, service: ServiceId) -> Past | None:
        """The last day and the newest transitions; ``None`` when the history cannot be read."""


class Pages:
    def __init__(self, source: PageSource) -> None:
        self._source = source
        self._front = Overview()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.front)
        app.router.add_get("/s/{environment}/{service}", self.service)
        for name in FILES:
            app.router.add_get(f"/{name}", self.file)

    async def front(self, request: web.Request) -> web.StreamResponse:
        """Whole when it is small, else sent while it is made."""
        pacer, asked = Pacer(), self._asked(request)
        snapshot = await self._source.current()
        stream: Stream | None = None
        if sum(len(view.services) for view in snapshot.environments) > MOST_AT_ONCE:
            stream = await Stream.begin(request, _headers(asked))
            if request.method == hdrs.METH_HEAD:
                return await stream.end_without_body()
        parts: list[str] = []
        size = 0
        for piece in self._front.pieces(snapshot, asked):
            parts.append(piece)
            size += len(piece)
            if not pacer.due() and (stream is None or size < STREAMED):
                continue
            if stream is not None:
                await stream.write(_encoded(parts))
                parts, size = [], 0
            await pacer.rest()
        if stream is None:
            return await _html(request, "".join(parts), asked)
        return await stream.end(_encoded(parts))

    async def service(self, request: web.Request) -> web.StreamResponse:
        info = request.match_info
        service = ServiceId(f"{info['environment']}/{info['service']}")
        asked = self._asked(request)
        try:
            report = self._source.availability(service)
            past = await self._source.past(service)
            # a day of many checks takes longer to draw than the loop may stand still
            html = await asyncio.to_thread(
                render_service, await self._source.current(), service, asked, report, past
            )
        except KeyError:
            raise web.HTTPNotFound(text="404: no such service is watched\n") from None
        return await _html(request, html, asked)

    async def file(self, request: web.Request) -> web.Response:
        body, type_ = FILES[request.path[1:]]
        headers = {hdrs.CONTENT_TYPE: type_, hdrs.CACHE_CONTROL: "max-age=3600"}
        return web.Response(body=body, headers=headers)

    def _asked(self, request: web.Request) -> PageQuery:
        query = request.query
        chosen = query.get("lang")
        accept = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        return PageQuery(
            language=choose_language(chosen, accept, self._source.estate.language),
            chosen=chosen in ("sv", "en"),
            environments=names(query.getall("env", [])),
            services=names(query.getall("service", [])),
            kiosk="kiosk" in query,
        )


def _headers(asked: PageQuery) -> dict[str, str]:
    return {
        hdrs.CONTENT_TYPE: "text/html; charset=utf-8",
        hdrs.CONTENT_LANGUAGE: asked.language,
        hdrs.CACHE_CONTROL: "no-cache",
        hdrs.VARY: "Accept-Language, Accept-Encoding",
    }


def _encoded(parts: Iterable[str]) -> bytes:
    return "".join(parts).encode("utf-8", "replace")


async def _html(request: web.Request, html: str, asked: PageQuery) -> web.StreamResponse:
    headers = _headers(asked)
    body = html.encode("utf-8", "replace")
    if takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        body = await gzip(body)
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return await send(request, body, headers)
