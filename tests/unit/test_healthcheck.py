"""The container's health check, run as the container runs it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.healthcheck import VARIABLE, health_trouble
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.web_site import FixedSource, serve

ROOT = Path(__file__).parents[2]


async def run(url: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-S", "-m", "monitor.healthcheck",
        cwd=ROOT, env={VARIABLE: url}, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/-/healthy"


@pytest.mark.parametrize("path", ["", "/", "/-/healthy"])
async def test_well_is_zero(path: str) -> None:
    """A daemon that says 200 is healthy; nothing but the standard library is needed to ask."""
    async with serve(FixedSource()) as url:
        assert await run(url + path) == (0, "")


async def test_unwell_is_one() -> None:
    """503 is unhealthy, and its words are passed on."""
    async with serve(FixedSource(well=(False, "last tick 11 s ago"))) as url:
        code, said = await run(url)
    assert code == 1
    assert "HTTP 503: last tick 11 s ago" in said


def test_what_is_answered_is_only_shown() -> None:
    """Whoever is at that port writes nothing that a terminal obeys."""
    with CountingServer() as server:
        server.answers["/-/healthy"] = Answer(status=503, body=b"\x1b]0;owned\x07\xc2\x9b2J gone")
        said = health_trouble(server.url("/-/healthy"))
    assert said.isprintable()
    assert said.endswith("gone")


async def test_silence_is_one_within_the_deadline(silent: str) -> None:
    """A daemon that hangs is unhealthy after three seconds in all."""
    code, said = await run(silent)
    assert code == 1
    assert "no answer within 3 s" in said or "TimeoutError" in said


def test_refusal_and_nonsense_are_faults() -> None:
    """Nobody there, or an address that is none: told in words, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "ConnectionRefusedError" in health_trouble(f"http://127.0.0.1:{port}/")
    for nonsense in ("", "file:///etc/passwd", "http://", "http://[x", "http://h:99999/"):
        assert "is not an" in health_trouble(nonsense)
