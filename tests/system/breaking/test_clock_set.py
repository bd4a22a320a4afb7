"""The clock set back and forth under a running daemon, by libfaketime (Debian: faketime)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.breaking import kept
from tests.system.daemon.counting import Answer, CountingServer
from tests.system.daemon.running import (
    Running,
    estate,
    http_check,
    running,
    service,
    until,
)

pytestmark = pytest.mark.system
FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "5s"}
SHIFTS = ("+7200", "-3600", "+90000", "+5", "+0", "-86400", "+0")
"""Seconds of the set clock beside the true one, one after the other."""


def faketime(shift: Path) -> dict[str, str]:
    """The environment in which the wall clock is as many seconds off as that file says."""
    found = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if found is None:
        pytest.skip("needs Debian's package faketime")
    set_clock(shift, "+0")
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(shift),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


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


def test_a_clock_that_is_set_makes_no_transition(tmp_path: Path) -> None:
    """Hours forth, hours back, a day back: probes go on at once, green stays green and red red.
    What really happens afterwards is told, and the history is without a gap.
    """
    shift = tmp_path / "shift"
    environ = faketime(shift)
    with CountingServer() as server:
        server.answers["/breaks"] = Answer(status=500)
        names = ("works", "breaks")
        checks = (service(name, http_check("api", server.url(f"/{name}"))) for name in names)
        config = estate(*checks, defaults=FAST)
        with running(tmp_path, config, environ=environ) as daemon:
            daemon.event("transition", service="works", to="green")
            daemon.event("transition", service="breaks", to="red")
            before = len(daemon.events("transition"))
            for number, seconds in enumerate(SHIFTS, 1):
                set_clock(shift, seconds)
                until(
                    lambda: len(daemon.events("clock_jumped")) == number,  # noqa: B023
                    f"the jump to {seconds} was not seen",
                )
                goes_on(daemon, server)
                assert daemon.events("transition")[before:] == [], seconds
                assert daemon.check("works/api")["status"] == "green"
                assert daemon.check("breaks/api")["status"] == "red"
            server.answers["/works"] = Answer(status=500)
            daemon.event("transition", service="works", to="red")
            server.answers["/works"] = Answer()
            daemon.event("transition", service="works", to="green", **{"from": "red"})
            assert daemon.stop() == 0
            kept.sound(tmp_path / "data")
            known = [row["id"] for row in kept.transitions(tmp_path / "data")]
            assert known == [event["id"] for event in daemon.events("transition")]
