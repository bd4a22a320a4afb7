"""One process of a configuration with several locations: it measures from its own, and says so."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.reloading import reloaded
from tests.support.daemon.running import (
    Running,
    estate,
    http_check,
    run_for,
    running,
    service,
    until,
)
from tests.support.patience import PATIENCE

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


def test_a_reload_takes_a_check_to_another_place_and_back(tmp_path: Path) -> None:
    """It is probed no longer, and cannot be run by hand; brought back, it is measured again. What
    stays goes on without a word.
    """
    with CountingServer() as server:
        before = config(server, 2)
        with running(tmp_path, before) as daemon:
            until(lambda: daemon.check("expo/both")["status"] == "green", "green")
            after = config(server, 2)
            after["environments"][0]["services"][0]["checks"][0]["locations"] = ["sjunet"]
            assert reloaded(daemon, after)["restarted"] == ["ext5/expo/both"]
            seen = len(server.arrivals("/both"))
            run_for(3.5)
            assert len(server.arrivals("/both")) <= seen + 1  # one may have been under way
            assert places(daemon.check("expo/both")) == {"sjunet": "unknown"}
            assert run_by_hand(daemon, "ext5/expo/both") == 409
            reloaded(daemon, before)
            until(lambda: daemon.check("expo/both")["status"] == "green", "green again")
            assert run_by_hand(daemon, "ext5/expo/both") == 202
            plain = {key: value for key, value in before.items() if key != "locations"}
            for check in plain["environments"][0]["services"][0]["checks"]:
                if check.pop("locations", None):
                    check["location"] = "sjunet"
            since = daemon.check("expo/both")["since"]
            assert "ext5/expo/both" not in reloaded(daemon, plain)["restarted"]
            until(lambda: "locations" not in daemon.check("expo/both"), "no locations")
            assert daemon.check("expo/both")["since"] == since
            until(lambda: server.arrivals("/far"), "the one of the other place runs here now")


def run_by_hand(daemon: Running, check: str) -> int:
    """The answer's code."""
    request = urllib.request.Request(
        f"{daemon.url}/api/v1/runs",
        json.dumps({"check": check}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_two_processes_of_one_configuration_each_stand_at_their_own_place(tmp_path: Path) -> None:
    """The environment says where; each shows what it measures, and the other as not measured."""
    with CountingServer() as server:
        shared = config(server, 1)
        for place, other in (("sjunet", "internet"), ("internet", "sjunet")):
            folder = tmp_path / place
            folder.mkdir()
            with running(folder, shared, environ={"DRIFTVAKT_LOCATION": place}) as daemon:
                until(partial(known_from, daemon, place), f"green from {place}")
                assert places(daemon.check("expo/both")) == {place: "green", other: "unknown"}
                assert daemon.status()["generator"]["location"] == place


def known_from(daemon: Running, place: str) -> bool:
    return places(daemon.check("expo/both"))[place] == "green"
