"""``openssl s_server``: a TLS server that is not Python's, with its alerts and its old versions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.servers.ca import Pair
from tests.support.servers.programs import require_program


@asynccontextmanager
async def serve_openssl(pair: Pair, *options: str) -> AsyncIterator[int]:
    """A port where s_server answers every request with a status page. Skips without openssl."""
    program = require_program("openssl")
    process = await asyncio.create_subprocess_exec(
        program,
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-www",
        "-cert",
        str(pair.cert_file),
        "-key",
        str(pair.key_file),
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reader: asyncio.Task[None] | None = None
    try:
        port = await _port(process)
        reader = asyncio.create_task(_drain(process))
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if reader is not None:
            await reader


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    said = []
    async for line in process.stdout:
        said.append(line.decode())
        if found := re.match(r"ACCEPT .*:([0-9]+)", said[-1]):
            return int(found[1])
    raise AssertionError(f"openssl s_server did not start: {''.join(said)}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while await process.stdout.read(65_536):
        pass
