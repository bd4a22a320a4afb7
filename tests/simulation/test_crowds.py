"""Hundreds of services that change at once: each change is told once, nothing that was so at no
instant, and what was told as one outlives a kill as one. Faults put into the daemon are found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest

from monitor.history.checkpointer import Checkpointer
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.persisted_state import PublishedState
from monitor.judging.running_rollup import RunningRollup
from monitor.judging.staleness import Aging, Excused
from monitor.model.estate import Check
from monitor.model.records import Entry
from monitor.model.transition import Transition
from monitor.runtime.pipeline import Pipeline
from monitor.runtime.transition_dispatcher import TransitionDispatcher
from probes.observation import Observation
from tests.simulation.story import Violation
from tests.simulation.world import run_crowd

Patch = pytest.MonkeyPatch
dispatch, publish, observe, look, record, remove = (
    TransitionDispatcher.dispatch, Pipeline.publish, Pipeline.observe, Aging.look, Checkpointer.record, RunningRollup.remove,
)  # fmt: skip
SEEDS = range(4)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_a_site_goes_and_comes_back(seed: int) -> None:
    """What is published is what the reference says, in whatever order hundreds of answers come."""
    outcome = run_crowd(seed)
    assert outcome.transitions > 300


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_a_kill_cuts_the_instant_of_a_storm(seed: int) -> None:
    """Whoever was told, and what the history has, is all of what was told as one, or nothing."""
    outcome = run_crowd(seed, keeps=True)
    assert outcome.lives > 1
    assert outcome.transitions > 100


def each_change_is_told_by_itself(patch: Patch) -> None:
    def hasty(self: Pipeline, check: Check, observation: Observation) -> None:
        observe(self, check, observation)
        publish(self)

    patch.setattr(Pipeline, "observe", hasty)


def what_is_seen_waits_for_the_tick(patch: Patch) -> None:
    def lazy(self: Pipeline, check: Check, observation: Observation) -> None:
        observe(self, check, observation)
        if self._publishing is not None:
            self._publishing.cancel()

    patch.setattr(Pipeline, "observe", lazy)


def of_many_changes_some_are_not_told(patch: Patch) -> None:
    def forgetful(self: TransitionDispatcher, transitions: list[Transition]) -> None:
        dispatch(self, transitions[:20])

    patch.setattr(TransitionDispatcher, "dispatch", forgetful)


def an_environment_forgets_who_recovers(patch: Patch) -> None:
    def forgetful(self: RunningRollup, status: str, weight: float, critical: bool) -> None:
        if status != "red":
            remove(self, status, weight, critical)  # type: ignore[arg-type]

    patch.setattr(RunningRollup, "remove", forgetful)


def of_many_that_are_stale_some_are_forgotten(patch: Patch) -> None:
    def forgetful(self: Aging, now: float, excused: Excused) -> list[CheckTracker]:
        return look(self, now, excused)[:5]

    patch.setattr(Aging, "look", forgetful)


def half_of_a_storm_is_kept_later(patch: Patch) -> None:
    def torn(
        self: Checkpointer, entries: Sequence[Entry], published: Mapping[str, PublishedState]
    ) -> None:
        half = len(entries) // 2
        record(self, entries[:half], published)
        asyncio.get_running_loop().call_later(5.0, record, self, entries[half:], published)

    patch.setattr(Checkpointer, "record", torn)


FAULTS: dict[Callable[[Patch], None], tuple[bool, int]] = {
    each_change_is_told_by_itself: (False, 2),
    what_is_seen_waits_for_the_tick: (False, 1),
    of_many_changes_some_are_not_told: (False, 3),
    an_environment_forgets_who_recovers: (False, 0),
    of_many_that_are_stale_some_are_forgotten: (False, 1),
    half_of_a_storm_is_kept_later: (True, 2),
}
"""Whether it takes a history to find it, and the world that finds it first."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_found(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    """Within a few worlds some promise breaks; none does without the fault, as others test."""
    fault(monkeypatch)
    keeps, first = FAULTS[fault]
    for seed in (first, *SEEDS):
        try:
            run_crowd(seed, keeps=keeps)
        except Violation:
            return
    pytest.fail(f"{len(SEEDS)} worlds have not noticed it")
