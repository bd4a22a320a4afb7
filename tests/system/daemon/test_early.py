"""Probes that are made before the daemon knows where the one before it ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.configuration.loader import load
from monitor.history.history import History
from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.runtime.daemon import Daemon
from monitor.runtime.dependencies import Dependencies, open_history
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import estate, http_check, service, write_config
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.system
SERVICE = "ext5/expo"


def watched(folder: Path, server: CountingServer) -> Estate:
    """A service of one check, often asked."""
    config = estate(
        service("expo", http_check("api", server.url())),
        defaults={"interval": "200ms", "retry_interval": "200ms"},
    )
    return replace(load(write_config(folder, config), {}).estate, data_dir=folder / "data")


async def until(found: Callable[[], object]) -> None:
    """Waits for what other tasks and threads bring about."""
    async with asyncio.timeout(PATIENCE):
        while not found():  # noqa: ASYNC110 - other threads set no event
            await asyncio.sleep(0.01)


class Late:
    """A history that opens when it is told to."""

    def __init__(self) -> None:
        self.may_open = asyncio.Event()

    @contextlib.asynccontextmanager
    async def open(self, of: Estate, clock: Callable[[], float]) -> AsyncIterator[History]:
        await self.may_open.wait()
        async with open_history(of, clock) as history:
            yield history


async def life(of: Estate, status: Status) -> float:
    """Runs a daemon until the service has that status; gives since when."""
    async with Daemon(of, Dependencies(listens=False)) as daemon:
        await until(lambda: daemon.probing.board.published_of(SERVICE).status is status)  # type: ignore[union-attr]
        state = daemon.probing.board.published_of(SERVICE)
        assert state is not None
        return state.since


async def test_what_it_sees_early_is_judged_by_what_was_known(tmp_path: Path) -> None:
    """It probes at once, and judges nothing before the history has said where the daemon before it
    ended; then all of it, as if it had just been seen: no status changes that has not.
    """
    with CountingServer() as server:
        server.answers["/"] = Answer(status=500)
        of = watched(tmp_path, server)
        since = await life(of, Status.RED)
        visits, late = len(server.visits), Late()
        daemon = Daemon(of, Dependencies(listens=False, history=late.open))
        starting = asyncio.create_task(daemon.__aenter__())
        await until(lambda: len(server.visits) >= visits + 3)
        assert not starting.done()
        assert len(daemon.probing.board.unmeasured()) == 1
        late.may_open.set()
        await asyncio.wait_for(starting, PATIENCE)
        try:
            assert daemon.probing.board.unmeasured() == []
            found: Any = daemon.probing.board.published_of(SERVICE)
            assert (found.status, found.since) == (Status.RED, since)
            told = await daemon.reporting.source.transitions(service=SERVICE)
            assert told is not None
            changes = [one.transition.after for one in told]
            assert changes.count(Status.RED) == 1
            visits = len(server.visits)
            await until(lambda: len(server.visits) > visits + 1)  # it goes on
        finally:
            await daemon.__aexit__(None, None, None)


async def test_a_start_that_is_given_up_ends_in_order(tmp_path: Path) -> None:
    """SIGTERM while the history is still being opened: probes are drained, no task is left."""
    with CountingServer() as server:
        late = Dependencies(listens=False, history=Late().open)
        daemon = Daemon(watched(tmp_path, server), late)
        before = asyncio.all_tasks()
        starting = asyncio.create_task(daemon.__aenter__())
        await until(lambda: server.visits)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert asyncio.all_tasks() == before
