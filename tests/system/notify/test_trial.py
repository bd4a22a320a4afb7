"""``driftvakt notify --test``, run as a program would be."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.app import command_line
from tests.support.servers.http_server import HttpServer

CONFIG = """
environments:
  - name: ext5
    services:
      - name: expo
        checks: [{{name: port, kind: tcp, host: 127.0.0.1, port: 1}}]
notifications:
  - {{name: hook, kind: webhook, url: "{url}"}}
"""


@pytest.fixture(autouse=True)
def quiet() -> None:
    import structlog

    structlog.reset_defaults()


async def run(folder: Path, url: str, *words: str) -> tuple[int, str]:
    config = folder / "driftvakt.yaml"
    config.write_text(CONFIG.format(url=url))
    result = await asyncio.to_thread(
        CliRunner().invoke, command_line(), ["notify", *words, "--config", str(config)]
    )
    return result.exit_code, result.output


async def test_a_message_that_says_that_it_is_a_test(
    http_server: HttpServer, tmp_path: Path
) -> None:
    """Exit 0, and the receiver can tell it from an alarm."""
    http_server.answer("/hook")
    code, said = await run(tmp_path, http_server.url("/hook"), "--test", "hook")
    assert (code, said.partition(",")[0]) == (0, "hook (webhook): sent")
    [arrival] = http_server.arrivals
    found = json.loads(arrival.body)
    assert found["kind"] == "test"
    assert found["message"]["en"].startswith("This is a test message to the receiver hook.")
    assert arrival.headers["Idempotency-Key"] == found["id"]


async def test_a_receiver_that_refuses(http_server: HttpServer, tmp_path: Path) -> None:
    """Exit 1, and why; no secret of the address is shown."""
    http_server.answer("/", status=403, body=b"no such token hemlig-77")
    code, said = await run(tmp_path, http_server.url("/?token=hemlig-77"), "--test", "hook")
    assert code == 1
    assert "hook (webhook): not sent: HTTP 403: no such token ***" in said
    assert "hemlig-77" not in said


async def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    """Exit 2, and the nearest right name."""
    code, said = await run(tmp_path, "http://127.0.0.1:1/", "--test", "hok")
    assert code == 2
    assert "there is no notification hok - did you mean hook?" in said
