"""One process of a configuration with several locations: it measures from its own, and says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import estate, http_check, running, service, until

pytestmark = pytest.mark.system
FAST = {"interval": "1s", "retry_interval": "200ms", "timeout": "30s"}
SJUNET = {"name": "sjunet", "title": {"sv": "Sjunet", "en": "Sjunet"}}


def config(server: CountingServer, weight: float, **more: Any) -> dict[str, Any]:
    return estate(
        service(
            "expo",
            http_check("both", server.url("/both")),
            http_check("far", server.url("/far"), locations=["sjunet"], weight=0),
        ),
        location="internet",
        locations=[SJUNET, {"name": "internet", "weight": weight}],
        defaults=FAST,
        **more,
    )


def places(check: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["status"] for one in check["locations"]}


def test_only_what_is_measured_from_here_is_probed(tmp_path: Path) -> None:
    """The heavier place decides alone, the other is shown as not measured; a check of the other
    place is asked by nobody. A restart keeps what was known, and a lighter place does not decide.
    """
    with CountingServer() as server:
        with running(tmp_path, config(server, 2)) as daemon:
            until(lambda: daemon.check("expo/both")["status"] == "green", "green")
            both, far = daemon.check("expo/both"), daemon.check("expo/far")
            assert places(both) == {"sjunet": "unknown", "internet": "green"}
            assert (places(far), far["last"]) == ({"sjunet": "unknown"}, None)
            assert "not measured from Sjunet" in both["message"]["en"]
            metrics = daemon.metrics()
            assert metrics.one("driftvakt_location_measured", location="internet") == 1
            assert metrics.one("driftvakt_location_measured", location="sjunet") == 0
            assert metrics.all("probe_success", location="sjunet") == []
            assert b'data-of="locations"' in daemon.get("/s/ext5/expo")
            server.answers["/both"] = Answer(status=503)
            until(lambda: daemon.check("expo/both")["status"] == "red", "red")
            since = daemon.check("expo/both")["since"]
            evidence = daemon.event("transition", service="expo", to="red")["id"]
            bundle = json.loads(daemon.get(f"/api/v1/evidence/{evidence}"))
            assert [one["status"] for one in bundle["check"]["locations"]] == ["unknown", "red"]
            assert daemon.stop() == 0
        with running(tmp_path, config(server, 2)) as daemon:
            until(lambda: daemon.check("expo/both")["status"] == "red", "red again")
            assert daemon.check("expo/both")["since"] == since
            assert daemon.events("transition") == []
            assert daemon.stop() == 0
        with running(tmp_path, config(server, 1)) as daemon:
            until(lambda: places(daemon.check("expo/both"))["internet"] == "red", "red from here")
            check = daemon.check("expo/both")
            assert (check["status"], check["why"]["rule"]) == ("unknown", "quorum")
        assert server.arrivals("/far") == []
