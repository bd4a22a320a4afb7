"""The daemon's work on everything, cut into turns of the loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from monitor.configuration.loader import load
from monitor.judging.aggregates import ServiceAggregate
from monitor.judging.snapshot import ServiceView
from monitor.runtime.daemon import Daemon
from monitor.runtime.dependencies import Dependencies
from tests.support.daemon.running import estate, http_check, service, write_config

SERVICES = 200


class Turns:
    """Counts the turns of the loop, and of each the views that were asked for."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.number = 0
        self.looks: Counter[int] = Counter()
        look = ServiceAggregate.look

        def counted(row: ServiceAggregate, now: float) -> ServiceView:
            self.looks[self.number] += 1
            return look(row, now)

        patch.setattr(ServiceAggregate, "look", counted)

    async def count(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.number += 1


async def test_a_snapshot_of_everything_is_made_in_many_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for it: a reader of a page, a scrape, a writing of the status file."""
    services = [service(f"s{n}", http_check("api", "http://127.0.0.1:9/")) for n in range(SERVICES)]
    read = load(write_config(tmp_path, estate(*services)), {}).estate
    ticks = iter(range(1_000_000))  # each look at the clock is a millisecond later
    dependencies = Dependencies(cpu=lambda: next(ticks) / 1000, listens=False, history=None)
    turns = Turns(monkeypatch)
    async with Daemon(read, dependencies) as daemon:
        source, status = daemon.reporting.source, daemon.reporting.parts.status
        for asks in (source.current, source.metrics, status.render):
            everything_outdated(daemon)
            turns.looks.clear()
            counting = asyncio.create_task(turns.count())
            await asyncio.sleep(0)
            await asks()
            counting.cancel()
            await asyncio.wait([counting])
            assert turns.looks.total() >= SERVICES
            # two for each who renders; on a busy machine the daemon's own renderings fall in with it
            assert max(turns.looks.values()) <= SERVICES / 10, asks


def everything_outdated(daemon: Any) -> None:
    for one in daemon.reporting.parts.board._tracked.services.values():
        one.environment.outdated(one)
