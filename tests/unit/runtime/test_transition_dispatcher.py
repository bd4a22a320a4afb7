"""Transitions on their way to being told, when one of them meets a fault of ours."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from monitor.runtime.transition_dispatcher import TransitionDispatcher


async def test_one_that_breaks_takes_none_with_it() -> None:
    """What was told before it is kept, and what comes after it is told in the next turn."""
    kept: list[Any] = []

    def entry(facts: Any, _: object) -> Any:
        if facts.transition.name == "broken":
            raise ZeroDivisionError
        return facts.transition.name

    def facts(transition: Any) -> Any:
        return SimpleNamespace(transition=transition, published={})

    parts: Any = SimpleNamespace(
        timer=lambda: 0.0,
        recorder=SimpleNamespace(facts=facts, entry=entry),
        checkpointer=SimpleNamespace(record=lambda entries, published: kept.extend(entries)),
        notifications=SimpleNamespace(plan=None),
        events=SimpleNamespace(tell=lambda _: None),
        metrics=SimpleNamespace(transition=lambda _: None),
        current=SimpleNamespace(timelines=SimpleNamespace(add=lambda _: None)),
        by_hand=SimpleNamespace(saw=lambda _: None),
        status=SimpleNamespace(changed=lambda: None),
    )
    transitions: Any = [
        SimpleNamespace(name=name, overrun=False) for name in ("first", "broken", "last")
    ]
    loop = asyncio.get_running_loop()
    faults: list[Any] = []
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
    loop.call_soon(TransitionDispatcher(parts).dispatch, transitions)
    for _ in range(10):
        await asyncio.sleep(0)
    assert kept == ["first", "last"]
    assert [type(fault) for fault in faults] == [ZeroDivisionError]
