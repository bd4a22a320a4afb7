"""``python -m tests.benchmarks.history``: how large a year of history is, and what it costs to write.

A part of it is written for real, by the recorder and its upkeep, and the rest is reckoned from the
bytes that each kind of row takes in the file: 1,000 checks every 30 s, 7 days of observations, 400
days of roll-ups, 20,000 transitions. The roll-ups are written for all 400 days, of some checks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, insert, select, text

from monitor.history import tables
from monitor.history.database import SQLITE, Database
from monitor.history.history import History
from monitor.history.queries import DAY, HOUR
from monitor.model.estate import Retention
from probes.observation import Observation, Phases, Reason
from tests.support.factories_observed import make_failure, make_observation
from tests.support.factories_record import make_entry, make_transition
from tests.support.servers.postgres import serve_postgres

CHECKS, INTERVAL, OBSERVED_DAYS, KEPT_DAYS, TRANSITIONS = 1000, 30, 7, 400, 20_000
BEGIN = 20_000.0 * DAY
EVIDENCE = 3000
"""Bytes that do not compress: certificates and headers are about that."""


def seen_by(number: int, at: float, chance: random.Random) -> Observation:
    """What a healthy target of ours answers, and in one of a hundred cases does not."""
    if chance.random() < 0.01:
        return make_failure(
            chance.choice([Reason.CONNECT_REFUSED, Reason.STATUS, Reason.TIMEOUT]),
            at=at,
            duration=chance.lognormvariate(-5, 1),
            detail=f"HTTP {chance.choice([500, 502, 503])}, expected 2xx",
        )
    resolve, connect, tls, processing, transfer = (
        chance.lognormvariate(middle, 0.4) for middle in (-7.6, -6.7, -5.2, -3.4, -6.7)
    )
    phases = Phases(
        resolve=resolve, connect=connect, tls=tls, processing=processing, transfer=transfer
    )
    duration = resolve + connect + tls + processing + transfer + chance.random() * 1e-4
    address = f"192.0.2.{number % 200}"
    return make_observation(at=at, duration=duration, phases=phases, address=address)


class Clock:
    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> float:
        return self.now


async def write(store: str, folder: Path, checks: int, hours: int) -> tuple[float, float]:
    """Seconds for writing and for upkeep, of the hours of some checks."""
    clock, chance = Clock(), random.Random(1)
    writing = upkeep = 0.0
    async with History.open(store, folder, retention=Retention(), clock=clock) as history:
        for hour in range(hours + 1):
            began = time.perf_counter()
            for step in range(HOUR // INTERVAL):
                at = BEGIN + hour * HOUR + step * INTERVAL
                for number in range(checks):
                    seen = seen_by(number, at + number / 1000, chance)
                    history.observed(f"ext{number % 9}/service/{number}", seen)
                if step % 30 == 29:
                    await history.pending()  # the queue is bounded, and this is faster than life
            writing += time.perf_counter() - began
            if hour == hours:  # the last one stays as it is
                break
            clock.now = BEGIN + (hour + 1) * HOUR + 400
            began = time.perf_counter()
            await history._worker.call(history._recorder.upkeep.whole)
            upkeep += time.perf_counter() - began
        for number in range(500):
            told = make_transition(number, at=BEGIN + number, service=f"s{number % 50}")
            evidence = chance.randbytes(EVIDENCE) if number % 2 == 0 else None
            history.record([make_entry(number, transition=told, evidence=evidence)])
        await history.pending()
        assert not history.figures().observations_dropped
    return writing, upkeep


def fill_rollups(store: Database, hours: int) -> None:
    """Repeats the roll-ups that there are for all the days that they are kept."""
    with store.reading() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(tables.rollup_hour))]
        daily = [dict(row._mapping) for row in connection.execute(select(tables.rollup_day))]
    rows.sort(key=lambda row: (row["hour"], row["series"]))
    checks = len({row["series"] for row in rows})
    total = KEPT_DAYS * 24
    for first in range(hours, total, hours):
        with store.transaction() as connection:
            some = [{**row, "hour": row["hour"] + first} for row in rows]
            connection.execute(insert(tables.rollup_hour), some[: (total - first) * checks])
    for day in range(len({row["day"] for row in daily}), KEPT_DAYS):
        with store.transaction() as connection:
            first_day = min(row["day"] for row in daily)
            some = [{**row, "day": first_day + day} for row in daily if row["day"] == first_day]
            connection.execute(insert(tables.rollup_day), some)


def sizes(store: Database) -> Iterator[tuple[str, int, float]]:
    """Of each table: rows and bytes a row, indexes, free space in pages and all."""
    for table in tables.METADATA.sorted_tables:
        with store.reading() as connection:
            count = int(connection.scalar(select(func.count()).select_from(table)) or 0)
            if store.is_sqlite:
                names = [table.name, *(str(index.name) for index in table.indexes)]
                names += [f"sqlite_autoindex_{table.name}_{n}" for n in (1, 2)]
                found = connection.execute(
                    text("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
                )
                size = sum(int(row[1]) for row in found if row[0] in names)
            else:
                found = connection.execute(text(f"SELECT pg_total_relation_size('{table.name}')"))
                size = int(found.scalar_one())
        yield table.name, count, size / count if count else 0.0


def report(store: Database, written: int) -> float:
    """Prints the table; GiB in all. ``written`` observations were, most of them packed since."""
    year = {
        "block": CHECKS * OBSERVED_DAYS * 24,
        "observation": CHECKS * 2 * HOUR // INTERVAL,
        "rollup_hour": CHECKS * KEPT_DAYS * 24,
        "rollup_day": CHECKS * KEPT_DAYS,
        "transition": TRANSITIONS,
        "evidence": TRANSITIONS // 2,
        "outbox": 2 * TRANSITIONS,
    }
    shown = Table("table", "rows written", "bytes a row", "rows in a year", "MiB in a year")
    total = 0.0
    measured = {name: (count, each) for name, count, each in sizes(store)}
    if not store.is_sqlite:
        # rows that were deleted keep their place until a vacuum, here all of them and in life as
        # many as there are
        count, each = measured["observation"]
        measured["observation"] = written, count * each / written
        year["observation"] *= 2
    for name, rows in year.items():
        count, each = measured[name]
        total += rows * each
        shown.add_row(name, f"{count:,}", f"{each:.1f}", f"{rows:,}", f"{rows * each / 2**20:.0f}")
    shown.add_row("all", "", "", "", f"{total / 2**20:.0f}")
    Console().print(shown)
    return total / 2**30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=50)
    parser.add_argument("--hours", type=int, default=48)
    parser.add_argument("--postgresql", action="store_true", help="pip's, in place of SQLite")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = SQLITE
        if options.postgresql:
            url = stack.enter_context(serve_postgres()).make()
        checks, hours = options.checks, options.hours
        writing, upkeep = asyncio.run(write(url, Path(folder), checks, hours))
        number = checks * (hours + 1) * HOUR // INTERVAL
        store = Database(url, Path(folder))
        fill_rollups(store, hours)
        total = report(store, number)
        store.close()
    print(f"writing: {writing / number * 1e6:.1f} µs an observation (with making it)")
    print(f"packing and roll-up: {upkeep / checks / hours * 1e3:.2f} ms for a check's hour")
    print(f"in all: {total:.2f} GiB")
    return 0 if total < 2 else 1


if __name__ == "__main__":
    raise SystemExit(main())
