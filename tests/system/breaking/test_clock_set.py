"""The clock set back and forth under a running daemon, in a process of its own."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.breaking import kept
from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import (
    Running,
    estate,
    healed,
    http_check,
    running,
    service,
    until,
)

pytestmark = pytest.mark.system
FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "60s"}
SHIFTS = ("+7200", "-3600", "+90000", "+5", "+0", "-86400", "+0")
"""Seconds of the set clock beside the true one, one after the other."""

_SITECUSTOMIZE = """
import os, time

def _now(real=time.time, path=os.environ["DRIFTVAKT_TEST_SHIFT"]):
    with open(path) as shift:
        return real() + float(shift.read())

time.time = _now
"""


def settable(folder: Path, shift: Path) -> dict[str, str]:
    """The environment in which Python's wall clock is as many seconds off as that file says, from
    the interpreter's start on. The monotonic clock goes on as ever, as when a real clock is set.
    (libfaketime 0.9.10 makes ``time.sleep`` fail, for it does not know ``clock_nanosleep``.)
    """
    set_clock(shift, "+0")
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE, "utf-8")
    return {"PYTHONPATH": str(folder), "DRIFTVAKT_TEST_SHIFT": str(shift)}


def set_clock(shift: Path, seconds: str) -> None:
    fresh = shift.with_suffix(".new")
    fresh.write_text(seconds + "\n")
    fresh.replace(shift)


def goes_on(daemon: Running, server: CountingServer) -> None:
    visits = {path: len(server.arrivals(path)) for path in ("/works", "/breaks")}
    until(
        lambda: all(len(server.arrivals(path)) > n + 3 for path, n in visits.items()),
        lambda: f"no probes any more: {daemon.log}",
    )


def jumped(daemon: Running, seconds: int) -> None:
    """Waits until it has logged that jump."""
    until(
        lambda: any(abs(one["seconds"] - seconds) < 2 for one in daemon.events("clock_jumped")),
        lambda: f"the jump by {seconds} was not seen: {daemon.log}",
    )


def test_a_clock_that_is_set_makes_no_transition(tmp_path: Path) -> None:
    """Hours forth, hours back, a day back: probes go on at once, green stays green and red red.
    What really happens afterwards is told, and the history is without a gap.
    """
    shift = tmp_path / "shift"
    environ = settable(tmp_path / "site", shift)
    with CountingServer() as server:
        server.answers["/breaks"] = Answer(status=500)
        names = ("works", "breaks")
        checks = (service(name, http_check("api", server.url(f"/{name}"))) for name in names)
        config = estate(*checks, defaults=FAST)
        with running(tmp_path, config, environ=environ) as daemon:
            daemon.event("transition", service="works", to="green")
            daemon.event("transition", service="breaks", to="red")
            daemon.event("transition", service=None, to="red")
            before = len(daemon.events("transition"))
            for was, seconds in pairwise(("+0", *SHIFTS)):
                set_clock(shift, seconds)
                jumped(daemon, int(seconds) - int(was))
                goes_on(daemon, server)
                assert daemon.events("transition")[before:] == [], (seconds, daemon.log)
                assert daemon.check("works/api")["status"] == "green"
                assert daemon.check("breaks/api")["status"] == "red"
            server.answers["/works"] = Answer(status=500)
            daemon.event("transition", service="works", to="red")
            server.answers["/works"] = Answer()
            until(lambda: healed(daemon, "works"), "not green again")
            assert daemon.stop() == 0
            kept.sound(tmp_path / "data")
            known = [row["id"] for row in kept.transitions(tmp_path / "data")]
            told = [event["id"] for event in daemon.events("transition")]
            assert known == told, daemon.log
