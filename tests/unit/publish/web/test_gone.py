"""Readers who go away in the middle are no fault of ours."""

from __future__ import annotations

import asyncio
import logging
import socket
from urllib.parse import urlsplit

import pytest

from tests.support.factories import make_red_view, make_snapshot
from tests.support.patience import PATIENCE
from tests.support.web_site import FixedSource, serve

LARGE = b"x" * 8_000_000


@pytest.mark.parametrize("path", ["/status.json", "/metrics", "/", "/api/v1/events"])
@pytest.mark.parametrize("zipped", [False, True])
async def test_a_reader_that_goes_away_is_no_error(
    path: str, zipped: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """With what it asked for unread, by a reset: nothing is logged, and the next one is served."""
    views = [make_red_view() for _ in range(3000)]
    source = FixedSource(body=LARGE, text=LARGE, now=make_snapshot(*views))
    async with serve(source) as url:
        split = urlsplit(url)
        before = len(asyncio.all_tasks())
        for _ in range(5):
            with socket.socket() as reader:
                reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                reader.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(reader, (split.hostname, split.port))
                coding = "Accept-Encoding: gzip\r\n" if zipped else ""
                request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{coding}\r\n"
                await loop.sock_sendall(reader, request.encode())
                assert await loop.sock_recv(reader, 10)
                reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        async with asyncio.timeout(PATIENCE):
            while len(asyncio.all_tasks()) > before:  # noqa: ASYNC110 - who serves them has no event
                await asyncio.sleep(0.01)
    told = [one for one in caplog.records if one.levelno >= logging.INFO and one.name != "asyncio"]
    assert [one.getMessage() for one in told] == []
