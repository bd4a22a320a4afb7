"""The addresses that people open: the page, each service's own, and the files that they need."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate, ServiceId
from monitor.model.records import Entry, Past
from monitor.model.status import Status
from monitor.model.time_in_status import AvailabilityReport
from monitor.model.transition import ID_PATTERN, span_of
from monitor.publish.page import Overview, PageQuery, render_service, render_wall
from monitor.publish.page.incidents import PAGE
from monitor.publish.page.lost import render_lost
from monitor.publish.page.matrix import MARKS
from monitor.publish.page.query import LONGEST, names
from monitor.publish.page.shared import FILES
from monitor.publish.rendering.language import choose_language
from monitor.publish.rendering.pacer import Pacer
from monitor.publish.web.history_api import read_instant
from monitor.publish.web.reload_route import from_this_machine
from monitor.publish.web.responses import STREAMED, Stream, gzip, send, takes_gzip

MOST_AT_ONCE = 50
"""Services; a page of more is sent while it is made."""


LONGEST_INCIDENT = 30 * 86_400.0
"""Seconds within which the end of an incident that somebody links to is looked for."""
MOST_CHANGES = 1_000
JUST_AFTER = 0.001


class PageSource(Protocol):
    """What the pages need."""

    @property
    def estate(self) -> Estate: ...
    async def current(self) -> Snapshot:
        """Everything, at this moment."""

    def availability(self, service: ServiceId) -> AvailabilityReport: ...
    async def past(self, service: ServiceId) -> Past | None:
        """The last day and the newest transitions; ``None`` when the history cannot be read."""

    async def transitions(
        self,
        *,
        service: str | None = None,
        environment: str | None = None,
        since: float = 0.0,
        until: float | None = None,
        limit: int | None = None,
    ) -> Sequence[Entry] | None:
        """Oldest first, the newest of them; ``None`` when the history cannot be read."""


class Pages:
    def __init__(self, source: PageSource, *, locked: Callable[[], bool] = lambda: False) -> None:
        """``locked`` says whether whoever comes this far has given a password."""
        self._source = source
        self._locked = locked
        self._front = Overview()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.front)
        app.router.add_get("/logo", self.logo)
        app.middlewares.append(self.lost)
        app.router.add_get("/s/{environment}/{service}", self.service)
        for name in FILES:
            app.router.add_get(f"/{name}", self.file)

    async def front(self, request: web.Request) -> web.StreamResponse:
        """Whole when it is small, else sent while it is made."""
        pacer, asked = Pacer(), self.asked(request)
        snapshot = await self._source.current()
        if asked.kiosk:
            html = await asyncio.to_thread(render_wall, snapshot, asked)
            return await send_html(request, html, asked)
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
            return await send_html(request, "".join(parts), asked)
        return await stream.end(_encoded(parts))

    async def service(self, request: web.Request) -> web.StreamResponse:
        info = request.match_info
        service = ServiceId(f"{info['environment']}/{info['service']}")
        asked = self.asked(request)
        try:
            report = self._source.availability(service)
            past = await self._source.past(service)
            past, asked = await self._turned(service, past, asked)
            # a day of many checks takes longer to draw than the loop may stand still
            html = await asyncio.to_thread(
                render_service, await self._source.current(), service, asked, report, past
            )
        except ValueError as error:
            raise web.HTTPBadRequest(text=f"400: {error}\n") from None
        except KeyError:
            raise web.HTTPNotFound(text="404: no such service is watched\n") from None
        return await send_html(request, html, asked)

    async def _turned(
        self, service: ServiceId, past: Past | None, asked: PageQuery
    ) -> tuple[Past | None, PageQuery]:
        """The past with the page of incidents that is asked for, by an instant or by the id of a
        transition that is in it. Raises ``ValueError`` for what is neither.
        """
        known = past.entries if past is not None else ()
        if asked.event and not any(one.id == asked.event for one in known):
            asked = replace(asked, until=await self._until(service, asked.event))
        if not asked.until:
            return past, asked
        until = read_instant(asked.until, "until", time.time())
        if past is None:
            return None, asked
        entries = await self._source.transitions(service=service, until=until, limit=PAGE)
        return (None if entries is None else replace(past, entries=entries)), asked

    async def _until(self, service: ServiceId, event: str) -> str:
        """The instant that the incident of a transition is over at; empty when none is known."""
        if not re.fullmatch(ID_PATTERN, event):
            raise ValueError("event must be the id of a transition")
        first, _ = span_of(event)
        later = await self._source.transitions(
            service=service, since=first, until=first + LONGEST_INCIDENT, limit=MOST_CHANGES
        )
        changes = [one.transition for one in later or ()]
        green = (one.at for one in changes if one.after is Status.GREEN)
        last = next(green, max((one.at for one in changes), default=None))
        return "" if last is None else repr(last + JUST_AFTER)

    async def file(self, request: web.Request) -> web.Response:
        body, type_ = FILES[request.path[1:]]
        headers = {hdrs.CONTENT_TYPE: type_, hdrs.CACHE_CONTROL: "max-age=3600"}
        return web.Response(body=body, headers=headers)

    async def logo(self, _: web.Request) -> web.Response:
        """The organisation's own, which may be SVG from anywhere: nothing in it runs."""
        logo = self._source.estate.page.logo
        if logo is None:
            raise web.HTTPNotFound(text="404: there is no logo\n")
        headers = {
            hdrs.CONTENT_TYPE: logo[1],
            hdrs.CACHE_CONTROL: "max-age=300",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        }
        return web.Response(body=logo[0], headers=headers)

    @web.middleware
    async def lost(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What cannot be answered is said in the page's dress to browsers; that there is nothing at
        an address below ``/api``, as JSON.
        """
        try:
            return await handler(request)
        except web.HTTPError as error:
            if request.path.startswith("/api/"):
                if error.status != 404 or request.match_info.http_exception is None:
                    raise
                return web.json_response(
                    {"error": "there is nothing at this address: see /api/openapi.json"}, status=404
                )
            plain = error.content_type == "text/plain"
            if not plain or "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
                raise
            asked = self.asked(request)
            reason = "" if error.status == 404 else error.text or ""
            html = render_lost(await self._source.current(), asked, reason)
            kept = {k: v for k, v in error.headers.items() if k in (hdrs.ALLOW, hdrs.RETRY_AFTER)}
            return web.Response(
                status=error.status,
                body=html.encode("utf-8", "replace"),
                headers=_headers(asked) | kept,
            )

    def _trusted(self, request: web.Request) -> bool:
        """Who may see what is the operator's: with a password, or from this machine."""
        return self._locked() or from_this_machine(request)

    def asked(self, request: web.Request) -> PageQuery:
        """What the reader asks for in the address and the headers."""
        query = request.query
        chosen = query.get("lang")
        accept = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        return PageQuery(
            language=choose_language(chosen, accept, self._source.estate.language),
            chosen=chosen in ("sv", "en"),
            environments=names(query.getall("env", [])),
            services=names(query.getall("service", [])),
            statuses=tuple(each for each in query.getall("status", [])[:5] if each in MARKS),
            trusted=self._trusted(request),
            kiosk="kiosk" in query,
            until=query.get("until", "")[:LONGEST],
            event=query.get("event", "")[:LONGEST],
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


async def send_html(
    request: web.Request,
    html: str,
    asked: PageQuery,
    more: Mapping[str, str] = MappingProxyType({}),
) -> web.StreamResponse:
    """A whole page; ``more`` are headers in place of those that a page has."""
    headers = {**_headers(asked), **more}
    body = html.encode("utf-8", "replace")
    if takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        body = await gzip(body)
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return await send(request, body, headers)
