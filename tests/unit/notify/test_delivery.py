"""Messages on their way, in simulated time: order, retries, a day's end, floods, reload."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from monitor.model.estate import Estate
from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing
from monitor.notify import receiver_queue
from monitor.notify.backoff import Pace
from monitor.notify.delivery import Deliverer
from monitor.notify.message import Message, read_message
from monitor.notify.sender import Sender, SendFailed
from tests.support.factories import NOW
from tests.support.outbox import (
    Counted,
    MemoryOutbox,
    make_message,
    make_outgoing,
    make_receiver,
    make_watched,
)
from tests.support.virtual_time import MONDAY, run_virtually

Fault = Callable[[Sequence[Message], int], SendFailed | Exception | float | None]


class Recorder:
    """A receiver that remembers what came and when, and fails as it is told."""

    refresh_every: float | None = None

    def __init__(self, receiver: Receiver, fault: Fault) -> None:
        self.receiver = receiver
        self.fault = fault
        self.tries = 0
        self.got: list[tuple[float, list[str]]] = []
        self.messages: list[Message] = []
        self.restored: list[str] = []
        self.closed = False

    async def send(self, messages: Sequence[Message]) -> None:
        self.tries += 1
        fault = self.fault(messages, self.tries)
        if isinstance(fault, float):
            await asyncio.sleep(fault)
        elif fault is not None:
            raise fault
        at = asyncio.get_running_loop().time() - MONDAY
        self.messages += messages
        self.got.append((at, [message.id for message in messages]))

    async def refresh(self) -> None: ...

    def restore(self, message: Message) -> None:
        self.restored.append(message.id)

    async def trial(self) -> None: ...

    async def close(self) -> None:
        self.closed = True

    def ids(self) -> list[str]:
        return [one for _, batch in self.got for one in batch]


class World:
    """A deliverer, its outbox and its receivers, on the loop's clock."""

    def __init__(self, *receivers: Receiver, fault: Fault = lambda *_: None) -> None:
        self.estate = make_watched(*receivers, services=300)
        self.outbox = MemoryOutbox()
        self.counted = Counted()
        self.fault = fault
        self.senders: list[Recorder] = []
        self.pauses: list[float] = []
        self.down = False

    def make(self, receiver: Receiver, _: Estate, __: aiohttp.ClientSession) -> Sender:
        self.senders.append(Recorder(receiver, self.fault))
        return self.senders[-1]

    def deliverer(self) -> Deliverer:
        loop = asyncio.get_running_loop()

        def clock() -> float:
            return loop.time() - MONDAY + NOW

        def jitter(ceiling: float) -> float:
            self.pauses.append(ceiling)
            return ceiling

        pace = Pace(clock=clock, monotonic=loop.time, jitter=jitter)
        return Deliverer(self.estate, self.outbox, self.counted, pace=pace, sender=self.make)

    def keep(self, messages: Iterable[Message], notification: str = "hook") -> list[Outgoing]:
        made = [make_outgoing(message, notification) for message in messages]
        self.outbox.kept += made
        return made


@pytest.fixture
def virtually(monkeypatch: pytest.MonkeyPatch) -> Callable[[Coroutine[Any, Any, None]], None]:
    return lambda main: run_virtually(main, monkeypatch)


Virtually = Callable[[Coroutine[Any, Any, None]], None]


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
