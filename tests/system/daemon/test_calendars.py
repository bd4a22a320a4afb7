"""A daemon that follows calendars: what they declare is published, over a restart and their loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, estate, http_check, running, service, until
from tests.unit.plan.test_ics import ics

pytestmark = pytest.mark.system
FAST = {"interval": "200ms", "retry_interval": "100ms", "timeout": "5s"}
READ = "driftvakt_calendar_last_success_timestamp_seconds"


def event(uid: str, impact: str) -> str:
    now = datetime.now(UTC)
    start, end = now - timedelta(hours=1), now + timedelta(hours=1)
    return (
        f"UID:{uid}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}\n"
        f"SUMMARY:Databasbyte\nCATEGORIES:{impact},ext5"
    )


def service_of(daemon: Running) -> dict[str, Any]:
    found: dict[str, Any] = daemon.status()["environments"][0]["services"][0]
    return found


def test_what_a_calendar_declares_is_published(tmp_path: Path) -> None:
    """Planned and red from the calendar; the same after a restart in which its server is away, with
    no transition; and green again once a file that is edited declares nothing.
    """
    file = tmp_path / "windows.ics"
    with CountingServer() as server:
        server.answers["/x"] = Answer()
        server.answers["/w.ics"] = Answer(body=ics(event("db", "outage")))
        calendar: dict[str, Any] = {"url": server.url("/w.ics"), "name": "agency"}
        config = estate(
            service("expo", http_check("api", server.url("/x"))),
            defaults=FAST,
            calendars=[calendar],
        )
        with running(tmp_path, config) as daemon:
            daemon.event("transition", service="expo", to="red", planned=True, window="db")
            until(lambda: service_of(daemon)["planned"], "not planned")
            shown, found = daemon.status(), service_of(daemon)
            assert (found["status"], found["declared"], found["planned"]) == ("red", "red", True)
            assert found["service_window"]["calendar"] == "agency"
            assert shown["calendars"][0]["trouble"] is None
            assert daemon.metrics().one(READ, calendar="agency") > 0
            # it is kept once it is known
            until(lambda: list((tmp_path / "data" / "calendars").glob("*.json")), "not kept")
            assert daemon.stop() == 0
        server.answers["/w.ics"] = Answer(status=404)
        with running(tmp_path, config) as daemon:
            daemon.event("calendar_not_read", calendar="agency", error="HTTP 404")
            until(lambda: daemon.status()["calendars"][0]["trouble"] == "HTTP 404", "no trouble")
            until(lambda: daemon.check("expo/api")["status"] == "green", "not measured")
            assert service_of(daemon)["planned"]
            assert not daemon.events("transition", service="expo"), daemon.log
            assert daemon.stop() == 0
        file.write_bytes(ics(event("db", "outage")))
        config["calendars"] = [{"file": str(file)}]
        with running(tmp_path, config) as daemon:
            until(lambda: daemon.check("expo/api")["status"] == "green", "not measured")
            assert not daemon.events("transition", service="expo"), daemon.log
            file.write_bytes(ics(event("db", "none")))
            daemon.event("transition", service="expo", to="green")
