"""What is followed of a daemon that really runs, over a restart and a change of its plans."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import estate, http_check, running, service, until
from tests.unit.publish.feeds.test_atom import entries, strict
from tests.unit.publish.feeds.test_ics import values
from tests.unit.publish.web.test_openapi import valid

pytestmark = pytest.mark.system
FAST = {"interval": "200ms", "retry_interval": "100ms", "timeout": "5s"}


def test_all_of_it_tells_what_happened_and_remembers_changes(tmp_path: Path) -> None:
    """A transition, a window and a notice; the window is moved while the daemon is away."""
    now = datetime.now(UTC)
    window = {
        "id": "cert",
        "title": "Certifikatbyte",
        "impact": "none",
        "start": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{now + timedelta(days=1, hours=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    notice = {"id": "n1", "message": "Vi byter nät."}

    with CountingServer() as server:
        server.answers["/x"] = Answer(status=500)

        def config(**changes: Any) -> dict[str, Any]:
            return estate(
                service("expo", http_check("api", server.url("/x"))),
                defaults=FAST,
                service_windows=[{**window, **changes}],
                notices=[notice],
            )

        with running(tmp_path, config()) as daemon:
            daemon.event("transition", service="expo", to="red")
            until(
                lambda: json.loads(daemon.get("/api/v1/history?service=ext5/expo"))["transitions"],
                "no history",
            )
            history = valid("History", daemon.get("/api/v1/history?service=ext5/expo"))
            assert history["transitions"][0]["to"] == "red"
            root = etree.fromstring(daemon.get("/feed.atom"))
            strict(root)
            assert len(entries(root)) >= 3
            summary = valid("Summary", daemon.get("/api/v2/summary.json"))
            assert summary["components"][1]["status"] == "major_outage"
            assert b"<svg" in daemon.get("/badge/ext5/expo.svg")
            first = daemon.get("/windows.ics")
            assert values(first, "SEQUENCE") == ["0"]
            valid("StatusFile", daemon.get("/status.json"))
            valid("Availability", daemon.get("/api/v1/availability?service=ext5/expo"))
            daemon.stop()
        moved = f"{now + timedelta(hours=23):%Y-%m-%dT%H:%M:%SZ}"
        for number, changes in ((0, {}), (1, {"start": moved}), (1, {"start": moved})):
            with running(tmp_path, config(**changes)) as daemon:
                now_told = daemon.get("/windows.ics")
                assert values(now_told, "SEQUENCE") == [str(number)]
                assert values(now_told, "UID") == values(first, "UID")
                assert (values(now_told, "DTSTAMP") == values(first, "DTSTAMP")) is (number == 0)
                daemon.stop()
