"""A daemon that is started again goes on where it ended, however it ended."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, estate, http_check, running, service, until

pytestmark = pytest.mark.system
FAST = {"interval": "1s", "retry_interval": "200ms", "timeout": "30s"}


def services(daemon: Running) -> dict[str, Any]:
    [environment] = daemon.status()["environments"]
    return {one["name"]: one for one in environment["services"]}


def colours(daemon: Running) -> dict[str, tuple[str, str]]:
    """Of each service, with the instant since when."""
    return {name: (one["status"], one["since"]) for name, one in services(daemon).items()}


def two(server: CountingServer) -> dict[str, Any]:
    server.answers["/breaks"] = Answer(status=500)
    names = ("works", "breaks")
    return estate(
        *(service(name, http_check("api", server.url(f"/{name}"))) for name in names),
        defaults=FAST,
    )


def settled(daemon: Running) -> None:
    daemon.event("transition", service="works", to="green")
    daemon.event("transition", service="breaks", to="red")
    until(lambda: services(daemon)["breaks"]["status"] == "red", "no red in status.json")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_makes_no_transition(tmp_path: Path, number: int) -> None:
    """Green stays green and red red, since the same instants, from the first moment on, and goes
    on so; also when the process had no time to say good-bye.
    """
    with CountingServer() as server:
        config = two(server)
        with running(tmp_path, config) as daemon:
            settled(daemon)
            before = colours(daemon)
            identity = daemon.event("transition", service="breaks", to="red")["id"]
            if number == signal.SIGKILL:
                until(lambda: kept(daemon), "the states were not kept")
                daemon.kill()
            else:
                assert daemon.stop(number) == 0
        visits = len(server.visits)
        with running(tmp_path, config) as daemon:
            assert daemon.event("restored")["checks"] == 2
            assert colours(daemon) == before
            evidence = json.loads(daemon.get(f"/api/v1/evidence/{identity}"))
            assert evidence["id"] == identity
            until(lambda: len(server.visits) > visits + 6, "it does not go on")
            assert colours(daemon) == before
            assert daemon.events("transition") == []


def kept(daemon: Running) -> bool:
    """Nothing waits any more: transitions are kept with the states that they leave behind."""
    return sum(value for _, value in daemon.metrics().all("driftvakt_history_queue_length")) == 0


def test_what_has_changed_meanwhile_is_told(tmp_path: Path) -> None:
    """A service that healed while nobody looked: the all-clear says how long it was broken."""
    with CountingServer() as server:
        config = two(server)
        with running(tmp_path, config) as daemon:
            settled(daemon)
            since = services(daemon)["breaks"]["since"]
            assert daemon.stop() == 0
        server.answers["/breaks"] = Answer()
        with running(tmp_path, config) as daemon:
            healed = daemon.event("transition", service="breaks", to="green")
            assert healed["from"] in ("red", "yellow")
            assert "It lasted" in healed["message"]
            report = json.loads(daemon.get("/api/v1/availability?service=ext5/breaks"))
            assert report["windows"]["24h"]["red_s"] > 0
            until(lambda: since < services(daemon)["breaks"]["since"], "not in status.json")


def test_another_target_begins_anew(tmp_path: Path) -> None:
    """What was seen at one address says nothing of another."""
    with CountingServer() as server:
        with running(tmp_path, two(server)) as daemon:
            settled(daemon)
            assert daemon.stop() == 0
        config = two(server)
        config["environments"][0]["services"][1]["checks"][0]["url"] = server.url("/elsewhere")
        with running(tmp_path, config) as daemon:
            assert daemon.event("restored")["checks"] == 1
            daemon.event("transition", service="breaks", to="green")


def test_a_history_that_cannot_be_had_stops_nothing(tmp_path: Path) -> None:
    """A folder in the database's place: it is told, and everything else goes on."""
    (tmp_path / "data" / "driftvakt.db").mkdir(parents=True)
    with CountingServer() as server, running(tmp_path, two(server)) as daemon:
        settled(daemon)
        assert daemon.event("not_restored")["level"] == "warning"
        assert daemon.metrics().one("driftvakt_history_away") == 1
