"""The two databases, behind one look: each can be taken away and given back."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from monitor.history.database import FILE, SQLITE, Database
from monitor.history.history import History
from monitor.model.estate import Retention
from tests.support.patience import PATIENCE
from tests.support.servers.postgres import Postgres

_LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class Store(Protocol):
    """A database for one test."""

    store: str
    data_dir: Path

    def away(self) -> contextlib.AbstractContextManager[None]:
        """Inside of it nobody can write."""


class SqliteStore:
    """Taken away by another process that holds the lock."""

    def __init__(self, data_dir: Path) -> None:
        self.store = SQLITE
        self.data_dir = data_dir

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        process = subprocess.Popen(
            [sys.executable, "-c", _LOCKER, str(self.data_dir / FILE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            process.stdin.close()
            process.wait(timeout=PATIENCE)
            process.stdout.close()


class PostgresStore:
    """Taken away by stopping the server."""

    def __init__(self, data_dir: Path, server: Postgres) -> None:
        self.store = server.make()
        self.data_dir = data_dir
        self._server = server

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        self._server.stop()
        try:
            yield
        finally:
            self._server.start()


def opened(store: Store, **changes: Any) -> AbstractAsyncContextManager[History]:
    """A history on it."""
    given: dict[str, Any] = {"retention": Retention()}
    return History.open(store.store, store.data_dir, **{**given, **changes})


@contextlib.contextmanager
def database(store: Store) -> Iterator[Database]:
    """Its tables, to look into them."""
    found = Database(store.store, store.data_dir)
    try:
        yield found
    finally:
        found.close()
