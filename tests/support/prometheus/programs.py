"""Debian's Prometheus and Alertmanager with the configurations that we ship, only quicker, and a
receiver that Alertmanager calls.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

from tests.support.daemon.running import ROOT, until
from tests.support.patience import PATIENCE
from tests.support.servers.programs import require_program

SHIPPED = ROOT / "config" / "prometheus"


def shipped(name: str) -> Any:
    return YAML(typ="safe").load((SHIPPED / name).read_text("utf-8"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def get(url: str) -> bytes | None:
    """``None`` as long as nobody answers, or not well."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            body: bytes = answer.read()
    except OSError:
        return None
    return body


@contextlib.contextmanager
def program(log: Path, ready: str, *words: str) -> Iterator[None]:
    """Runs it until the end; it is asked until it says that it is ready."""
    with log.open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, cwd=log.parent)
        try:
            until(lambda: get(ready) is not None, lambda: log.read_text("utf-8"))
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(PATIENCE)


class Receiver:
    """Whoever Alertmanager calls: remembers each alert it was told, by the path it was told at."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                for alert in json.loads(self.rfile.read(length))["alerts"]:
                    receiver.told.append((self.path, alert))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def find(self, path: str, name: str, service: str, status: str) -> dict[str, Any] | None:
        """The first such alert that was told there."""
        for at, alert in list(self.told):
            labels = alert["labels"]
            found = (at, labels["alertname"], labels.get("service", ""), alert["status"])
            if found == (path, name, service, status):
                return alert
        return None

    def wait(
        self, path: str, name: str, service: str = "", status: str = "firing"
    ) -> dict[str, Any]:
        def seen() -> str:
            return f"{name} {service} {status} at {path}; told: {self.names()}"

        return until(lambda: self.find(path, name, service, status), seen)

    def names(self) -> set[tuple[str, str, str, str]]:
        return {
            (path, one["labels"]["alertname"], one["labels"].get("service", ""), one["status"])
            for path, one in list(self.told)
        }

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()


@contextlib.contextmanager
def alertmanager(folder: Path, receiver: str) -> Iterator[str]:
    """Yields where it listens, as host and port. Each receiver is a path of ``receiver``."""
    config = shipped("alertmanager.yml")
    for route in (config["route"], *config["route"]["routes"]):
        route.update(group_wait="10ms", group_interval="200ms")
    for one in config["receivers"]:
        one["webhook_configs"] = [{"url": f"{receiver}/{one['name']}", "send_resolved": True}]
    (folder / "alertmanager.yml").write_text(json.dumps(config), "utf-8")
    place = f"127.0.0.1:{free_port()}"
    with program(
        folder / "alertmanager.log",
        f"http://{place}/-/ready",
        require_program("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={place}",
        "--cluster.listen-address=",
    ):
        yield place


class Prometheus:
    def __init__(self, place: str) -> None:
        self.url = f"http://{place}"

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The series that it gives now."""
        body = get(f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expr})}")
        assert body is not None, expr
        found: list[dict[str, Any]] = json.loads(body)["data"]["result"]
        return found

    def until(self, expr: str, number: int = 1) -> None:
        """Waits until it gives that many series."""
        until(
            lambda: len(self.query(expr)) == number,
            lambda: f"{number} of {expr}: {self.query(expr)}",
        )

    def rules(self) -> list[dict[str, Any]]:
        body = get(f"{self.url}/api/v1/rules")
        assert body is not None
        return [rule for group in json.loads(body)["data"]["groups"] for rule in group["rules"]]


@contextlib.contextmanager
def prometheus(folder: Path, *, scraped: str, alerts_to: str) -> Iterator[Prometheus]:
    """With our rules and every second a scrape. What must last has to last for a second only."""
    document = shipped("driftvakt.rules.yml")
    for group in document["groups"]:
        group.pop("interval", None)
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    (folder / "driftvakt.rules.yml").write_text(json.dumps(document), "utf-8")
    config = shipped("prometheus.yml")
    config["global"] = {
        "scrape_interval": "1s",
        "evaluation_interval": "1s",
        "scrape_timeout": "1s",
    }
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [alerts_to]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [scraped]
    (folder / "prometheus.yml").write_text(json.dumps(config), "utf-8")
    place = f"127.0.0.1:{free_port()}"
    with program(
        folder / "prometheus.log",
        f"http://{place}/-/ready",
        require_program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={place}",
        "--log.level=warn",
    ):
        yield Prometheus(place)
