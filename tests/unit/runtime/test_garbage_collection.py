"""The garbage collector in slices."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from monitor.runtime.garbage_collection import EVERY, LOOK, PAUSE, SLOW, Sweeper
from tests.support.virtual_time import run_virtually


class Told:
    """A collector that writes down what it is told."""

    def __init__(self, takes: float = 0.0) -> None:
        self.told: list[str] = []
        self.takes = takes
        self.cpu = 0.0
        self.blocks = 1_000_000

    def collect(self, generation: int = 2) -> int:
        self.told.append(f"collect {generation}")
        self.cpu += self.takes
        return 0

    def freeze(self) -> None:
        self.told.append("freeze")

    def unfreeze(self) -> None:
        self.told.append("unfreeze")

    def disable(self) -> None:
        self.told.append("disable")

    def enable(self) -> None:
        self.told.append("enable")

    def sweeper(self) -> Sweeper:
        return Sweeper(self, blocks=lambda: self.blocks, cpu=lambda: self.cpu)


class Node:
    other: Node | None = None


def test_a_young_cycle_is_freed() -> None:
    """What nobody but itself refers to is gone after the next look."""
    gc.disable()
    try:
        one, two = Node(), Node()
        one.other, two.other = two, one
        alive = weakref.ref(one)
        del one, two
        assert alive() is not None
        Sweeper().sweep()
        assert alive() is None
    finally:
        gc.enable()


def test_what_is_young_is_looked_at_alone() -> None:
    """Never what has grown old."""
    told = Told()
    sweeper = told.sweeper()
    for _ in range(100):
        sweeper.sweep()
    assert told.told == ["collect 0"] * 100


def test_a_look_that_takes_too_long_is_not_repeated_at_once() -> None:
    """What is made in the next second is not looked at: it costs nothing."""
    told = Told(takes=2 * SLOW)
    sweeper = told.sweeper()
    for _ in range(PAUSE + 2):
        sweeper.sweep()
    assert told.told == ["collect 0", *["freeze"] * PAUSE, "collect 0"]


def test_everything_is_looked_at_when_memory_has_grown() -> None:
    """Not before; and not again until it has grown by as much once more."""
    told = Told()
    sweeper = told.sweeper()
    sweeper.look()
    told.blocks = 2_300_000
    sweeper.look()
    assert told.told == []
    told.blocks = 2_500_000
    sweeper.look()
    sweeper.look()
    assert told.told == ["unfreeze", "collect 2", "freeze"]


def test_it_takes_the_place_of_the_automatic_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as it runs; what lived before it began is never looked at."""
    told = Told()

    async def run() -> None:
        sweeping = asyncio.create_task(told.sweeper().run())
        await asyncio.sleep(LOOK + 10 * EVERY)
        sweeping.cancel()
        await asyncio.wait([sweeping])

    run_virtually(run(), monkeypatch)
    assert told.told[:2] == ["disable", "freeze"]
    assert told.told[-1] == "enable"
    assert told.told.count("collect 0") >= LOOK / EVERY
    assert "collect 2" not in told.told
