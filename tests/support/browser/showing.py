"""A daemon with something to show: every status, service windows, a version package, a notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.daemon.counting import Answer, CountingServer
from tests.support.daemon.running import Running, http_check, running, until

FAST = {
    "interval": "300ms",
    "retry_interval": "150ms",
    "timeout": "2s",
    "latency": {"yellow": "250ms", "red": "1900ms"},
    "degraded_after": 2,
    "window": {"size": 10, "yellow": 1.0, "red": 1.0},  # what has failed is soon forgotten
}
SERVICES = {
    "expo": ("Receptexpedition (EXPO)", "Dispensing (EXPO)"),
    "nll": ("Läkemedelslistan (NLL)", "Medication list (NLL)"),
    "vara": ("Artikelregister (VARA)", "Article register (VARA)"),
}
HELP = {
    "sv": "Vänta en kvart, och ring sedan testledningen på 010-000 00 00.",
    "en": "Wait a quarter of an hour, then call the test office on +46 10 000 00 00.",
}


def title(pair: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("sv", "en"), pair, strict=True))


def instant(**ahead: float) -> str:
    return f"{datetime.now(UTC) + timedelta(**ahead):%Y-%m-%dT%H:%M:%SZ}"


def path(environment: str, service: str) -> str:
    return f"/{environment}/{service}"


def configuration(server: CountingServer) -> dict[str, Any]:
    """Two environments of three services; ``ext6`` has trouble of each kind."""
    environments: list[dict[str, Any]] = [
        {
            "name": name,
            "title": {"sv": f"Extern test {name[-1]}", "en": f"External test {name[-1]}"},
            "services": [
                {
                    "name": service,
                    "title": title(names),
                    "help": HELP,
                    "checks": [
                        http_check("api", server.url(path(name, service))),
                        {"name": "port", "kind": "tcp", "host": server.host, "port": server.port},
                    ],
                }
                for service, names in SERVICES.items()
            ],
        }
        for name in ("ext5", "ext6")
    ]
    unmeasured = http_check("api", server.url("/new"), interval="5m", timeout="60s", latency={})
    server.answers["/new"] = Answer(delay=60)
    new = {"name": "new", "title": title(("Ny tjänst", "New service")), "checks": [unmeasured]}
    environments[1]["services"].append(new)
    server.answers["/stated"] = Answer(body=b'{"expo": "Som vanligt"}')
    environments[1]["services"][0]["stated_url"] = {
        "url": server.url("/stated"),
        "jsonpath": "$.expo",
        "map": {"Som vanligt": "green"},
    }
    for service in SERVICES:
        server.answers[path("ext5", service)] = Answer()
    server.answers[path("ext6", "expo")] = Answer(status=503)
    server.answers[path("ext6", "nll")] = Answer(delay=0.4)
    server.answers[path("ext6", "vara")] = Answer()
    return {
        "language": "sv",
        "timezone": "Europe/Stockholm",
        "defaults": FAST,
        "environments": environments,
        "service_windows": [
            {
                "id": "db",
                "title": title(("Databasbyte", "Database replacement")),
                "message": title(("Korta avbrott väntas.", "Short interruptions.")),
                "impact": "disturbance",
                "start": instant(hours=-1),
                "end": instant(hours=3),
                "services": ["ext5/vara"],
            },
            {
                "id": "night",
                "title": title(("Nattligt underhåll", "Maintenance at night")),
                "impact": "outage",
                "start": instant(days=2),
                "end": instant(days=2, hours=3),
                "environments": ["ext6"],
            },
            {
                "id": "off",
                "title": title(("Certifikatbyte", "New certificates")),
                "impact": "none",
                "cancelled": True,
                "start": instant(days=5),
                "end": instant(days=5, hours=1),
            },
            {
                "id": "before",
                "title": title(("Byte av brandvägg", "New firewall")),
                "impact": "outage",
                "start": instant(days=-2),
                "end": instant(days=-2, hours=2),
            },
        ],
        "upgrades": [
            {
                "package": "16.1",
                "replaced_by": "17.1",
                "retires": f"{datetime.now(UTC) + timedelta(days=40):%Y-%m-%d}",
                "was": [f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"],
            }
        ],
        "notices": [
            {
                "id": "fibre",
                "title": title(("Grävarbete", "Digging")),
                "message": title(
                    ("En fiber kan bli avgrävd i veckan.", "A fibre may be cut this week.")
                ),
                "until": instant(days=4),
            }
        ],
    }


def service(daemon: Running, id_: str) -> dict[str, Any]:
    """``ENV/SERVICE`` as status.json has it."""
    found: dict[str, Any] = next(
        each
        for environment in daemon.status()["environments"]
        for each in environment["services"]
        if f"{environment['name']}/{each['name']}" == id_
    )
    return found


@contextmanager
def shown(folder: Path) -> Iterator[tuple[Running, CountingServer]]:
    """The daemon with every status reached, and what it measures."""
    with CountingServer() as server, running(folder, configuration(server)) as daemon:
        for id_, status in {
            "ext5/expo": "green",
            "ext5/vara": "yellow",
            "ext6/expo": "red",
            "ext6/nll": "yellow",
            "ext6/vara": "green",
        }.items():
            until(
                lambda id_=id_, status=status: (  # type: ignore[misc] # bound now
                    service(daemon, id_)["status"] == status
                ),
                f"{id_} is not {status}",
            )
        until(
            lambda: service(daemon, "ext6/expo")["stated"]["differs_since"],
            "what is stated does not differ",
        )
        yield daemon, server
