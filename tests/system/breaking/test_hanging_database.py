"""A database that does not answer: alarms go, readers are told so, and nobody waits for it."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.breaking.fickle import Fickle, fickle, hook
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, estate, http_check, running, service, until
from tests.support.servers.postgres import Postgres

pytestmark = pytest.mark.system
FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "30s"}


def watched(server: CountingServer, receiver: Fickle, store: str) -> dict[str, Any]:
    checks = http_check("api", server.url("/expo"))
    told = [hook(receiver, "here", on=["red", "recovery"])]
    return estate(service("expo", checks), defaults=FAST, notifications=told, store=store)


def kinds(receiver: Fickle) -> list[str]:
    return [message["kind"] for message in receiver.taken("here")]


def answers(daemon: Running, path: str, method: str = "GET") -> int:
    asked = urllib.request.Request(daemon.url + path, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def transitions(server: Postgres, store: str) -> list[tuple[Any, ...]]:
    name = store.rpartition("/")[2]
    statement = "SELECT before, after FROM transition WHERE service IS NOT NULL ORDER BY number"
    return server.run(statement, name)


def test_a_database_that_hangs_keeps_nobody_waiting(tmp_path: Path, postgres: Postgres) -> None:
    """PostgreSQL is stopped: the alarm goes, the history is away, pages say so, a reload is done and
    SIGTERM ends it in time. Another start does not wait either. Once it answers, all is there.
    """
    store = postgres.make()
    with CountingServer() as server, fickle() as receiver:
        config = watched(server, receiver, store)
        with running(tmp_path, config) as daemon:
            daemon.event("transition", service="expo", to="green")
            until(lambda: transitions(postgres, store), "nothing is kept")
            with postgres.hanging():
                server.answers["/expo"] = Answer(status=500)
                until(lambda: kinds(receiver) == ["alarm"], "no alarm")
                daemon.event("history_away")
                assert daemon.metrics().one("driftvakt_history_away") == 1
                assert answers(daemon, "/feed.atom") in (200, 503)
                assert answers(daemon, "/api/v1/history?service=ext5/expo") == 503
                assert answers(daemon, "/s/ext5/expo") == 200
                assert answers(daemon, "/-/reload", "POST") == 200
                assert b'"red"' in daemon.get("/status.json")
                assert daemon.stop() == 0
                assert (tmp_path / "data" / "driftvakt.journal").exists()
                with running(tmp_path, config) as second:
                    assert second.event("not_restored")
                    assert second.stop() == 0
        with running(tmp_path, config) as daemon:
            assert daemon.event("restored")["checks"] == 1
            server.answers["/expo"] = Answer()
            until(lambda: "recovery" in kinds(receiver), "no all-clear")
            assert daemon.stop() == 0
        assert kinds(receiver) == ["alarm", "recovery"]
        known = transitions(postgres, store)
        assert "red" in [after for _, after in known]
        assert known[-1][1] == "green"


@pytest.mark.parametrize("heals", [True, False])
def test_a_history_that_comes_late_is_taken_up(
    tmp_path: Path, postgres: Postgres, *, heals: bool
) -> None:
    """An alarm was told; the daemon restarts while its database is away, and knows from its file who
    stands with what. A service that is well again gets its all-clear at once, and with how long it
    lasted; one that is not is told of no second time, whenever the database comes.
    """
    store = postgres.make()
    with CountingServer() as server, fickle() as receiver:
        config = watched(server, receiver, store)
        with running(tmp_path, config) as daemon:
            daemon.event("transition", service="expo", to="green")
            server.answers["/expo"] = Answer(status=500)
            until(lambda: kinds(receiver) == ["alarm"], "no alarm")
            until(lambda: transitions(postgres, store)[-1][1] == "red", "nothing is kept")
            assert daemon.stop() == 0
        if heals:
            server.answers["/expo"] = Answer()
        postgres.stop()
        try:
            daemon_ = running(tmp_path, config)
            daemon = daemon_.__enter__()
            daemon.event("not_restored")
            assert daemon.event("alarms_recalled")["number"] == 1
            daemon.event("transition", service="expo", to="green" if heals else "red")
            if heals:
                until(lambda: "recovery" in kinds(receiver), "no all-clear without the database")
        finally:
            postgres.start()
        try:
            daemon.event("restored")
            if heals:
                [_, told] = receiver.taken("here")
                assert "It lasted" in told["message"]["en"]
            else:
                server.answers["/expo"] = Answer()
                until(lambda: "recovery" in kinds(receiver), "no all-clear")
            assert daemon.stop() == 0
        finally:
            daemon_.__exit__(None, None, None)
        with running(tmp_path, config) as daemon:
            daemon.event("restored")
            assert daemon.stop() == 0
        assert kinds(receiver) == ["alarm", "recovery"]
