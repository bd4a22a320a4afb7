"""The worlds with a real history can fail: each of these faults is found within a few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count, islice
from typing import Any

import pytest

from monitor.history.batch_writer import BatchWriter
from monitor.history.checkpointer import Checkpointer
from monitor.history.errors import HistoryTroubleError
from monitor.history.history import History
from monitor.history.journal import Journal
from monitor.judging.persisted_state import PublishedState
from monitor.model.records import Entry, Outgoing
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.notify.backlog import Backlog
from monitor.notify.delivery import Deliverer
from monitor.notify.grouping import Waiting
from monitor.notify.routing import Router
from monitor.notify.service import NotificationService
from tests.simulation.script import write
from tests.simulation.story import Violation
from tests.simulation.world import run

WORLDS = 40
"""Within which each fault is found, unless it is in the world named with it already."""
Patch = pytest.MonkeyPatch
Published = Mapping[str, PublishedState]
record, plan, write_entries, write_seen = (
    Checkpointer.record, Router.plan, BatchWriter.write_entries, BatchWriter.write_seen,
)  # fmt: skip


def some_transitions_are_not_recorded(patch: Patch) -> None:
    def forgetful(self: Checkpointer, entries: Sequence[Entry], published: Published) -> None:
        known = [one for one in entries if one.transition.after is not Status.UNKNOWN]
        record(self, known, published)

    patch.setattr(Checkpointer, "record", forgetful)


def checks_begin_with_nothing_kept(patch: Patch) -> None:
    async def nothing(self: Checkpointer) -> None:
        """Keeps no state at a start."""

    patch.setattr(Checkpointer, "begin", nothing)
    patch.setattr(Checkpointer, "follow", lambda self, estate, begun: self._watch(estate))


def what_was_published_is_not_kept(patch: Patch) -> None:
    patch.setattr(
        Checkpointer, "record", lambda self, entries, published: record(self, entries, {})
    )


def transitions_are_lost_when_the_database_is_away(patch: Patch) -> None:
    def careless(self: BatchWriter, entries: Any) -> None:
        with suppress(HistoryTroubleError):
            write_entries(self, entries)

    patch.setattr(BatchWriter, "write_entries", careless)


def observations_are_lost_when_the_database_is_away(patch: Patch) -> None:
    def careless(self: BatchWriter) -> None:
        try:
            write_seen(self)
        except HistoryTroubleError:
            self._queue.seen.clear()
            raise

    patch.setattr(BatchWriter, "write_seen", careless)


def the_journal_keeps_nothing(patch: Patch) -> None:
    patch.setattr(Journal, "append", lambda self, lines: None)


def deliveries_are_not_noted(patch: Patch) -> None:
    patch.setattr(History, "delivered", lambda self, outgoing_id, at: None)


def what_the_process_before_left_is_not_sent(patch: Patch) -> None:
    async def nothing(self: Deliverer) -> None:
        """It is forgotten."""

    patch.setattr(Deliverer, "resume", nothing)


def nothing_is_sent_again(patch: Patch) -> None:
    patch.setattr("monitor.notify.receiver_queue.GIVE_UP", 0.0)


def the_newest_message_goes_first(patch: Patch) -> None:
    def hasty(self: Backlog) -> Iterator[Waiting]:
        for subject, queue in self._queues.items():
            if subject not in self._busy:
                yield queue[-1]

    patch.setattr(Backlog, "heads", hasty)


def the_all_clear_is_not_sent(patch: Patch) -> None:
    def gloomy(self: Router, transition: Transition, *rest: Any) -> tuple[Outgoing, ...]:
        return () if transition.after is Status.GREEN else plan(self, transition, *rest)

    patch.setattr(Router, "plan", gloomy)


def messages_are_planned_apart_from_transitions(patch: Patch) -> None:
    patch.setattr(NotificationService, "plan", lambda self, transition, text: ())


FAULTS: dict[Callable[[Patch], None], int] = {
    some_transitions_are_not_recorded: 2523,
    checks_begin_with_nothing_kept: 2523,
    what_was_published_is_not_kept: 205,
    transitions_are_lost_when_the_database_is_away: 595,
    observations_are_lost_when_the_database_is_away: 2012,
    the_journal_keeps_nothing: 2012,
    deliveries_are_not_noted: 2012,
    what_the_process_before_left_is_not_sent: 1158,
    nothing_is_sent_again: 2012,
    the_newest_message_goes_first: 675,
    the_all_clear_is_not_sent: 2012,
    messages_are_planned_apart_from_transitions: 2012,
}


@cache
def worlds() -> tuple[int, ...]:
    """The seeds of the first worlds that have a history."""
    return tuple(islice((seed for seed in count() if write(seed).keeps), WORLDS))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_found(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    """Within a few worlds some promise breaks; none does without the fault, as others test."""
    fault(monkeypatch)
    for seed in (FAULTS[fault], *worlds()):
        try:
            run(seed)
        except Violation:
            return
    pytest.fail(f"{WORLDS} worlds have not noticed it")
