"""Service windows on the board: contract, section 2, on what is published and what is planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.judging.board import Board
from monitor.model.estate import Check, CheckId, Estate
from monitor.model.status import Status, Thresholds
from monitor.model.transition import Transition
from monitor.settings.sections import ServiceWindow
from tests.unit.judging.test_board import bad, check, estate, good

START = 1_795_600_000.0
"""A whole minute."""


ALWAYS_FRESH = replace(
    check(), interval=1e6, thresholds=Thresholds(window_yellow=1.0, window_red=1.0)
)
"""Never stale, and judged by runs alone."""


def written(at: float) -> str:
    """With its offset, as a configuration may have it."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def window(start: float, end: float, impact: str = "outage", **more: Any) -> ServiceWindow:
    return ServiceWindow.model_validate(
        {
            "id": "w",
            "title": "x",
            "impact": impact,
            "start": written(START + start),
            "end": written(START + end),
            **more,
        }
    )


def planned(*windows: ServiceWindow, checks: tuple[Check, ...] = ()) -> Estate:
    services = (("expo", (ALWAYS_FRESH,)), *((one.service, (one,)) for one in checks))
    return replace(estate(*services), later={"service_windows": list(windows)})


def board(*windows: ServiceWindow, checks: tuple[Check, ...] = ()) -> Board:
    made = Board(planned(*windows, checks=checks), START)
    made.observe(CheckId("ext5/expo/api"), good(START + 1), START + 1)
    return made


def told(changes: list[Transition]) -> list[tuple[str, str, bool, float]]:
    """Of the service alone."""
    return [
        (one.before.value, one.after.value, one.planned, one.since - START)
        for one in changes
        if one.service == "expo"
    ]


def fail(made: Board, *ats: float) -> list[Transition]:
    return [
        change
        for at in ats
        for change in made.observe(
            CheckId("ext5/expo/api"), bad(START + at), START + at
        ).transitions
    ]


def test_what_a_window_leaves_red_has_its_case() -> None:
    """No observation decides when a window is over: the worst check at that moment is evidence."""
    made = board(window(10, 120))
    made.age(START + 10)
    fail(made, 20, 21, 22)
    changes = made.age(START + 120)
    assert [(one.service, one.overrun, one.worsening) for one in changes] == [
        ("expo", True, True),
        (None, True, True),
    ]
    for change in changes:
        assert change.decided_by is not None
        case = made.transition_context(change.decided_by, START + 120)
        assert (case.view.check.name, case.view.status) == ("api", Status.RED)
        assert [each.at - START for each in case.recent] == [1, 20, 21, 22]


def test_what_is_planned_has_no_case() -> None:
    """Nothing was measured that decided it."""
    made = board(window(10, 120))
    [change, _] = made.age(START + 10)
    assert change.worsening
    assert change.decided_by is None


def test_a_planned_stop_is_red_and_planned_from_its_start_to_its_end() -> None:
    """Although the service answers; then it is green again, since the window's end."""
    made = board(window(60, 120))
    assert told(made.age(START + 59)) == []
    assert told(made.age(START + 61)) == [("green", "red", True, 60)]
    [view] = made.snapshot(START + 61).services()
    assert (view.status, view.measured, view.declared) == (Status.RED, Status.GREEN, Status.RED)
    assert view.planned
    assert view.window is not None
    assert view.window.window.id == "w"
    assert told(made.age(START + 119)) == []
    assert told(made.age(START + 121)) == [("red", "green", False, 120)]


def test_the_environment_goes_with_its_services() -> None:
    """Its red is planned too."""
    made = board(window(60, 120))
    changes = made.age(START + 61)
    assert [(one.service, one.planned) for one in changes] == [("expo", True), (None, True)]
    environment = made.snapshot(START + 61).environments[0]
    assert (environment.status, environment.measured, environment.declared) == (
        Status.RED,
        Status.GREEN,
        Status.RED,
    )
    assert environment.planned


def test_failures_in_a_planned_stop_change_nothing() -> None:
    """They are what was announced."""
    made = board(window(60, 600))
    made.age(START + 61)
    assert told(fail(made, 70, 80, 90)) == []
    [view] = made.snapshot(START + 90).services()
    assert (view.status, view.measured, view.planned) == (Status.RED, Status.RED, True)


def test_red_in_a_window_that_declares_disturbances_is_not_planned() -> None:
    """Yellow is explained, red is worse than what was declared."""
    made = board(window(60, 600, "disturbance"))
    assert told(made.age(START + 61)) == [("green", "yellow", True, 60)]
    assert told(fail(made, 70)) == []
    assert told(fail(made, 80, 90)) == [("yellow", "red", False, 70)]


def test_red_in_a_window_without_impact_is_not_planned() -> None:
    """It declares nothing, so it explains nothing."""
    made = board(window(60, 600, "none"))
    assert told(made.age(START + 61)) == []
    assert [one[:3] for one in told(fail(made, 70, 80, 90))] == [
        ("green", "yellow", False),
        ("yellow", "red", False),
    ]


def test_a_window_that_has_run_over_is_told_at_once() -> None:
    """Still red when its time is up: not planned any more, and worth an alarm."""
    made = board(window(60, 600))
    made.age(START + 61)
    fail(made, 70, 80, 90)
    [change, above] = made.age(START + 601)
    assert told([change]) == [("red", "red", False, 60)]
    assert change.overrun
    assert change.worsening
    assert (change.check, change.window) == ("api", "w")
    assert above.service is None
    assert above.overrun


def test_a_window_that_begins_explains_what_is_there_already() -> None:
    """Red before it begins: from its start on planned, and nothing to be alarmed about."""
    made = board(window(60, 600))
    fail(made, 10, 20, 30)
    [change, _] = made.age(START + 61)
    assert told([change]) == [("red", "red", True, 10)]
    assert not change.worsening
    assert not change.changes_status


def test_not_knowing_under_a_declared_stop_is_the_stop() -> None:
    """A stop explains that nothing is known."""
    made = Board(planned(window(-10, 60)), START)
    [view] = made.snapshot(START).services()
    assert (view.status, view.measured, view.planned) == (Status.RED, Status.UNKNOWN, True)
    assert told(made.age(START + 61)) == [("red", "unknown", False, 60)]


def test_a_service_that_the_window_does_not_concern_stays_as_it_is() -> None:
    """And an environment that is red for another reason is not planned to be."""
    other = replace(check("nll"), interval=1e6)
    made = board(window(60, 600, services=["ext5/expo"]), checks=(other,))
    for at in (2, 3, 4):
        made.observe(other.id, bad(START + at), START + at)
    made.age(START + 61)
    views = {view.service.name: view for view in made.snapshot(START + 61).services()}
    assert (views["expo"].planned, views["nll"].planned) == (True, False)
    assert not made.snapshot(START + 61).environments[0].planned


def test_the_clock_set_back_into_a_window() -> None:
    """What is planned is what is planned at the instant that the clock shows."""
    made = board(window(60, 120))
    made.age(START + 61)
    made.age(START + 121)
    assert told(made.age(START + 90)) == [("green", "red", True, 60)]


IMPACTS = {"none": Status.GREEN, "disturbance": Status.YELLOW, "outage": Status.RED}
SPAN = st.tuples(st.integers(0, 40), st.integers(1, 30), st.sampled_from(sorted(IMPACTS)))


@given(spans=st.lists(SPAN, max_size=4), failing=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_what_is_published_at_every_minute(
    spans: list[tuple[int, int, str]], failing: tuple[int, int]
) -> None:
    """The worse of what is measured and what the windows of that minute declare, by the naive way
    of looking at each; each change of it is told once.
    """
    windows = [
        window(60 * start, 60 * (start + length), impact, id=f"w{number}")
        for number, (start, length, impact) in enumerate(spans)
    ]
    made = Board(planned(*windows), START)
    was = (Status.UNKNOWN, False)
    for minute in range(75):
        at = START + 60 * minute
        down = failing[0] <= minute < failing[0] + failing[1]
        changes = made.age(at)
        for second in (1, 2, 3):
            seen = bad(at + second) if down else good(at + second)
            changes += made.observe(CheckId("ext5/expo/api"), seen, at + second).transitions
        measured = Status.RED if down else Status.GREEN
        declared = max(
            (
                IMPACTS[impact]
                for start, length, impact in spans
                if start <= minute < start + length
            ),
            key=lambda status: status.severity,
            default=Status.GREEN,
        )
        worse = max(measured, declared, key=lambda status: status.severity)
        explained = declared is not Status.GREEN and measured.severity <= declared.severity
        [view] = made.snapshot(at + 3).services()
        assert (view.status, view.planned) == (worse, explained)
        if minute == 0:
            was = (view.status, view.planned)
            continue
        own = [one for one in changes if one.service == "expo"]
        if own:
            assert (own[0].before, own[0].was_planned) == was
            assert (own[-1].after, own[-1].planned) == (worse, explained)
        else:
            assert was == (worse, explained)
        was = (worse, explained)
