"""Every test that asks for a store runs with SQLite and with PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.history.deadline import Deadline
from tests.support.history.stores import PostgresStore, SqliteStore, Store
from tests.support.patience import PATIENCE
from tests.support.servers.postgres import Postgres, serve_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server; every test takes a database of its own."""
    with serve_postgres() as server:
        yield server


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not about deadlines is not ended by them, however busy the machine is."""
    within = Deadline.within
    monkeypatch.setattr("monitor.history.history.READ", PATIENCE)
    monkeypatch.setattr(Deadline, "within", lambda self, seconds: within(self, PATIENCE))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A database that nobody has used."""
    if request.param == "sqlite":
        return SqliteStore(tmp_path)
    return PostgresStore(tmp_path, request.getfixturevalue("postgres"))


@pytest.fixture
def other_store(
    request: pytest.FixtureRequest, store: Store, tmp_path: Path
) -> Callable[[], Store]:
    """Makes another one of the same kind."""

    def make() -> Store:
        if isinstance(store, SqliteStore):
            return SqliteStore(tmp_path / "other")
        return PostgresStore(tmp_path / "other", request.getfixturevalue("postgres"))

    return make
