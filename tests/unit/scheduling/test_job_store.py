"""The store keeps what APScheduler's own would, checked against it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from apscheduler.jobstores.base import ConflictingIdError, JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from hypothesis import given
from hypothesis import strategies as st

from monitor.scheduling.job_store import TimetableStore

INSTANTS = st.integers(0, 9).map(lambda second: datetime.fromtimestamp(second, UTC))
IDS = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(st.tuples(st.sampled_from(["add", "update", "remove", "put"]), IDS, INSTANTS))


def job(job_id: str, at: datetime) -> Any:
    return SimpleNamespace(id=job_id, next_run_time=at)


def outcome(store: Any, step: str, one: Any) -> type[Exception] | None:
    """What a step raises."""
    try:
        if step == "remove":
            store.remove_job(one.id)
        elif step == "put":
            _put(store, one)
        else:
            getattr(store, f"{step}_job")(one)
    except (ConflictingIdError, JobLookupError) as error:
        return type(error)
    return None


def _put(store: Any, one: Any) -> None:
    """A job that may be new or known; the memory store has two ways for these."""
    if isinstance(store, TimetableStore):
        store.put([(one, one.next_run_time.timestamp())])
    elif store.lookup_job(one.id) is None:
        store.add_job(one)
    else:
        store.update_job(one)


@given(STEPS, INSTANTS)
def test_it_does_what_the_memory_store_does(
    steps: list[tuple[str, str, datetime]], now: datetime
) -> None:
    """Any steps leave the same jobs due, in the same order, with the same complaints."""
    ours, theirs = TimetableStore(), MemoryJobStore()
    for step, job_id, at in steps:
        one = job(job_id, at)
        assert outcome(ours, step, one) == outcome(theirs, step, one)
        assert ours.get_due_jobs(now) == theirs.get_due_jobs(now)
        assert ours.get_all_jobs() == theirs.get_all_jobs()
        assert ours.get_next_run_time() == theirs.get_next_run_time()
        assert ours.lookup_job(job_id) == theirs.lookup_job(job_id)
        due = ours.at(job_id)
        known = theirs.lookup_job(job_id)
        assert due == (known.next_run_time.timestamp() if known is not None else None)


def test_a_store_can_be_emptied() -> None:
    """Nothing is due afterwards, and every id is free again."""
    store = TimetableStore()
    one = job("a", datetime.fromtimestamp(1, UTC))
    store.add_job(one)
    with pytest.raises(ConflictingIdError):
        store.add_job(one)
    store.remove_all_jobs()
    assert store.get_next_run_time() is None
    store.add_job(one)
    assert store.get_all_jobs() == [one]


def test_as_many_as_are_asked_for_are_due() -> None:
    """The first of them, in order."""
    store = TimetableStore()
    store.put((job(name, datetime.fromtimestamp(1, UTC)), at) for at, name in enumerate("dcba"))
    assert [(at, one.id) for at, one in store.due(10.0, 2)] == [(0, "d"), (1, "c")]
    assert len(store.due(2.0, 10)) == 3
    assert len(store.due(10.0)) == 4
