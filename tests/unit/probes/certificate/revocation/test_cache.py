"""The store of what sources said: bounded in number, bytes and questions under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from probes.certificate.revocation import cache as revocation_cache
from probes.certificate.revocation.cache import (
    MAX_ENTRIES,
    MAX_SIZE,
    MAX_UNDER_WAY,
    RevocationCache,
)
from probes.certificate.revocation.verdict import Unclear
from probes.failure import MonitorTrouble
from probes.observation import Cause

NOW = 1_795_438_931.0


@dataclass(frozen=True, slots=True)
class Said:
    until: float = NOW + 60
    size: int = 500


def saying(said: Said) -> Callable[[], Coroutine[Any, Any, Said]]:
    async def fetch() -> Said:
        return said

    return fetch


def make() -> RevocationCache:
    return RevocationCache(lambda: NOW, lambda: 0.0)


async def test_what_was_not_used_for_longest_goes_first() -> None:
    """In number."""
    cache = make()
    for number in range(MAX_ENTRIES):
        await cache.get(number, saying(Said()), None)
    assert cache.known(0) is not None  # and so it is used
    await cache.get("one more", saying(Said()), None)
    assert cache.known(0) is not None
    assert cache.known(1) is None
    assert cache.known(2) is not None


async def test_large_ones_are_bounded_in_bytes() -> None:
    cache = make()
    for number in range(5):
        await cache.get(number, saying(Said(size=MAX_SIZE // 4)), None)
    assert [cache.known(number) is not None for number in range(5)] == [
        False, True, True, True, True,
    ]  # fmt: skip
    await cache.get("too large for all others", saying(Said(size=MAX_SIZE)), None)
    assert cache.known(4) is None
    assert cache.known("too large for all others") is not None


async def test_what_has_ended_is_not_known() -> None:
    cache = make()
    await cache.get("a", saying(Said(until=NOW)), None)
    assert cache.known("a") is None


async def test_too_many_questions_at_a_time_are_our_own_trouble() -> None:
    """And those under way end with the cache."""
    cache, never = make(), asyncio.Event()

    async def hang() -> Said:
        await never.wait()
        return Said()

    for number in range(MAX_UNDER_WAY):
        with pytest.raises(Unclear, match="did not answer within"):
            await cache.get(number, hang, 0)
    with pytest.raises(Unclear, match="too many others") as unclear:
        await cache.get("one more", hang, 0)
    assert unclear.value.cause is Cause.MONITOR
    await cache.close()
    assert [task for task in asyncio.all_tasks() if task.get_name() == "revocation"] == []


async def test_our_own_trouble_stays_ours() -> None:
    """No thread to read a list in: unknown, and not the authority's fault."""
    cache = make()

    async def fetch() -> Said:
        raise MonitorTrouble("no thread")

    for _ in range(2):
        with pytest.raises(Unclear, match="no thread") as unclear:
            await cache.get("a", fetch, None)
        assert unclear.value.cause is Cause.MONITOR


async def test_whoever_gives_up_ends_nothing_for_others() -> None:
    cache, go, asked = make(), asyncio.Event(), 0

    async def slow() -> Said:
        nonlocal asked
        asked += 1
        await go.wait()
        return Said()

    first = asyncio.create_task(cache.get("a", slow, None))
    second = asyncio.create_task(cache.get("a", slow, None))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await second == Said()
    assert asked == 1
    assert first.cancelled()


def test_its_bounds_are_those_of_a_small_machine() -> None:
    """A list of 20 MiB must fit, and a hundred must not be kept."""
    assert 3 * 20 * 1024 * 1024 <= revocation_cache.MAX_SIZE < 100 * 1024 * 1024
