"""What is given to the history is there afterwards: in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import pytest

from monitor.history.db_thread import InlineWorker
from monitor.history.history import History, HistoryTroubleError
from monitor.history.reader import HistoryReader
from monitor.model.records import Entry, Outgoing, seen_of
from monitor.model.status import Status
from probes.observation import Cause, Grade, Phases, Reason
from tests.support.factories_observed import NOW, make_failure, make_observation
from tests.support.factories_record import make_entry, make_outgoing, make_transition
from tests.support.history.stores import Store, opened
from tests.support.patience import PATIENCE

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("patient")]


def bare(entry: Entry) -> Entry:
    """As a list of transitions shows it."""
    return Entry(transition=entry.transition, message=entry.message)


async def test_a_transition_is_there_with_all_that_belongs_to_it(store: Store) -> None:
    """Its sentences, its evidence, its messages and the states that went with it; after a restart
    too.
    """
    red, green = make_entry(0), make_entry(1)
    async with opened(store) as history:
        history.record([red], {"ext5/expo": b"red"})
        history.record([green], {"ext5/expo": b"green"})
    async with opened(store) as history:
        assert await history.transitions() == [bare(red), bare(green)]
        assert await history.transition(red.id) == bare(red)
        assert await history.evidence(red.id) == red.evidence
        assert await history.evidence(green.id) is None
        assert await history.pending() == [*red.outgoing, *green.outgoing]
        assert await history.states() == {"ext5/expo": b"green"}


async def test_every_field_of_a_transition_comes_back(store: Store) -> None:
    """No field is forgotten by the tables."""
    told = make_transition(
        began=NOW - 60,
        planned=True,
        was_planned=True,
        window="2026-11-cert",
        check="ext5/expo/api",
        reason=Reason.TLS_EXPIRED,
        cause=Cause.DEPENDENCY,
        after=Status.YELLOW,
    )
    of_environment = make_transition(1, service=None)
    entries = [make_entry(transition=told), make_entry(1, transition=of_environment)]
    async with opened(store) as history:
        history.record(entries)
        assert [one.transition for one in await history.transitions()] == [told, of_environment]


async def test_the_same_transition_twice_is_there_once(store: Store) -> None:
    """By its id: nothing of it is written again, and its message keeps what became of it."""
    entry = make_entry()
    async with opened(store) as history:
        history.record([entry])
        history.delivered(entry.outgoing[0].id, NOW)
        history.record([entry])
        assert await history.transitions() == [bare(entry)]
        assert await history.pending() == []


async def test_transitions_are_found_by_service_environment_and_time(store: Store) -> None:
    """``since`` is in, ``until`` is out; a limit takes the newest; the order is that of telling."""
    several = [
        make_entry(n, transition=make_transition(n, environment=e, service=s))
        for n, (e, s) in enumerate(
            [("ext5", "expo"), ("ext5", None), ("ext6", "expo"), ("ext5", "other")]
        )
    ]
    ids = [one.id for one in several]
    async with opened(store) as history:
        history.record(several)

        async def found(**asked: object) -> list[int]:
            given = await history.transitions(**asked)  # type: ignore[arg-type]
            return [ids.index(one.id) for one in given]

        assert await found(service="ext5/expo") == [0]
        assert await found(environment="ext5") == [0, 1, 3]
        assert await found(since=NOW + 1, until=NOW + 3) == [1, 2]
        assert await found(limit=2) == [2, 3]
        assert await found(environment="ext5", limit=1) == [3]


async def test_the_outbox_knows_what_became_of_each_message(store: Store) -> None:
    """Delivered and given up are settled, postponed is not; what is settled stays so."""
    async with opened(store) as history:
        history.record([make_entry(n) for n in range(3)])
        history.enqueue([make_outgoing(3), make_outgoing(4, subject="ext5/other")])
        history.postponed("message-2", 4, NOW + 60)
        history.delivered("message-0", NOW + 1)
        history.given_up("message-1", NOW + 2, "refused \0 \ud800")
        history.postponed("message-0", 9, NOW + 99)
        pending = await history.pending()
        assert [one.id for one in pending] == ["message-2", "message-3", "message-4"]
        assert (pending[0].attempts, pending[0].next_attempt_at) == (4, NOW + 60)
        told = await history.last_told()
        assert [one.id for one in told] == ["message-3", "message-4"]


async def test_observations_come_back_as_they_were_seen(store: Store) -> None:
    """Good ones, failed ones, those with an address each; of this check alone; in order."""
    part = make_failure(at=NOW + 2, address="192.0.2.11", detail="strange \0 text \ud800")
    every = [
        make_observation(at=NOW),
        make_failure(Reason.STATUS, at=NOW + 1, http=make_observation().http),
        make_observation(
            at=NOW + 2, grade=Grade.DEGRADED, reason=Reason.LATENCY, parts=(part, part)
        ),
        make_observation(at=NOW + 3, phases=Phases(), address=None, http=None),
    ]
    async with opened(store) as history:
        for one in reversed(every):
            history.observed("ext5/expo/api", one)
        history.observed("ext5/expo/other", make_observation(at=NOW + 1))
        found = await history.seen("ext5/expo/api", NOW)
        assert [seen._replace(parts=()) for seen in found] == [
            seen_of(one)._replace(parts=()) for one in every
        ]
        assert [len(seen.parts) for seen in found] == [0, 0, 2, 0]
        assert found[2].parts[0].address == "192.0.2.11"
        within = await history.seen("ext5/expo/api", NOW + 1, NOW + 3)
        assert [seen.at for seen in within] == [NOW + 1, NOW + 2]
        assert await history.seen("ext5/expo/unknown", 0.0) == []


async def test_observations_are_written_by_themselves_within_seconds(store: Store) -> None:
    """Nobody has to ask for it, and another program reads them meanwhile."""
    async with opened(store) as history:
        with HistoryReader(store.store, store.data_dir) as reader:
            for number in range(3000):  # more than one batch
                history.observed("ext5/expo/api", make_observation(at=NOW + number))
            async with asyncio.timeout(PATIENCE):
                while sum(map(len, reader.observations("ext5/expo/api", 0.0))) < 3000:  # noqa: ASYNC110 - it is another program that reads
                    await asyncio.sleep(0.05)
            assert reader.checks() == ["ext5/expo/api"]
        assert history.figures().observations_dropped == 0


async def test_those_who_send_are_told_once_it_is_written(store: Store) -> None:
    """When they hear of a transition it can be read by another program."""
    heard: asyncio.Queue[tuple[Sequence[Entry], Sequence[Outgoing], int]] = asyncio.Queue()
    async with opened(store) as history:
        with HistoryReader(store.store, store.data_dir) as reader:

            def recorded(entries: Sequence[Entry], outgoing: Sequence[Outgoing]) -> None:
                heard.put_nowait((entries, outgoing, len(reader.transitions())))

            history.listen(recorded)
            history.record([make_entry()])
            entries, outgoing, found = await heard.get()
            assert (entries, found) == ((make_entry(),), 1)
            assert outgoing == make_entry().outgoing
            history.enqueue([make_outgoing(7)])
            assert (await heard.get())[:2] == ((), (make_outgoing(7),))


async def test_a_checkpoint_never_undoes_what_a_transition_has_saved(store: Store) -> None:
    """They are written apart, and the newer one holds."""
    async with opened(store) as history:
        history.checkpoint({"a": b"1", "b": b"1"})
        history.record([make_entry()], {"a": b"2"})
        history.checkpoint({"c": b"3"})
        assert await history.states() == {"a": b"2", "b": b"1", "c": b"3"}
        history.checkpoint({"a": b"4"})
        assert await history.states() == {"a": b"4", "b": b"1", "c": b"3"}


async def test_an_observation_costs_the_loop_next_to_nothing(store: Store) -> None:
    """Of the processor: less than putting forty numbers into a list (some two microseconds)."""
    seen = make_observation()

    def best(work: Callable[[], object]) -> float:
        found = float("inf")
        for _ in range(20):
            began = time.thread_time()
            for _ in range(500):
                work()
            found = min(found, time.thread_time() - began)
        return found

    async with opened(store) as history:
        ours = best(lambda: history.observed("ext5/expo/api", seen))
        assert ours < best(lambda: [number for number in range(40)])  # noqa: C416


async def test_a_simulation_can_run_it_on_the_loop_itself(store: Store) -> None:
    """Without a thread: by the loop's own clock."""
    heard: list[str] = []
    loop = asyncio.get_running_loop()
    async with opened(store, worker=InlineWorker(), timer=loop.time) as history:
        history.listen(lambda entries, _: heard.extend(one.id for one in entries))
        history.observed("ext5/expo/api", make_observation())
        history.record([make_entry()])
        assert len(await history.seen("ext5/expo/api", 0.0)) == 1
        await asyncio.sleep(0)
        assert heard == [make_entry().id]
    assert history.figures().observations_waiting == 0


async def test_nothing_waits_after_the_end(store: Store) -> None:
    """What was given last is written before it closes."""
    async with opened(store) as history:
        for number in range(500):
            history.observed("ext5/expo/api", make_observation(at=NOW + number))
        history.checkpoint({"a": b"1"})
        history.record([make_entry()])
    with HistoryReader(store.store, store.data_dir) as reader:
        assert sum(map(len, reader.observations("ext5/expo/api", 0.0))) == 500
        assert reader.evidence(make_entry().id) == make_entry().evidence
        assert reader.transition(make_entry().id) == bare(make_entry())
        assert reader.transition("nothing") is None


def test_a_reader_says_that_there_is_nothing_to_read(store: Store) -> None:
    """And makes nothing."""
    with (
        pytest.raises(HistoryTroubleError, match=r"no history|earlier version"),
        HistoryReader(store.store, store.data_dir),
    ):
        pass
    assert list(store.data_dir.iterdir()) == []


async def test_an_address_that_is_none_is_told_without_its_password(store: Store) -> None:
    """The text of the driver has the whole URL in it."""
    with pytest.raises(HistoryTroubleError) as told:
        async with History.open(
            "postgresql://u:s3cr3t@db:x/y",
            store.data_dir,
            retention=None,  # type: ignore[arg-type]
        ):
            pass
    assert "s3cr3t" not in str(told.value)
