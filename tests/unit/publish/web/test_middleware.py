"""Access and bounds."""

from __future__ import annotations

import asyncio
import base64
import logging
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, encode_basic_auth

from tests.support.patience import PATIENCE
from tests.support.web_site import FixedSource, serve

SECRET = ("vakt", "lösen:ord")


async def test_password_is_asked_everywhere_but_for_health() -> None:
    """With credentials set everything but /-/healthy needs them, missing pages too."""
    async with serve(FixedSource(), credentials=SECRET) as url, ClientSession(url) as client:
        for path in ("/", "/status.json", "/metrics", "/-/ready", "/style.css", "/nothing"):
            async with client.get(path) as answer:
                assert answer.status == 401, path
                assert answer.headers["WWW-Authenticate"].startswith("Basic ")
                assert "Server" not in answer.headers
        async with client.get("/-/healthy") as answer:
            assert answer.status == 200
        auth = encode_basic_auth(*SECRET)
        async with client.get("/status.json", headers={"Authorization": auth}) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Bearer " + base64.b64encode("vakt:lösen:ord".encode()).decode(),
        "Basic " + base64.b64encode(b"vakt:").decode(),
        "Basic " + base64.b64encode(b"vakt").decode(),
        "Basic " + base64.b64encode("vakt:lösen:ord ".encode()).decode(),
        "Basic " + base64.b64encode("Vakt:lösen:ord".encode()).decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\x00").decode(),
    ],
)
async def test_nothing_like_the_password_will_do(header: str) -> None:
    """Wrong, broken and empty credentials are all refused alike."""
    async with serve(FixedSource(), credentials=SECRET) as url, ClientSession(url) as client:
        async with client.get("/metrics", headers={"Authorization": header}) as answer:
            assert answer.status == 401


async def test_silent_connection_is_closed() -> None:
    """A client that connects and dribbles bytes without end does not hold its place."""
    async with serve(FixedSource(), first_request=0.3, sweep=0.05) as url:
        port = urlsplit(url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        await writer.drain()
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()


async def test_connection_that_has_asked_is_kept() -> None:
    """The bound is on the first request: who has sent one may come back on the same connection."""
    async with serve(FixedSource(), first_request=0.5, sweep=0.05) as url:
        port = urlsplit(url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(5) == b"well\n"
            await asyncio.sleep(1.0)
        writer.close()


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 1000 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not http\r\n\r\n",
    ],
    ids=["line", "header", "headers", "tls"],
)
async def test_oversized_and_foreign_requests_are_refused(
    request_head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A request that is too long, or none at all, gets 400 and no line in the log,
    and the next client is served."""
    async with serve(FixedSource()) as url, ClientSession(url) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writer.write(request_head)
        async with asyncio.timeout(PATIENCE):
            said = await reader.read()
        writer.close()
        assert said.split()[1] == b"400"
        told = [each for each in caplog.records if each.levelno >= logging.WARNING]
        # what asyncio says of a busy machine is no line of ours
        assert not [each for each in told if "Executing" not in each.msg]
        async with client.get("/-/healthy") as answer:
            assert answer.status == 200
