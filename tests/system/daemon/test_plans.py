"""A daemon with version packages, a notice and what the agency states itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.reloading import reloaded
from tests.support.daemon.running import Running, estate, http_check, running, service, until

pytestmark = pytest.mark.system
FAST = {"interval": "200ms", "retry_interval": "100ms", "timeout": "5s"}


def service_of(daemon: Running) -> dict[str, Any]:
    found: dict[str, Any] = daemon.status()["environments"][0]["services"][0]
    return found


def test_what_people_plan_and_write_is_published(tmp_path: Path) -> None:
    """A retired version that answers is a finding, its failing no outage; the agency's own colour
    stands beside ours; a notice that a reload brings makes the service red, with its words.
    """
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    with CountingServer() as server:
        server.answers["/v17"] = server.answers["/v16"] = Answer()
        server.answers["/stated"] = Answer(body=b'{"expo": "Stopp"}')
        stated = {
            "url": server.url("/stated"),
            "jsonpath": "$.expo",
            "map": {"OK": "green", "Stopp": "red"},
        }
        checks = [http_check(name, server.url(f"/{name}")) for name in ("v17", "v16")]
        upgrade = {
            "package": "16.1",
            "retires": yesterday,
            "absent_after_retirement": ["ext5/expo/v16"],
        }
        config = estate(
            service("expo", *checks, stated_url=stated), defaults=FAST, upgrades=[upgrade]
        )
        with running(tmp_path, config) as daemon:
            until(lambda: service_of(daemon)["status"] == "green", "not green")
            until(lambda: daemon.status()["upgrades"][0]["still_answering"], "no finding")
            until(lambda: service_of(daemon)["stated"]["differs_since"], "no difference")
            assert service_of(daemon)["stated"]["says"] == "Stopp"
            server.answers["/v16"] = Answer(status=410)
            until(lambda: daemon.check("expo/v16")["status"] == "red", "v16 not red")
            until(lambda: not daemon.status()["upgrades"][0]["still_answering"], "still a finding")
            assert service_of(daemon)["status"] == "green"
            config["notices"] = [{"id": "n1", "message": "En kabel är avgrävd.", "status": "red"}]
            reloaded(daemon, config)
            told = daemon.event("transition", service="expo", to="red")
            assert "En kabel är avgrävd." in told["message"]
            until(lambda: daemon.status()["notices"], "no notice")
            assert daemon.status()["notices"][0]["updated"]
            assert service_of(daemon)["measured"] == "green"
