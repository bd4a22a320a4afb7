"""Places: bounded, in order, and their number may change while they are taken."""

from __future__ import annotations

import asyncio

import pytest

from monitor.scheduling.semaphore import ResizableSemaphore


class House:
    """Visitors who stay until they are sent away."""

    def __init__(self, bound: int) -> None:
        self.places = ResizableSemaphore(bound)
        self.inside: list[int] = []
        self.doors: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def come(self, *numbers: int) -> None:
        for number in numbers:
            self.doors[number] = asyncio.Event()
            self.tasks[number] = asyncio.create_task(self._visit(number))
        await self.settle()

    async def _visit(self, number: int) -> None:
        async with self.places:
            self.inside.append(number)
            try:
                await self.doors[number].wait()
            finally:
                self.inside.remove(number)

    async def go(self, *numbers: int) -> None:
        for number in numbers:
            self.doors[number].set()
        await self.settle()

    async def cancel(self, *numbers: int) -> None:
        for number in numbers:
            self.tasks[number].cancel()
        await self.settle()

    @staticmethod
    async def settle() -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_no_more_than_the_bound_and_in_order() -> None:
    """Who comes first is let in first."""
    house = House(2)
    await house.come(1, 2, 3, 4)
    assert house.inside == [1, 2]
    await house.go(2)
    assert house.inside == [1, 3]
    await house.go(1, 3, 4)
    assert house.places.idle


async def test_more_places_let_those_in_who_wait() -> None:
    """At once, as many as there are places now."""
    house = House(1)
    await house.come(1, 2, 3, 4)
    house.places.resize(3)
    await house.settle()
    assert house.inside == [1, 2, 3]
    await house.go(1, 2, 3, 4)


async def test_fewer_places_send_nobody_away() -> None:
    """Those inside stay; nobody new comes before there are fewer than the bound."""
    house = House(3)
    await house.come(1, 2, 3, 4)
    house.places.resize(1)
    await house.go(1, 2)
    assert house.inside == [3]
    await house.go(3)
    assert house.inside == [4]
    await house.go(4)
    assert house.places.idle


@pytest.mark.parametrize("at_once", [True, False])
async def test_who_gives_up_takes_no_place(at_once: bool) -> None:
    """Cancelled while waiting, or in the very moment that the place was given."""
    house = House(1)
    await house.come(1, 2, 3)
    if at_once:
        house.doors[1].set()
        await asyncio.sleep(0)  # the place is 2's, who does not know yet
    await house.cancel(2)
    await house.go(1)
    assert house.inside == [3]
    await house.go(3)
    assert house.places.idle
