"""Debian's blackbox exporter, on a port of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientError, ClientSession

from tests.support.blackbox_site import Site
from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program


@asynccontextmanager
async def exporter(folder: Path, modules: Path) -> AsyncIterator[Site]:
    """A running exporter with these modules; gone at the end. Skips when it is not installed."""
    program = require_program("prometheus-blackbox-exporter")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    log = folder / "exporter.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            program, f"--config.file={modules}", f"--web.listen-address={address}", stderr=out,
            stdout=out,
        )  # fmt: skip
    try:
        async with ClientSession(f"http://{address}") as session:
            async with asyncio.timeout(PATIENCE):
                while not await _healthy(session):
                    assert process.returncode is None, log.read_text()
                    await asyncio.sleep(0.05)
            yield Site(session)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _healthy(session: ClientSession) -> bool:
    try:
        async with session.get("/-/healthy") as answer:
            return answer.status == 200
    except ClientError:
        return False
