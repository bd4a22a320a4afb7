"""Answers of an address that lists targets: bounded, and each failure told by its kind."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from tenacity import wait

from monitor.configuration.discovery import poller
from monitor.configuration.discovery.poller import Discoverer
from monitor.configuration.discovery.store import Documents
from monitor.configuration.discovery.targets import MAX_BYTES
from monitor.model.estate import DiscoverySource
from monitor.model.reload_outcome import Ended, ReloadOutcome
from tests.support.patience import PATIENCE
from tests.support.servers.ca import Authority

pytestmark = pytest.mark.system
GOOD = b'[{"targets": ["h"]}]'
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once, and one that hangs ends soon."""
    monkeypatch.setattr(poller, "wait_exponential_jitter", lambda **_: wait.wait_none())
    monkeypatch.setattr(poller, "TIMEOUT", 0.5)


class Telling(Documents):
    """Says when a round has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()

    def confirmed(self, source: DiscoverySource) -> None:
        super().confirmed(source)
        self.told.set()

    def failed(self, source: DiscoverySource, error: str) -> None:
        super().failed(source, error)
        self.told.set()


class Asked:
    """A discoverer whose reloads take whatever there is for good."""

    def __init__(self, url: str, **more: Any) -> None:
        self.source = DiscoverySource(name="pods", url=url, **{"refresh": 3600.0, **more})
        self.documents = Telling()
        self.reloads = 0
        self.ended = Ended.RELOADED
        self.discoverer = Discoverer(self.documents, self.reload, "driftvakt/test")

    def reload(self, _why: str) -> asyncio.Future[ReloadOutcome]:
        self.reloads += 1
        newest = self.documents.newest(self.source)
        if self.ended is Ended.RELOADED and newest is not None:
            self.documents.settle({self.source: newest}, {}, Path("/nonexistent"))
        future: asyncio.Future[ReloadOutcome] = asyncio.get_running_loop().create_future()
        future.set_result(ReloadOutcome(ended=self.ended, faults=("it is at fault",)))
        return future

    async def said(self) -> str:
        """What one round ends with."""
        self.discoverer.follow([self.source], "driftvakt/test")
        try:
            async with asyncio.timeout(PATIENCE):
                await self.documents.told.wait()
        finally:
            await self.discoverer.close()
        return self.documents.outcomes["pods"].error or "good"


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[BaseTestServer]:
    app = web.Application()
    app.router.add_get("/", handler)
    async with TestServer(app, host="127.0.0.1") as server:
        yield server


async def test_a_good_answer_is_taken_over() -> None:
    """With one reload, and the answer's own bytes."""

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=GOOD)

    async with serving(handler) as server:
        asked = Asked(str(server.make_url("/")))
        assert await asked.said() == "good"
    assert asked.reloads == 1
    assert asked.documents.used(asked.source) == (GOOD,)
    assert asked.documents.outcomes["pods"].at is not None


async def test_one_failure_is_not_the_end() -> None:
    """Two more attempts follow."""
    answers = iter([500, 503, 200])

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=GOOD, status=next(answers))

    async with serving(handler) as server:
        assert await Asked(str(server.make_url("/"))).said() == "good"


async def test_failures_have_an_end() -> None:
    """Three attempts, and no reload."""
    seen = 0

    async def handler(_request: web.Request) -> web.Response:
        nonlocal seen
        seen += 1
        return web.Response(status=404)

    async with serving(handler) as server:
        asked = Asked(str(server.make_url("/")))
        assert await asked.said() == "its address answers HTTP 404"
    assert (seen, asked.reloads) == (3, 0)


async def test_a_bomb_is_not_unpacked() -> None:
    """The bound is on what comes out, and such an answer is not asked for again."""
    seen = 0
    bomb = gzip.compress(b" " * (MAX_BYTES * 3))

    async def handler(_request: web.Request) -> web.Response:
        nonlocal seen
        seen += 1
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with serving(handler) as server:
        assert await Asked(str(server.make_url("/"))).said() == "larger than 10 MiB"
    assert seen == 1


async def test_an_answer_that_never_ends_does() -> None:
    """By the total deadline."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    async with serving(handler) as server:
        assert await Asked(str(server.make_url("/"))).said() == "no answer within 0.5 s"


async def test_redirects_are_bounded() -> None:
    async def handler(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/")

    async with serving(handler) as server:
        assert await Asked(str(server.make_url("/"))).said() == "more than 3 redirects"


async def test_nobody_there() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response()

    async with serving(handler) as server:
        url = str(server.make_url("/"))
    assert (await Asked(url).said()).startswith("no connection: ")


async def test_a_configuration_at_fault_is_not_the_lists_success() -> None:
    """The list is good, and nothing of it is watched."""

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=GOOD)

    async with serving(handler) as server:
        asked = Asked(str(server.make_url("/")))
        asked.ended = Ended.REFUSED
        assert await asked.said() == "the configuration cannot be read: it is at fault"


async def test_a_list_that_is_not_used_is_not_read_again_and_again() -> None:
    """One reload, however often it comes back; once it is used, it is a success."""
    seen = asyncio.Semaphore(0)

    async def handler(_request: web.Request) -> web.Response:
        seen.release()
        return web.Response(body=GOOD)

    async with serving(handler) as server:
        asked = Asked(str(server.make_url("/")), refresh=0.02)
        asked.ended = Ended.REFUSED
        asked.discoverer.follow([asked.source], "driftvakt/test")
        for _ in range(5):
            await seen.acquire()
        assert asked.reloads == 1
        assert asked.documents.outcomes["pods"].error
        asked.ended = Ended.RELOADED
        asked.reload("an operator")
        for _ in range(3):
            await seen.acquire()
        assert asked.documents.outcomes["pods"].error == ""
        await asked.discoverer.close()
    assert asked.reloads == 2


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("ca_file", "no PEM"),
        ("ca_file", None),
        ("bearer_token_file", "a\nb"),
        ("bearer_token_file", None),
    ],
)
async def test_a_file_of_ours_that_cannot_be_used(
    tmp_path: Path, key: str, content: str | None
) -> None:
    """It is named, and nobody is asked without it."""
    file = tmp_path / "file"
    if content is not None:
        file.write_text(content)
    said = await Asked("http://127.0.0.1:1/", **{key: file}).said()
    assert said == f"its {key} {file} cannot be used"


async def test_tls_is_verified_by_the_authorities_that_are_named(authority: Authority) -> None:
    """``ca_file`` is trusted instead of the system's; a stranger is told by what is wrong, and is
    sent no token.
    """
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response(body=GOOD)

    pair = authority.valid
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.cert_file, pair.key_file)
    token = pair.cert_file.parent / "token"
    token.write_text("hemlighet-99\n")
    app = web.Application()
    app.router.add_get("/", handler)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=context)
    try:
        url = str(server.make_url("/"))
        refused = await Asked(url, bearer_token_file=token).said()
        assert refused.startswith("its certificate: ")
        assert not seen
        good = Asked(url, ca_file=authority.ca_file, bearer_token_file=token)
        assert await good.said() == "good"
        assert seen == ["Bearer hemlighet-99"]
    finally:
        await server.close()


async def test_a_redirect_carries_the_token_to_nobody_else(tmp_path: Path) -> None:
    """Another host, or port, gets the request without it."""
    seen: list[str | None] = []
    token = tmp_path / "token"
    token.write_text("hemlighet-99")

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(body=GOOD)

    async with serving(elsewhere) as other:

        async def handler(request: web.Request) -> web.Response:
            seen.append(request.headers.get("Authorization"))
            raise web.HTTPFound(other.make_url("/"))

        async with serving(handler) as server:
            asked = Asked(str(server.make_url("/")), bearer_token_file=token)
            assert await asked.said() == "good"
    assert seen == ["Bearer hemlighet-99", None]
