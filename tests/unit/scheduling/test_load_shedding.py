from __future__ import annotations

from itertools import pairwise

from monitor.scheduling.load_shedding import MOST, NOTHING_SHED, PAUSES, Load, Shedding, shed

STRAIN = Load(busy=1.0, lag=0.5, late=3.0, needed=4.0)
CALM = Load(busy=0.3, lag=0.0, late=0.0, needed=0.4)
BETWEEN = Load(busy=0.8, lag=0.1, late=0.2, needed=1.1)


def course(start: Shedding, load: Load, seconds: int) -> list[Shedding]:
    """What is shed after each second of the same load."""
    found = [start]
    for _ in range(seconds):
        found.append(shed(found[-1], load, 1.0))
    return found


def test_rendering_is_shed_before_intervals_are_stretched() -> None:
    """Step by step, and intervals only when rendering is as rare as it may be."""
    found = course(NOTHING_SHED, STRAIN, 60)
    assert [one.pause for one in found] == sorted(one.pause for one in found)
    assert [one.stretch for one in found] == sorted(one.stretch for one in found)
    assert all(one.pause == PAUSES[-1] for one in found if one.stretch > 1)
    assert {one.pause for one in found} == set(PAUSES)


def test_intervals_are_stretched_as_far_as_it_takes() -> None:
    """What has piled up is worked off with the stretch that the work needs."""
    assert course(NOTHING_SHED, STRAIN, 100)[-1].stretch == STRAIN.needed


def test_strain_that_stays_stretches_further() -> None:
    """Checks that are confirmed need more than what is configured; there is an end to it."""
    assert course(NOTHING_SHED, STRAIN, 2000)[-1].stretch == MOST


def test_it_goes_back_in_the_opposite_order() -> None:
    """Probes as often as configured first, then rendering; at last nothing is shed."""
    found = course(Shedding(pause=PAUSES[-1], stretch=4.0), CALM, 200)
    assert not found[-1].any
    assert all(one.pause == PAUSES[-1] for one in found if one.stretch > 1)
    assert all(after.stretch <= before.stretch for before, after in pairwise(found))


def test_what_just_fits_is_left_as_it_is() -> None:
    """Neither strained nor calm: nothing moves, however long."""
    start = Shedding(pause=PAUSES[-1], stretch=3.0)
    assert course(start, BETWEEN, 1000)[-1] == start


def test_no_interval_is_eased_beyond_what_is_needed() -> None:
    """With the work still there, calm is what the stretch has brought."""
    load = Load(busy=0.6, lag=0.0, late=0.0, needed=3.2)
    assert course(Shedding(pause=PAUSES[-1], stretch=4.0), load, 500)[-1].stretch == 3.2


def test_one_stall_is_no_strain_that_lasts() -> None:
    """However long it was, and whatever was late by it."""
    assert not shed(NOTHING_SHED, Load(busy=1.0, lag=1.0, late=40.0), 40.0).any


def test_strain_counts_in_a_row_alone() -> None:
    """A second of ease in between begins anew."""
    now = NOTHING_SHED
    for _ in range(100):
        for load in (STRAIN, STRAIN, BETWEEN):
            now = shed(now, load, 1.0)
    assert not now.any


def test_late_probes_alone_are_no_strain() -> None:
    """They may wait for a slow host's places; and a loop that others hold up, and no probe is late
    by, has time enough.
    """
    assert not Load(busy=0.5, lag=0.0, late=30.0).strained
    assert not Load(busy=0.5, lag=0.9, late=0.1).strained
    assert Load(busy=0.5, lag=0.4, late=2.0).strained
