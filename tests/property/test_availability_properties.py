"""The timeline against a slow, obvious one, for every course of changes."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.judging import timeline as module
from monitor.judging.timeline import HOUR, Timeline
from monitor.model.status import Status
from monitor.model.time_in_status import TimeInStatus
from tests.support.slow_availability import Change, by_millisecond, by_segment, segments

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of the rules."""

START = 1_800_000_000_000 // HOUR * HOUR


def changes(longest: int, most: int = 40, least: int = 0) -> st.SearchStrategy[list[Change]]:
    """Courses with steps of up to ``longest`` milliseconds: mostly forward, at times none or back,
    backdated, postdated, told twice, planned or not.
    """
    step = st.one_of(st.integers(0, longest), st.just(0), st.integers(-longest, longest))
    one = st.tuples(
        st.sampled_from(Status),
        st.booleans(),
        step,
        st.one_of(st.just(0), st.integers(-longest // 3, 2 * longest)),
        st.sampled_from([1, 1, 1, 2]),
    )

    def course(drawn: list[tuple[Status, bool, int, int, int]]) -> list[Change]:
        at, found = START, []
        for status, planned, forward, back, times in drawn:
            at += forward
            found += [Change(status, planned, at - back, at)] * times
        return found

    return st.lists(one, min_size=least, max_size=most).map(course)


def timeline_of(course: list[Change]) -> Timeline:
    timeline = Timeline()
    for status, planned, start, at in course:
        timeline.change(status, planned=planned, start=start, at=at)
    return timeline


stretches = st.tuples(st.integers(-60, 400), st.integers(0, 300))


@calm
@given(changes(20), stretches)
def test_every_millisecond_is_counted_as_it_should(
    course: list[Change], stretch: tuple[int, int]
) -> None:
    """The shares of any stretch are those of counting its milliseconds one by one."""
    start = START + stretch[0]
    end = start + stretch[1]
    known = segments(course)
    expected = by_millisecond(known, start, end)
    assert timeline_of(course).shares(start, end) == expected
    assert by_segment(known, start, end) == expected


@calm
@given(
    changes(40 * 24 * HOUR),
    st.lists(st.integers(1, 90 * 24 * HOUR), min_size=1, max_size=4),
    st.integers(0, 200 * 24 * HOUR),
)
def test_long_windows_that_end_together(
    course: list[Change], lengths: list[int], later: int
) -> None:
    """Over days and months, each window is that of cutting every segment to it."""
    end = START + later
    known = segments(course)
    expected = tuple(by_segment(known, end - length, end) for length in lengths)
    assert timeline_of(course).windows(tuple(lengths), end) == expected


@calm
@given(changes(1000), stretches)
def test_shares_add_up(course: list[Change], stretch: tuple[int, int]) -> None:
    """To the stretch, none of them negative; ratios are 0 to 1, and unplanned is no worse."""
    start = START + 10 * stretch[0]
    end = start + 10 * stretch[1]
    shares = timeline_of(course).shares(start, end)
    assert min(shares) >= 0
    assert shares.length == end - start
    assert shares.planned_red <= shares.red
    check_ratios(shares)


def check_ratios(shares: TimeInStatus) -> None:
    assert 0 <= shares.unknown_ratio <= 1
    assert (shares.ratio is None) == (shares.known == 0)
    if shares.ratio is not None:
        assert 0 <= shares.ratio <= 1
        if shares.unplanned_ratio is None:
            assert shares.planned_red == shares.known
            assert shares.ratio == 0
        else:
            assert shares.ratio <= shares.unplanned_ratio <= 1
            if shares.planned_red and shares.available:
                assert shares.ratio < shares.unplanned_ratio


@calm
@given(changes(1000), st.lists(st.integers(-200, 4000), min_size=2, max_size=6).map(sorted))
def test_parts_add_up_to_the_whole(course: list[Change], cuts: list[int]) -> None:
    """A stretch cut anywhere has the shares of its parts together."""
    timeline = timeline_of(course)
    parts = [timeline.shares(START + a, START + b) for a, b in pairwise(cuts)]
    whole = timeline.shares(START + cuts[0], START + cuts[-1])
    assert tuple(whole) == tuple(map(sum, zip(*parts, strict=True)))


@calm
@given(changes(3 * HOUR, most=100, least=50), st.integers(-5, 100), st.integers(0, 100))
def test_merged_hours_keep_their_sums(course: list[Change], first: int, hours: int) -> None:
    """Beyond the bound what is oldest is merged; whole hours are exact for all that, other
    stretches wrong by less than an hour at either end.
    """
    course = [change._replace(start=change.at) for change in course]
    course.sort(key=lambda change: change.at)
    with patch.multiple(module, BOUND=20, _MERGED=15, MANY=10_000):
        timeline = timeline_of(course)
    known = segments(course)
    last = max(known[-1].start, START)
    for hour in range(known[0].start // HOUR * HOUR, last + HOUR, HOUR):
        assert timeline.shares(hour, hour + HOUR) == by_segment(known, hour, hour + HOUR)
    start = START + first * HOUR
    end = start + hours * HOUR
    odd = start + 1_234_567, end + 2_345_678
    got, expected = timeline.shares(*odd), by_segment(known, *odd)
    assert got.length == expected.length
    for a, b in zip(got, expected, strict=True):
        assert abs(a - b) < 2 * HOUR


@calm
@given(changes(HOUR, most=100, least=50))
def test_merging_is_bounded(course: list[Change]) -> None:
    """However the changes come, backdated or by a clock that goes back, no more than the bound
    and what an hour may hold is kept, and what is told stays whole.
    """
    with patch.multiple(module, BOUND=20, _MERGED=15, MANY=10_000):
        timeline = timeline_of(course)
    hours = {change.at // HOUR for change in course} | {change.start // HOUR for change in course}
    assert len(timeline) <= 20 + 5 * len(hours)
    shares = timeline.shares(START - 24 * HOUR, START + 24 * HOUR)
    assert min(shares) >= 0
    assert shares.length == 48 * HOUR


@calm
@given(changes(60 * 24 * HOUR))
def test_what_is_dropped_is_not_missed(course: list[Change]) -> None:
    """Segments older than the longest window go, and no window of a clock that went forward is
    another for it.
    """
    course.sort(key=lambda change: change.at)
    with patch.object(module, "MANY", 4):
        timeline = timeline_of(course)
    if not course:
        return
    end = course[-1].at
    start = end - 90 * 24 * HOUR
    known = segments(course)
    assert timeline.shares(start, end) == by_segment(known, start, end)
    # each that is kept ended later than the horizon
    assert len(timeline) <= 4 + sum(1 for one in known if one.start > end - module.KEPT)
