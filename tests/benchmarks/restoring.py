"""``python -m tests.benchmarks.restoring``: a restart at size, its PostgreSQL 20 ms away.

Every check was observed once more after its state was kept. What is measured begins with opening the
history and ends with the board knowing all of it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.history.checkpointer import Checkpointer
from monitor.history.history import History
from monitor.judging.board import Board
from monitor.judging.persisted_state import packed_state
from monitor.model.estate import Check, CheckId, Environment, Estate, Retention, Service
from monitor.model.text import Text
from monitor.model.transition import Transition
from probes.observation import Observation
from tests.support.factories import make_check
from tests.support.servers.far_away import FarAway, far_away
from tests.support.servers.postgres import Postgres, serve_postgres

NOW = 1_000_000.0
INTERVAL = 30.0
ENVIRONMENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """How one went."""

    restored: bool
    round_trips: int
    seconds: float
    loop: float
    """Processor seconds of the loop's thread."""
    changes: list[Transition]


def estate_of(number: int) -> Estate:
    """So many checks, two for each service."""
    environments = []
    for e in range(ENVIRONMENTS):
        name = f"ext{e}"
        services = []
        for s in range(number // ENVIRONMENTS // 2):
            own = f"service{s}"
            services.append(
                Service(
                    id=f"{name}/{own}",  # type: ignore[arg-type]
                    environment=name,
                    name=own,
                    title=Text(sv=own, en=own),
                    checks=tuple(_check(name, own, one) for one in ("api", "port")),
                )
            )
        title = Text(sv=name, en=name)
        environments.append(Environment(name=name, title=title, services=tuple(services)))
    return Estate(environments=tuple(environments))


def _check(environment: str, service: str, name: str) -> Check:
    return make_check(
        id=CheckId(f"{environment}/{service}/{name}"),
        environment=environment,
        service=service,
        name=name,
        interval=INTERVAL,
        timeout=10.0,
    )


async def lived(estate: Estate, store: str, folder: Path) -> None:
    """A process before: everything was green, was kept, and was seen once more."""
    async with History.open(store, folder, retention=Retention(), clock=lambda: NOW) as history:
        board = Board(estate, NOW)
        for number, check in enumerate(estate.checks()):
            board.observe(check.id, Observation(at=NOW + number / 1e3, duration=0.05), NOW + 1)
        history.checkpoint(
            {str(one.id): packed_state(board.check_state(one.id)) for one in estate.checks()}
        )
        history.checkpoint({key: packed_state(state) for key, state in board.published()})
        for number, check in enumerate(estate.checks()):
            seen = Observation(at=NOW + INTERVAL + number / 1e3, duration=0.05)
            history.observed(check.id, seen)
            if number % 5_000 == 4_999:
                await written(history)
        await written(history)


async def written(history: History) -> None:
    """All that was given is in the database, however long that takes."""
    recorder = history._recorder

    def waits() -> bool:
        recorder.queue.take()
        return recorder._more()

    while await history._worker.call(waits):  # noqa: ASYNC110 - a thread does it
        await asyncio.sleep(0.05)


async def restarted(
    estate: Estate, store: str, folder: Path, way: FarAway, now: float = NOW + 2 * INTERVAL
) -> Restart:
    """The next process."""
    before = way.round_trips
    began, cpu = time.perf_counter(), time.thread_time()
    async with History.open(store, folder, retention=Retention(), clock=lambda: now) as history:
        board = Board(estate, now)
        checkpointer = Checkpointer(history, board, estate)
        restored = await checkpointer.restore(now)
        seconds, loop = time.perf_counter() - began, time.thread_time() - cpu
        return Restart(
            restored=restored.known,
            round_trips=way.round_trips - before,
            seconds=seconds,
            loop=loop,
            changes=restored.changes,
        )


def far(store: str, way: FarAway, server: Postgres) -> str:
    """The same database by that way."""
    return store.replace(f":{server.port}/", f":{way.port}/")


async def run(number: int, delay: float, told: Callable[[str], None] = print) -> Restart:
    with (
        serve_postgres() as server,
        far_away(server.port) as way,
        tempfile.TemporaryDirectory() as folder,
    ):
        estate, store = estate_of(number), server.make()
        await lived(estate, store, Path(folder))
        way.delay = delay / 2
        found = await restarted(estate, far(store, way, server), Path(folder), way)
        told(
            f"{number} checks, {delay * 1e3:.0f} ms a round trip: {found.seconds:.2f} s,"
            f" {found.round_trips} round trips, {len(found.changes)} transitions,"
            f" {found.loop:.2f} s of the loop's thread"
        )
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=10_000)
    parser.add_argument("--delay", type=float, default=0.02, help="seconds of a round trip")
    options = parser.parse_args()
    found = asyncio.run(run(options.checks, options.delay))
    return 0 if found.restored and not found.changes else 1


if __name__ == "__main__":
    raise SystemExit(main())
