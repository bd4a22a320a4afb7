"""A check that is measured from several locations, on the board."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.judging.board import Board
from monitor.judging.persisted_state import packed_state, unpacked_state
from monitor.model.estate import Check, Location
from monitor.model.records import seen_of
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from tests.unit.judging.test_board import START, bad, check, estate, feed, good
from tests.unit.judging.test_board_reload import reload

SJUNET = Location(name="sjunet", title=Text(sv="Sjunet", en="Sjunet"))
INTERNET = Location(name="internet", title=Text(sv="internet", en="the internet"))
BOTH = (SJUNET, INTERNET)


def heavy(place: Location) -> Location:
    return replace(place, weight=2.0)


def a_board(one: Check) -> Board:
    return Board(estate(("expo", (one,))), START)


def state_of(board: Board) -> tuple[Status, Rule]:
    [view] = board.snapshot(START + 9).checks()
    return view.status, view.why.rule


def test_red_from_one_of_two_is_yellow() -> None:
    """Who is at the other place is served: reduced function, with the reason of the one place."""
    one = check(locations=BOTH)
    board = a_board(one)
    for n in range(1, 4):
        board.observe(one.id, good(START + n), START + n, "internet")
        board.observe(one.id, bad(START + n), START + n, "sjunet")
    [view] = board.snapshot(START + 4).checks()
    assert (view.status, view.why.rule) == (Status.YELLOW, Rule.RED_AFTER)
    assert view.reason is not None
    assert [place.status for place in view.locations] == [Status.RED, Status.GREEN]
    assert view.last == bad(START + 3)


def test_red_from_the_heavier_of_two_is_red() -> None:
    """More than the majority of the weight is there."""
    one = check(locations=(heavy(SJUNET), INTERNET))
    board = a_board(one)
    for n in range(1, 4):
        board.observe(one.id, good(START + n), START + n, "internet")
        board.observe(one.id, bad(START + n), START + n, "sjunet")
    assert state_of(board) == (Status.RED, Rule.RED_AFTER)


def test_one_of_two_alike_does_not_decide_alone() -> None:
    """It holds half of the weight, and not more: the check is unknown, and says why."""
    one = check(locations=BOTH)
    board = a_board(one)
    board.observe(one.id, good(START + 1), START + 1)
    assert state_of(board) == (Status.UNKNOWN, Rule.QUORUM)


def test_the_heavier_one_decides_alone() -> None:
    """What is not measured from the other place is left out."""
    one = check(locations=(SJUNET, heavy(INTERNET)))
    board = a_board(one)
    board.observe(one.id, good(START + 1), START + 1)
    assert state_of(board) == (Status.GREEN, Rule.GOOD)


def test_a_critical_one_that_is_missing_leaves_all_unknown() -> None:
    """However little it weighs."""
    one = check(locations=(replace(SJUNET, critical=True, weight=0.1), INTERNET))
    board = a_board(one)
    board.observe(one.id, good(START + 1), START + 1)
    assert state_of(board) == (Status.UNKNOWN, Rule.QUORUM)


def test_our_own_trouble_says_more_than_that_others_do_not_measure() -> None:
    """With nothing known at all it is the one that is told."""
    one = check(locations=BOTH)
    board = a_board(one)
    ours = bad(START + 1, cause=bad(START).cause.MONITOR)  # type: ignore[union-attr]
    board.observe(one.id, ours, START + 1)
    assert state_of(board) == (Status.UNKNOWN, Rule.MONITOR)


def test_a_location_that_falls_silent_is_left_out_or_takes_the_check_along() -> None:
    """Staleness is each location's own."""
    one = check(locations=(SJUNET, heavy(INTERNET)))
    board = a_board(one)
    board.observe(one.id, good(START + 1), START + 1, "sjunet")
    board.observe(one.id, good(START + 30), START + 30)
    assert board.age(START + 40) == []
    assert [v.status for v in next(board.snapshot(START + 40).checks()).locations] == [
        Status.UNKNOWN,
        Status.GREEN,
    ]
    gone = board.age(START + 90)
    assert [(t.service, t.after) for t in gone] == [
        ("expo", Status.UNKNOWN),
        (None, Status.UNKNOWN),
    ]


def test_a_place_that_it_is_not_measured_from_is_refused() -> None:
    """Of a check with declared places and of one without."""
    for one in (check(locations=BOTH), check()):
        with pytest.raises(KeyError):
            a_board(one).observe(one.id, good(START + 1), START + 1, "mars")


def test_a_retry_is_for_what_we_see_ourselves() -> None:
    """A failure at another place is looked at again there, and not here."""
    one = check(locations=BOTH)
    board = a_board(one)
    board.observe(one.id, bad(START + 1), START + 1, "sjunet")
    assert not board.unsettled(one.id)
    board.observe(one.id, bad(START + 1), START + 1)
    assert board.unsettled(one.id)


def test_a_state_from_before_locations_were_declared_goes_on() -> None:
    """What our own place had seen is still known; the others have seen nothing."""
    before = check()
    old = a_board(before)
    feed(old, before, bad(START + 1), bad(START + 2), bad(START + 3))
    after = check(locations=(SJUNET, heavy(INTERNET)))
    state = unpacked_state(packed_state(old.check_state(before.id)), after)
    assert state is not None
    board = a_board(after)
    board.restore({after.id: state}, {after.id: [seen_of(bad(START + 4))]}, {}, START + 5)
    [view] = board.snapshot(START + 5).checks()
    assert (view.status, view.since) == (Status.RED, START + 1)
    assert [place.why.consecutive for place in view.locations] == [0, 4]


def test_a_state_of_locations_goes_on_where_none_are_declared_any_more() -> None:
    """As what our own place had seen."""
    before = check(locations=(SJUNET, heavy(INTERNET)))
    old = a_board(before)
    feed(old, before, bad(START + 1), bad(START + 2), bad(START + 3))
    old.observe(before.id, good(START + 3), START + 3, "sjunet")
    after = check()
    state = unpacked_state(packed_state(old.check_state(before.id)), after)
    assert state is not None
    board = a_board(after)
    board.restore({after.id: state}, {}, {}, START + 5)
    assert state_of(board) == (Status.RED, Rule.RED_AFTER)


def test_a_state_of_another_place_is_none_of_ours() -> None:
    """The check begins anew."""
    old = a_board(check(location="abroad"))
    saved = packed_state(old.check_state(check().id))
    assert unpacked_state(saved, check(locations=BOTH)) is None


@pytest.mark.parametrize("back", [False, True])
def test_a_reload_that_declares_locations_keeps_what_is_known(back: bool) -> None:
    """Nothing begins anew for it, nor when they are declared no longer; and what is stale is
    noticed at each place.
    """
    plain, located = check(), check(locations=(SJUNET, heavy(INTERNET)))
    first, second = (located, plain) if back else (plain, located)
    old, new = estate(("expo", (first,))), estate(("expo", (second,)))
    board = Board(old, START)
    feed(board, first, good(START + 1))
    assert reload(board, old, new, START + 2) == []
    assert state_of(board) == (Status.GREEN, Rule.GOOD)
    assert [t.after for t in board.age(START + 40)] == [Status.UNKNOWN, Status.UNKNOWN]


def test_a_reload_with_another_location_keeps_the_others() -> None:
    """The new one has seen nothing; what the others see goes on."""
    one, two = check(locations=(heavy(INTERNET),)), check(locations=(SJUNET, heavy(INTERNET)))
    old, new = estate(("expo", (one,))), estate(("expo", (two,)))
    board = Board(old, START)
    feed(board, one, bad(START + 1), bad(START + 2), bad(START + 3))
    assert reload(board, old, new, START + 4) == []
    board.observe(two.id, good(START + 5), START + 5, "sjunet")
    [view] = board.snapshot(START + 5).checks()
    assert [place.status for place in view.locations] == [Status.GREEN, Status.RED]


def test_views_stay_the_same_objects_while_nothing_changes() -> None:
    """A renderer tells by that what it need not render again."""
    one = check(locations=BOTH)
    board = a_board(one)
    board.observe(one.id, good(START + 1), START + 1)
    [before], [after] = (list(board.snapshot(START + n).checks()) for n in (2, 3))
    assert before is after
    board.observe(one.id, good(START + 4), START + 4, "sjunet")
    [later] = board.snapshot(START + 4).checks()
    assert later.locations[1] is after.locations[1]
    assert later is not after


def test_what_we_put_off_excuses_nobody_else() -> None:
    """A silent place is stale in its time, while we have no time for our own."""
    one = check(locations=(SJUNET, heavy(INTERNET)))
    board = a_board(one)
    board.observe(one.id, good(START + 1), START + 1, "sjunet")
    board.observe(one.id, good(START + 1), START + 1)
    board.age(START + 60, lambda _: True)
    [view] = board.snapshot(START + 60).checks()
    assert [place.status for place in view.locations] == [Status.UNKNOWN, Status.GREEN]


def test_what_a_server_asks_of_us_is_ours() -> None:
    """The check is held back here, and not elsewhere."""
    one = check(locations=BOTH)
    board = a_board(one)
    board.hold(one.id, START + 99)
    [view] = board.snapshot(START + 2).checks()
    assert [place.held_until for place in view.locations] == [None, START + 99]


def test_the_clock_that_is_set_counts_for_every_place() -> None:
    """What they have seen is as good as made now."""
    one = check(locations=BOTH)
    board = a_board(one)
    for place in ("sjunet", "internet"):
        board.observe(one.id, good(START + 1), START + 1, place)
    board.clock_set(START + 9000)
    assert board.age(START + 9001) == []
    assert state_of(board) == (Status.GREEN, Rule.GOOD)


def test_a_place_that_falls_silent_is_seen_where_it_changes_nothing() -> None:
    """The heavier one goes on: the check is as it was, and the view says what is not known."""
    one = check(locations=(SJUNET, heavy(INTERNET)))
    board = a_board(one)
    board.observe(one.id, good(START), START, "sjunet")
    later = START + one.stale_after
    board.observe(one.id, good(later), later, "internet")
    [before] = board.snapshot(later).checks()
    assert [place.status for place in before.locations] == [Status.GREEN, Status.GREEN]
    assert board.age(later + 1) == []
    [view] = board.snapshot(later + 1).checks()
    assert view.status is Status.GREEN
    assert [place.status for place in view.locations] == [Status.UNKNOWN, Status.GREEN]


@pytest.mark.parametrize("silent", [(0,), (1, 2)])
def test_half_is_not_most_whatever_the_weights_are(silent: tuple[int, ...]) -> None:
    """A tenth and two tenths are three tenths, though not to the last bit."""
    places = tuple(
        Location(name=name, title=Text(sv=name, en=name), weight=weight)
        for name, weight in (("a", 0.3), ("b", 0.1), ("c", 0.2))
    )
    one = check(locations=places)
    board, other = a_board(one), a_board(one)
    for n in range(1, 4):
        for number, place in enumerate(places):
            seen = bad if number in silent else good
            other.observe(one.id, seen(START + n), START + n, place.name)
            if number not in silent:
                board.observe(one.id, good(START + n), START + n, place.name)
    assert state_of(board) == (Status.UNKNOWN, Rule.QUORUM)
    assert state_of(other)[0] is Status.YELLOW
