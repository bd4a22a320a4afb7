"""What a PostgreSQL in the field does: TLS, limits, read-only, slowness, older tables, long deletes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from monitor.history.carried_over import CarriedOver, CarriedOverQuery
from monitor.history.history import History
from monitor.history.schema_version import VERSIONS, check_version, migrate
from monitor.model.estate import Retention
from tests.benchmarks.restoring import written as all_written
from tests.support.daemon.counting import CountingServer
from tests.support.daemon.running import estate, http_check, running, service
from tests.support.daemon.running import until as waited
from tests.support.factories_observed import NOW, make_observation
from tests.support.factories_record import make_entry, make_transition
from tests.support.history.stores import PostgresStore, database, opened
from tests.support.servers.ca import Authority
from tests.support.servers.far_away import far_away
from tests.support.servers.postgres import PASSWORD, QUOTED, Postgres
from tests.support.servers.tls_before import TlsBefore, tls_before
from tests.system.history.test_away import until

pytestmark = pytest.mark.system

CHECK = "ext5/expo/api"


def name_of(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0]


def wanted() -> CarriedOverQuery:
    return CarriedOverQuery(floors=lambda _: {CHECK: NOW - 1.0}, since=0.0, most=100)


async def written(history: History) -> None:
    await until(lambda: not history.away and not history.figures().journal)


# TLS


def by_tls(url: str, server: Postgres, front: TlsBefore, **options: object) -> str:
    words = "&".join(f"{key}={value}" for key, value in options.items())
    return url.replace(f"127.0.0.1:{server.port}", f"127.0.0.1:{front.port}") + f"?{words}"


async def test_a_database_is_reached_by_verified_tls(
    postgres: Postgres, tmp_path: Path, authority: Authority
) -> None:
    """``sslmode=verify-full`` with an authority of one's own: kept, asked, restored as ever."""
    with tls_before(postgres.port, authority.server_context(authority.valid)) as front:
        url = by_tls(
            postgres.make(), postgres, front, sslmode="verify-full", sslrootcert=authority.ca_file
        )
        async with History.open(url, tmp_path, retention=Retention()) as history:
            history.record([make_entry(0)])
            assert [one.id for one in await history.transitions()] == [make_entry(0).id]
            left = await history.carried_over(wanted())
            assert len(left.transitions) == 1
        assert front.shaken == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("a strange authority", "certificate verify failed"),
        ("expired", "certificate verify failed"),
        ("not yet valid", "certificate verify failed"),
        ("another name", "does not match host name"),
        ("no such file", "root certificate file"),
        ("no TLS there", "server does not support SSL"),
    ],
)
async def test_a_database_that_cannot_be_verified_is_away_and_says_why(
    postgres: Postgres, tmp_path: Path, authority: Authority, kind: str, words: str
) -> None:
    """In one clause of OpenSSL's or libpq's, without the password; nothing is lost, and nothing is
    ever sent to it in the clear.
    """
    pairs = {
        "expired": authority.expired,
        "not yet valid": authority.not_yet_valid,
        "another name": authority.misnamed,
    }
    pair = pairs.get(kind, authority.valid)
    file = authority.stranger_file if kind == "a strange authority" else authority.ca_file
    if kind == "no such file":
        file = tmp_path / "gone.pem"
    with tls_before(postgres.port, authority.server_context(pair)) as front:
        given = postgres.make()
        url = by_tls(given, postgres, front, sslmode="verify-full", sslrootcert=file)
        if kind == "no TLS there":
            url = url.replace(f":{front.port}/", f":{postgres.port}/")
        with capture_logs() as logs:
            async with History.open(url, tmp_path, retention=Retention()) as history:
                assert history.away
                assert words in history.why_away
                history.record([make_entry(0)])
                await until(lambda: history.figures().journal == 1)
        told = str(logs) + history.why_away
        assert PASSWORD not in told
        assert QUOTED not in told
    async with History.open(given, tmp_path, retention=Retention()) as history:
        assert len(await history.transitions()) == 1


# its limits


@contextlib.contextmanager
def all_places_taken(server: Postgres) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        full = False
        while not full:
            try:
                stack.enter_context(psycopg.connect(server.url("postgres")))
            except psycopg.OperationalError as error:
                full = "too many clients" in str(error)
        yield


async def test_a_server_without_a_place_is_away_until_it_has_one(
    postgres: Postgres, tmp_path: Path
) -> None:
    """``too many clients``: the start goes on without it and says so; it is back by itself."""
    url = postgres.make()
    with all_places_taken(postgres):
        manager = History.open(url, tmp_path, retention=Retention())
        history = await manager.__aenter__()
        assert "too many clients" in history.why_away
        history.record([make_entry(0)])
        await until(lambda: history.figures().journal == 1)
    await written(history)
    assert len(await history.transitions()) == 1
    await manager.__aexit__(None, None, None)


@contextlib.contextmanager
def read_only(server: Postgres, url: str) -> Iterator[None]:
    """As a replica, or a primary that somebody has set so; who is connected is thrown out."""
    name = name_of(url)

    def turn(word: str) -> None:
        server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = {word}")
        server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        )

    turn("on")
    try:
        yield
    finally:
        turn("off")


async def test_a_server_that_turns_read_only_is_away_until_it_takes_writes(
    postgres: Postgres, tmp_path: Path
) -> None:
    """That it answers is not enough to be back, however often it is tried and with nothing to
    write; what waits is in it once it can be.
    """
    url = postgres.make()
    async with History.open(url, tmp_path, retention=Retention()) as history:
        history.record([make_entry(0)])
        await history.pending()
        with capture_logs() as logs:
            with read_only(postgres, url):
                history.observed(CHECK, make_observation(at=NOW))
                await until(lambda: history.away)
                history._recorder.queue.seen.clear()  # nothing is left to write
                tried = history._recorder.outage.pause
                await until(lambda: history._recorder.outage.pause >= 4 * tried)
                assert history.away
                history.record([make_entry(1)])
                await until(lambda: history.figures().journal == 1)
            await written(history)
        assert [one.id for one in await history.transitions()] == [
            make_entry(0).id,
            make_entry(1).id,
        ]
    assert [log["event"] for log in logs] == ["history_away", "history_back"]


async def test_a_start_on_a_read_only_server_restores_what_it_can_read(
    postgres: Postgres, tmp_path: Path
) -> None:
    """The journal's part too; nothing is told again because of it."""
    url = postgres.make()
    async with History.open(url, tmp_path, retention=Retention()) as history:
        history.record([make_entry(0)], {CHECK: b"state"})
        await history.pending()
    with read_only(postgres, url):
        async with History.open(url, tmp_path, retention=Retention()) as history:
            history.record([make_entry(1)])
            await until(lambda: history.figures().journal == 1)
            left: CarriedOver = await history.carried_over(wanted())
        assert [one.id for one in left.transitions] == [make_entry(0).id, make_entry(1).id]
        assert left.states == {CHECK: b"state"}
        async with History.open(url, tmp_path, retention=Retention()) as history:
            left = await history.carried_over(wanted())
        assert len(left.transitions) == 2


async def test_a_server_whose_disk_is_slow_is_away_and_nothing_is_lost(
    postgres: Postgres, tmp_path: Path
) -> None:
    """Each statement takes three seconds: what is to be told is told all the same, and is in the
    database once, whether or not the server had taken what was broken off.
    """
    heard: list[str] = []
    with far_away(postgres.port) as way:
        url = postgres.make().replace(f":{postgres.port}/", f":{way.port}/")
        async with History.open(url, tmp_path, retention=Retention()) as history:
            history.listen(lambda entries, _: heard.extend(one.id for one in entries))
            history.record([make_entry(0)])
            await history.pending()
            way.delay = 1.5
            history.record([make_entry(1)])
            await until(lambda: len(heard) == 2)
            history.record([make_entry(2)])
            await until(lambda: len(heard) == 3)
            await until(lambda: history.away)
            way.delay = 0.0
            await written(history)
            expected = [make_entry(number).id for number in range(3)]
            assert [one.id for one in await history.transitions()] == expected
            assert heard == expected
            assert history.figures().entries_lost == 0


# tables of an earlier program


@pytest.mark.parametrize("version", VERSIONS[:-1])
async def test_a_history_of_an_older_program_is_taken_over(
    postgres: Postgres, tmp_path: Path, version: str
) -> None:
    """What it has is migrated and restored. As long as the server is read-only it is away, and says
    what is to be done.
    """
    store = PostgresStore(tmp_path, postgres)
    with database(store) as tables:
        migrate(tables, version)
    name = name_of(store.store)
    row = make_transition(0)
    postgres.run(
        "INSERT INTO state (key, saved_at, data) VALUES ('ext5/expo/api', 1, '\\x01')", name
    )
    with read_only(postgres, store.store):
        async with opened(store) as history:
            history.record([make_entry(0)])
            await until(lambda: history.figures().journal == 1)
            with pytest.raises(Exception, match="read-only transaction"):
                await history.carried_over(wanted())
    async with opened(store) as history:
        left = await history.carried_over(wanted())
        assert left.states == {CHECK: b"\x01"}
        assert [one.at for one in left.transitions] == [row.at]
    with database(store) as tables, tables.reading() as connection:
        assert check_version(connection) == VERSIONS[-1]


# a stop in the middle of forgetting

_SLOW = """
CREATE FUNCTION slow() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN OLD; END $$
LANGUAGE plpgsql;
CREATE TRIGGER slow BEFORE DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION slow();
"""
OLD = 150
LONG_AGO = 1_500_000_000.0


def left_of(server: Postgres, name: str) -> tuple[int, int, int]:
    """Old transitions, and those of them and of their evidence that have lost the other."""
    [found] = server.run(
        "SELECT (SELECT count(*) FROM transition WHERE environment = 'ext5' AND service = 'old'),"
        " (SELECT count(*) FROM transition t WHERE service = 'old'"
        "  AND NOT EXISTS (SELECT FROM evidence e WHERE e.id = t.id)),"
        " (SELECT count(*) FROM evidence e"
        "  WHERE NOT EXISTS (SELECT FROM transition t WHERE e.id = t.id))",
        name,
    )
    return int(found[0]), int(found[1]), int(found[2])


async def test_a_stop_in_the_middle_of_forgetting_leaves_nothing_half_forgotten(
    postgres: Postgres, tmp_path: Path
) -> None:
    """SIGTERM while a large piece of what is old is being deleted: it ends in order, that piece is
    there as it was, and the next daemon forgets it.
    """
    url = postgres.make()
    name = name_of(url)
    async with History.open(url, tmp_path / "data", retention=Retention()) as history:
        for number in range(OLD):
            old = make_transition(number, service="old", at=LONG_AGO + number)
            history.record([make_entry(number, transition=old, evidence=b"{}", outgoing=())])
        await all_written(history)
    postgres.run(_SLOW, name)

    def deleting() -> list[Any]:
        return postgres.run(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'driftvakt'"
            f" AND datname = '{name}' AND state = 'active' AND query LIKE 'DELETE FROM evidence%'"
        )

    with CountingServer() as server:
        check = http_check("api", server.url("/expo"))
        config = estate(service("expo", check), store=url, retention={"transitions": "30d"})
        with running(tmp_path, config) as daemon:
            waited(deleting, lambda: daemon.log)
            assert daemon.stop() == 0
            assert daemon.events("stopped")
            assert not daemon.events("history_does_not_stop")
        waited(lambda: not deleting(), "the server goes on")
        assert left_of(postgres, name) == (OLD, 0, 0)
        postgres.run("DROP TRIGGER slow ON evidence", name)
        with running(tmp_path, config) as daemon:
            waited(lambda: left_of(postgres, name) == (0, 0, 0), lambda: daemon.log)
            assert daemon.stop() == 0
