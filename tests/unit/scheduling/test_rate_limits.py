"""``min_interval`` across a change of the configuration, in simulated time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from monitor.model.estate import Check, Promise
from monitor.scheduling.rate_limits import RateLimits
from tests.support.factories import make_check
from tests.support.virtual_time import run_virtually


def timer() -> float:
    return asyncio.get_running_loop().time()


def check(scope: str = "ext5", seconds: float = 10.0, **more: Any) -> Check:
    return make_check(promises=(Promise(scope=scope, seconds=seconds),), host="h", **more)


async def probe(promises: RateLimits, one: Check, takes: float = 0.0) -> float:
    """When it began."""
    turn = await promises.turn(one)
    turn.begin()
    at = timer()
    await asyncio.sleep(takes)
    turn.end()
    return at


def test_a_longer_promise_counts_from_the_last_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for who waits already."""

    async def main() -> float:
        promises = RateLimits(timer)
        begun = await probe(promises, check())
        waiting = asyncio.create_task(probe(promises, check()))
        await asyncio.sleep(5)
        promises.adopt([check(seconds=60.0)])
        return await waiting - begun

    assert 60.0 <= run_virtually(main(), monkeypatch) < 61.5


def test_a_shorter_promise_lets_those_who_wait_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, when it is over already."""

    async def main() -> float:
        promises = RateLimits(timer)
        begun = await probe(promises, check(seconds=60.0))
        waiting = asyncio.create_task(probe(promises, check(seconds=60.0)))
        await asyncio.sleep(20)
        promises.adopt([check(seconds=10.0)])
        return await waiting - begun

    assert 20.0 <= run_virtually(main(), monkeypatch) < 20.1


def test_a_promise_by_another_name_is_the_same_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment was renamed: its owner sees no two probes closer than promised."""

    async def main() -> float:
        promises = RateLimits(timer)
        begun = await probe(promises, check())
        promises.adopt([check("ext6")])
        return await probe(promises, check("ext6")) - begun

    assert run_virtually(main(), monkeypatch) >= 10.0


def test_a_probe_under_way_is_remembered_under_the_other_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may reach the target only after the reload."""

    async def main() -> float:
        promises = RateLimits(timer)
        begun = timer()
        flying = asyncio.create_task(probe(promises, check(), takes=30.0))
        await asyncio.sleep(0.5)
        promises.adopt([check("ext6")])
        at = await probe(promises, check("ext6"))
        flying.cancel()
        return at - begun

    assert run_virtually(main(), monkeypatch) >= 11.0, "it may have taken a second to arrive"


def test_who_comes_back_is_remembered_for_as_long_as_it_binds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taken away and put back within the promise: it still counts. Afterwards nothing is kept."""

    async def main() -> tuple[float, int]:
        promises = RateLimits(timer)
        begun = await probe(promises, check())
        promises.adopt([])
        await asyncio.sleep(1)
        promises.adopt([check()])
        again = await probe(promises, check())
        await asyncio.sleep(20)
        promises.adopt([])
        return again - begun, len(promises._queues)

    gap, kept = run_virtually(main(), monkeypatch)
    assert gap >= 10.0
    assert kept == 0
