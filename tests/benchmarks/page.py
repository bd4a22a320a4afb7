"""``python -m tests.benchmarks.page``: how soon and how heavy the front page is, by services.

One request after the other to a daemon that probes a server at the same time; the first request
draws every row, later ones only what has changed.
"""

from __future__ import annotations

import http.client
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from tests.system.daemon.counting import CountingServer
from tests.system.daemon.running import Running, http_check, running, service, until

SERVICES = (200, 2_000)
REQUESTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds until the first byte of the body; bytes as they are sent, compressed."""

    cold: float
    median: float
    worst: float
    sent: int


def config(number: int, server: CountingServer) -> dict[str, Any]:
    """``number`` services in four environments, each with help."""
    four = [
        {
            "name": f"ext{each}",
            "title": f"EXT{each}",
            "services": [
                service(
                    f"s{place}",
                    http_check("api", server.url(f"/{place}")),
                    help="Ring kundcenter och beställ på papper så länge.",
                )
                for place in range(number // 4)
            ],
        }
        for each in range(5, 9)
    ]
    return {"language": "sv", "defaults": {"interval": "60s"}, "environments": four}


def measure(daemon: Running, requests: int = REQUESTS) -> Figures:
    """Asks for the front page, again and again."""
    address = urlsplit(daemon.url)
    waited = []
    sent = 0
    for _ in range(requests):
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
        connection.connect()
        began = time.perf_counter()
        connection.request("GET", "/", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        first = answer.read(1)
        waited.append(time.perf_counter() - began)
        sent = len(first + answer.read())
        connection.close()
        time.sleep(0.05)
    return Figures(
        cold=waited[0], median=statistics.median(waited[1:]), worst=max(waited[1:]), sent=sent
    )


def measured(number: int) -> Figures:
    """Of ``number`` services, all of them measured once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        CountingServer() as server,
        running(Path(folder), config(number, server)) as daemon,
    ):
        until(lambda: len(server.visits) >= number, "not all are measured", 90)
        return measure(daemon)


def main() -> int:
    table = Table(title="The front page")
    for column in ("services", "first byte, cold", "median", "worst", "sent"):
        table.add_column(column, justify="right")
    for number in SERVICES:
        found = measured(number)
        lengths = (f"{one * 1000:.1f} ms" for one in (found.cold, found.median, found.worst))
        table.add_row(str(number), *lengths, f"{found.sent / 1000:.1f} kB")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
