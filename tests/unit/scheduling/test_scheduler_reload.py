"""Another configuration for a schedule that runs, in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.estate import Check, Promise
from monitor.scheduling.phase import phases, phases_beside
from monitor.scheduling.scheduler import Schedule
from tests.support.factories import make_check
from tests.support.virtual_time import MONDAY, run_virtually


def clock() -> float:
    return asyncio.get_running_loop().time()


class House:
    """A schedule that keeps when its checks ran."""

    def __init__(self, *checks: Check, takes: float = 0.0) -> None:
        self.runs: list[tuple[str, float]] = []
        self.given: list[Check] = []
        self.missed = 0
        self.takes = takes
        self.cancelled: list[str] = []
        self.schedule = Schedule(checks, self.run, clock=clock, missed=self.miss)

    def miss(self) -> None:
        self.missed += 1

    async def run(self, check: Check, due: float) -> None:
        self.runs.append((check.name, clock()))
        self.given.append(check)
        try:
            await asyncio.sleep(self.takes)
        except asyncio.CancelledError:
            self.cancelled.append(check.name)
            raise

    async def adopt(
        self, checks: Iterable[Check], *begun: Check, under_way: Iterable[Check] = ()
    ) -> None:
        listed = tuple(checks)
        anew = {check.id for check in begun}
        found = phases_beside(listed, self.schedule.staying(listed, anew))
        await self.schedule.adopt(listed, found, anew, {check.id for check in under_way})

    def of(self, name: str, after: float = 0.0) -> list[float]:
        return [at for ran, at in self.runs if ran == name and at >= after]


def check(name: str, **more: Any) -> Check:
    return make_check(name, **{"interval": 10.0, "retry_interval": 1.0, "host": "h", **more})


def test_who_stays_keeps_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty reloads, in each of which others come and go: one run each interval, not one more or
    less, on the same phase.
    """
    stays = [check(name) for name in "abc"]

    async def main() -> House:
        house = House(*stays)
        house.schedule.start()
        for number in range(50):
            await asyncio.sleep(3.7)
            other = check(f"o{number}", interval=7.0 if number % 2 else 10.0)
            await house.adopt([other, *stays], other)
        await asyncio.sleep(30)
        await house.schedule.drain(1.0)
        return house

    house = run_virtually(main(), monkeypatch)
    for name in "abc":
        on_grid = house.of(name)[1:]
        gaps = [later - sooner for sooner, later in pairwise(on_grid)]
        assert gaps == pytest.approx([10.0] * len(gaps), abs=3e-3)
        assert len(gaps) >= 19
    assert house.missed == 0


def test_who_has_gone_does_not_run_and_who_has_come_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one within seconds; the old one never again."""
    old, new = check("old"), check("new")

    async def main() -> House:
        house = House(old)
        house.schedule.start()
        await asyncio.sleep(25)
        await house.adopt([new], new)
        await asyncio.sleep(25)
        await house.schedule.drain(1.0)
        return house

    house = run_virtually(main(), monkeypatch)
    assert house.of("old", MONDAY + 25) == []
    assert house.of("new")[0] < MONDAY + 25 + 3.1
    assert len(house.of("new")) >= 3


def test_the_runs_are_given_the_check_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weighed by other numbers, it goes on at its phase."""
    one = check("a")
    other = replace(one, weight=7.0)

    async def main() -> House:
        house = House(one)
        house.schedule.start()
        await asyncio.sleep(25)
        await house.adopt([other])
        await asyncio.sleep(25)
        await house.schedule.drain(1.0)
        return house

    house = run_virtually(main(), monkeypatch)
    assert {one.weight for one in house.given} == {1.0, 7.0}
    gaps = [later - sooner for sooner, later in pairwise(house.of("a")[1:])]
    assert gaps == pytest.approx([10.0] * 4, abs=3e-3)


def test_a_run_that_waits_is_given_up_with_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not come to its probe is cancelled; a probe under way comes to its end, and the
    check's first new run waits for that.
    """
    waits, probes = check("waits"), check("probes")
    anew = [replace(one, timeout=3.0) for one in (waits, probes)]

    async def main() -> tuple[House, float]:
        house = House(waits, probes, takes=6.0)
        house.schedule.start()
        await asyncio.sleep(4.0)
        at = clock()
        assert len(house.runs) == 2
        await house.adopt(anew, *anew, under_way=[probes])
        await asyncio.sleep(25)
        await house.schedule.drain(10.0)
        return house, at

    house, at = run_virtually(main(), monkeypatch)
    assert house.cancelled == ["waits"]
    first = house.of("probes")[0]
    assert house.of("probes", at)[0] >= first + 6.0
    assert house.of("waits", at)[0] < at + 4.0


def test_a_run_that_waits_for_another_promise_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """``min_interval`` has changed: the waiting run is not lost, and keeps to the new one."""
    one = check("a", promises=(Promise(scope="ext5", seconds=2.0),))
    other = replace(one, promises=(Promise(scope="ext5", seconds=5.0),))

    async def main() -> tuple[House, float]:
        house = House(one, takes=6.0)
        house.schedule.start()
        await asyncio.sleep(4.0)
        at = clock()
        await house.adopt([other])
        await asyncio.sleep(1.0)
        await house.schedule.drain(10.0)
        return house, at

    house, at = run_virtually(main(), monkeypatch)
    assert house.cancelled == ["a"]
    assert at <= house.of("a", at)[0] < at + 1.0


def test_a_host_keeps_its_order_where_nothing_has_moved() -> None:
    """A check that is added at the end has the phase that it would have after a restart."""
    checks = [check(name) for name in "abcd"]
    before = phases(checks[:3])
    last = checks[3].id
    assert phases_beside(checks, before)[last].offset == phases(checks)[last].offset


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([10.0, 5.0, 20.0, 7.0]))
def test_who_comes_has_a_gap_of_its_own(stays: int, comes: int, interval: float) -> None:
    """However the host's checks came to be where they are: those who come stand well apart from
    them and from each other.
    """
    old = [check(f"s{n}") for n in range(stays)]
    new = [check(f"n{n}", interval=interval) for n in range(comes)]
    staying = {one.id: phase for one, phase in zip(old, phases(old).values(), strict=True)}
    found = phases_beside([*new, *old], staying)
    assert {one.id: found[one.id] for one in old} == staying
    if interval == 10.0:
        offsets = sorted(phase.offset % interval for phase in found.values())
        gaps = [later - sooner for sooner, later in pairwise([*offsets, offsets[0] + interval])]
        assert min(gaps) >= interval / (4 * len(found)) - 1e-9
