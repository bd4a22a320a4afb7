"""A database that is away: nothing waits for it, and everything is there when it is back."""

# ruff: noqa: ASYNC220, ASYNC221, ASYNC240 - the loop may wait: what is tested has a thread of its own

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from structlog.testing import capture_logs

from monitor.history import write_queue, writer
from monitor.history.history import History, HistoryTroubleError
from monitor.history.journal import NAME
from monitor.model.estate import Retention
from tests.support.factories_observed import NOW, make_observation
from tests.support.factories_record import make_entry, make_outgoing
from tests.support.history.stores import SqliteStore, Store, database, opened
from tests.support.patience import PATIENCE
from tests.support.servers.postgres import PASSWORD, QUOTED, Postgres

pytestmark = pytest.mark.system

MANY = 1200


async def until(what: Any) -> None:
    """Waits for what a thread does."""
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110 - it is a thread that does it
            await asyncio.sleep(0.02)


@contextmanager
def threads_that_ask() -> Iterator[set[int]]:
    """The threads that have anything to do with a database meanwhile."""
    found: set[int] = set()

    def note(*_: object) -> None:
        found.add(threading.get_ident())

    happenings = ("do_connect", "before_cursor_execute")
    for happening in happenings:
        event.listen(Engine, happening, note)
    try:
        yield found
    finally:
        for happening in happenings:
            event.remove(Engine, happening, note)


async def test_what_happens_while_it_is_away_is_there_afterwards(store: Store) -> None:
    """Transitions, messages, what became of them, states and observations: in order, each once.
    Those who send hear of each at once, and the loop never waits.
    """
    heard: list[str] = []
    back = asyncio.Event()
    async with opened(store) as history:
        with threads_that_ask() as asked:
            history.listen(lambda entries, _: heard.extend(one.id for one in entries), back.set)
            history.record([make_entry(0)])
            await history.pending()
            back.clear()
            with capture_logs() as logs:
                with store.away():
                    for number in range(1, MANY):
                        history.record([make_entry(number)], {"ext5/expo": b"%d" % number})
                        history.observed("ext5/expo/api", make_observation(at=NOW + number))
                        history.delivered(f"message-{number - 1}", NOW + number)
                        if number % 50 == 0:
                            await asyncio.sleep(0.001)
                    history.enqueue([make_outgoing(MANY)])
                    history.checkpoint({"ext5/expo/api": b"state"})
                    await until(lambda: history.away)
                    await until(lambda: len(heard) == MANY)
                    figures = history.figures()
                    assert figures.journal >= MANY, figures
                    assert history.why_away
                    with pytest.raises(HistoryTroubleError):
                        await history.pending()
                async with asyncio.timeout(PATIENCE):
                    await back.wait()
        assert asked
        assert threading.get_ident() not in asked
        expected = [make_entry(number).id for number in range(MANY)]
        assert [one.id for one in await history.transitions()] == expected
        assert heard == expected
        pending = [one.id for one in await history.pending()]
        assert pending == [f"message-{MANY - 1}", f"message-{MANY}"]
        assert await history.states() == {
            "ext5/expo": b"%d" % (MANY - 1),
            "ext5/expo/api": b"state",
        }
        assert len(await history.seen("ext5/expo/api", 0.0)) == MANY - 1
        figures = history.figures()
        assert (figures.journal, figures.entries_lost, figures.observations_dropped) == (0, 0, 0)
        assert not (store.data_dir / NAME).exists()
    events = [log["event"] for log in logs]
    assert events == ["history_away", "history_back"]
    assert PASSWORD not in str(logs)
    assert QUOTED not in str(logs)


async def test_the_journal_of_an_earlier_process_is_replayed(store: Store) -> None:
    """A restart while the database is away loses nothing, and what comes after it comes after."""
    async with opened(store) as history:
        await history.pending()
        with store.away():
            history.record([make_entry(0), make_entry(1)])
            history.delivered("message-0", NOW)
            await until(lambda: history.figures().journal == 2)
            # what is held when it ends is kept too
            history.postponed("message-1", 3, NOW + 5)
            await history._worker.stop(history._recorder.close)
    async with opened(store) as history:
        history.record([make_entry(2)])
        expected = [make_entry(number).id for number in range(3)]
        assert [one.id for one in await history.transitions()] == expected
        pending = await history.pending()
        assert [(one.id, one.attempts) for one in pending] == [("message-1", 3), ("message-2", 0)]


async def test_a_start_without_the_database_is_a_start(store: Store) -> None:
    """Entering it raises nothing; it comes by itself once the database is there."""
    async with opened(store):
        pass
    with store.away():
        manager = opened(store)
        history = await manager.__aenter__()
        if not history.away:  # SQLite can be read while another process writes
            history.record([make_entry(5)])
            await until(lambda: history.away)
        with pytest.raises(HistoryTroubleError):
            await history.states()
        history.record([make_entry(0)])
    await until(lambda: not history.away)
    assert make_entry(0).id in [one.id for one in await history.transitions()]
    await manager.__aexit__(None, None, None)


async def test_observations_that_wait_are_bounded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest give way and are counted; transitions do not."""
    monkeypatch.setattr(write_queue, "WAITING", 100)
    async with opened(store) as history:
        await history.pending()
        with store.away():
            history.record([make_entry(0)])
            await until(lambda: history.away)
            for number in range(250):
                history.observed("ext5/expo/api", make_observation(at=NOW + number))
            await until(lambda: history.figures().observations_dropped == 150)
        await until(lambda: not history.away)
        found = await history.seen("ext5/expo/api", 0.0)
        assert [seen.at for seen in found] == [NOW + number for number in range(150, 250)]


async def test_observations_that_the_worker_does_not_take_are_counted(store: Store) -> None:
    """A worker that hangs costs memory to a bound."""
    async with opened(store) as history:
        held = asyncio.Event()
        loop = asyncio.get_running_loop()
        release = threading.Event()

        def hang() -> None:
            loop.call_soon_threadsafe(held.set)
            release.wait(PATIENCE)

        hanging = asyncio.create_task(history._worker.call(hang))
        await held.wait()
        one = make_observation()
        for _ in range(write_queue.OBSERVED + 7):
            history.observed("ext5/expo/api", one)
        assert history.figures().observations_dropped == 7
        release.set()
        await hanging


async def test_a_journal_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    """It is told, left, and tried again later; what is new is written meanwhile."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "in the way").touch()
    store = SqliteStore(tmp_path)
    with capture_logs() as logs:
        async with opened(store) as history:
            history.record([make_entry(0)])
            assert len(await history.transitions()) == 1
            assert not history.away
            with store.away():
                history.record([make_entry(1)])
                await until(lambda: history.away)
            await until(lambda: not history.away)
            assert len(await history.transitions()) == 2
    assert [log["event"] for log in logs].count("history_journal_fails") == 1


async def test_it_is_back_once_it_can_be_written(store: Store) -> None:
    """A locked SQLite file can still be read: that alone is not "back", at no attempt."""
    async with opened(store) as history:
        await history.pending()
        with capture_logs() as logs:
            with store.away():
                history.observed("ext5/expo/api", make_observation(at=NOW))
                await until(lambda: history.away)
                began = history.away_since
                tried = history._recorder.outage.pause
                await until(lambda: history._recorder.outage.pause >= 4 * tried)
                assert history.away_since == began
            await until(lambda: not history.away)
        assert len(await history.seen("ext5/expo/api", 0.0)) == 1
    assert [log["event"] for log in logs] == ["history_away", "history_back"]


async def test_who_asks_a_closed_history_is_refused(store: Store) -> None:
    """At once, whether it asked before the end or after it; what is given then is nobody's."""
    async with opened(store) as history:
        hanging = threading.Event()
        busy = asyncio.create_task(history._worker.call(lambda: hanging.wait(PATIENCE)))
        await asyncio.sleep(0)
        closing = asyncio.create_task(history._worker.stop(history._recorder.close))
        await asyncio.sleep(0)
        late = asyncio.create_task(history.pending())
        await asyncio.sleep(0)
        hanging.set()
        await asyncio.gather(busy, closing)
        with pytest.raises(HistoryTroubleError, match="closed"):
            await late
    with pytest.raises(HistoryTroubleError, match="closed"):
        await history.pending()
    history.record([make_entry()])


# a disk that is full


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of two megabytes; where none may be mounted, a limit on the size of files."""
    mounted = folder / "small"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mounted)]
    if (
        os.geteuid() == 0
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    ):
        try:
            yield mounted
        finally:
            subprocess.run(["umount", "--lazy", str(mounted)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    try:
        yield mounted
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_silences_no_alarm_and_loses_no_transition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the database nor the journal can be written: those who send hear of it all the same,
    and it is written when there is room again, the evidence of what went beyond a bound left out.
    """
    monkeypatch.setattr(write_queue, "HELD_WHOLE", 50)
    heard: list[str] = []
    evidence = os.urandom(20_000)
    with small_disk(tmp_path) as folder:
        async with History.open("sqlite", folder, retention=Retention()) as history:
            history.listen(lambda entries, _: heard.extend(one.id for one in entries))
            with capture_logs() as logs:
                for number in range(200):
                    history.record([make_entry(number, evidence=evidence)])
                await until(lambda: len(heard) == 200)
                assert history.away
                ballast = history.figures().entries_waiting
                assert ballast > 0
                limit = resource.getrlimit(resource.RLIMIT_FSIZE)
                mounted = limit[0] == resource.RLIM_INFINITY
                if mounted:
                    command = ["mount", "-o", "remount,size=50m", str(folder)]
                    subprocess.run(command, check=True)
                else:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (limit[1], limit[1]))
                await until(lambda: not history.away)
            expected = [make_entry(number).id for number in range(200)]
            assert [one.id for one in await history.transitions()] == expected
            assert heard == expected
            assert len(await history.pending()) == 200
            assert await history.evidence(expected[0]) == evidence
            assert await history.evidence(expected[-1]) is None
            assert history.figures().entries_lost == 0
    events = [log["event"] for log in logs]
    assert events.count("history_away") == 1
    assert events.count("history_back") == 1


# what is wrong with the database itself


async def test_a_broken_file_is_moved_aside(tmp_path: Path) -> None:
    """Never deleted; the history begins anew and monitoring goes on."""
    (tmp_path / "driftvakt.db").write_bytes(b"this is no database, and never was" * 200)
    with capture_logs() as logs:
        async with History.open("sqlite", tmp_path, retention=Retention()) as history:
            history.record([make_entry()])
            await until(lambda: not history.away and not history.figures().entries_waiting)
            assert len(await history.transitions()) == 1
    [aside] = [path for path in tmp_path.iterdir() if ".corrupt-" in path.name]
    assert aside.read_bytes().startswith(b"this is no database")
    [told] = [log for log in logs if log["event"] == "history_corrupt"]
    assert told["moved_to"] == str(aside)


async def test_a_file_that_breaks_while_it_is_used_is_moved_aside(tmp_path: Path) -> None:
    """A page that is overwritten, as by a dying disk."""
    store = SqliteStore(tmp_path)
    async with opened(store) as history:
        for number in range(2000):
            history.observed("ext5/expo/api", make_observation(at=NOW + number))
    path = tmp_path / "driftvakt.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        for place in range(4096, size, 4096):
            file.seek(place)
            file.write(b"\xff" * 64)
    async with opened(store) as history:
        for number in range(3):
            history.record([make_entry(number)])
        await until(lambda: not history.away and not history.figures().entries_waiting)
        await until(lambda: not history.figures().journal)
        assert len(await history.transitions()) == 3
    assert any(".corrupt-" in path.name for path in tmp_path.iterdir())


async def test_a_file_that_is_removed_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise all would be written into a file without a name, until the end."""
    monkeypatch.setattr(writer, "_LOOK", 0.0)
    store = SqliteStore(tmp_path)
    async with opened(store) as history:
        history.record([make_entry(0)])
        await history.pending()
        (tmp_path / "driftvakt.db").unlink()
        history.record([make_entry(1)])
        await until(lambda: not history.away and not history.figures().entries_waiting)
    assert (tmp_path / "driftvakt.db").exists()
    async with opened(store) as history:
        assert [one.id for one in await history.transitions()] == [make_entry(1).id]


async def test_the_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    """It is refused, clearly and once; transitions wait in the journal."""
    async with opened(store):
        pass
    with database(store) as tables, tables.transaction() as connection:
        connection.exec_driver_sql("UPDATE driftvakt_version SET version_num = '9999'")
    with capture_logs() as logs:
        async with opened(store) as history:
            assert history.away
            assert (
                history.why_away
                == "the database is of version 9999, newer than this program's 0003"
            )
            history.record([make_entry()])
            await until(lambda: history.figures().journal == 1)
    assert [log["event"] for log in logs] == ["history_away"]
    with database(store) as tables, tables.transaction() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM transition").scalar() == 0
        connection.exec_driver_sql("UPDATE driftvakt_version SET version_num = '0003'")
    async with opened(store) as history:
        assert len(await history.transitions()) == 1


async def test_a_wrong_password_is_told_without_it(postgres: Postgres, tmp_path: Path) -> None:
    """In no log and in no reason."""
    url = postgres.make().replace(QUOTED, "wrong-s3cr3t")
    with capture_logs() as logs:
        async with History.open(url, tmp_path, retention=Retention()) as history:
            assert "password authentication failed" in history.why_away
    assert logs
    assert "s3cr3t" not in str(logs) + history.why_away


# a process that is killed

_CHILD = """
import asyncio, sys, structlog
from pathlib import Path
from monitor.model.estate import Retention
from monitor.history.history import History
from tests.support.factories_observed import NOW, make_observation
from tests.support.factories_record import make_entry

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def main(store, data_dir, number):
    async with History.open(store, Path(data_dir), retention=Retention()) as history:
        history.listen(lambda entries, _: print(*(e.id for e in entries), sep="\\n", flush=True))
        print("ready", flush=True)
        while True:
            history.record([make_entry(number)], {"newest": b"%d" % number})
            for part in range(5):
                history.observed("ext5/expo/api", make_observation(at=NOW + number + part / 10))
            number += 1
            await asyncio.sleep(0.001)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.mark.parametrize("away", [False, True], ids=["there", "away"])
async def test_what_was_told_as_kept_outlives_a_kill(store: Store, away: bool) -> None:
    """SIGKILL at several instants, with the database there and away: every transition that those
    who send have heard of is there, whole, once, with its message; the database is sound.
    """
    async with opened(store):
        pass
    told: list[str] = []
    for run in range(5):
        command = [
            sys.executable,
            "-c",
            _CHILD,
            store.store,
            str(store.data_dir),
            str(run * 10_000),
        ]
        with store.away() if away else contextless():
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert process.stdout is not None
            lines: list[bytes] = []
            try:
                assert process.stdout.readline() == b"ready\n"
                lines += [process.stdout.readline() for _ in range(20 + 17 * run)]
            finally:
                process.kill()
                lines += process.stdout.readlines()
                process.stdout.close()
                process.wait()
            # a last line that was not written to its end was not told
            told += [line.decode().strip() for line in lines if line.endswith(b"\n")]
    async with opened(store) as history:
        found = [one.id for one in await history.transitions()]
        assert set(told) <= set(found)
        assert len(found) == len(set(found))
        runs = [found.index(make_entry(run * 10_000).id) for run in range(5)]
        assert runs == sorted(runs)
        numbers = [int(one.id.removeprefix("message-")) for one in await history.pending()]
        assert [make_entry(number).id for number in numbers] == found
        newest = (await history.states())["newest"]
        assert newest == b"%d" % numbers[-1]
        for number in numbers:
            if number % 2 == 0:
                assert await history.evidence(make_entry(number).id) == b'{"evidence": %d}' % number
    if isinstance(store, SqliteStore):
        with database(store) as tables, tables.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


@contextmanager
def contextless() -> Iterator[None]:
    yield
