"""Checks come and go with a list that somebody else keeps, and the rest notices nothing."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer, Visit
from tests.support.daemon.reloading import hang_up, rename_into
from tests.support.daemon.running import (
    Running,
    estate,
    http_check,
    run_for,
    running,
    service,
    until,
)

pytestmark = pytest.mark.system

FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "20s"}
SOURCE = 'discovery="pods"'


def group(*targets: str, **labels: str) -> dict[str, Any]:
    return {"targets": list(targets), "labels": labels}


def paths(server: CountingServer, *names: str) -> str:
    """A document with one target, this server, for each path."""
    target = server.url("/").removeprefix("http://").rstrip("/")
    return json.dumps([group(target, path=name) for name in names])


def config(server: CountingServer, **source: Any) -> dict[str, Any]:
    return estate(
        service("expo", http_check("api", server.url("/api"))),
        defaults=FAST,
        discovery=[
            {
                "name": "pods",
                "environment": "ext5",
                "service": "pods",
                "template": {"name": "{path}", "kind": "http", "url": "http://{target}/{path}"},
                **source,
            }
        ],
    )


def checks(daemon: Running) -> set[str]:
    [environment] = daemon.status()["environments"]
    return {
        f"{one['name']}/{check['name']}"
        for one in environment["services"]
        for check in one["checks"]
    }


def wait_for(daemon: Running, *names: str) -> None:
    """Until these are the discovered checks, and no others."""
    wanted = {"expo/api", *(f"pods/{name}" for name in names)}
    until(lambda: checks(daemon) == wanted, lambda: f"{wanted}: {checks(daemon)}\n{daemon.log}")


def green(daemon: Running, name: str) -> None:
    until(lambda: daemon.check(name)["status"] == "green", f"{name} green")


def figure(daemon: Running, name: str) -> float:
    body = daemon.get("/metrics").decode()
    [line] = [line for line in body.splitlines() if line.startswith(f"{name}{{{SOURCE}}} ")]
    return float(line.rpartition(" ")[2])


def test_a_file_of_targets_is_watched(tmp_path: Path) -> None:
    """A target is added and one is taken away: the one that stays keeps its status and since, of
    the one that has gone nothing is left.
    """
    with CountingServer() as server:
        server.answers["/stays"] = Answer(status=503)
        file = tmp_path / "targets.json"
        file.write_text(paths(server, "stays", "goes"))
        with running(tmp_path, config(server, file="targets.json")) as daemon:
            until(lambda: daemon.check("pods/stays")["status"] == "red", "stays red")
            green(daemon, "pods/goes")
            since = daemon.check("pods/stays")["since"]
            rename_into(file, paths(server, "comes", "stays"))
            wait_for(daemon, "comes", "stays")
            green(daemon, "pods/comes")
            stays = daemon.check("pods/stays")
            assert (stays["status"], stays["since"]) == ("red", since)
            assert 'check="goes"' not in daemon.get("/metrics").decode()
            assert figure(daemon, "driftvakt_discovery_checks") == 2
            assert figure(daemon, "driftvakt_discovery_successful") == 1
            seen = len(server.arrivals("/goes"))
            run_for(0.8)
            assert len(server.arrivals("/goes")) == seen, "it is probed no more"


def test_a_new_file_of_a_pattern_is_noticed(tmp_path: Path) -> None:
    """The folder is watched, not only the files that were there."""
    with CountingServer() as server:
        folder = tmp_path / "targets"
        folder.mkdir()
        with running(tmp_path, config(server, file="targets/*.json")) as daemon:
            green(daemon, "expo/api")
            rename_into(folder / "one.json", paths(server, "one"))
            wait_for(daemon, "one")
            rename_into(folder / "two.json", paths(server, "two"))
            wait_for(daemon, "one", "two")
            (folder / "one.json").unlink()
            wait_for(daemon, "two")


def test_a_bad_document_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """The checks go on; log and metric tell, until it is mended."""
    with CountingServer() as server:
        file = tmp_path / "targets.json"
        file.write_text(paths(server, "one"))
        with running(tmp_path, config(server, file="targets.json")) as daemon:
            green(daemon, "pods/one")
            rename_into(file, '[{"targets": ["evil.example.se/?"], "labels": {"path": "x"}}]')
            said = daemon.event("discovery_failed", source="pods")
            assert "'evil.example.se/?' is not a host" in said["error"]
            assert figure(daemon, "driftvakt_discovery_successful") == 0
            before = len(server.arrivals("/one"))
            until(lambda: len(server.arrivals("/one")) > before, "one is probed still")
            assert checks(daemon) == {"expo/api", "pods/one"}
            rename_into(file, paths(server, "one", "two"))
            wait_for(daemon, "one", "two")
            daemon.event("discovery_recovered", source="pods")
            assert figure(daemon, "driftvakt_discovery_successful") == 1


def test_an_address_is_asked_again_and_again(tmp_path: Path) -> None:
    """With who asks and how often; what comes back is taken over; an outage of it changes nothing,
    and neither does nonsense.
    """
    with CountingServer() as targets, CountingServer() as listed:
        listed.answers["/sd"] = Answer(body=paths(targets, "one").encode())
        source = {"url": listed.url("/sd?token=hemlighet-77"), "refresh": "1s"}
        with running(tmp_path, config(targets, **source)) as daemon:
            wait_for(daemon, "one")
            green(daemon, "pods/one")
            success = figure(daemon, "driftvakt_discovery_last_success_timestamp_seconds")
            until(
                lambda: (
                    figure(daemon, "driftvakt_discovery_last_success_timestamp_seconds") > success
                ),
                "another success",
            )
            [head, *_] = [visit.head.decode() for visit in listed.visits]
            assert "X-Prometheus-Refresh-Interval-Seconds: 1" in head
            assert "User-Agent: driftvakt/" in head
            assert len(daemon.events("reloaded")) == 1, "the same document is no news"
            listed.answers["/sd"] = Answer(body=b"{}")
            daemon.event("discovery_failed", source="pods", error="not a list of groups")
            listed.answers["/sd"] = Answer(body=paths(targets, "one", "two").encode())
            wait_for(daemon, "one", "two")
            daemon.event("discovery_recovered", source="pods")
            listed.answers["/sd"] = Answer(status=500)
            daemon.event("discovery_failed", source="pods", error="its address answers HTTP 500")
            assert checks(daemon) == {"expo/api", "pods/one", "pods/two"}
            assert "hemlighet" not in daemon.log


def test_a_restart_needs_no_answer(tmp_path: Path) -> None:
    """What was last found is there at once, with the status that it had."""
    with CountingServer() as targets:
        targets.answers["/one"] = Answer(status=503)
        with CountingServer() as listed:
            listed.answers["/sd"] = Answer(body=paths(targets, "one").encode())
            setup = config(targets, url=listed.url("/sd"), refresh="1s")
            with running(tmp_path, setup) as daemon:
                until(lambda: "pods/one" in checks(daemon), "one")
                until(lambda: daemon.check("pods/one")["status"] == "red", "one red")
                assert daemon.stop() == 0
        kept = tmp_path / "data" / "discovery" / "pods.json"
        assert stat.S_ISREG(kept.stat().st_mode)
        with running(tmp_path, setup) as daemon:
            assert daemon.check("pods/one")["status"] == "red"
            assert not daemon.events("transition")


def test_the_same_etag_is_not_sent_again(tmp_path: Path) -> None:
    """``If-None-Match``, and 304 is a success."""

    def answer(visit: Visit) -> Answer:
        if b'If-None-Match: "v1"' in visit.head:
            return Answer(status=304, body=b"")
        return Answer(body=paths(targets, "one").encode(), headers=('ETag: "v1"',))

    with CountingServer() as targets, CountingServer() as listed:
        listed.answers["/sd"] = answer
        with running(tmp_path, config(targets, url=listed.url("/sd"), refresh="1s")) as daemon:
            wait_for(daemon, "one")
            until(lambda: len(listed.visits) >= 3, "three requests")
            assert b"If-None-Match" not in listed.visits[0].head
            assert all(b'If-None-Match: "v1"' in visit.head for visit in listed.visits[1:])
            assert figure(daemon, "driftvakt_discovery_successful") == 1


def test_a_source_that_is_taken_away_is_asked_no_more(tmp_path: Path) -> None:
    """Its checks go, its series too; a token is sent as long as it is there."""
    token = tmp_path / "token"
    token.write_text("hemlighet-99\n")
    with CountingServer() as targets, CountingServer() as listed:
        listed.answers["/sd"] = Answer(body=paths(targets, "one").encode())
        setup = config(targets, url=listed.url("/sd"), refresh="1s", bearer_token_file="token")
        with running(tmp_path, setup) as daemon:
            wait_for(daemon, "one")
            assert b"Authorization: Bearer hemlighet-99" in listed.visits[0].head
            assert "hemlighet" not in daemon.log
            del setup["discovery"]
            assert hang_up(daemon, setup)["event"] == "reloaded"
            wait_for(daemon)
            seen = len(listed.visits)
            run_for(1.5)
            assert len(listed.visits) <= seen + 1, "one may have been on its way"
            assert SOURCE not in daemon.get("/metrics").decode()
