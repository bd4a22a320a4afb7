"""What tests of notifications share."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.support.virtual_time import run_virtually


@pytest.fixture
def virtually(monkeypatch: pytest.MonkeyPatch) -> Callable[[Coroutine[Any, Any, None]], None]:
    return lambda main: run_virtually(main, monkeypatch)
