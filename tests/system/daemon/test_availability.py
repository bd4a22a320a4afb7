"""Availability of services that a daemon watches, while one breaks and one is planned to be down."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

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
RATIO, UNKNOWN = "driftvakt_availability_ratio", "driftvakt_availability_unknown_ratio"
FAST = {"interval": "200ms", "retry_interval": "100ms", "timeout": "5s"}


def test_availability_follows_what_is_published(tmp_path: Path) -> None:
    """A service that works is wholly available, one that broke partly, one that is planned to be
    down not at all and without fault; the time before the start is unknown. All three addresses
    tell the same.
    """
    with CountingServer() as server:
        names = ("works", "breaks", "planned")
        services = [service(name, http_check("api", server.url(f"/{name}"))) for name in names]
        now = datetime.now(UTC)
        window = {
            "id": "stop",
            "title": "Driftstopp",
            "impact": "outage",
            "start": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "services": ["ext5/planned"],
        }
        config = estate(*services, defaults=FAST, service_windows=[window])
        with running(tmp_path, config) as daemon:
            daemon.event("transition", service="breaks", to="green")
            daemon.event("transition", service="works", to="green")
            server.answers["/breaks"] = Answer(status=500)
            daemon.event("transition", service="breaks", to="red")
            until(lambda: asked(daemon, "breaks")["red_s"] > 0.3, "no time spent in red")
            server.answers["/breaks"] = Answer()
            until(lambda: healed(daemon, "breaks"), "no recovery")
            until(lambda: 0 < (told(daemon, "breaks")["all"] or 0) < 1, "no ratio in status.json")

            works, breaks, planned = (asked(daemon, name) for name in names)
            assert works["all"] == works["unplanned"] == 1
            assert 0 < breaks["all"] == breaks["unplanned"] < 1
            assert (planned["all"], planned["unplanned"]) == (0, None)
            assert planned["red_s"] == planned["planned_red_s"] > 0
            for one in (works, breaks, planned):
                assert 86_000 < one["unknown_s"] < 86_400

            scrape = daemon.metrics()
            at = {"window": "24h", "environment": "ext5"}
            assert scrape.one(RATIO, **at, service="works", counting="all") == 1
            assert 0 < scrape.one(RATIO, **at, service="breaks", counting="all") < 1
            assert scrape.all(RATIO, **at, service="planned", counting="unplanned") == []
            assert 0.99 < scrape.one(UNKNOWN, **at, service="works") < 1


def told(daemon: Running, name: str) -> dict[str, Any]:
    """Of the last 24 hours, in status.json."""
    [environment] = daemon.status()["environments"]
    [found] = [one for one in environment["services"] if one["name"] == name]
    day: dict[str, Any] = found["availability"]["24h"]
    return day


def asked(daemon: Running, name: str) -> dict[str, Any]:
    """The same by the address for one service."""
    value = json.loads(daemon.get(f"/api/v1/availability?service=ext5/{name}"))
    assert len(value["days"]) == 90
    day: dict[str, Any] = value["windows"]["24h"]
    return day
