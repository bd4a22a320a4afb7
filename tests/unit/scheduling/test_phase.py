"""At which point of its interval each check runs: contract, issue 3, point 4."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.estate import Check, Promise
from monitor.scheduling.phase import Phase, period, phases, place
from tests.support.factories import make_check


def on(host: str, *intervals: float) -> list[Check]:
    return [
        make_check(f"c{n}", service=host, host=host, interval=interval)
        for n, interval in enumerate(intervals)
    ]


def closest(found: Iterable[Phase]) -> float:
    """The least time between two runs, of intervals that are multiples of the shortest."""
    known = list(found)
    around = min(one.interval for one in known)
    offsets = sorted(one.offset % around for one in known)
    return min(later - sooner for sooner, later in pairwise([*offsets, offsets[0] + around]))


@pytest.mark.parametrize("number", [*range(2, 20), 33, 64, 65, 100])
def test_a_host_s_checks_are_spread_evenly(number: int) -> None:
    """The smallest gap is at least interval / (2 N)."""
    found = phases(on("h", *[30.0] * number)).values()
    assert closest(found) >= 30.0 / (2 * number)


def test_a_check_that_is_added_moves_no_other() -> None:
    before, after = phases(on("h", *[30.0] * 7)), phases(on("h", *[30.0] * 8))
    assert all(after[name].offset == phase.offset for name, phase in before.items())


@given(st.lists(st.sampled_from([30.0, 60.0, 300.0, 3600.0]), min_size=2, max_size=40))
def test_longer_intervals_meet_nobody_either(intervals: list[float]) -> None:
    """Multiples of the shortest interval share one lattice: no two checks ever run at once."""
    found = phases(on("h", *intervals)).values()
    assert all(0 <= phase.offset < phase.interval for phase in found)
    assert closest(found) >= min(intervals) / (2 * len(intervals)) - 1e-9


def test_checks_of_a_long_interval_are_spread_over_all_of_it() -> None:
    """As evenly as the places on the lattice of the shortest interval allow."""
    found = phases(on("h", 30.0, 300.0, 300.0, 300.0)).values()
    offsets = sorted(phase.offset for phase in found if phase.interval == 300.0)
    assert min(later - sooner for sooner, later in pairwise(offsets)) >= 75.0 - 30.0


def test_an_interval_that_is_no_multiple_is_spread_among_its_like() -> None:
    found = phases(on("h", 30.0, 45.0, 45.0)).values()
    first, second = sorted(phase.offset for phase in found if phase.interval == 45.0)
    assert second - first == pytest.approx(22.5)


def test_hosts_are_not_asked_in_the_same_instant() -> None:
    """A thousand hosts fall over all of the interval: no tenth holds twice its share."""
    checks = [check for n in range(1000) for check in on(f"host-{n}", 10.0)]
    found = phases(checks).values()
    assert len({phase.offset for phase in found}) == 1000
    tenths = [int(phase.offset) for phase in found]
    assert max(tenths.count(tenth) for tenth in range(10)) < 150


def test_a_host_is_one_host_however_it_is_written() -> None:
    one, other = make_check("a", host="EXPO.example.se."), make_check("b", host="expo.example.se")
    assert closest(phases([one, other]).values()) == pytest.approx(15.0)


def test_first_runs_come_within_seconds() -> None:
    """Whatever the interval; of one host at most four a second."""
    found = list(phases(on("h", *[300.0] * 8)).values())
    first = sorted(phase.first for phase in found)
    assert first[0] <= 3.0
    assert [later - sooner for sooner, later in pairwise(first)] == pytest.approx([0.25] * 7)
    assert all(phase.settled >= first[-1] + 0.25 - 1e-9 for phase in found)


def test_many_hosts_begin_at_a_hundred_a_second() -> None:
    checks = [check for n in range(2000) for check in on(f"host-{n}", 300.0)]
    seconds = [int(phase.first) for phase in phases(checks).values()]
    assert max(seconds) <= 20
    assert max(seconds.count(second) for second in range(20)) < 150


def test_a_promise_stretches_the_interval_a_little() -> None:
    """An interval as long as min_interval leaves room for jitter; a longer one stays as it is."""
    promise = (Promise(scope="ext5", seconds=60.0),)
    assert period(make_check(interval=60.0, promises=promise)) == 60.5
    assert period(make_check(interval=300.0, promises=promise)) == 300.0


def test_places_come_in_the_order_of_van_der_corput() -> None:
    assert [place(n) for n in range(8)] == [0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875]


def test_no_checks_have_no_phases() -> None:
    assert phases([]) == {}
