"""A database that is away while services break: nobody waits for it, and nothing is missing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.breaking import kept
from tests.support.breaking.fickle import Fickle, fickle, hook
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, estate, http_check, running, service, until

pytestmark = pytest.mark.system
FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "5s"}
ROUNDS = 2


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Somebody else writes there, and does not end."""
    with closing(sqlite3.connect(data / "driftvakt.db", timeout=10)) as database:
        database.isolation_level = None
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def breaks_and_heals(daemon: Running, server: CountingServer, round_: int) -> None:
    """Once more than before, seen in the log and in status.json."""
    for answer, colour in ((Answer(status=500), "red"), (Answer(), "green")):
        before = len(daemon.events("transition", service="expo", to=colour))
        server.answers["/expo"] = answer
        until(
            lambda: len(daemon.events("transition", service="expo", to=colour)) > before,  # noqa: B023
            f"not {colour} in round {round_}",
        )
        until(lambda: colour in colours(daemon), f"status.json does not say {colour}")  # noqa: B023


def recoveries(receiver: Fickle) -> int:
    return [message["kind"] for message in receiver.taken("here")].count("recovery")


def colours(daemon: Running) -> list[str]:
    [environment] = daemon.status()["environments"]
    return [one["status"] for one in environment["services"]]


def test_a_locked_database_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Another process holds the database for longer than anybody waits for a lock: probes go on,
    status.json and the receiver are told of two disturbances and their ends; afterwards all of it
    is in the history, once, in order.
    """
    with CountingServer() as server, fickle() as receiver:
        checks = http_check("api", server.url("/expo"))
        told = [hook(receiver, "here")]
        config = estate(service("expo", checks), defaults=FAST, notifications=told)
        with running(tmp_path, config) as daemon:
            data = daemon.status_path.parent
            daemon.event("transition", service="expo", to="green")
            until(lambda: kept.transitions(data), "nothing is kept")
            with locked(data):
                daemon.event("history_away")
                visits = len(server.visits)
                for number in range(ROUNDS):
                    breaks_and_heals(daemon, server, number)
                until(
                    lambda: recoveries(receiver) == ROUNDS,
                    lambda: f"not told meanwhile: {receiver.taken('here')}",
                )
                assert len(server.visits) > visits + 2 * ROUNDS
                assert len(kept.transitions(data)) < len(daemon.events("transition"))
                assert json.loads(daemon.get("/status.json"))["environments"]
            daemon.event("history_back")
            until(lambda: not kept.unsettled(data), "not settled")
            assert daemon.stop() == 0
            kept.sound(data)
            kept.delivered(data, receiver.taken("here"))
            known = [row["id"] for row in kept.transitions(data)]
            assert known == [event["id"] for event in daemon.events("transition")]
            taken = [message["id"] for message in receiver.taken("here")]
            assert len(taken) == len(set(taken)), "told twice"
            assert recoveries(receiver) == ROUNDS
