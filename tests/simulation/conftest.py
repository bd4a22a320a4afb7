"""The many worlds begin when the first test does, and their tests come last."""

from __future__ import annotations

import os
import tempfile

import pytest

from tests.simulation.beside import Beside

LAST = ("test_no_world_breaks_a_promise", "test_a_day_takes_seconds")
_BESIDE = pytest.StashKey[Beside]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Waiting for them comes last."""
    items.sort(key=lambda item: item.name in LAST)


def pytest_collection_finish(session: pytest.Session) -> None:
    """They begin, when they are wanted at all."""
    if session.config.option.collectonly or not any(item.name in LAST for item in session.items):
        return
    if "PYTEST_XDIST_WORKER" not in os.environ:  # of two workers, the one that comes to them waits
        _begin(session.config)


def _begin(config: pytest.Config) -> Beside:
    beside = config.stash[_BESIDE] = Beside()
    beside.start(tempfile.TemporaryFile("w+", encoding="utf-8"))  # noqa: SIM115 - closed at its end
    return beside


def pytest_sessionfinish(session: pytest.Session) -> None:
    """None is left, however the session ended."""
    beside = session.config.stash.get(_BESIDE, None)
    if beside is not None:
        beside.end()


@pytest.fixture
def beside(pytestconfig: pytest.Config) -> Beside:
    """The many worlds."""
    known = pytestconfig.stash.get(_BESIDE, None)
    return known if known is not None else _begin(pytestconfig)
