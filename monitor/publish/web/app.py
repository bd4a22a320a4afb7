"""What the daemon serves: the page, the status file, the metrics, and whether it is well.

    GET /              the page
    GET /s/ENV/SERVICE a service's own: docs/page.md
    GET /api/v1/events
                       server-sent events: live.py
    GET /status.json   the same body as the file, for browsers of any origin
    GET /metrics       Prometheus text format; ?environment=ENV: of one alone
    GET /api/v1/availability?service=ENV/SERVICE
    GET /api/v1/evidence/ID
                       the evidence of a transition: docs/evidence.md
    GET /feed.atom, /windows.ics, /badge/…, /api/v1/history, /api/v2/summary.json,
        /api/openapi.json
                       see :mod:`monitor.publish.web.feed_routes`
    GET /-/healthy     is the process alive; never asks for a password
    GET /-/ready       has it something to say
    GET /probe         the exporter's: docs/blackbox.md
    GET, POST /api/v1/windows, /notices, /acknowledgements, /silences, POST /api/v1/runs
                       what people do by hand: docs/by-hand.md
    POST /-/reload     read the configuration anew: docs/reload.md

Reads its :class:`Source` and changes nothing; a reload is somebody else's work.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from monitor.model.estate import Estate, ServiceId
from monitor.model.records import Past
from monitor.model.reload_outcome import ReloadOutcome
from monitor.model.time_in_status import AvailabilityReport
from monitor.publish.status.documents import report_value
from monitor.publish.status.renderer import dump
from monitor.publish.web.by_hand_routes import Hands, add_by_hand
from monitor.publish.web.client_limits import BoundedRunner
from monitor.publish.web.evidence_route import EvidenceRoute
from monitor.publish.web.feed_routes import CORS, PREFLIGHT, Followed, add_following
from monitor.publish.web.host_header import Hosts
from monitor.publish.web.metrics_route import MetricsRoute, MetricsSource
from monitor.publish.web.middleware import (
    BUSY,
    HEALTHY_PATH,
    MAX_BODY,
    SPOKEN,
    Lock,
    basic_auth,
    known_host,
    note_spoken,
    secure,
)
from monitor.publish.web.page_routes import Pages
from monitor.publish.web.reload_route import PATH as RELOAD_PATH
from monitor.publish.web.reload_route import own_pages, reload_route
from monitor.publish.web.responses import send
from monitor.publish.web.runbooks import add_runbooks
from monitor.publish.web.shared_bodies import READERS, Readers
from monitor.publish.web.sse import Broadcast

__all__ = ["BoundedRunner", "Lock", "Source", "application"]

_HASH_IN_THREAD = 262_144


class Source(Followed, MetricsSource, Protocol):
    """Where the pages come from."""

    @property
    def estate(self) -> Estate: ...
    @property
    def events(self) -> Broadcast: ...
    def status_body(self) -> tuple[bytes, float]:
        """The newest body of status.json and when it was made, seconds since the epoch."""

    def availability(self, service: ServiceId) -> AvailabilityReport:
        """As of now. Raises ``KeyError`` for a service that is not watched."""

    async def past(self, service: ServiceId) -> Past | None:
        """The last day and the newest transitions; ``None`` when the history cannot be read."""

    async def evidence(self, id_: str) -> bytes | None:
        """The bundle of the transition whose id is, or alone begins with, ``id_``."""

    def healthy(self) -> tuple[bool, str]: ...
    def ready(self) -> tuple[bool, str]: ...


def application(
    source: Source,
    *,
    lock: Lock | None = None,
    hosts: Hosts | None = None,
    reload: Callable[[], Awaitable[ReloadOutcome]] | None = None,
    probe: Handler | None = None,
    hands: Hands | None = None,
) -> web.Application:
    """The application. ``lock`` closes all but /-/healthy, as do ``hosts`` for names that are none
    of ours; ``reload`` reads the configuration anew; ``probe`` answers /probe.

    To be run by :class:`BoundedRunner`, which bounds slow clients.
    """
    lock = lock or Lock()
    hosts = hosts or Hosts()
    middlewares: list[Middleware] = [note_spoken, known_host(hosts), basic_auth(lock)]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    app[SPOKEN] = set()
    app[BUSY] = set()
    app[READERS] = Readers()
    app.on_response_prepare.append(secure)
    site, metrics = _Site(source), MetricsRoute(source)
    pages = Pages(source, locked=lambda: lock.locked)
    pages.add_to(app)
    EvidenceRoute(source, pages).add_to(app)
    app.router.add_get("/api/v1/events", source.events.serve)

    async def end_streams(_: web.Application) -> None:
        source.events.close()

    app.on_shutdown.extend((end_streams, metrics.close))
    app.router.add_get("/status.json", site.status)
    app.router.add_options("/status.json", site.preflight)
    app.router.add_get("/metrics", metrics.serve)
    app.router.add_get("/api/v1/availability", site.availability)
    add_following(app, source)
    add_runbooks(app)
    app.router.add_get(HEALTHY_PATH, site.healthy)
    app.router.add_get("/-/ready", site.ready)
    if probe is not None:
        app.router.add_get("/probe", own_pages(probe, lock), allow_head=False)
    if hands is not None:
        add_by_hand(app, hands, lock)
    if reload is not None:
        app.router.add_post(RELOAD_PATH, reload_route(reload, lock))
    return app


class _Site:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._body = b""
        self._etag = ""
        self._made_at = 0
        self._by_date = False

    async def status(self, request: web.Request) -> web.StreamResponse:
        body, generated_at = self._source.status_body()
        await self._identify(body, generated_at)
        etag, by_date, made_at = self._etag, self._by_date, self._made_at
        modified = datetime.fromtimestamp(made_at, UTC)
        headers: dict[str, str] = {
            **CORS,
            hdrs.ETAG: f'"{etag}"',
            hdrs.LAST_MODIFIED: format_datetime(modified, usegmt=True),
            hdrs.CACHE_CONTROL: "no-cache",
        }
        tags = request.if_none_match
        since = request.if_modified_since
        if tags is not None:
            unchanged = any(tag.value in (etag, "*") for tag in tags)
        else:
            unchanged = since is not None and by_date and since >= modified
        if unchanged:
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = "application/json; charset=utf-8"
        return await send(request, body, headers)

    async def _identify(self, body: bytes, generated_at: float) -> None:
        """The body's entity tag. Two bodies of one second cannot be told apart by date."""
        if body is self._body:
            return
        if len(body) < _HASH_IN_THREAD:
            etag = hashlib.sha256(body).hexdigest()[:32]
        else:
            etag = (await asyncio.to_thread(hashlib.sha256, body)).hexdigest()[:32]
        made_at = int(generated_at)
        self._by_date = made_at != self._made_at or etag == self._etag
        self._body, self._etag, self._made_at = body, etag, made_at

    async def preflight(self, _: web.Request) -> web.Response:
        return web.Response(status=204, headers=PREFLIGHT)

    async def availability(self, request: web.Request) -> web.StreamResponse:
        headers: dict[str, str] = {
            hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.CONTENT_TYPE: "application/json; charset=utf-8",
        }
        service = ServiceId(request.query.get("service", ""))
        try:
            report = self._source.availability(service)
        except KeyError:
            body = dump({"error": "service must be ENV/SERVICE of one that is watched"})
            status = 404 if service else 400
            return web.Response(status=status, body=body, headers=headers)
        return await send(request, dump(report_value(service, report)), headers)

    async def healthy(self, _: web.Request) -> web.Response:
        return _said(*self._source.healthy())

    async def ready(self, _: web.Request) -> web.Response:
        return _said(*self._source.ready())


def _said(well: bool, text: str) -> web.Response:
    return web.Response(
        status=200 if well else 503, text=f"{text}\n", headers={hdrs.CACHE_CONTROL: "no-store"}
    )
