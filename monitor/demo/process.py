"""Starts and ends the process with the demo's servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT = 15.0
STOP_TIMEOUT = 1.0
LOG_FILE = "servers.log"
_LOG_SHOWN = 2000


class ServersFailedError(Exception):
    """The demo's servers did not start. The text is what they last wrote."""


@dataclass(frozen=True, slots=True)
class Environments:
    """The test environments, up and healthy until :meth:`begin`."""

    ports: Mapping[str, int]
    """By ``ENV/SERVICE``."""
    _stdin: asyncio.StreamWriter

    async def begin(self) -> None:
        """Start the script."""
        with contextlib.suppress(ConnectionError):
            self._stdin.write(b"begin\n")
            await self._stdin.drain()


@contextlib.asynccontextmanager
async def environments(folder: Path) -> AsyncIterator[Environments]:
    """Run the servers in a process that is gone when the block ends. ``folder`` gets their ca.pem.

    Raises :class:`ServersFailedError`.
    """
    process = await _start(folder)
    try:
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise ServersFailedError("they have no pipes")
        yield Environments(await _ports(stdout, folder), stdin)
    finally:
        await _stop(process)


async def _start(folder: Path) -> asyncio.subprocess.Process:
    log = os.open(folder / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "monitor.demo.servers",
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we end it in our own time
        )
    finally:
        os.close(log)


async def _ports(stdout: asyncio.StreamReader, folder: Path) -> dict[str, int]:
    try:
        async with asyncio.timeout(START_TIMEOUT):
            ports: dict[str, int] = json.loads(await stdout.readline())
    except (TimeoutError, ValueError):
        wrote = (folder / LOG_FILE).read_text(errors="replace")[-_LOG_SHOWN:].strip()
        raise ServersFailedError(wrote or "they said nothing") from None
    return ports


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the process: by the end of its input, then by a signal."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
