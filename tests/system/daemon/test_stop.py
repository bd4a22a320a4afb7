"""Stopping: by signals, by ``--for``, with probes in flight; and what systemd is told."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import (
    Running,
    estate,
    http_check,
    leftovers,
    running,
    service,
    until,
)
from tests.support.patience import PATIENCE
from tests.support.servers.blackhole import blackhole

pytestmark = pytest.mark.system


def hanging(server: CountingServer, port: int) -> dict[str, Any]:
    """Probes that are never answered, and connections that are never made."""
    server.answers["/hangs"] = Answer(delay=10 * PATIENCE)
    checks = [http_check(f"h{n}", server.url("/hangs")) for n in range(4)]
    nowhere = {"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": port}
    defaults = {"interval": "200ms", "retry_interval": "200ms", "timeout": "20m"}
    # first, as it is the one that no server sees begin: first runs come in the order of the file
    return estate(service("expo", nowhere, *checks), defaults=defaults)


def nothing_is_left(daemon: Running) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(daemon.pid, 0)
    assert leftovers(daemon.folder / "data") == set()
    assert "Traceback" not in daemon.log


SIGNALS = {
    "term": [signal.SIGTERM],
    "int": [signal.SIGINT],
    "impatient": [signal.SIGTERM, signal.SIGTERM, signal.SIGINT],
}


def told_to(stack: ExitStack, address: Path) -> tuple[socket.socket, dict[str, str]]:
    """Where systemd would be told of the daemon's states, and the environment that says so."""
    told = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    told.bind(str(address))
    told.settimeout(PATIENCE)
    return told, {"NOTIFY_SOCKET": str(address)}


def test_signals_end_it_with_probes_hanging_in_flight(tmp_path: Path) -> None:
    """SIGTERM and SIGINT, and further ones while it drains: no probe is waited for longer than that,
    the end is orderly, with exit code 0 and nothing left running; the cancelled probes blame nobody.
    """
    with ExitStack() as stack:
        _, port = stack.enter_context(blackhole())
        daemons: dict[str, Running] = {}
        servers: dict[str, CountingServer] = {}
        told: dict[str, socket.socket] = {}
        for name in SIGNALS:
            server = servers[name] = stack.enter_context(CountingServer())
            told[name], environ = told_to(stack, tmp_path / f"{name}.socket")
            started = running(
                tmp_path / name, hanging(server, port), environ=environ, started=False
            )
            daemons[name] = stack.enter_context(started)
        for daemon in daemons.values():
            daemon.event("started")
        until(lambda: all(len(s.visits) == 4 for s in servers.values()), "probes in flight")
        for name, (first, *more) in SIGNALS.items():
            daemons[name].send(first)
            while told[name].recv(4096) != b"STOPPING=1":
                pass
            for number in more:  # it drains
                daemons[name].send(number)
        for daemon in daemons.values():
            assert daemon.ended() == 0
            assert daemon.events("transition") == []
            assert [event["number"] for event in daemon.events("probes_cancelled")] == [5]
            assert daemon.events("stopped")
            assert daemon.status()["status"] == "unknown"
            nothing_is_left(daemon)


def test_for_ends_it_by_itself(tmp_path: Path) -> None:
    """``--for 2s`` measures for a while, writes its last status and exits with 0, unasked."""
    with CountingServer() as server:
        config = estate(
            service("expo", http_check("api", server.url())), defaults={"interval": "500ms"}
        )
        with running(tmp_path, config, "--for", "2s") as daemon:
            assert daemon.ended() == 0
            assert daemon.status()["status"] == "green"
            nothing_is_left(daemon)
        assert server.visits


def test_systemd_is_told(tmp_path: Path) -> None:
    """READY=1 once it serves, WATCHDOG=1 again and again, STOPPING=1."""
    with ExitStack() as stack, CountingServer() as server:
        told, environ = told_to(stack, tmp_path / "notify")
        environ["WATCHDOG_USEC"] = "800000"
        config = estate(service("expo", http_check("api", server.url())))
        with running(tmp_path, config, environ=environ, started=False) as daemon:
            first = told.recv(4096).decode()
            assert first.startswith("READY=1\nSTATUS=watching 1 check")
            assert daemon.get("/-/ready")
            alive = 0
            while alive < 4:
                alive += told.recv(4096) == b"WATCHDOG=1"
            assert daemon.stop() == 0
        told.setblocking(False)
        rest = [told.recv(4096)]
        while rest[-1] == b"WATCHDOG=1":
            rest.append(told.recv(4096))
        assert rest[-1] == b"STOPPING=1"


def catches(pid: int, number: int) -> bool:
    """Whether the process has a handler of its own for a signal (proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [caught] = [line.split()[1] for line in lines if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.6, 1.0, 1.5])
def test_a_start_is_ended_in_order(tmp_path: Path, after: float) -> None:
    """SIGTERM while modules are read, while the start goes on, or just after it: exit code 0,
    nothing left, and no traceback.
    """
    with CountingServer() as server:
        config = estate(service("expo", http_check("api", server.url())))
        with running(tmp_path, config, started=False, executed=True) as daemon:
            until(lambda: catches(daemon.pid, signal.SIGTERM), "no handler")
            time.sleep(after)
            assert daemon.stop() == 0
            assert "Traceback" not in daemon.log
            if (tmp_path / "data").exists():
                assert leftovers(daemon.folder / "data") == set()


def test_a_second_daemon_on_a_data_folder_is_refused(tmp_path: Path) -> None:
    """It says who holds it, with exit code 2; the first goes on, and a killed one holds nothing."""
    with CountingServer() as server:
        config = estate(service("expo", http_check("api", server.url())))
        with running(tmp_path, config) as first:
            data = ["--data-dir", str(tmp_path / "data")]
            with running(tmp_path / "other", config, *data, started=False) as second:
                assert second.ended() == 2
                assert f"held by another driftvakt, process {first.pid} on" in second.log
            assert first.process.poll() is None
            first.kill()
        with running(tmp_path, config) as third:
            assert third.stop() == 0
