"""Hours that are over are packed and rolled up, what is old is forgotten; migrations."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.schema import Table

import monitor.history.migrations.versions as steps
from monitor.history import compaction, tables
from monitor.history.codec.blocks import unpack
from monitor.history.database import Database
from monitor.history.db_thread import InlineWorker
from monitor.history.history import History
from monitor.history.queries import DAY, HOUR
from monitor.history.reader import HistoryReader
from monitor.history.schema_version import HEAD, VERSIONS, check_version, migrate
from monitor.model.estate import Retention
from monitor.model.records import Entry, Seen, observation_of
from probes.observation import Cause, Reason
from tests.support.factories_record import (
    make_entry,
    make_outgoing,
    make_seen,
    make_seen_failure,
    make_transition,
)
from tests.support.history.stores import Store, database, opened
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]

MIDNIGHT = 20_000.0 * DAY
ID = "ext5/expo/api"


class Clock:
    """Says what it is told to say."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def given(history: History, rows: list[Seen], check_id: str = ID) -> None:
    for seen in rows:
        history.observed(check_id, observation_of(seen))


async def tidy(history: History) -> None:
    """Everything written and a whole round of upkeep."""
    await history.pending()
    await history._worker.call(history._recorder.upkeep.whole)


async def number_of(history: History, table: Table) -> int:
    return int(await history._ask(lambda c: c.scalar(select(func.count()).select_from(table)) or 0))


def half_minutes(begin: float, number: int) -> list[Seen]:
    return [
        make_seen(begin + 30 * n, duration=(10 + n % 10) / 1000)._replace(status=None)
        for n in range(number)
    ]


async def test_hours_that_are_over_are_packed_and_read_as_before(store: Store) -> None:
    """Nobody who reads can tell; the running hour stays as it is."""
    clock = Clock(MIDNIGHT + 2.5 * HOUR)
    rows = half_minutes(MIDNIGHT, 300)
    async with opened(store, clock=clock) as history:
        given(history, rows)
        assert await history.seen(ID, 0.0) == rows
        await tidy(history)
        assert await number_of(history, tables.block) == 2
        assert await number_of(history, tables.observation) == 60
        assert await history.seen(ID, 0.0) == rows
        within = await history.seen(ID, MIDNIGHT + 1800, MIDNIGHT + 2 * HOUR + 60)
        assert within == [seen for seen in rows if 1800 <= seen.at - MIDNIGHT < 2 * HOUR + 60]
    with HistoryReader(store.store, store.data_dir) as reader:
        parts = list(reader.observations(ID, 0.0))
        assert [len(part) for part in parts] == [120, 120, 60]
        packed = list(reader.packed(ID, 0.0))
        assert [unpack(part) for part in packed] == parts


async def test_an_hour_is_packed_a_few_minutes_after_its_end(store: Store) -> None:
    clock = Clock(MIDNIGHT + HOUR + compaction.GRACE - 1)
    async with opened(store, clock=clock) as history:
        given(history, half_minutes(MIDNIGHT, 120))
        await tidy(history)
        assert await number_of(history, tables.block) == 0
        clock.now += 2
        await tidy(history)
        assert await number_of(history, tables.block) == 1


async def test_what_comes_after_its_hour_was_packed_is_packed_with_it(store: Store) -> None:
    """Once each, also when the same observation comes twice; the roll-ups count it once."""
    clock = Clock(MIDNIGHT + 1.5 * HOUR)
    rows = half_minutes(MIDNIGHT, 120)
    async with opened(store, clock=clock) as history:
        given(history, rows[:100])
        await tidy(history)
        given(history, rows[90:])
        assert await history.seen(ID, 0.0) == sorted(rows[:100] + rows[90:], key=lambda s: s.at)
        await tidy(history)
        assert await history.seen(ID, 0.0) == rows
        [hour] = await history.hours(ID, MIDNIGHT, MIDNIGHT + DAY)
        assert hour.good == 120


async def test_a_damaged_block_costs_its_own_hour_alone(store: Store) -> None:
    """The others are read, and upkeep goes on."""
    clock = Clock(MIDNIGHT + 2.5 * HOUR)
    rows = half_minutes(MIDNIGHT, 240)
    async with opened(store, clock=clock) as history:
        given(history, rows)
        await tidy(history)
    with database(store) as found, found.transaction() as connection:
        first = tables.block.c.hour == MIDNIGHT // HOUR
        connection.execute(tables.block.update().where(first).values(data=b"no block"))
    async with opened(store, clock=clock) as history:
        assert await history.seen(ID, 0.0) == rows[120:]
        given(history, [make_seen(MIDNIGHT + 5)])
        await tidy(history)
        assert [seen.at for seen in await history.seen(ID, 0.0)][:2] == [MIDNIGHT + 5, rows[120].at]


async def test_roll_ups_count_what_the_observations_were(store: Store) -> None:
    """Our own trouble apart; a refusal has no latency; hours and days agree."""
    clock = Clock(MIDNIGHT + DAY + 2 * HOUR)
    good = half_minutes(MIDNIGHT + HOUR, 100)
    bad = [make_seen_failure(MIDNIGHT + HOUR + 1 + 30 * n) for n in range(5)]
    slow = make_seen_failure(MIDNIGHT + 2 * HOUR, reason=Reason.TIMEOUT, duration=10.0)
    ours = make_seen_failure(
        MIDNIGHT + 2 * HOUR + 1, reason=Reason.TLS_CLIENT_EXPIRED, cause=Cause.MONITOR
    )
    tomorrow = make_seen(MIDNIGHT + DAY)
    async with opened(store, clock=clock) as history:
        given(history, [*good, *bad, slow, ours, tomorrow])
        await tidy(history)
        first, second = await history.hours(ID, MIDNIGHT, MIDNIGHT + DAY)
        assert (first.start, first.good, first.failed, first.trouble) == (
            MIDNIGHT + HOUR,
            100,
            5,
            0,
        )
        assert (second.good, second.failed, second.trouble) == (0, 1, 1)
        assert first.quantile(0.5) == pytest.approx(0.0145, rel=0.1)
        assert second.duration_max == 10.0
        today, next_day = await history.days(ID)
        assert (today.start, today.good, today.failed, today.trouble) == (MIDNIGHT, 100, 6, 1)
        assert today.latencies == 101
        assert today.duration_sum == pytest.approx(sum(s.duration for s in good) + 10.0)
        assert (next_day.start, next_day.good) == (MIDNIGHT + DAY, 1)
        assert await history.days(ID, MIDNIGHT + DAY) == [next_day]
        assert await history.days(ID, 0.0, MIDNIGHT + DAY) == [today]
        assert await history.days("unknown") == []


async def test_what_is_older_than_its_retention_is_forgotten(store: Store) -> None:
    """Observations after days, the rest after a year; not what is still to be delivered, and not
    the newest message of each subject: its receiver is owed the all-clear.
    """
    clock = Clock(MIDNIGHT + HOUR)
    keep = Retention(observations=2 * DAY, transitions=10 * DAY)

    def at(number: int, when: float) -> Entry:
        told = make_transition(number, at=when + number)
        return make_entry(number, transition=told)

    old = [at(n, MIDNIGHT) for n in range(6)]
    new = at(6, MIDNIGHT + 5 * DAY)
    async with opened(store, clock=clock, retention=keep) as history:
        given(history, half_minutes(MIDNIGHT - HOUR, 120))
        history.record(old)
        history.enqueue([make_outgoing(9, subject="ext5/other")])
        for number in (0, 1, 2, 4, 9):
            history.delivered(f"message-{number}", MIDNIGHT)
        history.checkpoint({"gone": b"1"})
        await tidy(history)
        assert await number_of(history, tables.block) == 1
        clock.now = MIDNIGHT + 3 * DAY
        await tidy(history)
        assert await history.seen(ID, 0.0) == []
        assert len(await history.days(ID)) == 1
        history.record([new])
        history.checkpoint({"there": b"1"})
        await tidy(history)
        assert len(await history.transitions()) == 7
        clock.now = MIDNIGHT + 12 * DAY
        await tidy(history)
        assert [one.id for one in await history.transitions()] == [new.id]
        assert await history.evidence(old[0].id) is None
        assert await history.evidence(new.id) is not None
        pending = [one.id for one in await history.pending()]
        assert pending == ["message-3", "message-5", "message-6"]
        assert [one.id for one in await history.last_told()] == ["message-9", "message-6"]
        assert await number_of(history, tables.outbox) == 4
        assert await history.days(ID) == []
        assert await history.hours(ID, MIDNIGHT - DAY, MIDNIGHT + DAY) == []
        assert set(await history.states()) == {"there"}


async def test_upkeep_comes_by_itself_in_small_pieces(store: Store) -> None:
    """A check at a time, with a pause between two: the loop and other writers have their turns."""
    clock = Clock(MIDNIGHT + 2 * HOUR)
    loop = asyncio.get_running_loop()
    async with opened(
        store, clock=clock, worker=InlineWorker(), timer=lambda: loop.time() * 40
    ) as history:
        for check in range(4):
            given(history, half_minutes(MIDNIGHT, 100), f"ext5/expo/c{check}")
        async with asyncio.timeout(PATIENCE):
            while await number_of(history, tables.block) < 4:  # noqa: ASYNC110 - it is upkeep that does it
                await asyncio.sleep(0.02)


async def test_a_sqlite_file_gives_back_what_it_does_not_need(tmp_path: Path) -> None:
    """After much was forgotten; without a pause for everybody, as a VACUUM would be."""
    clock = Clock(MIDNIGHT + HOUR)
    keep = Retention(observations=DAY)
    async with History.open("sqlite", tmp_path, retention=keep, clock=clock) as history:
        noise = [
            make_entry(n, transition=make_transition(n, at=MIDNIGHT + n / 100), evidence=bytes(10))
            for n in range(10)
        ]
        history.record(noise)
        history.checkpoint({str(n): os.urandom(20_000) for n in range(1000)})
        await tidy(history)
        before = await history._worker.call(
            lambda: history._recorder._database.pragma("page_count")
        )
        clock.now += 500 * DAY
        await tidy(history)
        after = await history._worker.call(lambda: history._recorder._database.pragma("page_count"))
    assert before > 4000
    assert after < before / 2


# migrations


def shape(found: Database) -> dict[str, object]:
    """Every table's columns, keys and indexes, as the database says them."""
    with found.reading() as connection:
        look = inspect(connection)
        return {
            name: (
                [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(name)],
                look.get_pk_constraint(name)["constrained_columns"],
                sorted((i["name"], i["column_names"]) for i in look.get_indexes(name)),
                sorted(str(u["column_names"]) for u in look.get_unique_constraints(name)),
            )
            for name in look.get_table_names()
        }


def statements(found: Database) -> list[tuple[object, ...]]:
    """The same in the database's own words: names and definitions of all that is there."""
    if found.is_sqlite:
        texts = ["SELECT type, name, tbl_name, sql FROM sqlite_master"]
    else:
        texts = [
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            (
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
                " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
            ),
            (
                "SELECT table_name, column_name, ordinal_position, data_type, is_nullable,"
                " column_default, character_maximum_length"
                " FROM information_schema.columns WHERE table_schema = 'public'"
            ),
        ]
    with found.reading() as connection:
        rows = [row for text in texts for row in connection.exec_driver_sql(text)]
    return sorted((tuple(row) for row in rows), key=repr)


def test_the_migrations_make_the_tables_that_the_code_knows(
    store: Store, other_store: Callable[[], Store]
) -> None:
    """Step by step or at once, as a new database is made: the same in everything."""
    with database(store) as migrated, database(other_store()) as made:
        for version in VERSIONS:
            migrate(migrated, version)
        migrate(made)
        assert shape(migrated) == shape(made)
        assert statements(migrated) == statements(made)
        for found in (migrated, made):
            with found.reading() as connection:
                assert check_version(connection) == HEAD
                assert connection.scalar(select(func.count()).select_from(tables.version)) == 1


@pytest.mark.parametrize("left", ["an empty table of the version", "a table of somebody else's"])
def test_what_is_not_ours_is_no_older_version(store: Store, left: str) -> None:
    """A database that has none of our tables is new, whatever else is in it."""
    with database(store) as found:
        with found.transaction() as connection:
            if left.startswith("an empty"):
                tables.version.create(connection)
            else:
                connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
        migrate(found)
        with found.transaction() as connection:
            assert check_version(connection) == HEAD
            connection.execute(tables.series.insert().values(check_id="ext5/expo/api"))


def test_only_older_databases_are_migrated(
    store: Store, other_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new one and one that is up to date start without Alembic, which takes half a second."""
    asked: list[str] = []
    monkeypatch.setattr("monitor.history.schema_version._run", lambda _, to: asked.append(to))
    with database(store) as found:
        migrate(found)
        migrate(found)
    assert asked == []
    monkeypatch.undo()
    with database(other_store()) as older:
        migrate(older, VERSIONS[0])
        monkeypatch.setattr("monitor.history.schema_version._run", lambda _, to: asked.append(to))
        migrate(older)
    assert asked == [HEAD]


def test_every_step_leads_to_the_next(store: Store) -> None:
    """What was there before a step is there after it."""
    with database(store) as found:
        for number, version in enumerate(VERSIONS):
            migrate(found, version)
            with found.transaction() as connection:
                assert check_version(connection) == version
                row = tables.series.insert().values(check_id=f"ext5/expo/{version}")
                connection.execute(row)
                there = connection.scalar(select(func.count()).select_from(tables.series))
                assert there == number + 1
        migrate(found)


def test_the_program_knows_all_steps() -> None:
    """The list of them, which spares Alembic's look at every start, is that of the files."""
    folder = Path(str(steps.__file__)).parent
    found = [
        re.findall(r'^revision = "(\w+)"$', path.read_text("utf-8"), re.MULTILINE)[0]
        for path in folder.glob("v*.py")
    ]
    assert tuple(sorted(found)) == VERSIONS
    assert VERSIONS[-1] == HEAD


async def test_two_daemons_may_migrate_at_once(store: Store) -> None:
    """One waits for the other."""

    def run() -> None:
        with database(store) as found:
            migrate(found)

    await asyncio.gather(*(asyncio.to_thread(run) for _ in range(4)))
    with database(store) as found, found.reading() as connection:
        assert check_version(connection) == HEAD
