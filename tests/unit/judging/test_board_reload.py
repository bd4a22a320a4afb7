"""Another configuration on the running tally."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.judging.board import Board
from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.judging.tracked_estate import TrackedEstate
from monitor.model.diff import difference
from monitor.model.estate import Check, Estate
from monitor.model.status import Status, Thresholds
from monitor.model.transition import Transition
from tests.unit.judging.test_board import START, bad, check, estate, feed, good


def reload(board: Board, old: Estate, new: Estate, now: float) -> list[Transition]:
    return board.adopt(TrackedEstate(new, now), difference(old, new), now)


def told(transitions: list[Transition]) -> list[tuple[Any, ...]]:
    return [(t.service, t.before, t.after, t.reconfigured) for t in transitions]


def red(board: Board, one: Check, at: float) -> None:
    feed(board, one, bad(at), bad(at + 1), bad(at + 2))


def test_the_same_configuration_changes_nothing() -> None:
    """Every status, its beginning and its evidence are as before, and nothing is told."""
    one, two = check(), check("nll")
    old = estate(("expo", (one,)), ("nll", (two,)))
    board = Board(old, START)
    red(board, one, START + 1)
    feed(board, two, good(START + 2))
    before = board.snapshot(START + 10)
    assert reload(board, old, replace(old), START + 10) == []
    assert tuple(board.snapshot(START + 10).checks()) == tuple(before.checks())
    assert views(board.snapshot(START + 10)) == views(before)
    changed = feed(board, one, good(START + 11), good(START + 12))
    assert [(t.after, t.began) for t in changed if t.service] == [(Status.GREEN, START + 1)]


def views(snapshot: Snapshot) -> list[Any]:
    every: list[EnvironmentView | ServiceView] = [*snapshot.environments, *snapshot.services()]
    return [(one.status, one.measured, one.declared, one.planned, one.since) for one in every]


def test_a_check_that_begins_anew_makes_its_service_unknown() -> None:
    """What is not known of it is not shown as green; the transition is the configuration's."""
    one = check()
    old = estate(("expo", (one,)))
    new = estate(("expo", (replace(one, target="elsewhere"),)))
    board = Board(old, START)
    feed(board, one, good(START + 1))
    assert told(reload(board, old, new, START + 10)) == [
        ("expo", Status.GREEN, Status.UNKNOWN, True),
        (None, Status.GREEN, Status.UNKNOWN, True),
    ]
    [view] = board.snapshot(START + 11).checks()
    assert (view.status, view.last, view.since) == (Status.UNKNOWN, None, START + 10)


def test_what_is_gone_or_new_is_not_told() -> None:
    """A service that has gone, and one that has come, make no transition of their own; their
    environment's is told.
    """
    one, two, three = check(), check("nll"), check("new")
    old = estate(("expo", (one,)), ("nll", (two,)))
    new = estate(("expo", (one,)), ("new", (three,)))
    board = Board(old, START)
    feed(board, one, good(START + 1))
    red(board, two, START + 2)
    assert board.snapshot(START + 5).status is Status.RED
    assert told(reload(board, old, new, START + 10)) == [
        (None, Status.RED, Status.UNKNOWN, True),
    ]
    snapshot = board.snapshot(START + 11)
    assert [view.service.name for view in snapshot.services()] == ["expo", "new"]
    assert (snapshot.status, snapshot.since) == (Status.UNKNOWN, START + 10)
    changed = feed(board, three, good(START + 12))
    assert told(changed) == [
        ("new", Status.UNKNOWN, Status.GREEN, False),
        (None, Status.UNKNOWN, Status.GREEN, False),
    ]


def test_other_thresholds_count_from_the_next_observation() -> None:
    """Two failures are yellow; with ``red_after: 2`` still, and red at the third since the first."""
    one = check()
    other = replace(one, thresholds=Thresholds(red_after=2, window_size=5))
    old, new = estate(("expo", (one,))), estate(("expo", (other,)))
    board = Board(old, START)
    feed(board, one, good(START + 1), bad(START + 2), bad(START + 3))
    assert reload(board, old, new, START + 4) == []
    assert board.snapshot(START + 4).status is Status.YELLOW
    changed = feed(board, other, bad(START + 5))
    assert [(t.after, t.since) for t in changed if t.service] == [(Status.RED, START + 2)]


def test_another_roll_up_is_told_at_once() -> None:
    """One red check of three is yellow; if it becomes critical, red."""
    checks = tuple(check(name=name) for name in "abc")
    critical = (replace(checks[0], critical=True), *checks[1:])
    old, new = estate(("expo", checks)), estate(("expo", critical))
    board = Board(old, START)
    for one in checks[1:]:
        feed(board, one, good(START + 1))
    red(board, checks[0], START + 2)
    changed = reload(board, old, new, START + 10)
    assert told(changed) == [
        ("expo", Status.YELLOW, Status.RED, True),
        (None, Status.YELLOW, Status.RED, True),
    ]
    assert changed[0].check == "a"
    assert changed[0].reason is not None


def test_an_environment_that_is_weighed_otherwise_is_told() -> None:
    """Only its own majority is another: no service has changed."""
    services = tuple((name, (check(name),)) for name in "abc")
    old, new = estate(*services), estate(*services, majority=0.3)
    board = Board(old, START)
    for name, (one,) in services[1:]:
        assert name
        feed(board, one, good(START + 1))
    red(board, services[0][1][0], START + 2)
    assert told(reload(board, old, new, START + 10)) == [(None, Status.YELLOW, Status.RED, True)]


def test_an_environment_that_is_gone_is_forgotten() -> None:
    """No transition, and nothing of it is left."""
    one = check()
    old = estate(("expo", (one,)))
    board = Board(old, START)
    red(board, one, START + 1)
    assert reload(board, old, Estate(environments=()), START + 10) == []
    snapshot = board.snapshot(START + 11)
    assert (snapshot.environments, tuple(snapshot.checks())) == ((), ())
