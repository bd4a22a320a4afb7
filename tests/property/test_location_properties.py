"""Checks at several locations, against the contract's prose written down slowly."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from monitor.judging.board import Board
from monitor.judging.part_rollup import Part, stand_by_locations
from monitor.judging.persisted_state import packed_state, unpacked_state
from monitor.judging.standing import Standing
from monitor.model.estate import Location
from monitor.model.records import seen_of
from monitor.model.status import Rule, Status
from monitor.model.text import Text
from probes.observation import Cause, Observation, Reason
from tests.unit.judging.test_board import START, bad, check, estate, good

RULES = {
    Status.GREEN: Rule.GOOD,
    Status.YELLOW: Rule.YELLOW_AFTER,
    Status.RED: Rule.RED_AFTER,
    Status.UNKNOWN: Rule.STALE,
}
majorities = st.sampled_from([0.2, 0.25, 0.5, 0.75, 1.0])


@st.composite
def parts(draw: st.DrawFn) -> Part:
    status = draw(st.sampled_from(Status))
    trouble = status is not Status.GREEN
    standing = Standing(
        status=status,
        rule=RULES[status],
        since=draw(st.sampled_from([START, START + 1])),
        reason=Reason.RESET if trouble else None,
        cause=Cause.TARGET if trouble else None,
    )
    return Part(standing, draw(st.sampled_from([0.5, 1.0, 1.0, 2.0])), draw(st.booleans()))


BEFORE = Standing(
    status=Status.UNKNOWN, rule=Rule.UNMEASURED, since=START - 9, reason=None, cause=None
)


def slowly(places: list[Part], majority: float) -> Status:
    """The design's words: left out while the known hold more than half and no critical one misses;
    red of the critical, of more than the majority, or of all.
    """

    def weight(of: list[Part]) -> Fraction:
        return sum((Fraction(one.weight) for one in of), Fraction(0))

    known = [one for one in places if one.standing.status is not Status.UNKNOWN]
    missing = [one for one in places if one.standing.status is Status.UNKNOWN]
    if any(one.critical for one in missing) or not known:
        return Status.UNKNOWN
    if missing and weight(known) / weight(places) <= Fraction(1, 2):
        return Status.UNKNOWN
    red = [one for one in known if one.standing.status is Status.RED]
    if any(one.critical for one in red) or (red and len(red) == len(known)):
        return Status.RED
    if weight(red) / weight(known) > Fraction(majority):
        return Status.RED
    calm = all(one.standing.status is Status.GREEN for one in known)
    return Status.GREEN if calm else Status.YELLOW


@given(st.lists(parts(), min_size=1, max_size=5), majorities)
def test_locations_roll_up_as_the_design_says(places: list[Part], majority: float) -> None:
    """Whatever they weigh, and whatever is missing."""
    assert stand_by_locations(places, majority, BEFORE).status is slowly(places, majority)


@given(st.lists(parts(), min_size=1, max_size=5), majorities)
def test_the_order_of_locations_decides_nothing(places: list[Part], majority: float) -> None:
    """Two judges that have them in another order say the same."""
    one = stand_by_locations(places, majority, BEFORE)
    other = stand_by_locations(places[::-1], majority, BEFORE)
    assert (one.status, one.reason is None) == (other.status, other.reason is None)


@given(parts(), majorities)
def test_one_location_alone_is_the_check(place: Part, majority: float) -> None:
    """Nothing is made of it: not its status, not its reason."""
    whole = stand_by_locations([place], majority, BEFORE)
    own = place.standing
    assert (whole.status, whole.reason, whole.cause) == (own.status, own.reason, own.cause)


@given(st.lists(parts(), min_size=1, max_size=5), majorities)
def test_green_has_no_reason_and_a_lack_of_places_is_called_that(
    places: list[Part], majority: float
) -> None:
    """The rule says that something is known, and not enough."""
    whole = stand_by_locations(places, majority, BEFORE)
    some = any(one.known for one in places)
    assert (whole.rule is Rule.QUORUM) is (some and whole.status is Status.UNKNOWN)
    if whole.status is Status.GREEN:
        assert (whole.reason, whole.cause) == (None, None)


# --- on the board -------------------------------------------------------------------------------

SJUNET = Location(name="sjunet", title=Text(sv="Sjunet", en="Sjunet"), weight=2.0)
INTERNET = Location(name="internet", title=Text(sv="internet", en="the internet"))
ABROAD = Location(name="abroad", title=Text(sv="utlandet", en="abroad"))
PLACES = (SJUNET, INTERNET, ABROAD)
ONE = check(locations=PLACES)

told = st.lists(
    st.tuples(
        st.sampled_from([place.name for place in PLACES]),
        st.sampled_from(["good", "good", "bad", "ours"]),
        st.sampled_from([1.0, 3.0, 40.0]),
    ),
    max_size=40,
)
Told = list[tuple[str, str, float]]


def seen(at: float, kind: str) -> Observation:
    if kind == "good":
        return good(at)
    return bad(at, Cause.MONITOR if kind == "ours" else Cause.TARGET)


def alone(course: Told, place: Location) -> Board:
    """A board on which the check is measured from one place, and nowhere else."""
    one = check(location=place.name)
    board, at = Board(estate(("expo", (one,))), START), START
    for where, kind, step in course:
        at += step
        board.age(at)
        if where == place.name:
            board.observe(one.id, seen(at, kind), at)
    return board


@given(told)
def test_every_location_stands_as_if_it_were_alone(course: Told) -> None:
    """And the check as the design makes it of them."""
    board, at = Board(estate(("expo", (ONE,))), START), START
    for where, kind, step in course:
        at += step
        board.age(at)
        board.observe(ONE.id, seen(at, kind), at, where)
    [view] = board.snapshot(at).checks()
    places = []
    for place, found in zip(PLACES, view.locations, strict=True):
        [expected] = alone(course, place).snapshot(at).checks()
        assert (found.status, found.since, found.reason, found.why, found.last) == (
            expected.status,
            expected.since,
            expected.reason,
            expected.why,
            expected.last,
        )
        places.append(Part(_standing(found.status), place.weight, place.critical))
    assert view.status is slowly(places, ONE.majority)
    assert board.measured("ext5/expo") is view.status


def _standing(status: Status) -> Standing:
    return Standing(status=status, rule=RULES[status], since=START, reason=None, cause=None)


@given(told, told)
def test_a_restart_at_any_instant_changes_nothing(before: Told, after: Told) -> None:
    """What every location had seen goes on, and the views are those of a process that never ended."""
    board, at = Board(estate(("expo", (ONE,))), START), START
    for where, kind, step in before:
        at += step
        board.age(at)
        board.observe(ONE.id, seen(at, kind), at, where)
    state = unpacked_state(packed_state(board.check_state(ONE.id)), ONE)
    assert state is not None
    again = Board(estate(("expo", (ONE,))), START)
    again.restore(
        {ONE.id: state}, {ONE.id: [seen_of(good(START - 1))]}, dict(board.published()), at
    )
    for where, kind, step in after:
        at += step
        for each in (board, again):
            each.age(at)
            each.observe(ONE.id, seen(at, kind), at, where)
    [one], [other] = board.snapshot(at).checks(), again.snapshot(at).checks()
    assert (one.status, one.since, one.reason) == (other.status, other.since, other.reason)
    assert [(v.status, v.since, v.why) for v in one.locations] == [
        (v.status, v.since, v.why) for v in other.locations
    ]
