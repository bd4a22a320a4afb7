"""The addresses that people and programs follow: feed, calendar, badges, summary, history.

    GET /feed.atom?env=…&service=…          Atom
    GET /windows.ics?env=…&service=…        iCalendar
    GET /badge/ENV.svg, /badge/ENV/SERVICE.svg
    GET /api/v2/summary.json                as status-page clients read it
    GET /api/v1/history?service=…&since=…   transitions, page by page
    GET /api/openapi.json                   all JSON addresses, described

All with an ETag, for pages of any origin, in the language of ``?lang=`` or ``Accept-Language``.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from aiohttp import hdrs, web

from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.model.estate import Estate
from monitor.model.records import Entry
from monitor.publish.feeds.atom import MOST_TRANSITIONS, feed
from monitor.publish.feeds.badge import badge
from monitor.publish.feeds.ics import calendar
from monitor.publish.feeds.revisions import Revisions
from monitor.publish.rendering.language import Language, choose_language
from monitor.publish.rendering.scope import Scope, read_scope
from monitor.publish.status.renderer import dump
from monitor.publish.status.statuspage import summary
from monitor.publish.web.history_api import HistoryQuery, page, read_question, transitions_value
from monitor.publish.web.openapi import document_body
from monitor.publish.web.responses import send

_JSON = "application/json; charset=utf-8"
CORS: dict[str, str] = {
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "ETag, Last-Modified",
}
PREFLIGHT = {
    **CORS,
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, HEAD, OPTIONS",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, If-None-Match, If-Modified-Since",
    hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
    hdrs.ALLOW: "GET, HEAD, OPTIONS",
}
_WIDEST = 102_400
"""Transitions of one instant beyond which a page of the history begins anew by time."""


class Followed(Protocol):
    """Where what is followed comes from."""

    @property
    def estate(self) -> Estate: ...
    async def current(self) -> Snapshot:
        """Everything, at this moment."""

    def revisions(self, snapshot: Snapshot) -> Revisions:
        """When windows and notices were last changed, as of ``snapshot``."""

    async def transitions(
        self,
        *,
        service: str | None = None,
        environment: str | None = None,
        since: float = 0.0,
        until: float | None = None,
        limit: int | None = None,
    ) -> Sequence[Entry] | None:
        """Oldest first; with a ``limit`` the newest. ``None`` when the history is away."""


def add_following(app: web.Application, source: Followed) -> None:
    """Adds the addresses to the application."""
    site = _Following(source)
    routes = {
        "/feed.atom": site.feed,
        "/windows.ics": site.windows,
        "/badge/{environment}.svg": site.badge,
        "/badge/{environment}/{service}.svg": site.badge,
        "/api/v2/summary.json": site.summary,
        "/api/v1/history": site.history,
        "/api/openapi.json": site.openapi,
    }
    for path, handler in routes.items():
        app.router.add_get(path, handler)
        app.router.add_options(path, _preflight)


async def _preflight(_: web.Request) -> web.Response:
    return web.Response(status=204, headers=PREFLIGHT)


class _Following:
    def __init__(self, source: Followed) -> None:
        self._source = source
        # one at a time: each thread that computes keeps those waiting that look names up
        self._making = asyncio.Lock()

    async def feed(self, request: web.Request) -> web.StreamResponse:
        scope, language = self._scope(request), self._language(request)
        found = await self._source.transitions(
            service=scope.service,
            environment=scope.environment if scope.service is None else None,
            # those of environments are not told: the services' say it already
            limit=4 * MOST_TRANSITIONS,
        )
        if found is None:
            raise _away()
        snapshot = await self._source.current()
        revisions, notices = self._source.revisions(snapshot), snapshot.agenda.notices

        def make() -> bytes:
            return feed(snapshot, found, notices, revisions, scope, language)

        return await self._answer(request, make, "application/atom+xml; charset=utf-8", language)

    async def windows(self, request: web.Request) -> web.StreamResponse:
        scope, language = self._scope(request), self._language(request)
        snapshot = await self._source.current()
        revisions = self._source.revisions(snapshot)

        def make() -> bytes:
            return calendar(snapshot, revisions, scope, language)

        return await self._answer(request, make, "text/calendar; charset=utf-8", language)

    async def badge(self, request: web.Request) -> web.StreamResponse:
        language = self._language(request)
        view = _view(await self._source.current(), request.match_info)
        if view is None:
            raise web.HTTPNotFound(
                text="404: neither an environment nor a service is so named\n", headers=CORS
            )
        return await self._answer(
            request, lambda: badge(view, language), "image/svg+xml; charset=utf-8", language
        )

    async def summary(self, request: web.Request) -> web.StreamResponse:
        language = self._language(request)
        snapshot = await self._source.current()
        revisions, notices = self._source.revisions(snapshot), snapshot.agenda.notices

        def make() -> bytes:
            base = snapshot.estate.public_url.rstrip("/") or _base(request)
            return dump(summary(snapshot, notices, revisions, language, base))

        return await self._answer(request, make, _JSON, language)

    async def history(self, request: web.Request) -> web.StreamResponse:
        try:
            if len(request.query) != len(set(request.query)):
                raise ValueError("each can be asked for only once")
            asked = read_question(request.query, (await self._source.current()).at)
        except ValueError as error:
            raise _refused(error) from None
        found = await self._page(asked)
        if found is None:
            raise _away()
        entries, more = found
        return await self._answer(
            request, lambda: dump(transitions_value(entries, more)), _JSON, None
        )

    async def openapi(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, document_body, _JSON, None)

    async def _page(self, asked: HistoryQuery) -> tuple[list[Entry], bool] | None:
        wanted = asked.limit + 1
        while True:
            found = await self._source.transitions(
                service=asked.scope.service,
                environment=asked.scope.environment if asked.scope.service is None else None,
                since=asked.since,
                until=asked.ends,
                limit=wanted,
            )
            if found is None:
                return None
            whole = len(found) < wanted or wanted > _WIDEST
            made = page(found, asked, whole=whole)
            if made is not None:
                return made
            # many of one instant stand before the page
            wanted *= 2

    def _language(self, request: web.Request) -> Language:
        return choose_language(
            request.query.get("lang"),
            request.headers.get(hdrs.ACCEPT_LANGUAGE, ""),
            self._source.estate.language,
        )

    def _scope(self, request: web.Request) -> Scope:
        """Raises 400 for what is no name, 404 for what is not watched."""
        try:
            scope = read_scope(request.query.get("env"), request.query.get("service"))
        except ValueError as error:
            raise _refused(error) from None
        estate = self._source.estate
        environments = {one.name for one in estate.environments}
        known = scope.environment is None or scope.environment in environments
        if scope.service is not None:
            known = scope.service in {one.id for one in estate.services()}
        if not known:
            raise web.HTTPNotFound(
                text=dump({"error": "nothing of this name is watched"}).decode(),
                content_type="application/json",
                headers=CORS,
            )
        return scope

    async def _answer(
        self,
        request: web.Request,
        make: Callable[[], bytes],
        content_type: str,
        language: Language | None,
    ) -> web.StreamResponse:
        """What ``make`` makes of frozen values, in a thread, or 304 when the reader has it."""
        async with self._making:
            body, etag = await asyncio.to_thread(_made, make)
        headers: dict[str, Any] = {**CORS, hdrs.ETAG: f'"{etag}"', hdrs.CACHE_CONTROL: "no-cache"}
        if language is not None:
            headers[hdrs.CONTENT_LANGUAGE] = language
            headers[hdrs.VARY] = "Accept-Language"
        tags = request.if_none_match
        if tags is not None and any(tag.value in (etag, "*") for tag in tags):
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = content_type
        return await send(request, body, headers)


def _base(request: web.Request) -> str:
    """The address that we were asked at, as far as it can be one."""
    host = request.host
    if not re.fullmatch(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", host):
        host = "localhost"
    return f"{request.scheme}://{host}"


def _view(snapshot: Snapshot, wanted: Mapping[str, str]) -> EnvironmentView | ServiceView | None:
    for environment in snapshot.environments:
        if environment.environment.name == wanted["environment"]:
            if "service" not in wanted:
                return environment
            for service in environment.services:
                if service.service.name == wanted["service"]:
                    return service
    return None


def _refused(error: ValueError) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(
        text=dump({"error": str(error)}).decode(), content_type="application/json", headers=CORS
    )


def _away() -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(
        text=dump({"error": "the history cannot be read now"}).decode(),
        content_type="application/json",
        headers={**CORS, hdrs.RETRY_AFTER: "30", hdrs.CACHE_CONTROL: "no-store"},
    )


def _made(make: Callable[[], bytes]) -> tuple[bytes, str]:
    body = make()
    return body, hashlib.sha256(body).hexdigest()[:32]
