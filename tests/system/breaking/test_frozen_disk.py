"""A disk that freezes under the database: alarms go, readers are answered, nobody waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.breaking import kept
from tests.support.breaking.fickle import Fickle, fickle
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, running, until
from tests.support.servers.freezing import Freezing, freezing_disk, why_not
from tests.system.breaking.test_hanging_database import answers, kinds, watched

pytestmark = pytest.mark.system


@pytest.fixture
def disk() -> Iterator[Freezing]:
    if why := why_not():
        pytest.skip(why)
    with freezing_disk() as found:
        yield found


def colour(daemon: Running) -> str:
    """What status.json says over HTTP."""
    [environment] = json.loads(daemon.get("/status.json"))["environments"]
    status: str = environment["services"][0]["status"]
    return status


def config_of(server: CountingServer, receiver: Fickle) -> dict[str, Any]:
    config = watched(server, receiver, "sqlite")
    del config["store"]
    return config


def test_a_disk_that_freezes_keeps_nobody_waiting(tmp_path: Path, disk: Freezing) -> None:
    """The alarm and the all-clear go, status.json over HTTP says what is, the history is away, pages
    say so, a reload is done and SIGTERM stops it in order. Once the disk answers, nothing is missing.
    """
    with CountingServer() as server, fickle() as receiver:
        where = ("--data-dir", str(disk.path))
        config = config_of(server, receiver)
        with running(tmp_path, config, *where) as daemon:
            daemon.event("transition", service="expo", to="green")
            until(lambda: kept.transitions(disk.path), "nothing is kept")
            with disk.frozen():
                server.answers["/expo"] = Answer(status=500)
                until(lambda: kinds(receiver) == ["alarm"], "no alarm")
                until(lambda: colour(daemon) == "red", "status.json over HTTP waits for the disk")
                daemon.event("history_away")
                assert answers(daemon, "/feed.atom") in (200, 503)
                assert answers(daemon, "/api/v1/history?service=ext5/expo") == 503
                assert answers(daemon, "/s/ext5/expo") == 200
                assert answers(daemon, "/-/reload", "POST") == 200
                server.answers["/expo"] = Answer()
                until(lambda: kinds(receiver) == ["alarm", "recovery"], "no all-clear")
            daemon.event("history_back")
            until(lambda: not kept.unsettled(disk.path), "not settled")
            assert daemon.stop() == 0
        known = [row["id"] for row in kept.transitions(disk.path)]
        assert known == [event["id"] for event in daemon.events("transition")]
        kept.sound(disk.path)


def test_a_stop_does_not_wait_for_a_frozen_disk(tmp_path: Path, disk: Freezing) -> None:
    """It says that it has stopped, or was cut short, while it is frozen; the process itself is the
    kernel's until its last write has come to its end.
    """
    with CountingServer() as server, fickle() as receiver:
        where = ("--data-dir", str(disk.path))
        config = config_of(server, receiver)
        with running(tmp_path, config, *where) as daemon:
            daemon.event("transition", service="expo", to="green")
            until(lambda: kept.transitions(disk.path), "nothing is kept")
            with disk.frozen():
                server.answers["/expo"] = Answer(status=500)
                until(lambda: kinds(receiver) == ["alarm"], "no alarm")
                daemon.send(15)
                until(
                    lambda: daemon.events("stopped") or daemon.events("stop_cut_short"),
                    lambda: daemon.log,
                )
            assert daemon.ended() == 0


def test_a_start_on_a_frozen_disk_is_a_start(tmp_path: Path, disk: Freezing) -> None:
    """It watches, publishes and tells; what was kept before is taken up once the disk answers."""
    with CountingServer() as server, fickle() as receiver:
        where = ("--data-dir", str(disk.path))
        config = config_of(server, receiver)
        with running(tmp_path, config, *where) as daemon:
            daemon.event("transition", service="expo", to="green")
            assert daemon.stop() == 0
        server.answers["/expo"] = Answer(status=500)
        with running(tmp_path, config, *where, started=False) as daemon:
            with disk.frozen():
                daemon.event("started")
                until(lambda: colour(daemon) == "red", lambda: daemon.log)
                until(lambda: kinds(receiver) == ["alarm"], lambda: daemon.log)
            until(lambda: daemon.events("restored"), lambda: daemon.log)
            server.answers["/expo"] = Answer()
            until(lambda: kinds(receiver) == ["alarm", "recovery"], "no all-clear")
            assert daemon.stop() == 0
