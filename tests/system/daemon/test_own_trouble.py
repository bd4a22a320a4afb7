"""Our own trouble is never shown as the target's colour: a saturated process, a broken network,
an expired client certificate."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.blocking_probe import install
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import (
    Running,
    estate,
    http_check,
    run_for,
    running,
    service,
    until,
)
from tests.support.servers.blackhole import closed_port
from tests.support.servers.ca import Authority

pytestmark = pytest.mark.system


class Witness:
    """Reads status.json again and again; remembers each colour."""

    def __init__(self, daemon: Running) -> None:
        self.daemon = daemon
        self.colours: set[str] = set()

    def look(self) -> None:
        for environment in self.daemon.status()["environments"]:
            for one in environment["services"]:
                if one["name"] != "healthy":
                    continue
                self.colours.add(one["status"])
                for check in one["checks"]:
                    self.colours.add(check["status"])

    def recovered(self) -> None:
        """Green again, and never anything but green and unknown."""
        healthy = {"environment": "ext5", "service": "healthy"}
        self.look_until_green()
        self.look()
        assert self.colours <= {"green", "unknown"}
        counted = self.daemon.metrics().all("driftvakt_transitions_total", **healthy)
        assert counted
        blamed = [labels for labels, n in counted if n and labels["to"] in ("yellow", "red")]
        assert blamed == [], self.daemon.log
        logged = self.daemon.events("transition", service="healthy")
        assert {event["to"] for event in logged} <= {"green", "unknown"}
        for event in logged:
            assert event["to"] == "green" or event["cause"] == "monitor", event

    def look_until_green(self) -> None:
        def green() -> bool:
            self.look()
            [one, *_] = self.daemon.status()["environments"][0]["services"]
            return bool(one["status"] == "green")

        until(green, lambda: f"not green again: {self.daemon.log}")


def healthy(server: CountingServer) -> dict[str, Any]:
    """Checks of a target that always answers, and long before its time-out: whatever else the
    machine does, it is not the target that is late.
    """
    server.answers["/slow"] = Answer(delay=0.2)
    return service(
        "healthy",
        http_check("slow", server.url("/slow")),
        http_check("quick", server.url("/quick")),
        http_check("by-name", server.url("/slow", host="localhost")),
        http_check("hasty", server.url("/slow"), timeout="2s"),
        {"name": "port", "kind": "tcp", "host": server.host, "port": server.port},
    )


DEFAULTS = {"interval": "300ms", "retry_interval": "100ms", "timeout": "3s"}


def test_a_stopped_process_blames_nobody(tmp_path: Path) -> None:
    """Frozen for 5 s with probes in flight, their time-outs long past when it wakes up, and then
    frozen for all kinds of shorter times: the healthy target is unknown, and green again.
    """
    with CountingServer() as server:
        with running(tmp_path, estate(healthy(server), defaults=DEFAULTS)) as daemon:
            daemon.event("transition", service="healthy", to="green")
            witness = Witness(daemon)
            for stall in (5.0, 0.35, 0.2, 0.6, 2.5):
                daemon.send(signal.SIGSTOP)
                time.sleep(stall)  # the stall itself
                daemon.send(signal.SIGCONT)
                run_for(0.4, witness.look)
            witness.recovered()
            unknown = daemon.event("transition", service="healthy", to="unknown")
            assert unknown["cause"] == "monitor"


def test_a_blocked_loop_blames_nobody(tmp_path: Path) -> None:
    """A plug-in's probe that computes for longer than the others' time-outs: what it spoils is
    unknown, with its cause, and the monitor says that it is overloaded.
    """
    with blocked(tmp_path, block_for="3500ms", interval="5s") as (daemon, load):
        daemon.event("transition", service="healthy", to="green")
        witness = Witness(daemon)
        daemon.event("transition", service="healthy", to="unknown", cause="monitor")
        daemon.event("overloaded")
        load.unlink()
        witness.recovered()


def test_a_loop_that_is_blocked_for_moments_blames_nobody(tmp_path: Path) -> None:
    """Enough to eat the shortest time-out up, and no other."""
    with blocked(tmp_path, block_for="1900ms", interval="4s") as (daemon, load):
        witness = Witness(daemon)
        daemon.event("transition", service="healthy", to="unknown", cause="monitor")
        load.unlink()
        witness.recovered()


@contextmanager
def blocked(folder: Path, *, block_for: str, interval: str) -> Iterator[tuple[Running, Path]]:
    """A daemon whose loop is blocked again and again, for as long as the file is there. A busy
    monitor renders seldom: while it lasts, what status.json shows may be the same moment of each round.
    """
    load = folder / "load"
    load.touch()
    blocking = {
        "name": "cpu",
        "kind": "blocking",
        "block_for": block_for,
        "while_exists": str(load),
        "interval": interval,
    }
    with CountingServer() as server:
        config = estate(healthy(server), service("busy", blocking), defaults=DEFAULTS)
        with running(folder, config, environ=install(folder / "plugin")) as daemon:
            yield daemon, load


@contextmanager
def starved(pid: int) -> Iterator[None]:
    """The process gets one core, shared with hogs that come before it."""
    core = min(os.sched_getaffinity(0))
    hog = f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    with ExitStack() as stack:
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), {core})
                os.sched_setscheduler(int(task.name), os.SCHED_IDLE, os.sched_param(0))
        for _ in range(4):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", hog]))
            stack.callback(process.kill)
        yield


def test_a_starved_process_blames_nobody(tmp_path: Path) -> None:
    """Four busy neighbours on its only core, all of them served first."""
    with CountingServer() as server:
        with running(tmp_path, estate(healthy(server), defaults=DEFAULTS)) as daemon:
            daemon.event("transition", service="healthy", to="green")
            witness = Witness(daemon)
            with starved(daemon.pid):
                run_for(4.0, witness.look)
            witness.recovered()


def reasons(daemon: Running, **labels: str) -> list[tuple[dict[str, str], float]]:
    """What the metrics have as reasons, at this moment."""
    return daemon.metrics().all("driftvakt_check_reason", **labels)


def test_a_canary_that_is_down_too_clears_the_target(tmp_path: Path) -> None:
    """Everything fails, the canary with it: it is us. The same with a canary that is up, or with
    none: it is the target.
    """
    with ExitStack() as stack:
        up = stack.enter_context(CountingServer())
        _, closed = stack.enter_context(closed_port())
        _, down = stack.enter_context(closed_port())
        tcp = {"kind": "tcp", "host": "127.0.0.1"}
        checks = [{"name": f"p{n}", **tcp, "port": down} for n in range(2)]
        cases: dict[str, list[dict[str, Any]]] = {
            "ours": [{**tcp, "port": closed}],
            "theirs": [{**tcp, "port": closed}, {**tcp, "port": up.port}],
            "none": [],
        }
        daemons: dict[str, Running] = {}
        for name, canary in cases.items():
            config = estate(service("expo", *checks), defaults=DEFAULTS)
            if canary:
                config["canary"] = canary
            started = running(tmp_path / name, config, started=False)
            daemons[name] = stack.enter_context(started)
        for name in ("theirs", "none"):
            red = daemons[name].event("transition", service="expo", to="red")
            assert (red["reason"], red["cause"]) == ("connect_refused", "target")
            assert daemons[name].check("expo/p0")["cause"] == "target"
        ours = daemons["ours"]
        until(lambda: reasons(ours, check="p0", cause="monitor"), "the cause is told")
        shown = {name: one.metrics().one("driftvakt_canary_down") for name, one in daemons.items()}
        assert shown == {"ours": 1, "theirs": 0, "none": 0}
        assert sum(n for _, n in ours.metrics().all("driftvakt_probe_failures_total")) == 0
        assert ours.stop() == 0
        assert ours.events("transition") == [], "unknown before, and unknown now"
        seen = ours.check("expo/p0")
        assert (seen["status"], seen["cause"]) == ("unknown", "monitor")


def test_our_expired_client_certificate_is_ours(tmp_path: Path, authority: Authority) -> None:
    """Unknown with its reason, for as long as it lasts; the target is not even connected to."""
    with CountingServer() as server:
        pair = authority.expired_client
        files = {"cert_file": str(pair.cert_file), "key_file": str(pair.key_file)}
        url = f"https://127.0.0.1:{server.port}/"
        config = estate(service("expo", http_check("api", url, tls=files)), defaults=DEFAULTS)
        with running(tmp_path, config) as daemon:
            until(lambda: reasons(daemon, reason="tls_client_expired"), "the reason is told")
            run_for(0.5)
            assert daemon.stop() == 0
            seen = daemon.check("expo/api")
            assert (seen["status"], seen["reason"]) == ("unknown", "tls_client_expired")
            assert seen["cause"] == "monitor"
            assert "certif" in json.dumps(seen["message"])
            assert daemon.events("transition") == []
            assert server.visits == []
