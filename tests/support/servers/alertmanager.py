"""Debian's Alertmanager, on a port that the system picked, which tells a webhook of the test's."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program

_CONFIG = """
route:
  receiver: test
  group_by: ['...']
  group_wait: 10ms
  group_interval: 100ms
receivers:
  - name: test
    webhook_configs: [{{url: "{hook}", send_resolved: true}}]
"""


@dataclass(frozen=True, slots=True)
class RunningAlertmanager:
    url: str
    session: aiohttp.ClientSession

    async def alerts(self) -> list[dict[str, Any]]:
        """What is firing, by its own API."""
        async with self.session.get(f"{self.url}/api/v2/alerts?active=true") as response:
            found: list[dict[str, Any]] = json.loads(await response.read())
        return found


@asynccontextmanager
async def serve_alertmanager(folder: Path, hook: str) -> AsyncIterator[RunningAlertmanager]:
    """Skips when it is not installed. It is asked until it is ready: it tells nobody when it is."""
    program = require_program("prometheus-alertmanager")
    (folder / "alertmanager.yml").write_text(_CONFIG.format(hook=hook))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE):
            await _ready(session, url)
            yield RunningAlertmanager(url, session)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(session: aiohttp.ClientSession, url: str) -> None:
    while True:
        try:
            async with session.get(f"{url}/-/ready") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.05)
