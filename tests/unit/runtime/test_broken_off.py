"""A start that is broken off leaves nothing behind that still writes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.configuration.loader import load
from monitor.runtime.daemon import Daemon
from monitor.runtime.dependencies import Dependencies
from tests.support.daemon.running import estate, http_check, service, write_config
from tests.support.virtual_time import run_virtually

TURNS = 100


class SlowDisk:
    """A status file whose writing lasts until it is told to end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.writing = False

    async def write(self, body: bytes) -> None:
        self.writing = True
        self.begun.set()
        await self.go.wait()
        self.writing = False

    async def close(self) -> None:
        """Nothing is left to do."""


def test_the_status_file_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever removes the folder afterwards, as the demo does, finds nobody writing there."""

    async def start() -> None:
        disk = SlowDisk(tmp_path / "status.json")
        config = estate(service("expo", http_check("api", "http://127.0.0.1:9/")))
        daemon = Daemon(
            load(write_config(tmp_path, config), {}).estate,
            Dependencies(listens=False, history=None, network=None, status_file=disk),
        )
        starting = asyncio.create_task(daemon.__aenter__())
        await disk.begun.wait()
        starting.cancel()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert not starting.done()
        disk.go.set()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not disk.writing

    run_virtually(start(), monkeypatch)
