"""Messages on their way, in simulated time: order, floods, what is late, restart and reload."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.model.records import MessageKind, Outgoing
from monitor.notify import receiver_queue
from monitor.notify.message import Message, read_message
from monitor.notify.sender import SendFailed
from tests.support.factories import NOW
from tests.support.notify.world import Virtually, World
from tests.support.outbox import make_message, make_outgoing, make_receiver, make_watched


def test_messages_of_a_subject_come_in_order_and_others_go_on(virtually: Virtually) -> None:
    """The one that fails holds back those of its service only."""

    def fault(messages: Sequence[Message], _: int) -> SendFailed | None:
        stuck = messages[0].id == "s0-1" and world.senders[0].tries < 6
        return SendFailed("no") if stuck else None

    world = World(make_receiver(), fault=fault)

    async def main() -> None:
        async with world.deliverer() as deliverer:
            for service in ("s0", "s1"):
                kinds = (MessageKind.ALARM, MessageKind.RECOVERY, MessageKind.ALARM)
                messages = [make_message(n + 1, service, kind) for n, kind in enumerate(kinds)]
                deliverer.take(world.keep(messages))
            await asyncio.sleep(0.5)
            assert world.senders[0].ids() == ["s1-1", "s1-2", "s1-3"]
            await asyncio.sleep(3600)

    virtually(main())
    assert world.senders[0].ids()[3:] == ["s0-1", "s0-2", "s0-3"]
    assert len(world.outbox.done) == 6
    assert world.counted.outcomes["hook", "delivered"] == 6
    assert world.counted.outcomes["hook", "failed"] == 6 - 4
    assert [attempts for _, attempts, _ in world.outbox.attempts] == [1, 2]


def test_late_messages_are_folded_into_the_newest(virtually: Virtually) -> None:
    """A receiver that comes back after ten minutes is told how things are, and how often they
    have changed; the outbox knows that the others are not to be sent.
    """
    world = World(make_receiver(), fault=lambda *_: SendFailed("down") if world.down else None)
    world.down = True

    async def main() -> None:
        async with world.deliverer() as deliverer:
            for n in range(14):
                kind = (MessageKind.ALARM, MessageKind.RECOVERY)[n % 2]
                deliverer.take(world.keep([make_message(n, kind=kind, at=NOW + 10 * n)]))
                await asyncio.sleep(10.0)
            await asyncio.sleep(600.0)
            world.down = False
            await asyncio.sleep(300.0)
            deliverer.take(world.keep([make_message(14)]))
            await asyncio.sleep(10.0)

    virtually(main())
    [(_, [first]), (_, [second])] = world.senders[0].got
    assert (first, second) == ("s0-13", "s0-14")
    told, alone = world.senders[0].messages
    assert told.folded == 13
    assert told.text.en.startswith(
        "It has flapped 14 times in 2 minutes and 10 seconds; green since "
    )
    assert told.text.sv.startswith(
        "Status har växlat 14 gånger på 2 minuter och 10 sekunder; grön sedan "
    )
    assert told.text.en.endswith(make_message().text.en)
    assert alone.folded == 0
    assert alone.text == make_message().text
    assert world.outbox.done.keys() == {"s0-13", "s0-14"}
    assert world.outbox.folded == {f"s0-{n}" for n in range(13)}
    assert world.counted.outcomes["hook", "folded"] == 13


def test_a_backlog_is_one_line_of_the_log(virtually: Virtually) -> None:
    """A hundred thousand messages that are older than a day, and as many of the last hour about a
    few services: the start gives up the former at once, and tells the newest of the latter.
    """
    world = World(make_receiver())
    services = [f"s{n}" for n in range(4)]
    world.outbox.kept += [
        make_outgoing(make_message(n, f"s{n % 4}", at=NOW - 2 * 86_400)) for n in range(100)
    ] * 1000
    world.outbox.kept += [
        make_outgoing(make_message(1000 + n, f"s{n % 4}", at=NOW - 3600 + n)) for n in range(3000)
    ]

    async def main() -> None:
        with capture_logs() as logs:
            began = time.thread_time()
            async with world.deliverer():
                spent = time.thread_time() - began
                await asyncio.sleep(1.0)
        assert spent < 1.0
        assert [one["event"] for one in logs].count("notification_given_up") == 1
        [given_up] = [one for one in logs if one["event"] == "notification_given_up"]
        assert given_up["number"] == 100_000

    virtually(main())
    assert sorted(world.senders[0].ids()) == sorted(
        f"{one}-{4000 - 4 + n}" for n, one in enumerate(services)
    )
    assert world.counted.outcomes["hook", "given_up"] == 100_000


def test_what_was_pending_at_the_end_is_sent_by_the_next_process(virtually: Virtually) -> None:
    """A receiver that was down while the first process ran hears of it from the second."""
    world = World(make_receiver(), fault=lambda *_: SendFailed("down"))

    async def main() -> None:
        async with world.deliverer() as first:
            first.take(world.keep([make_message(), make_message(1, "s1")]))
            await asyncio.sleep(30)
        assert world.senders[0].closed
        assert asyncio.all_tasks() == {asyncio.current_task()}
        world.fault = lambda *_: None
        async with world.deliverer():
            await asyncio.sleep(30)

    virtually(main())
    assert world.senders[1].ids() == ["s0-0", "s1-1"]
    assert world.senders[1].restored == ["s0-0", "s1-1"]


def test_what_is_handed_in_twice_is_sent_once(virtually: Virtually) -> None:
    """By the store and by whoever could not wait for it."""
    world = World(make_receiver())

    async def main() -> None:
        async with world.deliverer() as deliverer:
            made = world.keep([make_message()])
            deliverer.take(made)
            deliverer.take(made)
            await asyncio.sleep(1)
            deliverer.take(made)
            await deliverer.resume()
            await asyncio.sleep(1)

    virtually(main())
    assert world.senders[0].ids() == ["s0-0"]


def test_what_is_handed_in_late_takes_its_place(virtually: Virtually) -> None:
    """An older message of the store goes before a newer one that is still held."""
    world = World(make_receiver(group_wait=10.0))

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message(1, at=NOW + 5, kind=MessageKind.RECOVERY)]))
            deliverer.take(world.keep([make_message(0)]))
            await asyncio.sleep(30)

    virtually(main())
    assert world.senders[0].ids() == ["s0-0", "s0-1"]


def test_a_flood_is_one_message_and_all_of_it_is_delivered(virtually: Virtually) -> None:
    """200 services red within 20 s, then green again: two messages."""
    world = World(make_receiver(group_wait=10.0, flood=5))

    async def main() -> None:
        async with world.deliverer() as deliverer:
            for kind, number in ((MessageKind.ALARM, 0), (MessageKind.RECOVERY, 1)):
                for n in range(200):
                    deliverer.take(world.keep([make_message(number, f"s{n}", kind)]))
                    await asyncio.sleep(0.1)
                await asyncio.sleep(300)

    virtually(main())
    assert [len(batch) for _, batch in world.senders[0].got] == [200, 200]
    assert len(world.outbox.done) == 400


def test_a_reload_keeps_what_waits_and_gives_up_what_nobody_will_get(
    virtually: Virtually,
) -> None:
    """A changed address is used for the messages that wait; a removed receiver's are given up."""
    world = World(make_receiver(), make_receiver("old"), fault=lambda *_: SendFailed("wrong"))

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message()]))
            deliverer.take(world.keep([make_message(1)], "old"))
            await asyncio.sleep(5)
            world.fault = lambda *_: None
            new = make_receiver(url="http://127.0.0.1:10/"), make_receiver("fresh")
            await deliverer.reload(make_watched(*new))
            deliverer.take(world.keep([make_message(2)], "fresh"))
            await asyncio.sleep(10)

    virtually(main())
    assert [(s.receiver.name, s.ids(), s.closed) for s in world.senders] == [
        ("hook", [], True),
        ("old", [], True),
        ("hook", ["s0-0"], True),
        ("fresh", ["s0-2"], True),
    ]
    assert world.outbox.dead == {"s0-1": "no receiver has this name any more"}


def test_an_outbox_that_cannot_be_read_stops_nothing(virtually: Virtually) -> None:
    """The store is away at the start: what is taken in is delivered all the same."""
    world = World(make_receiver())

    async def away(since: float) -> list[Outgoing]:
        raise OSError("the database is locked")

    async def main() -> None:
        world.outbox.pending = away  # type: ignore[method-assign]
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message()]))
            await asyncio.sleep(1)

    virtually(main())
    assert world.senders[0].ids() == ["s0-0"]


def test_memory_is_bounded(virtually: Virtually, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest that nobody is sending is given up, of the service with most."""
    monkeypatch.setattr("monitor.notify.backlog.MOST_WAITING", 10)
    world = World(make_receiver(), fault=lambda *_: SendFailed("down"))

    async def main() -> None:
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message(0, "s1")]))
            for n in range(20):
                deliverer.take(world.keep([make_message(n)]))
                await asyncio.sleep(0.1)
            world.senders[0].fault = lambda *_: None
            await asyncio.sleep(600)

    virtually(main())
    assert sorted(world.outbox.done) == sorted(
        ["s1-0", "s0-0", *(f"s0-{n}" for n in range(12, 20))]
    )
    assert set(world.outbox.dead) == {f"s0-{n}" for n in range(1, 12)}


def test_a_great_flood_is_made_ready_in_many_turns(
    virtually: Virtually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message all the same: nothing of it is sent before all of it is there."""
    turn = 0
    reads: Counter[int] = Counter()

    def counted(one: Outgoing) -> Message:
        reads[turn] += 1
        return read_message(one)

    monkeypatch.setattr(receiver_queue, "read_message", counted)
    world = World(make_receiver(group_wait=10.0, flood=5))

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        once = loop._run_once

        def run_once() -> None:
            nonlocal turn
            turn += 1
            once()

        monkeypatch.setattr(loop, "_run_once", run_once)
        async with world.deliverer() as deliverer:
            deliverer.take(world.keep([make_message(1, f"s{n}") for n in range(180)]))
            await asyncio.sleep(100.0)

    virtually(main())
    [(_, ids)] = world.senders[0].got
    assert len(ids) == 180
    assert max(reads.values()) <= 10


def test_reminders_that_wait_give_way_to_whoever_is_at_it(virtually: Virtually) -> None:
    """Held by the group's wait or by a receiver that is down, they are not sent once somebody has
    acknowledged it; those of other services are, and every alarm and all-clear.
    """
    world = World(
        make_receiver(group_wait=5.0, flood=1000),
        fault=lambda *_: SendFailed("down") if world.down else None,
    )
    resting: set[str] = set()
    kinds = (MessageKind.ALARM, MessageKind.REMINDER, MessageKind.REMINDER)

    async def main() -> None:
        async with world.deliverer(lambda one: one.subject in resting) as deliverer:
            made = [make_message(n, one, kinds[n]) for one in ("s0", "s1") for n in range(3)]
            deliverer.take(world.keep(made))
            await asyncio.sleep(4.0)
            resting.add("ext5/s0")
            await asyncio.sleep(60.0)
            assert sorted(world.senders[0].ids()) == ["s0-0", "s1-0", "s1-1", "s1-2"]
            world.down = True
            deliverer.take(world.keep([make_message(3, "s1", MessageKind.REMINDER)]))
            deliverer.take(world.keep([make_message(4, "s0", MessageKind.RECOVERY)]))
            await asyncio.sleep(60.0)
            resting.add("ext5/s1")
            world.down = False
            await asyncio.sleep(3600.0)

    virtually(main())
    assert world.senders[0].ids()[4:] == ["s0-4"]
    assert world.counted.outcomes["hook", "silenced"] == 3
