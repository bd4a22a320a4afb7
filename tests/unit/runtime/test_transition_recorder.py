"""Transitions on their way to being told, when one of them meets a fault of ours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from monitor.configuration.loader import load
from monitor.runtime.daemon import Daemon
from tests.support.daemon.running import estate, http_check, service, write_config


async def test_one_that_breaks_takes_none_with_it(tmp_path: Path) -> None:
    """What was told before it is kept, and what comes after it is told in the next turn."""
    config = estate(service("expo", http_check("api", "http://127.0.0.1:9/")))
    made: Any = Daemon(load(write_config(tmp_path, config), {}).estate, listens=False)
    kept: list[Any] = []

    def entry(facts: Any, _: object) -> Any:
        if facts.transition == "broken":
            raise ZeroDivisionError
        return facts.transition

    made._announcer = SimpleNamespace(entry=entry)
    made._keeper = SimpleNamespace(record=lambda entries, published: kept.extend(entries))
    made.events = SimpleNamespace(tell=lambda _: None)
    made._tell_overrun = lambda _: None
    made._untold.extend(
        SimpleNamespace(transition=name, published={}) for name in ("first", "broken", "last")
    )
    loop = asyncio.get_running_loop()
    faults: list[Any] = []
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
    loop.call_soon(made._tell_some)
    for _ in range(10):
        await asyncio.sleep(0)
    assert kept == ["first", "last"]
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


async def test_availability_of_what_is_watched_no_more_is_forgotten(tmp_path: Path) -> None:
    """Configurations may come and go for years."""
    config = estate(service("expo", http_check("api", "http://127.0.0.1:9/")))
    made: Any = Daemon(load(write_config(tmp_path, config), {}).estate, listens=False)
    made._status.availability = {"ext5/expo": 1, "ext5/gone": 2}
    made._status.forget({"ext5/gone"})
    assert made._status.availability == {"ext5/expo": 1}
