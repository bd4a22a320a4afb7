"""The daemon as the operating system runs it: a process with a configuration, a log and signals."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.daemon.forked import Forked
from tests.support.exposition_reader import Scrape
from tests.support.patience import PATIENCE

T = TypeVar("T")
ROOT = Path(__file__).parents[3]
POLL = 0.02


def until(found: Callable[[], T | None], what: str | Callable[[], str]) -> T:
    """Asks again and again until there is something; fails with ``what`` when patience is out."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {what if isinstance(what, str) else what()}")
        time.sleep(POLL)


def eventually(claim: Callable[[], None]) -> None:
    """Asks again and again until ``claim`` asserts nothing that is not so; raises what it asserts
    last when patience is out.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return claim()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(POLL)


def healed(daemon: Running, service: str) -> bool:
    """Whether it is green again after it was red, by whatever way: how many observations failed
    meanwhile is the machine's affair, and with it whether yellow came between.
    """
    told = [one["to"] for one in daemon.events("transition", service=service)]
    return "red" in told and told[-1] == "green"


def run_for(seconds: float, look: Callable[[], object] = lambda: None) -> None:
    """Lets the daemon run, looking at it all the while: for what must *not* come meanwhile. How much
    of what should come has come by its end is the machine's affair: wait for that with :func:`until`.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        look()
        time.sleep(POLL)


def leftovers(data: Path) -> set[str]:
    """What lies in a data folder beside the status file and the history."""
    ours = {
        "status.json",
        "driftvakt.journal",
        "driftvakt.lock",
        "driftvakt.told",
        *(f"driftvakt.db{end}" for end in ("", "-wal", "-shm")),
    }
    return {path.name for path in data.iterdir()} - ours


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from monitor.entry import main; main()", *arguments]


def write_config(folder: Path, config: Mapping[str, Any] | str) -> Path:
    """A configuration file. JSON is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "driftvakt.yaml"
    text = config if isinstance(config, str) else json.dumps(config, ensure_ascii=False, indent=1)
    path.write_text(text, "utf-8")
    return path


def http_check(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "http", "url": url, **more}


def service(name: str, *checks: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "title": name.upper(), "checks": list(checks), **more}


def estate(*services: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One environment, ``ext5``; ``environment=`` adds keys to it."""
    own = more.pop("environment", {})
    listed = [{"name": "ext5", "title": "EXT5", **own, "services": list(services)}]
    return {"language": "en", "environments": listed, **more}


class Running:
    """A daemon's process."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes] | Forked) -> None:
        self.folder = folder
        self.process = process
        self.lines: list[str] = []
        """What it has logged."""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.decode())

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def events(self, name: str, **having: object) -> list[dict[str, Any]]:
        """Log lines of that event."""
        parsed = [json.loads(line) for line in list(self.lines)]
        return [e for e in parsed if e["event"] == name and having.items() <= e.items()]

    def event(self, name: str, **having: object) -> dict[str, Any]:
        """The first such line, waited for."""

        def first() -> dict[str, Any] | None:
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.log}"
            return next(iter(self.events(name, **having)), None)

        return until(first, lambda: f"{name} {having} in {self.log}")

    @property
    def url(self) -> str:
        url: str = self.event("started")["url"]
        return url

    @property
    def status_path(self) -> Path:
        return self.folder / "data" / "status.json"

    def status(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.status_path.read_bytes())
        return body

    def check(self, name: str) -> dict[str, Any]:
        """The check ``SERVICE/CHECK`` as status.json now has it."""
        wanted, _, named = name.partition("/")
        [environment] = self.status()["environments"]
        found: dict[str, Any] = next(
            check
            for service in environment["services"]
            if service["name"] == wanted
            for check in service["checks"]
            if check["name"] == named
        )
        return found

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            body: bytes = answer.read()
        return body

    def metrics(self) -> Scrape:
        return Scrape(self.get("/metrics"))

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """The exit code; fails when it does not end."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.send(number)
        return self.ended()

    def kill(self) -> None:
        """Whatever state it is in: the process group is gone afterwards."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        if self.process.stderr is not None:
            self.process.stderr.close()


def _executed(words: list[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(*words),
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@contextlib.contextmanager
def running(
    folder: Path,
    config: Mapping[str, Any] | str,
    *arguments: str,
    level: str = "info",
    environ: Mapping[str, str] | None = None,
    started: bool = True,
    executed: bool = False,
) -> Iterator[Running]:
    """A daemon that has started, on any free port and with its data in ``folder``/data. It is
    gone at the end, however the test went.

    It is forked from a process that has imported the program (:mod:`tests.support.daemon.forked`),
    unless ``environ`` may change what Python itself does, or the test wants it ``executed``: where
    the first moments of the program are what is tested.
    """
    path = write_config(folder, config)
    options = {"--config": str(path), "--log-level": level, "--log-format": "json"}
    if "--listen" not in arguments:
        options["--listen"] = "127.0.0.1:0"
    if "--data-dir" not in arguments:
        options["--data-dir"] = str(folder / "data")
    words = ["run", *(word for pair in options.items() for word in pair), *arguments]
    if environ or executed:
        daemon = Running(folder, _executed(words, environ or {}))
    else:
        daemon = Running(folder, Forked(words, cwd=ROOT))
    try:
        if started:
            daemon.event("started")
        yield daemon
    finally:
        daemon.kill()
