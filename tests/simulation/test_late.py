"""Restarts while the database is away, by the dozen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.history.checkpointer import Checkpointer
from monitor.history.restored import Restored
from monitor.notify.coalescing import repeats
from monitor.notify.open_alarms_file import OpenAlarmsFile
from monitor.notify.service import NotificationService
from tests.simulation.late import run
from tests.simulation.story import Violation

WORLDS = 10
Patch = pytest.MonkeyPatch


def test_nobody_is_left_with_an_alarm_that_is_over() -> None:
    """Whatever a start knows, and whenever: who was told of an alarm gets the all-clear, and
    nothing is told twice.
    """
    found = [run(seed) for seed in range(WORLDS)]
    assert sum(one.late for one in found) > WORLDS / 2
    assert sum(one.told for one in found) > 3 * WORLDS


def a_late_history_is_left_alone(patch: Patch) -> None:
    async def never(self: Checkpointer, now: object) -> Restored:
        return Restored()

    patch.setattr(Checkpointer, "restore_late", never)


def alarms_that_are_over_are_left_open(patch: Patch) -> None:
    restore = NotificationService.restore_late
    patch.setattr(
        NotificationService,
        "restore_late",
        lambda self, told, _: restore(self, told, lambda _: None),
    )


def nothing_is_held(patch: Patch) -> None:
    patch.setattr("monitor.notify.service.HOLD", 0.0)


def what_was_told_before_is_told_again(patch: Patch) -> None:
    patch.setattr("monitor.notify.service.repeats", lambda told, held: repeats(told, held)[:0])


def nothing_is_recalled(patch: Patch) -> None:
    patch.setattr(OpenAlarmsFile, "read_now", lambda *_: None)


def an_alarm_is_never_out_of_the_file(patch: Patch) -> None:
    patch.setattr(
        "monitor.notify.history_outbox.HistoryOutbox.delivered",
        lambda self, one, at: self._history.delivered(one, at),
    )


FAULTS: dict[Callable[[Patch], None], int] = {
    a_late_history_is_left_alone: 0,
    alarms_that_are_over_are_left_open: 4,
    nothing_is_held: 6,
    what_was_told_before_is_told_again: 1,
    nothing_is_recalled: 3,
    an_alarm_is_never_out_of_the_file: 4,
}
"""And the world that finds it first."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_found(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    """The worlds can fail: each of these is noticed within a few of them."""
    fault(monkeypatch)
    for seed in (FAULTS[fault], *range(WORLDS)):
        try:
            run(seed)
        except Violation:
            return
    pytest.fail(f"{WORLDS} worlds have not noticed it")
