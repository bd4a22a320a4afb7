"""Stopping: by signals, by ``--for``, with probes in flight; and what systemd is told."""

from __future__ import annotations

import os
import signal
import socket
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.servers.blackhole import blackhole
from tests.system.daemon.counting import Answer, CountingServer
from tests.system.daemon.running import (
    START,
    STOP,
    Running,
    estate,
    http_check,
    running,
    service,
    until,
)

pytestmark = pytest.mark.system


def hanging(server: CountingServer, port: int) -> dict[str, Any]:
    """Probes that are never answered, and connections that are never made."""
    server.answers["/hangs"] = Answer(delay=60.0)
    checks = [http_check(f"h{n}", server.url("/hangs")) for n in range(4)]
    nowhere = {"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": port}
    defaults = {"interval": "200ms", "retry_interval": "200ms", "timeout": "40s"}
    return estate(service("expo", *checks, nowhere), defaults=defaults)


def nothing_is_left(daemon: Running) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(daemon.pid, 0)
    assert {path.name for path in (daemon.folder / "data").iterdir()} == {"status.json"}
    assert "Traceback" not in daemon.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_probes_hanging_in_flight(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Within 5 s, exit code 0, nothing left running, and the cancelled probes blame nobody."""
    with CountingServer() as server, blackhole() as (_, port):
        with running(tmp_path, hanging(server, port)) as daemon:
            until(lambda: len(server.visits) == 4, "four probes in flight")
            begun = time.monotonic()
            assert daemon.stop(number) == 0
            assert time.monotonic() - begun < STOP
            assert daemon.events("transition") == []
            assert [event["number"] for event in daemon.events("probes_cancelled")] == [5]
            assert daemon.status()["status"] == "unknown"
            nothing_is_left(daemon)


def test_further_signals_do_no_harm(tmp_path: Path) -> None:
    """An impatient second and third signal, while it drains: the same orderly end, exit code 0."""
    with CountingServer() as server, blackhole() as (_, port):
        with running(tmp_path, hanging(server, port)) as daemon:
            until(lambda: len(server.visits) == 4, "four probes in flight")
            daemon.send(signal.SIGTERM)
            for number in (signal.SIGTERM, signal.SIGINT):
                time.sleep(0.3)  # well inside the time that it drains
                daemon.send(number)
            assert daemon.ended() == 0
            assert daemon.events("stopped")
            nothing_is_left(daemon)


def test_for_ends_it_by_itself(tmp_path: Path) -> None:
    """``--for 2s`` measures for two seconds, writes its last status and exits with 0."""
    with CountingServer() as server:
        config = estate(
            service("expo", http_check("api", server.url())), defaults={"interval": "500ms"}
        )
        with running(tmp_path, config, "--for", "2s") as daemon:
            begun = time.monotonic()
            assert daemon.ended() == 0
            assert 1.5 < time.monotonic() - begun < 2.0 + STOP
            assert daemon.status()["status"] == "green"
            nothing_is_left(daemon)
        assert len(server.visits) >= 3


def test_systemd_is_told(tmp_path: Path) -> None:
    """READY=1 once it serves, WATCHDOG=1 as often as the watchdog needs it, STOPPING=1."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, CountingServer() as server:
        address = tmp_path / "notify"
        told.bind(str(address))
        told.settimeout(START)
        environ = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "800000"}
        config = estate(service("expo", http_check("api", server.url())))
        with running(tmp_path, config, environ=environ, started=False) as daemon:
            first = told.recv(4096).decode()
            assert first.startswith("READY=1\nSTATUS=watching 1 check")
            assert daemon.get("/-/ready")
            alive: list[float] = []
            while len(alive) < 4:
                if told.recv(4096) == b"WATCHDOG=1":
                    alive.append(time.monotonic())
            assert max(later - sooner for sooner, later in pairwise(alive)) < 0.8
            assert daemon.stop() == 0
        told.setblocking(False)
        rest = [told.recv(4096)]
        while rest[-1] == b"WATCHDOG=1":
            rest.append(told.recv(4096))
        assert rest[-1] == b"STOPPING=1"
