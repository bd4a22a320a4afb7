"""sd_notify(3): what is sent where, and that nothing can go wrong by it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from monitor.support.systemd import Notifier


def test_states_are_sent_to_the_socket(tmp_path: Path) -> None:
    """READY with a status, WATCHDOG, STOPPING: a datagram each."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(address)
        notifier = Notifier({"NOTIFY_SOCKET": address})
        notifier.ready("watching 3 checks")
        notifier.alive()
        notifier.stopping()
        seen = [told.recv(4096) for _ in range(3)]
    assert seen == [b"READY=1\nSTATUS=watching 3 checks", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_socket() -> None:
    """Written with a leading @."""
    name = f"driftvakt-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind("\0" + name)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).alive()
        told.setblocking(False)
        assert told.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "x" * 200])
def test_nobody_listening_is_no_reason_to_stop(address: str) -> None:
    """Not under systemd, or under one that has gone: nothing happens."""
    Notifier({"NOTIFY_SOCKET": address}).ready("x")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_the_watchdog_is_told_twice_as_often(
    environ: dict[str, str], seconds: float | None
) -> None:
    """Half of what systemd waits, and only when it is meant for this process."""
    assert Notifier(environ).watchdog_seconds == seconds
