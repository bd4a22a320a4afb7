"""Views in steps, and a reload that leaves most of it as it is: with the same result."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from monitor.judging.board import Board
from monitor.judging.snapshot import Snapshot
from monitor.judging.tracked_estate import TrackedEstate
from monitor.model.diff import difference, sharing
from monitor.model.estate import Check, Estate
from monitor.model.transition import Transition
from probes.observation import Observation
from tests.unit.judging.test_board import START, bad, check, estate, feed, good


def checks(number: int) -> list[Check]:
    return [check(f"s{n}") for n in range(number)]


def of(some: list[Check], **more: Any) -> Estate:
    return estate(*((one.service, (one,)) for one in some), **more)


def seen(chance: random.Random, at: float) -> Observation:
    return chance.choice((good, bad))(at)


def test_after_all_steps_the_snapshot_makes_no_view() -> None:
    """Each view is made in a step of its own."""
    some = checks(20)
    board = Board(of(some), START)
    board.snapshot(START)
    for one in some[:12]:
        feed(board, one, good(START + 1))
    rows = board._tracked.services
    before = {name: row.view for name, row in rows.items()}
    assert sum(1 for _ in board.refresh(START + 2)) == 12
    made = {name: row.view for name, row in rows.items()}
    assert sum(made[name] is not before[name] for name in made) == 12
    shown = {view.service.id: view for view in board.snapshot(START + 2).services()}
    assert all(shown[name] is made[name] for name in made)


def test_what_changes_between_two_steps_is_in_the_snapshot() -> None:
    """Also of a service whose view was made already."""
    some = checks(5)
    board, plain = Board(of(some), START), Board(of(some), START)
    for number, _ in enumerate(board.refresh(START + 1)):
        for one in some:
            observation = (bad if number % 2 else good)(START + 2 + number)
            feed(board, one, observation)
            feed(plain, one, observation)
    assert board.snapshot(START + 20) == replace(
        plain.snapshot(START + 20), estate=board.snapshot(START + 20).estate
    )


def test_steps_that_a_reload_cuts_off_harm_nothing() -> None:
    """The rows that they would have come to are not on the board any more."""
    some = checks(6)
    old, new = of(some), of(some[:2])
    board = Board(old, START)
    steps = board.refresh(START + 1)
    next(steps)
    board.adopt(TrackedEstate(new, START + 2), difference(old, new), START + 2)
    assert sum(1 for _ in steps) <= 2
    assert [view.service.name for view in board.snapshot(START + 3).services()] == ["s0", "s1"]


def test_what_a_reload_leaves_is_let_go_of_a_service_a_step() -> None:
    """The steps end, once, and touch nothing that is on the board."""
    some = checks(6)
    old, new = of(some), of([*some[:3], replace(some[3], weight=2.0), *some[4:]])
    board = Board(old, START)
    feed(board, some[0], bad(START + 1))
    board.adopt(TrackedEstate(new, START + 2), difference(old, new), START + 2)
    after = board.snapshot(START + 3)
    assert sum(1 for _ in board.clear()) == 6
    assert list(board.clear()) == []
    assert board.snapshot(START + 3) == after
    assert [view.service.name for view in after.services()] == [f"s{n}" for n in range(6)]


def other(chance: random.Random, some: list[Check], number: int) -> list[Check]:
    """The checks of the next configuration: some gone, some changed, some new, in another order."""
    kept = [one for one in some if chance.random() > 0.2]
    kept = [
        replace(one, weight=chance.choice((1.0, 2.0)), critical=chance.random() < 0.2)
        if chance.random() < 0.3
        else one
        for one in kept
    ]
    kept += [check(f"n{number}-{n}") for n in range(chance.randrange(3))]
    if chance.random() < 0.3:
        chance.shuffle(kept)
    return kept


def plain(snapshot: Snapshot) -> tuple[Any, ...]:
    return snapshot.status, snapshot.since, snapshot.environments


@pytest.mark.parametrize("seed", range(40))
def test_what_stays_is_as_if_it_was_handed_on(seed: int) -> None:
    """A board that keeps the rows of services that are the same value tells and shows, reload
    after reload, what one does to which all of them are other values.
    """
    chance = random.Random(seed)
    some, at = checks(8), START
    estates = [of(some), of(some)]
    boards = [Board(one, at) for one in estates]
    for number in range(6):
        for one in some:
            for _ in range(chance.randrange(4)):
                at += 1.0
                observation = seen(chance, at)
                told = [feed(board, one, observation) for board in boards]
                assert told[0] == told[1]
        if chance.random() < 0.5:
            assert plain(boards[0].snapshot(at)) == plain(boards[1].snapshot(at))
        some, at = other(chance, some, number), at + 1.0
        apart = of([replace(one) for one in some])
        news = [sharing(estates[0], of(some)), apart]
        changed: list[list[Transition]] = []
        for board, old, new in zip(boards, estates, news, strict=True):
            changed.append(board.adopt(TrackedEstate(new, at), difference(old, new), at))
        assert changed[0] == changed[1]
        assert plain(boards[0].snapshot(at)) == plain(boards[1].snapshot(at))
        late = at + 100_000.0 * chance.randrange(2)
        assert boards[0].age(late) == boards[1].age(late)
        estates = news


def test_a_service_that_is_the_same_keeps_its_view() -> None:
    """So that nothing that is rendered of it has to be rendered again."""
    some = checks(4)
    old = of(some)
    board = Board(old, START)
    for one in some:
        feed(board, one, good(START + 1))
    before = {view.service.name: view for view in board.snapshot(START + 2).services()}
    changed = replace(some[2], weight=7.0)
    new = sharing(old, of([*some[:2], changed, some[3]]))
    board.adopt(TrackedEstate(new, START + 3), difference(old, new), START + 3)
    after = {view.service.name: view for view in board.snapshot(START + 4).services()}
    assert [after[name] is before[name] for name in ("s0", "s1", "s2", "s3")] == [
        True, True, False, True,
    ]  # fmt: skip
