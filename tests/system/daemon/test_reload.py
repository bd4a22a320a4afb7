"""The configuration is read anew while the daemon runs: all of it, or nothing."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.reloading import hang_up, outcomes, reload, reloaded, rename_into
from tests.support.daemon.running import (
    Running,
    estate,
    http_check,
    run_for,
    running,
    service,
    until,
    write_config,
)

pytestmark = pytest.mark.system

FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "20s"}
SLOW = {"interval": "30s", "retry_interval": "10s", "timeout": "2s"}


def config(server: CountingServer, *names: str, defaults: Any = FAST, **more: Any) -> Any:
    """One service, ``expo``, with checks that ask for ``/NAME``."""
    checks = [http_check(name, server.url(f"/{name}")) for name in names]
    return estate(service("expo", *checks), defaults=defaults, **more)


def colour(daemon: Running, name: str) -> str:
    """Empty while the file does not have it yet."""
    try:
        status: str = daemon.check(f"expo/{name}")["status"]
    except StopIteration:
        return ""
    return status


def wait_for(daemon: Running, name: str, status: str) -> None:
    until(lambda: colour(daemon, name) == status, f"{name} {status}")


def test_what_is_the_same_goes_on_and_the_rest_comes_and_goes(tmp_path: Path) -> None:
    """A check is added, one is removed, one asks elsewhere, one stays: that one keeps its state,
    its ``since`` and its counters; of the removed one nothing is left in metrics and status file.
    """
    with CountingServer() as server:
        server.answers["/stays"] = Answer(status=503)
        before = config(server, "stays", "moves", "goes")
        with running(tmp_path, before) as daemon:
            for name, status in (("stays", "red"), ("moves", "green"), ("goes", "green")):
                wait_for(daemon, name, status)
            since = daemon.check("expo/stays")["since"]
            told = len(daemon.events("transition"))
            after = config(server, "stays", "moves", "comes")
            after["environments"][0]["services"][0]["checks"][1]["url"] = server.url("/moved")
            said = reloaded(daemon, after)
            assert said["added"] == ["ext5/expo/comes"]
            assert said["removed"] == ["ext5/expo/goes"]
            assert said["restarted"] == ["ext5/expo/moves"]
            assert said["checks"]["kept"] == 1
            body = daemon.get("/metrics").decode()
            assert 'check="goes"' not in body
            assert b'"goes"' not in daemon.get("/status.json")
            assert daemon.metrics().one("driftvakt_config_last_reload_successful") == 1
            stays = daemon.check("expo/stays")
            assert (stays["status"], stays["since"]) == ("red", since)
            wait_for(daemon, "comes", "green")
            wait_for(daemon, "moves", "green")
            seen = len(server.arrivals("/goes"))
            run_for(1.0)
            assert len(server.arrivals("/goes")) == seen, "the removed one is not probed"
            assert server.arrivals("/moved"), "the changed one is probed where it is now"
            assert len(daemon.events("transition")) == told, "yellow as before: nothing to tell"


def test_a_red_check_that_is_taken_away_is_told_as_what_it_is(tmp_path: Path) -> None:
    """The service becomes green by the configuration alone: the transition says so."""
    with CountingServer() as server:
        server.answers["/bad"] = Answer(status=503)
        with running(tmp_path, config(server, "bad", "good")) as daemon:
            wait_for(daemon, "bad", "red")
            reloaded(daemon, config(server, "good"))
            told = daemon.event("transition", service="expo", to="green", reconfigured=True)
            assert told["from"] == "red"
            assert told["message"].endswith(
                "The change is only due to new settings of the monitor."
            )


def test_other_thresholds_keep_the_state(tmp_path: Path) -> None:
    """Yellow after one failure, red after a hundred: with ``red_after: 3`` the same run of failures
    is red at the next observation, since its beginning.
    """
    with CountingServer() as server:
        server.answers["/bad"] = Answer(status=503)
        patient = {**FAST, "red_after": 100, "window": {"size": 200, "red": 1.0}}
        with running(tmp_path, config(server, "bad", defaults=patient)) as daemon:
            until(lambda: daemon.check("expo/bad")["why"]["consecutive"] > 4, "five failures")
            since = daemon.check("expo/bad")["since"]
            assert colour(daemon, "bad") == "yellow"
            said = reloaded(daemon, config(server, "bad", defaults={**patient, "red_after": 3}))
            assert said["judged_anew"] == ["ext5/expo/bad"]
            wait_for(daemon, "bad", "red")
            assert daemon.check("expo/bad")["since"] == since


def test_a_bad_file_changes_nothing_and_is_told(tmp_path: Path) -> None:
    """400 with every fault; the metric, the log, the status file and the page say so, until the
    file is good again. Probing goes on meanwhile, and no secret is told.
    """
    with CountingServer() as server:
        good = config(server, "a")
        with running(tmp_path, good, environ={"TOKEN": "hemligt-ord"}) as daemon:
            wait_for(daemon, "a", "green")
            bad = config(server, "a", languag="sv", nonsense="${TOKEN}")
            status, text = reload(daemon, bad)
            assert status == 400
            assert "languag" in text
            assert "nonsense" in text
            assert "hemligt-ord" not in text
            assert daemon.metrics().one("driftvakt_config_last_reload_successful") == 0
            faults = daemon.events("configuration_fault")
            assert len(faults) == 2
            page = daemon.get("/?lang=en").decode()
            assert "driftvakt.yaml:" in page
            until(lambda: "configuration_error" in daemon.status(), "the fault in status.json")
            seen = len(server.arrivals("/a"))
            until(lambda: len(server.arrivals("/a")) > seen + 2, "probing goes on")
            reloaded(daemon, good)
            assert daemon.metrics().one("driftvakt_config_last_reload_successful") == 1
            until(lambda: "configuration_error" not in daemon.status(), "no fault any more")
            assert "driftvakt.yaml:" not in daemon.get("/?lang=en").decode()
            assert "hemligt-ord" not in daemon.log


def test_sighup_reloads(tmp_path: Path) -> None:
    """A signal is enough; a bad file is survived, and the next good one taken."""
    with CountingServer() as server, running(tmp_path, config(server, "a")) as daemon:
        assert hang_up(daemon, config(server, "a", "b"))["added"] == 1
        assert hang_up(daemon, "nonsense")["event"] == "reload_failed"
        assert hang_up(daemon, config(server, "b"))["removed"] == 1
        assert daemon.stop() == 0


def test_a_file_that_is_written_in_place_or_replaced_is_noticed(tmp_path: Path) -> None:
    """Nobody has to ask: in place, and by rename as editors do it."""
    with CountingServer() as server, running(tmp_path, config(server, "a")) as daemon:
        write_config(tmp_path, config(server, "a", "b"))
        until(lambda: len(outcomes(daemon)) == 1, "the change in place")
        rename_into(tmp_path / "driftvakt.yaml", json.dumps(config(server, "a", "b", "c")))
        until(lambda: len(outcomes(daemon)) == 2, "the rename")
        assert [one["added"] for one in outcomes(daemon)] == [1, 1]
        run_for(1.5)
        assert len(outcomes(daemon)) == 2, "each change is read once"


def test_a_configmap_that_is_swapped_is_noticed(tmp_path: Path) -> None:
    """Kubernetes: the file is a link into ``..data``, which is a link that is replaced whole."""
    folder = tmp_path / "config"
    with CountingServer() as server:
        for version, names in (("..1", ("a",)), ("..2", ("a", "b"))):
            write_config(folder / version, config(server, *names))
        (folder / "..data").symlink_to("..1")
        (folder / "driftvakt.yaml").symlink_to("..data/driftvakt.yaml")
        with running(tmp_path, config(server, "a"), "--config", str(folder)) as daemon:
            (folder / "..data_tmp").symlink_to("..2")
            (folder / "..data_tmp").rename(folder / "..data")
            until(lambda: outcomes(daemon), "the swap")
            assert [one["added"] for one in outcomes(daemon)] == [1]


def test_a_file_that_is_added_to_the_folder_is_noticed(tmp_path: Path) -> None:
    """A folder of files: a new one is part of the configuration."""
    folder = tmp_path / "config"
    with CountingServer() as server:
        write_config(folder, config(server, "a"))
        other = {
            "environments": [
                {"name": "ext6", "services": [service("s", http_check("x", server.url("/x")))]}
            ]
        }
        with running(tmp_path, config(server, "a"), "--config", str(folder)) as daemon:
            (folder / "more.yaml").write_text(json.dumps(other), "utf-8")
            until(lambda: server.arrivals("/x"), "the new file's check at the server")
            (folder / "more.yaml").unlink()
            until(lambda: len(outcomes(daemon)) == 2, "its end")
            assert outcomes(daemon)[1]["removed"] == 1


def authorizations(server: CountingServer) -> list[bytes]:
    return [
        line.partition(b": ")[2]
        for visit in list(server.visits)
        for line in visit.head.split(b"\r\n")
        if line.lower().startswith(b"authorization:")
    ]


def test_a_secret_is_read_again_though_the_configuration_is_the_same(tmp_path: Path) -> None:
    """A new token in the file: the next probe brings it, the state is kept, and the log masks the
    old one and the new one.
    """
    token = tmp_path / "token"
    token.write_text("forsta-hemligheten\n")
    with CountingServer() as server:
        one = http_check("a", server.url("/a"), bearer_token_file=str(token))
        same = estate(service("expo", one), defaults=FAST)
        with running(tmp_path, same, level="debug") as daemon:
            wait_for(daemon, "a", "green")
            token.write_text("andra-hemligheten\n")
            assert reloaded(daemon)["checks"]["kept"] == 1
            known = len(server.visits)
            until(lambda: len(server.visits) > known + 1, "two more probes")
            assert authorizations(server)[-1] == b"Bearer andra-hemligheten"
            assert b"Bearer forsta-hemligheten" in authorizations(server)
            assert colour(daemon, "a") == "green"
            # a target that says back what it was told
            for path in ("forsta-hemligheten", "andra-hemligheten"):
                assert path not in daemon.log


def test_a_secret_that_is_replaced_is_noticed(tmp_path: Path) -> None:
    """The files that the configuration names are watched too."""
    token = tmp_path / "elsewhere" / "token"
    token.parent.mkdir()
    token.write_text("forsta-hemligheten\n")
    with CountingServer() as server:
        one = http_check("a", server.url("/a"), bearer_token_file=str(token))
        with running(tmp_path, estate(service("expo", one), defaults=FAST)) as daemon:
            wait_for(daemon, "a", "green")
            rename_into(token, "andra-hemligheten\n")
            until(lambda: outcomes(daemon), "the new token")
            until(
                lambda: authorizations(server)[-1] == b"Bearer andra-hemligheten",
                "the new token at the server",
            )


def test_the_word_of_the_web_server_is_changed(tmp_path: Path) -> None:
    """The password file's new content opens the pages, the old one does not any more; a password
    that cannot be read refuses the reload.
    """
    password = tmp_path / "password"
    password.write_text("ett")
    with CountingServer() as server:
        web = {"basic_auth": {"username": "anna", "password_file": str(password)}}
        with running(tmp_path, config(server, "a", web=web)) as daemon:
            old = {"Authorization": "Basic YW5uYTpldHQ="}
            new = {"Authorization": "Basic YW5uYTp0dsOl"}
            assert reload(daemon)[0] == 401
            assert reload(daemon, **new)[0] == 401
            password.write_text("två")
            assert reload(daemon, **old)[0] == 200
            assert reload(daemon, **old)[0] == 401
            password.unlink()
            status, text = reload(daemon, **new)
            assert status == 400
            assert "cannot read" in text
            assert reload(daemon, **new)[0] == 400, "what was, is"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://ond.example.se"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"X-Forwarded-For": "192.0.2.7"},
    ],
    ids=["origin", "null", "fetch", "proxy"],
)
def test_a_foreign_page_reloads_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    """403 for what a browser sends for somebody else's page, and for what a proxy passes on."""
    with CountingServer() as server, running(tmp_path, config(server, "a")) as daemon:
        assert reload(daemon, **headers)[0] == 403
        assert not outcomes(daemon)
        assert reload(daemon, Origin=daemon.url)[0] == 200


def test_a_page_that_took_our_address_reloads_nothing(tmp_path: Path) -> None:
    """421: a name that leads here for a moment is none of ours (DNS rebinding)."""
    with CountingServer() as server, running(tmp_path, config(server, "a")) as daemon:
        headers = {"Origin": "http://ond.example.se:9815", "Host": "ond.example.se:9815"}
        assert reload(daemon, **headers)[0] == 421
        assert not outcomes(daemon)


def test_get_is_not_the_way(tmp_path: Path) -> None:
    """405, and nothing is read."""
    with CountingServer() as server, running(tmp_path, config(server, "a")) as daemon:
        with pytest.raises(Exception, match="405"):
            daemon.get("/-/reload")
        assert not outcomes(daemon)


def test_what_cannot_change_is_said(tmp_path: Path) -> None:
    """``listen`` and ``data_dir`` need a restart, and say so each time; the rest takes effect."""
    with CountingServer() as server:
        arguments = ("--listen", "127.0.0.1:0")
        with running(tmp_path, config(server, "a"), *arguments) as daemon:
            said = reloaded(daemon, config(server, "a", "b", retention={"observations": "3d"}))
            assert said["needs_restart"] == ["retention"]
            assert said["added"] == ["ext5/expo/b"]
            assert reloaded(daemon)["needs_restart"] == ["retention"]


def test_who_we_are_changes(tmp_path: Path) -> None:
    """``user_agent`` and ``language`` take effect, and no check begins anew for it."""
    with CountingServer() as server:
        with running(tmp_path, config(server, "a")) as daemon:
            wait_for(daemon, "a", "green")
            said = reloaded(daemon, {**config(server, "a"), "user_agent": "ny", "language": "sv"})
            assert said["checks"]["kept"] == 1
            known = len(server.visits)
            until(
                lambda: [one for one in server.visits[known:] if b"User-Agent: ny\r\n" in one.head],
                "a probe by the new name",
            )
            assert b'<html lang="sv">' in daemon.get("/")


def test_reloads_that_are_asked_for_together_are_few(tmp_path: Path) -> None:
    """Twenty changes and signals in a row: fewer reloads, and the last of them after the last."""
    with CountingServer() as server, running(tmp_path, config(server, "a")) as daemon:
        for number in range(20):
            changed = json.dumps(config(server, "a", f"b{number}"))
            rename_into(tmp_path / "driftvakt.yaml", changed)
            daemon.send(signal.SIGHUP)
        until(lambda: server.arrivals("/b19"), "the last configuration's check")
        run_for(1.5)
        assert 1 <= len(outcomes(daemon)) < 20
        assert b'"b19"' in daemon.get("/status.json")
        assert b'"b18"' not in daemon.get("/status.json")


def test_a_stop_does_not_wait_for_a_reload(tmp_path: Path) -> None:
    """A large configuration is being read when the signal comes: the process ends in time, and who
    has asked for the reload gets an answer.
    """
    with CountingServer() as server, running(tmp_path, config(server, "a")) as daemon:
        wait_for(daemon, "a", "green")
        names = [f"n{number}" for number in range(6000)]
        write_config(tmp_path, config(server, *names, defaults=SLOW))
        daemon.send(signal.SIGHUP)
        daemon.event("reloading")
        assert daemon.stop() == 0
        assert not outcomes(daemon)


def test_a_signal_before_the_start_is_not_lost(tmp_path: Path) -> None:
    """SIGHUP ends no process that is just starting."""
    with CountingServer() as server:
        with running(tmp_path, config(server, "a"), started=False, executed=True) as daemon:
            assert daemon.url
            for _ in range(3):
                daemon.send(signal.SIGHUP)
            until(lambda: outcomes(daemon), "a reload")
            assert daemon.stop() == 0
