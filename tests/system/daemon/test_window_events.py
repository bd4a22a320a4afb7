"""A daemon through a declared outage: its events are logged, and probing never stops in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.reloading import hang_up
from tests.support.daemon.running import Running, estate, http_check, running, service, until

pytestmark = pytest.mark.system
FAST = {
    "interval": "200ms",
    "retry_interval": "100ms",
    "timeout": "5s",
    "window": {"yellow": 1.0, "red": 1.0},  # what has failed is soon forgotten
}


def planned(server: CountingServer, start: datetime, end: datetime) -> dict[str, Any]:
    window = {
        "id": "db",
        "title": {"sv": "Databasbyte", "en": "Database"},
        "impact": "outage",
        "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{end:%Y-%m-%dT%H:%M:%SZ}",
    }
    expo = service("expo", http_check("api", server.url("/x")))
    return estate(expo, defaults=FAST, service_windows=[window])


def soon(daemon: Running, config: Callable[[datetime], dict[str, Any]]) -> None:
    """Has the daemon adopt a configuration in which something happens in a moment, and before it
    does: on a busy machine the moment is longer.
    """
    ahead = 2
    while True:
        at = (datetime.now(UTC) + timedelta(seconds=ahead)).replace(microsecond=0)
        assert hang_up(daemon, config(at))["event"] == "reloaded"
        if datetime.now(UTC) < at:
            return
        ahead *= 2


def test_a_planned_stop_from_its_beginning_until_it_has_run_over(tmp_path: Path) -> None:
    """It begins, the service answers again (testing may resume), fails anew, and is over."""
    now, hour = datetime.now(UTC), timedelta(hours=1)
    with CountingServer() as server:
        server.answers["/x"] = Answer()
        with running(tmp_path, planned(server, now + hour, now + 2 * hour)) as daemon:
            daemon.event("transition", service="expo", to="green")
            soon(daemon, lambda at: planned(server, at, now + 2 * hour))
            begun = daemon.event("service_window", what="begins", id="db")
            assert "The service window Database has begun" in begun["message"]
            server.answers["/x"] = Answer(status=500)
            until(lambda: daemon.check("expo/api")["status"] == "red", "not measured")
            server.answers["/x"] = Answer()
            again = daemon.event("service_window", what="may_resume", service="ext5/expo")
            assert "testing may resume" in again["message"]
            assert daemon.status()["environments"][0]["services"][0]["planned"]
            server.answers["/x"] = Answer(status=500)
            until(lambda: daemon.check("expo/api")["status"] == "red", "not red again")
            soon(daemon, lambda at: planned(server, now - hour, at))
            over = daemon.event("service_window", what="run_over", service="ext5/expo")
            assert over["level"] == "warning"
            daemon.event("service_window", what="ends", id="db")
            daemon.event("transition", service="expo", to="red", planned=False)


def test_a_delayed_export_file_is_no_failure_while_it_may_be_late(tmp_path: Path) -> None:
    """Older than the check allows, in a window that says so; and a failure without it."""
    now = datetime.now(UTC)
    window = {
        "id": "export",
        "title": "Exporten är sen",
        "impact": "none",
        "start": f"{now - timedelta(hours=9):%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{now - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}",
        "delays_files": "6h",
    }
    written = f"Last-Modified: {now - timedelta(hours=30):%a, %d %b %Y %H:%M:%S GMT}"
    with CountingServer() as server:
        server.answers["/export"] = Answer(headers=(written,))
        check = http_check("file", server.url("/export"), expect={"last_modified_within": "26h"})
        config = estate(service("expo", check), defaults=FAST, service_windows=[window])
        with running(tmp_path, config) as daemon:
            until(lambda: daemon.check("expo/file")["status"] == "green", "not green")
            assert daemon.metrics().one("probe_success", check="file") == 1
            assert daemon.stop() == 0
        config["service_windows"] = []
        with running(tmp_path, config) as daemon:
            daemon.event("transition", service="expo", to="red", reason="stale")
