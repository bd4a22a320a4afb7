"""The simulation can fail: each of these faults, put into the daemon, is found within a few seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

import monitor.scheduling.runner
from monitor.judging import fold as folding
from monitor.judging import part_rollup, rollup
from monitor.judging import standing as standings
from monitor.judging.board import Board
from monitor.judging.fold import Fold
from monitor.judging.grade import Verdict
from monitor.judging.rollup import Child
from monitor.judging.snapshot import Snapshot
from monitor.judging.standing import Standing
from monitor.model.status import Status, Thresholds
from monitor.model.transition import Transition
from monitor.plan import Agenda
from monitor.publish.metrics.metrics import Metrics
from monitor.publish.status.renderer import StatusRenderer
from monitor.runtime.transition_dispatcher import TransitionDispatcher
from monitor.scheduling.fitness import CanaryWatch, LoopLag
from monitor.scheduling.rate_limits import _Queue
from monitor.scheduling.retry_after import RetryAfterHolds
from monitor.scheduling.scheduler import Schedule
from probes.observation import Observation
from tests.simulation.story import Violation
from tests.simulation.world import run

SEEDS = 60
"""Within which each fault is found."""
Patch = pytest.MonkeyPatch
observe, standing, roll_up = folding.observe, standings.standing, rollup.roll_up
dispatch, draw, restore, restand = (
    TransitionDispatcher.dispatch, StatusRenderer.render, Board.restore, Board._restand,
)  # fmt: skip


def green_after_is_ignored(patch: Patch) -> None:
    def hasty(before: Fold, at: float, verdict: Verdict, thresholds: Thresholds) -> Fold:
        return observe(before, at, verdict, replace(thresholds, green_after=1))

    patch.setattr(folding, "observe", hasty)


def red_comes_one_later(patch: Patch) -> None:
    def slow(before: Fold, at: float, verdict: Verdict, thresholds: Thresholds) -> Fold:
        return observe(before, at, verdict, replace(thresholds, red_after=thresholds.red_after + 1))

    patch.setattr(folding, "observe", slow)


def the_window_is_ignored(patch: Patch) -> None:
    patch.setattr(folding, "_share", lambda recent, limit, thresholds: False)


def nothing_is_stale(patch: Patch) -> None:
    def fresh(fold: Fold, now: float, stale_after: float, started_at: float) -> Standing:
        return standing(fold, now, math.inf, started_at)

    patch.setattr(standings, "standing", fresh)


def our_trouble_is_forgotten(patch: Patch) -> None:
    patch.setattr(folding, "trouble", lambda before, observation: before)


def critical_means_nothing(patch: Patch) -> None:
    def lax(children: Iterable[Child], majority: float = 0.5) -> Status:
        return roll_up([replace(child, critical=False) for child in children], majority)

    patch.setattr(rollup, "roll_up", lax)


def planned_is_never_said(patch: Patch) -> None:
    patch.setattr(
        rollup, "published", lambda measured, declared: (rollup.worse(measured, declared), False)
    )


def windows_go_on(patch: Patch) -> None:
    patch.setattr(Agenda, "next_change", lambda self, at: math.inf)


def one_transition_in_many_is_swallowed(patch: Patch) -> None:
    def forgetful(self: TransitionDispatcher, transitions: list[Transition]) -> None:
        dispatch(self, [one for one in transitions if one.after is not Status.UNKNOWN])

    patch.setattr(TransitionDispatcher, "dispatch", forgetful)


def a_transition_is_told_twice(patch: Patch) -> None:
    def eager(self: TransitionDispatcher, transitions: list[Transition]) -> None:
        dispatch(self, transitions + [one for one in transitions if one.after is Status.RED])

    patch.setattr(TransitionDispatcher, "dispatch", eager)


def the_board_forgets_to_carry_upwards(patch: Patch) -> None:
    def lazy(self: Board, tracker: Any, row: Any, now: float) -> bool:
        return restand(self, tracker, row, now) and tracker.standing.status is not Status.UNKNOWN

    patch.setattr(Board, "_restand", lazy)


def nothing_is_restored(patch: Patch) -> None:
    patch.setattr(
        Board, "restore", lambda self, checks, later, published, now: restore(self, {}, {}, {}, now)
    )


def promises_are_broken(patch: Patch) -> None:
    async def free(self: _Queue) -> None:
        """At once."""

    patch.setattr(_Queue, "free", free)


def wishes_to_be_left_alone_are_ignored(patch: Patch) -> None:
    patch.setattr(RetryAfterHolds, "until", lambda self, check: None)


def unsettled_checks_wait(patch: Patch) -> None:
    patch.setattr(Schedule, "sooner", lambda self, check_id, at: None)


def a_set_clock_is_not_noticed(patch: Patch) -> None:
    patch.setattr(Schedule, "realign", lambda self: None)


def a_set_clock_makes_stale(patch: Patch) -> None:
    patch.setattr(Board, "clock_set", lambda self, now: None)


def canaries_are_not_asked(patch: Patch) -> None:
    async def no(self: CanaryWatch, observation: Observation) -> bool:
        return False

    patch.setattr(CanaryWatch, "explains", no)


def canaries_are_always_down(patch: Patch) -> None:
    async def yes(self: CanaryWatch, observation: Observation) -> bool:
        return observation.failed

    patch.setattr(CanaryWatch, "explains", yes)


def stalls_are_the_targets_fault(patch: Patch) -> None:
    patch.setattr(monitor.scheduling.runner, "blame_lag", lambda seen, lag, thresholds: seen)


def stalls_excuse_for_ever(patch: Patch) -> None:
    patch.setattr(LoopLag, "within", lambda self, seconds: sum(lag for _, lag in self._lags))


def metrics_count_nothing(patch: Patch) -> None:
    patch.setattr(Metrics, "transition", lambda self, transition: None)


def the_status_file_is_of_the_past(patch: Patch) -> None:
    before: dict[int, Snapshot] = {}

    async def late(self: StatusRenderer, snapshot: Snapshot) -> bytes:
        old = before.get(id(self), snapshot)
        before[id(self)] = snapshot
        return await draw(self, old)

    patch.setattr(StatusRenderer, "render", late)


def probes_are_left_behind(patch: Patch) -> None:
    async def careless(self: Schedule, seconds: float) -> int:
        return 0

    patch.setattr(Schedule, "drain", careless)


def half_of_the_places_are_enough(patch: Patch) -> None:
    patch.setattr(part_rollup, "_enough", lambda known, missing: True)


FAULTS: tuple[Callable[[Patch], None], ...] = (
    green_after_is_ignored,
    red_comes_one_later,
    the_window_is_ignored,
    nothing_is_stale,
    our_trouble_is_forgotten,
    critical_means_nothing,
    half_of_the_places_are_enough,
    planned_is_never_said,
    windows_go_on,
    one_transition_in_many_is_swallowed,
    a_transition_is_told_twice,
    the_board_forgets_to_carry_upwards,
    nothing_is_restored,
    promises_are_broken,
    wishes_to_be_left_alone_are_ignored,
    unsettled_checks_wait,
    a_set_clock_is_not_noticed,
    a_set_clock_makes_stale,
    canaries_are_not_asked,
    canaries_are_always_down,
    stalls_are_the_targets_fault,
    stalls_excuse_for_ever,
    metrics_count_nothing,
    the_status_file_is_of_the_past,
    probes_are_left_behind,
)
FIRST: dict[Callable[[Patch], None], int] = {
    critical_means_nothing: 26,
    a_set_clock_is_not_noticed: 15,
    a_set_clock_makes_stale: 17,
    stalls_are_the_targets_fault: 27,
}
"""The world that finds it first, where that is none of the first few."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_found(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    """Within a few seeds some world breaks; none does without the fault, as others test."""
    fault(monkeypatch)
    for seed in (FIRST.get(fault, 0), *range(SEEDS)):
        try:
            run(seed)
        except Violation:
            return
    pytest.fail(f"{SEEDS} worlds have not noticed it")
