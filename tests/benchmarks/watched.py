"""Our daemon in a process of its own, as an operator would run it: JSON log and status file."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.processes import BenchmarkError, Process, running, wait_until

CHECKS_PER_SERVICE = 10
SERVICES_PER_ENVIRONMENT = 10
SCRAPE_EVERY = 5.0
PROMETHEUS = {
    "Accept": "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5",
    "Accept-Encoding": "gzip",
    "User-Agent": "Prometheus/2.42.0",
    "X-Prometheus-Scrape-Timeout-Seconds": "5",
}


def check_ids(number: int, per_service: int = CHECKS_PER_SERVICE) -> list[str]:
    """The ids of that many checks, by environments of ten services."""
    per_environment = per_service * SERVICES_PER_ENVIRONMENT
    return [
        f"e{n // per_environment}/s{n % per_environment // per_service}/c{n % per_service}"
        for n in range(number)
    ]


def configuration(
    number: int,
    url: str | Sequence[str],
    interval: str,
    ca_file: Path | None = None,
    per_service: int = CHECKS_PER_SERVICE,
) -> str:
    """A configuration of that many checks; each asks for a path of its own, its id, or for its own
    one of several URLs. JSON is YAML, and is read the same way.
    """
    environments: dict[str, dict[str, list[dict[str, object]]]] = {}
    for at, check_id in enumerate(check_ids(number, per_service)):
        environment, service, check = check_id.split("/")
        asked = f"{url}{check_id}" if isinstance(url, str) else url[at]
        options: dict[str, object] = {"name": check, "kind": "http", "url": asked}
        if ca_file is not None:
            options["tls"] = {"ca_file": str(ca_file)}
        environments.setdefault(environment, {}).setdefault(service, []).append(options)
    defaults = {"interval": interval, "retry_interval": interval, "host_concurrency": 200}
    lines = ["language: en", "location: bench", f"defaults: {json.dumps(defaults)}"]
    lines.append("environments:")
    for environment, services in environments.items():
        lines += [f"  - name: {environment}", "    services:"]
        for service, checks in services.items():
            lines += [f"      - name: {service}", "        checks:"]
            lines += [f"          - {json.dumps(options)}" for options in checks]
    return "\n".join(lines) + "\n"


@dataclass(slots=True)
class Watched:
    """A daemon that runs."""

    process: Process
    started_in: float
    """Seconds from the start of its process until it serves and probes."""
    _connection: http.client.HTTPConnection

    @property
    def url(self) -> str:
        return f"http://{self._connection.host}:{self._connection.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def scrape(self) -> bytes:
        """The metrics, asked for over one kept connection as Prometheus does."""
        self._connection.request("GET", "/metrics", headers=PROMETHEUS)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BenchmarkError(f"/metrics answered {answer.status}")
        if answer.headers.get("Content-Encoding") == "gzip":
            return zlib.decompress(body, 31)
        return body

    def scrape_for(self, seconds: float, every: float = SCRAPE_EVERY) -> Iterator[bytes]:
        """A scrape now and then, for as long."""
        began = time.monotonic()
        turn = 0
        while turn * every < seconds:
            time.sleep(max(0.0, began + turn * every - time.monotonic()))
            if self.process.poll() is not None:
                raise BenchmarkError("the daemon has ended")
            yield self.scrape()
            turn += 1
        time.sleep(max(0.0, began + seconds - time.monotonic()))


@contextlib.contextmanager
def watching(folder: Path, text: str, core: int) -> Iterator[Watched]:
    """The daemon on a configuration, from its "started" until it is ended."""
    config, log = folder / "bench.yaml", folder / "daemon.log"
    config.write_text(text)
    command = [sys.executable, "-m", "monitor.cli.app", "run", "--config", str(config)]
    command += ["--data-dir", str(folder / "data"), "--listen", "127.0.0.1:0"]
    began = time.monotonic()
    with running([*command, "--log-format", "json"], core=core, log=log) as process:
        url = wait_until(lambda: _started(log, process), "the daemon's start", 120.0)
        started_in = time.monotonic() - began
        connection = http.client.HTTPConnection(str(urlsplit(url).netloc), timeout=60)
        try:
            yield Watched(process, started_in, connection)
        finally:
            connection.close()


def _started(log: Path, process: Process) -> str | None:
    if process.poll() is not None:
        raise BenchmarkError(f"the daemon did not start: {log.read_text()[-2000:]}")
    for line in log.read_text().splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            entry = json.loads(line)
            if entry.get("event") == "started":
                return str(entry["url"])
    return None
