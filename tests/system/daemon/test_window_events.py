"""A daemon through a declared outage: its events are logged, and probing never stops in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system.daemon.counting import Answer, CountingServer
from tests.system.daemon.running import estate, http_check, running, service, until

pytestmark = pytest.mark.system
FAST = {
    "interval": "200ms",
    "retry_interval": "100ms",
    "timeout": "5s",
    "window": {"yellow": 1.0, "red": 1.0},  # what has failed is soon forgotten
}


def test_a_planned_stop_from_its_beginning_until_it_has_run_over(tmp_path: Path) -> None:
    """It begins, the service answers again (testing may resume), fails anew, and is over."""
    now = datetime.now(UTC)
    window = {
        "id": "db",
        "title": {"sv": "Databasbyte", "en": "Database"},
        "impact": "outage",
        "start": f"{now + timedelta(seconds=4):%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{now + timedelta(seconds=12):%Y-%m-%dT%H:%M:%SZ}",
    }
    with CountingServer() as server:
        server.answers["/x"] = Answer()
        config = estate(
            service("expo", http_check("api", server.url("/x"))),
            defaults=FAST,
            service_windows=[window],
        )
        with running(tmp_path, config) as daemon:
            begun = daemon.event("service_window", what="begins", id="db")
            assert "The service window Database has begun" in begun["message"]
            server.answers["/x"] = Answer(status=500)
            until(lambda: daemon.check("expo/api")["status"] == "red", "not measured")
            server.answers["/x"] = Answer()
            again = daemon.event("service_window", what="may_resume", service="ext5/expo")
            assert "testing may resume" in again["message"]
            assert daemon.status()["environments"][0]["services"][0]["planned"]
            server.answers["/x"] = Answer(status=500)
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
        config["service_windows"] = []
        with running(tmp_path, config) as daemon:
            daemon.event("transition", service="expo", to="red", reason="stale")
