"""Messages that a receiver does not take, in simulated time: back-off, a day's end, others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from monitor.notify.message import Message
from monitor.notify.sender import SendFailed
from tests.support.factories import NOW
from tests.support.notify.world import Virtually, World
from tests.support.outbox import make_message, make_receiver


def test_the_back_off_grows_to_five_minutes(virtually: Virtually) -> None:
    """Each ceiling doubles the one before; chance picks below it."""
    world = World(make_receiver(), fault=lambda _, n: SendFailed("no") if n < 15 else None)

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message()]))
            await asyncio.sleep(3 * 3600)

    virtually(main())
    assert world.pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300]
    assert world.senders[0].got[0][0] == pytest.approx(511 + 5 * 300)


def test_retry_after_is_honoured(virtually: Virtually) -> None:
    """A receiver that asks for two minutes is left alone so long; one that asks for a day, five
    minutes.
    """
    world = World(
        make_receiver(),
        fault=lambda _, n: (
            SendFailed("later", retry_after=(120.0, 86_400.0)[n - 1]) if n < 3 else None
        ),
    )

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message()]))
            await asyncio.sleep(3600)

    virtually(main())
    [(at, ids)] = world.senders[0].got
    assert at == pytest.approx(120.0 + 300.0)
    assert ids == ["s0-0"]


def test_a_receiver_that_takes_something_is_rested_from_no_more(virtually: Virtually) -> None:
    """What was to wait for minutes goes at once when another message has just arrived."""
    world = World(
        make_receiver(),
        fault=lambda _, n: SendFailed("later", retry_after=86_400.0) if n < 3 else None,
    )

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message(0, "s0"), make_message(0, "s1")]))
            await asyncio.sleep(20.0)
            deliverer.take(world.keep([make_message(0, "s2")]))
            await asyncio.sleep(1.0)

    virtually(main())
    assert sorted(world.senders[0].ids()) == ["s0-0", "s1-0", "s2-0"]


def test_a_refusal_is_tried_again_slowly(virtually: Virtually) -> None:
    """Somebody may mend it within the day; knocking every second helps nobody."""
    world = World(
        make_receiver(), fault=lambda _, n: SendFailed("HTTP 401", refused=True) if n < 4 else None
    )

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message()]))
            await asyncio.sleep(7200)

    virtually(main())
    assert world.senders[0].got[0][0] == pytest.approx(1800.0)


def test_after_a_day_it_is_given_up_and_the_next_one_tried(virtually: Virtually) -> None:
    """Nobody wants yesterday's alarm; it is told to the outbox and counted."""
    world = World(
        make_receiver(), fault=lambda m, _: SendFailed("no") if m[0].id == "s0-0" else None
    )

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message()]))
            await asyncio.sleep(86_400 + 700)
            deliverer.take(world.keep([make_message(1, at=NOW + 86_400 + 700)]))
            await asyncio.sleep(10)

    virtually(main())
    assert world.outbox.dead == {"s0-0": "no"}
    assert world.senders[0].ids() == ["s0-1"]
    assert world.counted.outcomes["hook", "given_up"] == 1


def test_a_message_that_is_too_old_at_the_start_is_not_sent(virtually: Virtually) -> None:
    """A daemon that was down for two days begins with what is new."""
    world = World(make_receiver())
    world.keep([make_message(0, at=NOW - 2 * 86_400), make_message(1)])

    async def main() -> None:
        async with world.deliverer():
            await asyncio.sleep(1)

    virtually(main())
    assert world.senders[0].ids() == ["s0-1"]
    assert list(world.outbox.dead) == ["s0-0"]


def test_a_fault_of_our_own_is_tried_again_and_stops_no_other(
    virtually: Virtually,
) -> None:
    """A sender that raises what it should not does not end its lane."""
    world = World(make_receiver(), fault=lambda _, n: ZeroDivisionError() if n == 1 else None)

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message(), make_message(0, "s1")]))
            await asyncio.sleep(60)

    virtually(main())
    assert sorted(world.senders[0].ids()) == ["s0-0", "s1-0"]


def test_an_outbox_that_fails_holds_up_nothing_else(virtually: Virtually) -> None:
    """A delivery that cannot be noted is tried again by the next process; other messages go on."""
    world = World(make_receiver())

    def broken(outgoing_id: str, at: float) -> None:
        raise RuntimeError("the store is closed")

    async def main() -> None:
        world.outbox.delivered = broken  # type: ignore[method-assign]
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message(), make_message(1), make_message(0, "s1")]))
            await asyncio.sleep(5)

    virtually(main())
    assert sorted(world.senders[0].ids()) == ["s0-0", "s0-1", "s1-0"]


def test_one_that_hangs_holds_up_no_other_receiver_and_no_other_service(
    virtually: Virtually,
) -> None:
    """Its lane has places for others."""

    def fault(messages: Sequence[Message], _: int) -> float | None:
        return 10_000.0 if messages[0].service == "s0" else None

    world = World(make_receiver(), make_receiver("mail"), fault=fault)

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message(), make_message(0, "s1")]))
            deliverer.take(world.keep([make_message(0, "s1")], "mail"))
            await asyncio.sleep(1)

    virtually(main())
    assert [sender.ids() for sender in world.senders] == [["s1-0"], ["s1-0"]]
