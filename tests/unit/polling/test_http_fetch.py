"""The fetcher asks whether a document has changed. Its faults: tests of calendars, in this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from monitor.polling.http_fetch import Fetched, Fetcher, FetchError
from tests.support.servers.http_server import serve_http

KNOWN = Fetched(body=b"known", etag='"v1"', last_modified="Mon, 23 Nov 2026 12:00:00 GMT")


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    made = Fetcher("driftvakt", lambda: 0.0, attempts=1)
    yield made
    await made.close()


async def not_modified(request: web.BaseRequest) -> web.Response:
    return web.Response(status=304)


async def test_what_has_not_changed_is_what_is_known(fetcher: Fetcher) -> None:
    """The very value; it was asked for by both stamps."""
    async with serve_http() as server:
        server.handlers["/d"] = not_modified
        assert await fetcher.fetch(server.url("/d"), KNOWN) is KNOWN
        [asked] = server.arrivals
        assert asked.headers["If-None-Match"] == KNOWN.etag
        assert asked.headers["If-Modified-Since"] == KNOWN.last_modified


async def test_a_document_that_is_not_known_has_not_stayed_the_same(fetcher: Fetcher) -> None:
    """A server that says so gives none."""
    async with serve_http() as server:
        server.handlers["/d"] = not_modified
        with pytest.raises(FetchError, match="HTTP 304"):
            await fetcher.fetch(server.url("/d"), None)
        assert "If-None-Match" not in server.arrivals[0].headers
