"""A daemon on a core of its own, its target on the other, and all that is seen of it meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.benchmarks.exposition import Buckets, buckets, highest_bound, since, values
from tests.benchmarks.machine import cpu_seconds, resident_bytes, waited_seconds
from tests.benchmarks.processes import BenchmarkError, Process, running, wait_until

VIEWS = ("/metrics", "/", "/s/e0/s0")
EVERY = 5.0
_GENERATED = re.compile(rb'"generated_at":"([^"]+)"')
COLOURS = ("green", "yellow", "red", "unknown")


class Target:
    """The server that goes away."""

    def __init__(self, process: Process, where: dict[str, int]) -> None:
        self.pid = process.pid
        self.port, self.hook = where["port"], where["hook"]
        self._words = socket.create_connection(("127.0.0.1", where["control"]), 30).makefile("rw")

    def say(self, word: str) -> dict[str, float]:
        """``down``, ``up`` or ``seen``; gives what was seen so far."""
        self._words.write(f"{word}\n")
        self._words.flush()
        told: dict[str, float] = json.loads(self._words.readline())
        return told


@contextlib.contextmanager
def target(folder: Path, core: int) -> Iterator[Target]:
    log = folder / "target.log"
    command = [sys.executable, "-m", "tests.benchmarks.growth_target"]
    with running(command, core=core, log=log) as process:
        line = wait_until(lambda: _first_line(log, process), "the target")
        yield Target(process, json.loads(line))


def _first_line(log: Path, process: Process) -> str | None:
    if process.poll() is not None:
        raise BenchmarkError(f"the target did not start: {log.read_text()}")
    line, end, _ = log.read_text().partition("\n")
    return line if end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The daemon's counters at an instant."""

    at: float
    cpu: float
    waited: float
    lateness: Buckets
    transitions: float
    to_unknown: float
    stretch: float = 1.0
    pause: float = 0.0

    @property
    def probes(self) -> float:
        return max(self.lateness.values(), default=0.0)


@dataclass(slots=True)
class Seen:
    """The worst of what was seen in a phase."""

    age: float = 0.0
    unknown: int = 0
    overloaded: bool = False
    resident: int = 0
    views: dict[str, float] = field(default_factory=dict)
    """The longest that an answer took, in seconds; infinite when none came."""


class Watched:
    """A daemon that runs, asked all the time for what its users ask for."""

    def __init__(self, process: Process, folder: Path, began: float) -> None:
        self.process, self.pid = process, process.pid
        self.began = began
        self.seen = Seen()
        self._folder = folder
        self._status = folder / "data" / "status.json"
        self._ended = threading.Event()
        self.measured = False
        """Whether everything has been: from then on nothing may be unknown."""

    def run(self, url: str) -> list[threading.Thread]:
        self._place = str(urlsplit(url).netloc)
        threads = [threading.Thread(target=self._look)]
        threads += [threading.Thread(target=self._view, args=(path,)) for path in VIEWS]
        for thread in threads:
            thread.start()
        return threads

    def end(self) -> None:
        self._ended.set()

    def _look(self) -> None:
        while not self._ended.wait(1.0):
            with contextlib.suppress(OSError):
                self.seen.resident = max(self.seen.resident, resident_bytes(self.pid))
                with self._status.open("rb") as file:
                    head = file.read(4096)
                if found := _GENERATED.search(head):
                    made = datetime.fromisoformat(found[1].decode()).timestamp()
                    self.seen.age = max(self.seen.age, time.time() - made)

    def _view(self, path: str) -> None:
        """One address, over a connection that is kept, as a scraper and a browser keep theirs."""
        connection = http.client.HTTPConnection(self._place, timeout=60)
        while not self._ended.wait(EVERY):
            asked = time.monotonic()
            try:
                connection.request("GET", path)
                body = connection.getresponse().read()
                took = time.monotonic() - asked
            except (OSError, http.client.HTTPException):
                if self._ended.is_set():
                    break
                took, body = float("inf"), b""
                connection.close()
            self.seen.views[path] = max(self.seen.views.get(path, 0.0), took)
            if b"\ndriftvakt_overloaded 1" in body:
                self.seen.overloaded = True
        connection.close()

    def statuses(self) -> dict[str, int]:
        """How often each colour stands in the status file, of whatever it is."""
        try:
            body = self._status.read_bytes()
        except OSError:
            body = b""
        found = {one: body.count(b'"status":"%s"' % one.encode()) for one in COLOURS}
        if self.measured:
            self.seen.unknown = max(self.seen.unknown, found["unknown"])
        return found

    def read(self) -> Reading:
        """Asks again when the daemon has no time to answer (503): what is empty is no figure."""
        while True:
            connection = http.client.HTTPConnection(self._place, timeout=300)
            connection.request("GET", "/metrics")
            at, cpu, waited = time.monotonic(), cpu_seconds(self.pid), waited_seconds(self.pid)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            if answer.status == 200:
                break
            time.sleep(1.0)
        changes = list(values(text, "driftvakt_transitions_total"))
        return Reading(
            at=at,
            cpu=cpu,
            waited=waited,
            lateness=buckets(text, "driftvakt_schedule_lateness_seconds"),
            transitions=sum(count for _, count in changes),
            to_unknown=sum(count for labels, count in changes if labels["to"] == "unknown"),
            stretch=_gauge(text, "driftvakt_interval_stretch_ratio"),
            pause=_gauge(text, "driftvakt_render_pause_seconds"),
        )

    def until(self, reached: Callable[[dict[str, int]], bool], within: float) -> float:
        """Seconds until the status file says so; infinite when it did not in time."""
        began = time.monotonic()
        while time.monotonic() - began < within:
            found = self.statuses()
            if any(found.values()) and reached(found):
                return time.monotonic() - began
            if self.process.poll() is not None:
                raise BenchmarkError(f"the daemon has ended: {self.log()[-2000:]}")
            time.sleep(0.5)
        return float("inf")

    def log(self) -> str:
        return (self._folder / "daemon.log").read_text()

    def events(self, name: str) -> int:
        return self.log().count(f'"event": "{name}"') + self.log().count(f'"event":"{name}"')

    def hang_up(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def held(self, since_: float, until_: float) -> tuple[float, float]:
        """The longest that the loop was held between two instants: CPU, and wall clock."""
        hold = lag = 0.0
        for line in (self._folder / "meter").read_text().splitlines():
            at, held, lagged = (float(word) for word in line.split())
            if since_ <= at <= until_ + 1.0:
                hold, lag = max(hold, held), max(lag, lagged)
        return hold, lag


@contextlib.contextmanager
def watching(folder: Path, text: str, core: int) -> Iterator[Watched]:
    """From the start of its process. It has a fresh folder."""
    folder.mkdir()
    config, log = folder / "growth.yaml", folder / "daemon.log"
    config.write_text(text)
    command = [sys.executable, "-m", "tests.benchmarks.growth_daemon", str(folder / "meter")]
    command += ["run", "--config", str(config), "--data-dir", str(folder / "data")]
    command += ["--listen", "127.0.0.1:0", "--log-format", "json"]
    began = time.monotonic()
    with running(command, core=core, log=log) as process:
        watched = Watched(process, folder, began)
        url = wait_until(lambda: _url(log, process), "the daemon's start", 120.0)
        threads = watched.run(url)
        try:
            yield watched
        finally:
            watched.end()
            for thread in threads:
                thread.join()


def _url(log: Path, process: Process) -> str | None:
    if process.poll() is not None:
        raise BenchmarkError(f"the daemon did not start: {log.read_text()[-2000:]}")
    for line in log.read_text().splitlines():
        if '"started"' in line:
            return str(json.loads(line)["url"])
    return None


def _gauge(text: bytes, family: str) -> float:
    return next((value for _, value in values(text, family)), 0.0)


def latest(before: Reading, after: Reading) -> float:
    """The bound of the bucket that holds the probe that was latest in between, in seconds."""
    return highest_bound(since(before.lateness, after.lateness))
