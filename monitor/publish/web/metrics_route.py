"""``GET /metrics``: the Prometheus text format, of everything or, with ``?environment=ENV``, of one alone."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from aiohttp import hdrs, web

from monitor.model.estate import Estate
from monitor.publish.metrics.metrics import CONTENT_TYPE, Exposition
from monitor.publish.web.responses import send, send_made, takes_gzip
from monitor.publish.web.shared_bodies import READERS, Rendering


class MetricsSource(Protocol):
    """Where they come from."""

    @property
    def estate(self) -> Estate: ...
    async def metrics(self, environment: str | None = None) -> Exposition:
        """Of everything, or of one environment. Raises ``KeyError`` for one that is not watched."""


class MetricsRoute:
    """What is made for one reader goes to all who ask for the same at the same time."""

    def __init__(self, source: MetricsSource) -> None:
        self._source = source
        self._renderings: dict[tuple[str | None, bool], Rendering[Exposition | bytes]] = {}
        """By the environment, and whether as gzip."""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        headers: dict[str, str] = {
            hdrs.CONTENT_TYPE: CONTENT_TYPE,
            hdrs.CACHE_CONTROL: "no-store",
            hdrs.VARY: "Accept-Encoding",
        }
        zipped = takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        rendering = self._rendering(request.query.get("environment"), zipped)
        try:
            made = await rendering.body(request.config_dict[READERS])
        except KeyError:  # it has gone meanwhile
            raise _unknown() from None
        if isinstance(made, bytes):
            headers[hdrs.CONTENT_ENCODING] = "gzip"
            return await send(request, made, headers)
        return await send_made(request, made.pieces(), made, made.held, headers)

    def _rendering(self, environment: str | None, zipped: bool) -> Rendering[Exposition | bytes]:
        """Raises ``HTTPNotFound``."""
        watched = {one.name for one in self._source.estate.environments}
        if environment is not None and environment not in watched:
            self._renderings.pop((environment, zipped), None)
            raise _unknown()
        wanted = environment, zipped
        if wanted not in self._renderings:
            self._renderings[wanted] = Rendering(partial(self._render, *wanted), _size)
        return self._renderings[wanted]

    async def _render(self, environment: str | None, zipped: bool) -> Exposition | bytes:
        made = await self._source.metrics(environment)
        return await made.gzip() if zipped else made

    async def close(self, _: web.Application) -> None:
        """Nothing is rendered any more."""
        for one in self._renderings.values():
            one.close()


def _size(made: Exposition | bytes) -> int:
    return len(made) if isinstance(made, bytes) else made.held


def _unknown() -> web.HTTPNotFound:
    return web.HTTPNotFound(text="404: environment must be the name of one that is watched\n")
