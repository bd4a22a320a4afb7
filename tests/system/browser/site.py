"""A daemon whose page has something of everything, and the server that it watches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.system.daemon.counting import Answer, CountingServer
from tests.system.daemon.running import Running, http_check, running, until

FAST = {"interval": "1s", "retry_interval": "200ms", "timeout": "5s", "green_after": 1}


@dataclass(frozen=True, slots=True)
class Site:
    """What a test looks at and what it may break."""

    daemon: Running
    server: CountingServer

    @property
    def url(self) -> str:
        return self.daemon.url


@contextlib.contextmanager
def site(folder: Path) -> Iterator[Site]:
    """In which green, yellow, red, a planned red and unknown are published already."""
    with CountingServer() as server:
        server.answers |= {
            "/slow": Answer(delay=0.3),
            "/broken": Answer(status=503, body=b"Tj\xc3\xa4nsten \xc3\xa4r nere"),
            "/stopped": Answer(status=503),
            "/stated": Answer(body=b'{"recept": "I drift"}'),
        }
        with running(folder, config(server)) as daemon:
            until(lambda: "red" in _statuses(daemon), "the red service is not red", 20)
            until(lambda: "yellow" in _statuses(daemon), "the slow service is not yellow", 20)
            yield Site(daemon, server)


def _statuses(daemon: Running) -> set[str]:
    [first, *_] = daemon.status()["environments"]
    return {one["status"] for one in first["services"] if not one["planned"]}


def config(server: CountingServer) -> dict[str, Any]:
    """Two environments, all that people plan and write, in both languages."""
    now = datetime.now(UTC)

    def moment(**distance: float) -> str:
        return f"{now + timedelta(**distance):%Y-%m-%dT%H:%M:%SZ}"

    def service(name: str, title: str, path: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "title": title,
            "checks": [http_check("api", server.url(path))],
            **more,
        }

    slow = http_check("api", server.url("/slow"), latency={"yellow": "100ms", "red": "4s"})
    stated = {"url": server.url("/stated"), "jsonpath": "$.recept", "map": {"I drift": "green"}}
    nowhere = {"name": "api", "kind": "http", "url": "http://name.invalid:1/"}
    first = [
        service("expo", "Expo", "/works"),
        {"name": "nll", "title": "Nationella läkemedelslistan", "checks": [slow]},
        service(
            "recept",
            "E-recept",
            "/broken",
            help={"sv": "Ring och beställ på papper.", "en": "Phone and order on paper."},
            stated_url=stated,
        ),
        service("vara", "VARA", "/stopped"),
        {"name": "fullmakt", "title": "Fullmakter", "checks": [nowhere]},
    ]
    return {
        "language": "sv",
        "defaults": FAST,
        "canary": [{"kind": "tcp", "host": "down.invalid", "port": 1}],
        "environments": [
            {"name": "ext5", "title": "EXT5", "services": first},
            {"name": "ext6", "title": "EXT6", "services": [service("expo", "Expo", "/works")]},
        ],
        "service_windows": [
            {
                "id": "now",
                "title": {"sv": "Uppgradering av VARA", "en": "Upgrade of VARA"},
                "start": moment(hours=-1),
                "end": moment(hours=3),
                "impact": "outage",
                "services": ["ext5/vara"],
            },
            {
                "id": "later",
                "title": {"sv": "Byte av certifikat", "en": "New certificates"},
                "start": moment(days=2),
                "end": moment(days=2, hours=2),
                "impact": "disturbance",
            },
            {
                "id": "off",
                "title": {"sv": "Flytt av servrar", "en": "Move of servers"},
                "start": moment(days=4),
                "end": moment(days=4, hours=2),
                "impact": "outage",
                "cancelled": True,
            },
            {
                "id": "before",
                "title": {"sv": "Rättning", "en": "Correction"},
                "start": moment(days=-3),
                "end": moment(days=-3, hours=1),
                "impact": "none",
            },
        ],
        "upgrades": [
            {
                "package": "16.1",
                "replaced_by": "17.1",
                "retires": f"{now + timedelta(days=20):%Y-%m-%d}",
            }
        ],
        "notices": [
            {
                "id": "n1",
                "title": {"sv": "Långsamma svar", "en": "Slow answers"},
                "message": {"sv": "Felsökning pågår.", "en": "We are looking for the cause."},
                "services": ["ext5/nll"],
            }
        ],
    }
