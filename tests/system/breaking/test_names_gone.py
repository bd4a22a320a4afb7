"""Name resolution that falls silent, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.breaking import kept
from tests.support.breaking.deaf_names import install
from tests.support.daemon.counting import CountingServer
from tests.support.daemon.running import (
    estate,
    healed,
    http_check,
    run_for,
    running,
    service,
    until,
)

pytestmark = pytest.mark.system
FAST = {"interval": "300ms", "retry_interval": "100ms", "timeout": "1s"}


def test_names_that_nobody_answers_are_the_networks_fault(tmp_path: Path) -> None:
    """Without a canary the service is red, for the network's sake; and green when names are
    answered again.
    """
    silent = tmp_path / "silent"
    environ = install(tmp_path / "plugin", silent)
    with CountingServer() as server:
        checks = http_check("api", f"http://expo.example.se:{server.port}/")
        config = estate(service("expo", checks), defaults=FAST)
        with running(tmp_path, config, environ=environ) as daemon:
            daemon.event("transition", service="expo", to="green")
            silent.touch()
            red = daemon.event("transition", service="expo", to="red")
            assert (red["cause"], red["reason"]) == ("network", "dns")
            silent.unlink()
            until(lambda: healed(daemon, "expo"), "not green again")
            assert daemon.stop() == 0
            kept.sound(tmp_path / "data")


def test_a_canary_by_name_makes_it_ours(tmp_path: Path) -> None:
    """A canary that cannot be found either: the service is unknown, never yellow or red; and green
    again when names are answered. Services that need no names stay green.
    """
    silent = tmp_path / "silent"
    environ = install(tmp_path / "plugin", silent)
    with CountingServer() as server:
        services = [
            service("named", http_check("api", f"http://expo.example.se:{server.port}/")),
            service("plain", http_check("api", server.url("/"))),
        ]
        canary = [{"kind": "tcp", "host": "canary.example.se", "port": server.port}]
        config = estate(*services, defaults=FAST, canary=canary)
        with running(tmp_path, config, environ=environ) as daemon:
            for name in ("named", "plain"):
                daemon.event("transition", service=name, to="green")
            silent.touch()
            unknown = daemon.event("transition", service="named", to="unknown")
            assert unknown["cause"] in ("network", "monitor")
            run_for(3.0)
            assert daemon.check("plain/api")["status"] == "green"
            silent.unlink()
            until(lambda: daemon.check("named/api")["status"] == "green", "it does not recover")
            assert daemon.stop() == 0
            told = daemon.events("transition", service="named")
            assert [one["to"] for one in told] == ["green", "unknown", "green"], told
            assert [one["to"] for one in daemon.events("transition", service="plain")] == ["green"]
            kept.sound(tmp_path / "data")
