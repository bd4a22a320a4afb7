"""How long ``driftvakt replay`` takes over a week of a large record, and how much memory."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.history.codec.blocks import pack
from monitor.history.database import SQLITE, Database
from monitor.history.schema_version import migrate
from monitor.history.statements import number_series, write_block
from monitor.model.records import Seen
from probes.observation import Cause, Grade, Phases, Reason
from tests.benchmarks.processes import BenchmarkError

HOUR = 3600
GOAL = 300.0
"""Seconds of processor time for a week of 1,000 checks every 30 s."""
MEMORY_GOAL = 300 * 2**20
_INTERVAL = 30
_ALIKE = 20
"""Checks that have the same record: making it takes longer than judging it."""
_PER_SERVICE = 5
_OUTAGES = 6
"""A check and week, each of 1 to 60 minutes; beside them one answer in 500 fails, one is slow."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One run of the command over a record."""

    checks: int
    days: int
    observations: int
    bytes_each: float
    cpu: float
    """Seconds, the program's start in them."""
    wall: float
    resident: int
    """Bytes at the most."""
    transitions: int


def measure(folder: Path, checks: int, days: int, told: Callable[[str], None]) -> Replayed:
    """Makes a record in SQLite and judges it again, in a process of its own."""
    end = time.time() // HOUR * HOUR
    size, observations = _record(folder, checks, days, end)
    told(f"{observations:,} observations written, {size / observations:.1f} bytes each")
    config = folder / "replay.yaml"
    config.write_text(json.dumps(_configuration(checks)), "utf-8")
    program = [sys.executable, "-c", "from monitor.cli.app import main; main()", "replay", "--json"]
    program += ["--config", str(config), "--data-dir", str(folder), "--since", f"{days}d"]
    began = time.monotonic()
    with (folder / "replay.json").open("wb") as output:
        process = subprocess.Popen(program, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchmarkError(f"driftvakt replay ended with {process.returncode}")
    found = json.loads((folder / "replay.json").read_text("utf-8"))
    return Replayed(
        checks=checks,
        days=days,
        observations=found["observations"],
        bytes_each=size / observations,
        cpu=used.ru_utime + used.ru_stime,
        wall=wall,
        resident=used.ru_maxrss * 1024,
        transitions=found["total"]["now"]["transitions"],
    )


def _name(number: int) -> tuple[str, str, str]:
    service = number // _PER_SERVICE
    return f"ext{service // 50}", f"service{service}", f"check{number}"


def _configuration(checks: int) -> dict[str, object]:
    tree: dict[str, dict[str, list[object]]] = {}
    for number in range(checks):
        environment, service, check = _name(number)
        host = f"{service}.{environment}.example.se"
        settings = {"name": check, "kind": "http", "url": f"https://{host}/{check}"}
        tree.setdefault(environment, {}).setdefault(service, []).append(settings)
    return {
        "environments": [
            {
                "name": environment,
                "services": [{"name": name, "checks": own} for name, own in services.items()],
            }
            for environment, services in tree.items()
        ]
    }


def _record(folder: Path, checks: int, days: int, end: float) -> tuple[int, int]:
    """Bytes of all blocks, and the observations in them."""
    database = Database(SQLITE, folder)
    size = observations = 0
    try:
        migrate(database)
        names = ["/".join(_name(number)) for number in range(checks)]
        with database.transaction() as connection:
            numbers = [number_series(connection, [name])[name] for name in names]
        for first in range(0, checks, _ALIKE):
            alike = numbers[first : first + _ALIKE]
            with database.transaction() as connection:
                for hour, rows in _week(first, days, end):
                    data = pack(rows)
                    size += len(data) * len(alike)
                    observations += len(rows) * len(alike)
                    for number in alike:
                        row = {"series": number, "hour": hour, "count": len(rows), "data": data}
                        write_block(connection, row)
    finally:
        database.close()
    return size, observations


def _week(seed: int, days: int, end: float) -> Iterator[tuple[int, list[Seen]]]:
    chance = random.Random(seed)
    first = int(end // HOUR) - 24 * days
    outages = [
        (begin, begin + chance.uniform(60, 3600))
        for begin in (chance.uniform(first * HOUR, end) for _ in range(_OUTAGES))
    ]
    phase = chance.uniform(0, 29)
    for hour in range(first, first + 24 * days):
        rows = []
        for at in range(hour * HOUR, (hour + 1) * HOUR, _INTERVAL):
            down = any(begin <= at < until for begin, until in outages)
            late = abs(chance.gauss(0, 0.001))
            rows.append(_seen(chance, at + phase + late, down=down or chance.random() < 0.002))
        yield hour, rows


def _seen(chance: random.Random, at: float, *, down: bool) -> Seen:
    """What a probe sees of a server some milliseconds away, every phase with a jitter of its own."""
    resolve, connect, tls, processing, transfer = (
        chance.lognormvariate(middle, spread)
        for middle, spread in ((-6.9, 0.3), (-5.0, 0.2), (-4.0, 0.2), (-3.0, 0.3), (-8.0, 0.3))
    )
    if chance.random() < 0.002:
        processing += 1.5
    phases = Phases(
        resolve=resolve, connect=connect, tls=tls, processing=processing, transfer=transfer
    )
    duration = resolve + connect + tls + processing + transfer + abs(chance.gauss(2e-4, 5e-5))
    grade, reason, cause = (
        (Grade.FAILED, Reason.STATUS, Cause.TARGET) if down else (Grade.GOOD, None, None)
    )
    detail = "HTTP 503, expected 2xx" if down else ""
    status = 503 if down else 200
    return Seen(at, duration, grade, reason, cause, phases, "192.0.2.10", status, detail)
