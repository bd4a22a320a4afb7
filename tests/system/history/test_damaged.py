"""What lies in the history and cannot be read: one damaged row is one row, and nothing waits."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.history.carried_over import CarriedOver, CarriedOverQuery
from monitor.history.history import History
from monitor.history.journal import NAME, Journal
from monitor.history.reader import HistoryReader
from monitor.history.tables import METADATA
from tests.benchmarks.restoring import written
from tests.support.factories_observed import NOW, make_observation
from tests.support.factories_record import make_entry
from tests.support.history.stores import SqliteStore, Store, opened
from tests.system.history.test_away import until

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]

CHECKS = [f"ext5/expo/c{n}" for n in range(3)]
CELLS = [
    (table.name, column.name)
    for table in METADATA.tables.values()
    if table.name not in ("block", "rollup_hour", "rollup_day")
    for column in table.columns
    if not (column.primary_key and column.name in ("number", "id") and table.name != "evidence")
    and (table.name, column.name) != ("observation", "series")
]


async def filled(store: Store) -> None:
    async with opened(store) as history:
        for number in range(3):
            history.record([make_entry(number)], {CHECKS[number]: b"state %d" % number})
            for check in CHECKS:
                history.observed(check, make_observation(at=NOW + number))


def wanted() -> CarriedOverQuery:
    return CarriedOverQuery(
        floors=lambda kept: dict.fromkeys(CHECKS, NOW - 1.0), since=0.0, most=100
    )


async def everything(history: History) -> CarriedOver:
    """Each of the questions that pages and a start ask."""
    await history.transitions()
    await history.transitions("ext5/expo")
    await history.pending()
    await history.last_told()
    await history.states()
    for number in range(3):
        await history.evidence(make_entry(number).id)
        await history.transition(make_entry(number).id)
        await history.seen(CHECKS[number], 0.0)
    return await history.carried_over(wanted())


@pytest.mark.parametrize(("table", "column"), CELLS)
async def test_a_damaged_cell_costs_its_row(tmp_path: Path, table: str, column: str) -> None:
    """A cell that is not UTF-8, of any column: every question is answered, what is whole is in the
    answers, the rest is counted and told once; and what is new is kept.
    """
    store = SqliteStore(tmp_path)
    await filled(store)
    with closing(sqlite3.connect(tmp_path / "driftvakt.db")) as database:
        first = f"(SELECT rowid FROM {table} LIMIT 1)"
        if table == "observation":  # it has no row ids
            first = f"(SELECT series FROM {table} LIMIT 1) AND at = (SELECT min(at) FROM {table})"
        key = "series" if table == "observation" else "rowid"
        database.execute(
            f"UPDATE {table} SET [{column}] = CAST(x'fffe' AS TEXT) WHERE {key} = {first}"
        )
        database.commit()
    with capture_logs() as logs:
        async with opened(store) as history:
            left = await everything(history)
            assert not history.away
            history.record([make_entry(7)])
            assert make_entry(7).id in [one.id for one in await history.transitions()]
            counted = sum(history.figures().set_aside.values())
    assert len(left.transitions) >= 2
    assert len(left.states) >= 2
    assert sum(map(len, left.seen.values())) >= 6
    told = [one for one in logs if one["event"] == "history_row_damaged"]
    assert len(told) <= 2
    assert bool(told) == bool(counted)
    assert [one for one in logs if one["log_level"] == "error" and one not in told] == []
    with HistoryReader(store.store, store.data_dir) as reader:
        assert len(reader.transitions()) >= 3


def contents(folder: Path, name: str) -> bytes:
    """Of a file in the folder."""
    path = Path(name)
    assert path.parent == folder
    return path.read_bytes()


LINES = {
    "an unknown operation": b'[["rewind",{"of":"x"}]]',
    "other values": b'[["settled",{"of":"x","at":1}]]',
    "fewer values": b'[["state",{"key":"x"}]]',
    "a value that is a list": b'[["settled",{"of":["x"],"settled_at":1.0,"error":null}]]',
    "no list": b'{"settled":1}',
    "a number": b"7",
    "no JSON": b"[[[",
    "not UTF-8": b'[["state",{"key":"\xff"}]]',
    "deep": b"[" * 100_000,
    "nothing": b"",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
async def test_a_line_that_nobody_understands_is_set_aside(tmp_path: Path, line: bytes) -> None:
    """It stops no start and keeps nothing away: the lines around it are replayed, it lies in a file
    of its own that the log names, and it is counted.
    """
    store = SqliteStore(tmp_path)
    async with opened(store) as history:
        await history.pending()
        with store.away():
            history.record([make_entry(0)])
            await until(lambda: history.figures().journal == 1)
            history.record([make_entry(1)])
            await until(lambda: history.figures().journal == 2)
            await history._worker.stop(history._recorder.close)
    [first, second] = (tmp_path / NAME).read_bytes().splitlines(keepends=True)
    (tmp_path / NAME).write_bytes(first)
    Journal(tmp_path / NAME).append([line])
    with (tmp_path / NAME).open("ab") as file:
        file.write(second)
    with capture_logs() as logs:
        async with opened(store) as history:
            await until(lambda: history.figures().journal == 0)
            assert len(await history.transitions()) == 2
            assert not history.away
            assert history.figures().set_aside == {"journal": 1}
    [told] = [one for one in logs if one["event"] == "history_journal_damaged"]
    assert contents(tmp_path, told["moved_to"]) == line + b"\n"


# a start that cannot write


@contextmanager
def unwritable(folder: Path, how: str) -> Iterator[None]:
    """A disk that is full, or one that is read-only; for another user than root, a folder is."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    if how == "full":
        ballast = folder / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        assert shutil.disk_usage(folder).free == 0
        yield
        ballast.unlink()
        return
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    mounted = folder / "disk"
    mounted.mkdir()
    if os.geteuid() != 0:
        yield mounted
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mounted)], check=True)
    try:
        yield mounted
    finally:
        subprocess.run(["umount", "--lazy", str(mounted)], check=True)


@pytest.mark.parametrize("journalled", [False, True])
@pytest.mark.parametrize("how", ["full", "read-only"])
async def test_a_start_reads_what_it_cannot_write(
    tmp_path: Path, how: str, *, journalled: bool
) -> None:
    """Everything that an earlier process left is restored, what its journal has too, from a disk
    that takes nothing; it stays there.
    """
    with disk(tmp_path) as folder:
        store = SqliteStore(folder)
        await filled(store)
        if journalled:
            async with opened(store) as history:
                await history.pending()
                with store.away():
                    history.record([make_entry(5)], {CHECKS[0]: b"newer"})
                    await until(lambda: history.figures().journal == 1)
                    await history._worker.stop(history._recorder.close)
        with unwritable(folder, how):
            async with opened(store) as history:
                left = await history.carried_over(wanted())
        assert [one.id for one in left.transitions] == [
            make_entry(number).id for number in ((0, 1, 2, 5) if journalled else range(3))
        ]
        assert left.states[CHECKS[0]] == (b"newer" if journalled else b"state 0")
        assert left.states[CHECKS[2]] == b"state 2"
        assert {name: len(seen) for name, seen in left.seen.items()} == dict.fromkeys(CHECKS, 3)
        assert [one.id for one in left.told] == [f"message-{5 if journalled else 2}"]
        async with opened(store) as history:
            assert len(await history.transitions()) == (4 if journalled else 3)


async def test_a_thousand_checks_are_read_in_a_handful_of_questions(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a start asks does not grow with what is watched."""
    from sqlalchemy import Connection

    asked: list[str] = []
    execute = Connection.execute

    def counted(self: Connection, statement: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(statement))
        return execute(self, statement, *rest, **more)

    async def questions(number: int) -> int:
        names = [f"ext5/expo/c{n}" for n in range(number)]
        async with opened(store) as history:
            history.checkpoint(dict.fromkeys(names, b"state"))
            for name in names:
                history.observed(name, make_observation(at=NOW))
                history.observed(name, make_observation(at=NOW + 1))
            await written(history)
            floors = dict.fromkeys(names, NOW)
            asked.clear()
            began = time.thread_time()
            left = await history.carried_over(
                CarriedOverQuery(floors=lambda _: floors, since=0.0, most=100)
            )
            assert time.thread_time() - began < 1.0
        assert {name: len(seen) for name, seen in left.seen.items()} == dict.fromkeys(names, 1)
        assert left.states.keys() == set(names)
        return len(asked)

    monkeypatch.setattr(Connection, "execute", counted)
    assert await questions(1000) < 12  # the history's own upkeep may ask meanwhile
