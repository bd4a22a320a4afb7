"""Availability: what the rules of docs/availability.md come to, by example."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.judging.availability import REFRESH, Timelines, availability, day_shares
from monitor.judging.timeline import BOUND, MANY, Timeline
from monitor.model.estate import ServiceId
from monitor.model.status import Status
from monitor.model.time_in_status import NOTHING_KNOWN, WINDOWS, TimeInStatus
from monitor.model.transition import Transition

EXPO = ServiceId("ext5/expo")
NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86400.0
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def change(
    before: str, after: str, at: float, *, since: float | None = None, **more: Any
) -> Transition:
    values: dict[str, Any] = {
        "at": at,
        "since": at if since is None else since,
        "environment": "ext5",
        "service": "expo",
        "before": Status(before),
        "after": Status(after),
    }
    return Transition(**{**values, **more})


def timelines(*transitions: Transition) -> Timelines:
    found = Timelines([EXPO])
    for transition in transitions:
        found.add(transition)
    return found


def shares(found: Timelines, window: str = "24h", now: float = NOW) -> TimeInStatus:
    of = availability(found.of(EXPO), now).windows[list(WINDOWS).index(window)]
    assert of.length == WINDOWS[window] * 1000
    return of


def seconds(found: Timelines, start: float, end: float) -> dict[str, float]:
    """What is not nothing, in seconds."""
    got = found.of(EXPO).shares(round(start * 1000), round(end * 1000))
    return {name: value / 1000 for name, value in got._asdict().items() if value}


def test_time_before_the_first_record_is_unknown() -> None:
    """It is in neither ratio, and told apart: six hours of green are all that is known."""
    of = shares(timelines(change("unknown", "green", NOW - 6 * HOUR)))
    assert (of.ratio, of.unplanned_ratio) == (1.0, 1.0)
    assert of.unknown == 18 * HOUR * 1000
    assert of.unknown_ratio == 0.75


def test_nothing_known_has_no_ratio() -> None:
    """Neither 0 nor 1 would be true."""
    found = timelines()
    assert availability(found.of(EXPO), NOW) == NOTHING_KNOWN
    assert all(of.ratio is None and of.unplanned_ratio is None for of in NOTHING_KNOWN.windows)
    assert all(of.unknown_ratio == 1 for of in NOTHING_KNOWN.windows)


def test_yellow_is_available_and_red_is_not() -> None:
    """Twelve hours of green, six of yellow, six of red: three quarters of the day."""
    found = timelines(
        change("unknown", "green", NOW - 2 * DAY),
        change("green", "yellow", NOW - 12 * HOUR),
        change("yellow", "red", NOW - 6 * HOUR),
    )
    of = shares(found)
    assert (of.green, of.yellow, of.red) == (43_200_000, 21_600_000, 21_600_000)
    assert of.ratio == 0.75
    assert shares(found, "7d").ratio == 1 - 6 / 48


def test_planned_red_is_taken_out_of_known_time() -> None:
    """A stop of twelve hours, nine of them planned: down three hours of fifteen without the plan."""
    found = timelines(
        change("unknown", "green", NOW - 2 * DAY),
        change("green", "red", NOW - 12 * HOUR, planned=True),
        change("red", "red", NOW - 3 * HOUR, since=NOW - 12 * HOUR, was_planned=True),
    )
    of = shares(found)
    assert (of.red, of.planned_red) == (43_200_000, 32_400_000)
    assert of.ratio == 0.5
    assert of.unplanned_ratio == 12 / 15


def test_a_day_of_planned_red_leaves_nothing_to_count() -> None:
    """All of it was down, and none of it unplanned: the one is 0, the other absent."""
    of = shares(timelines(change("unknown", "red", NOW - 2 * DAY, planned=True)))
    assert of.ratio == 0
    assert of.unplanned_ratio is None


def test_planned_yellow_stays_available() -> None:
    """A plan takes out red only."""
    of = shares(timelines(change("unknown", "yellow", NOW - 2 * DAY, planned=True)))
    assert (of.ratio, of.unplanned_ratio, of.planned_red) == (1, 1, 0)


def test_a_status_begins_at_its_first_observation() -> None:
    """Red noticed at the third failure is red from the first, and the yellow between is none."""
    found = timelines(
        change("unknown", "green", 0.0),
        change("green", "yellow", 100.0),
        change("yellow", "red", 110.0, since=100.0),
    )
    assert seconds(found, 90, 120) == {"green": 10, "red": 20}


def test_a_status_never_begins_before_the_one_before_it() -> None:
    """A beginning that is told too early takes nothing from what ended before."""
    found = timelines(
        change("unknown", "green", 0.0),
        change("green", "yellow", 100.0),
        change("yellow", "red", 130.0, since=50.0),
    )
    assert seconds(found, 0, 150) == {"green": 100, "red": 50}


def test_a_window_that_begins_while_red() -> None:
    """Only what comes after its beginning is planned, although red has the ``since`` it had."""
    found = timelines(
        change("unknown", "red", 0.0),
        change("red", "red", 60.0, since=0.0, planned=True),
        change("red", "green", 100.0, was_planned=True),
    )
    assert seconds(found, 0, 120) == {"red": 100, "planned_red": 40, "green": 20}


def test_a_clock_that_is_set_back_takes_back_what_lies_ahead() -> None:
    """What a clock a year ahead has noticed is dropped with the next change, and the past stays."""
    found = timelines(
        change("unknown", "green", 0.0),
        change("green", "red", 365 * DAY),
        change("red", "green", 200.0),
        change("green", "red", 300.0),
    )
    assert seconds(found, -100, 400) == {"green": 300, "red": 100, "unknown": 100}


def test_what_is_recorded_twice_counts_once() -> None:
    """As the history may tell a transition again after a crash."""
    course = [
        change("unknown", "green", 0.0),
        change("green", "red", 100.0),
        change("red", "green", 200.0),
    ]
    found = Timelines([EXPO])
    found.load([*course, course[1], course[0], replace(course[2])])
    assert seconds(found, 0, 300) == {"green": 200, "red": 100}
    assert len(found.of(EXPO)) == 3


def test_only_services_that_are_watched_are_kept() -> None:
    """An environment's transitions and strangers leave no trace; forgetting is for good."""
    found = timelines(
        change("unknown", "red", 0.0, service=None), change("unknown", "red", 0.0, service="other")
    )
    assert len(found.of(EXPO)) == 0
    with pytest.raises(KeyError):
        found.of(ServiceId("ext5/other"))
    found.add(change("unknown", "green", 0.0))
    found.watch([EXPO, ServiceId("ext5/new")])
    assert seconds(found, 0, 10) == {"green": 10}
    assert len(found.of(ServiceId("ext5/new"))) == 0
    found.watch([ServiceId("ext5/new")])
    found.watch([EXPO])
    assert len(found.of(EXPO)) == 0


def test_what_is_published_at_the_start_begins_the_timeline() -> None:
    """Also where no transition tells it: a window's red, and a green of long ago."""
    found = timelines()
    found.hold(EXPO, Status.GREEN, planned=False, since=10.0, at=100.0)
    assert seconds(found, 0, 100) == {"unknown": 10, "green": 90}
    found.hold(EXPO, Status.GREEN, planned=False, since=50.0, at=100.0)
    assert len(found.of(EXPO)) == 1


def test_a_plan_that_began_unrecorded_does_not_reach_back() -> None:
    """Red since 10, found planned at 100: what was before stays unplanned."""
    found = timelines(change("unknown", "red", 10.0))
    found.hold(EXPO, Status.RED, planned=True, since=10.0, at=100.0)
    assert seconds(found, 0, 150) == {"unknown": 10, "red": 140, "planned_red": 50}


def test_time_that_nobody_watched_is_unknown() -> None:
    """From the moment that is told until the next transition."""
    found = timelines(change("unknown", "green", 0.0))
    found.lose(100.0)
    found.add(change("unknown", "green", 130.0))
    assert seconds(found, 0, 150) == {"green": 120, "unknown": 30}


def test_measuring_is_done_when_it_is_due() -> None:
    """Within ten seconds only of what has changed; the same result is the same object."""
    other = ServiceId("ext5/other")
    found = Timelines([EXPO, other])
    found.add(change("unknown", "green", NOW - HOUR))
    first = dict(found.measure(NOW))
    assert set(first) == {EXPO, other}
    assert dict(found.measure(NOW + REFRESH - 1)) == {}
    found.add(change("green", "red", NOW + REFRESH - 1))
    changed = dict(found.measure(NOW + REFRESH - 0.5))
    assert list(changed) == [EXPO]
    assert changed[EXPO].windows[0].red == 500
    later = dict(found.measure(NOW + REFRESH))
    assert later[EXPO].windows[0].red == 1000
    assert later[other] is first[other]
    back = dict(found.measure(NOW - 10))
    assert back[EXPO] != later[EXPO]


def test_measuring_that_is_left_halfway_is_taken_up() -> None:
    """What was not reached is measured the next time, however soon that is."""
    other = ServiceId("ext5/other")
    found = Timelines([EXPO, other])
    dict(found.measure(NOW))
    for service in (EXPO, other):
        found.hold(service, Status.GREEN, planned=False, since=NOW - 60, at=NOW)
    [(reached, _)] = [next(found.measure(NOW))]
    [(left, measured)] = found.measure(NOW + 1)
    assert {reached, left} == {EXPO, other}
    assert measured.windows[0].green == 61_000


@pytest.mark.parametrize(
    ("now", "day", "hours"),
    [
        ("2026-03-30T12:00", date(2026, 3, 29), 23),
        ("2026-10-26T12:00", date(2026, 10, 25), 25),
        ("2026-11-24T12:00", date(2026, 11, 23), 24),
    ],
)
def test_days_are_local(now: str, day: date, hours: int) -> None:
    """From midnight to midnight in Stockholm, with an hour less or more when clocks are changed;
    the last is today until now.
    """
    at = datetime.fromisoformat(now).replace(tzinfo=STOCKHOLM).timestamp()
    found = timelines(change("unknown", "green", at - 3 * DAY))
    bars = day_shares(found.of(EXPO), STOCKHOLM, at, 4)
    assert [bar.day for bar in bars][2:] == [day, date.fromisoformat(now[:10])]
    assert bars[2].shares == TimeInStatus(green=round(hours * HOUR * 1000))
    assert bars[3].shares == TimeInStatus(green=round(12 * HOUR * 1000))
    assert bars[3].end == at
    assert [bar.end for bar in bars[:-1]] == [bar.start for bar in bars[1:]]


@pytest.mark.parametrize(
    ("zone", "now", "lengths"),
    [
        # the clocks go from 23:59 to 01:00, and from 24:00 to 23:00
        ("Africa/Cairo", "2026-04-25T12:00", [24, 23, 12]),
        ("Africa/Cairo", "2026-10-30T12:00", [24, 25, 12]),
        # the 30th of December was left out
        ("Pacific/Apia", "2011-12-31T12:00", [24, 0, 12]),
        ("Asia/Kolkata", "2026-04-25T12:00", [24, 24, 12]),
    ],
)
def test_days_of_odd_midnights(zone: str, now: str, lengths: list[int]) -> None:
    """A day begins with its first instant, also where there is no midnight."""
    at = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone)).timestamp()
    bars = day_shares(Timeline(), ZoneInfo(zone), at, 3)
    assert [bar.shares.length / 3_600_000 for bar in bars] == lengths


def test_ninety_days_are_kept_and_not_more() -> None:
    """A service that changes once an hour for a year has the changes of a quarter."""
    timeline = Timeline()
    for hour in range(365 * 24):
        at = 3_600_000 * hour
        timeline.change((Status.GREEN, Status.RED)[hour % 2], planned=False, start=at, at=at)
    assert 90 * 24 <= len(timeline) <= 92 * 24
    assert timeline.shares(at - 90 * 24 * 3_600_000, at).ratio == 0.5


def test_what_held_before_the_longest_window_is_kept() -> None:
    """Of what is older than the window the last is not forgotten: the window begins with it."""
    timeline = Timeline()
    hour = 3_600_000
    for step in range(MANY):
        status = (Status.RED, Status.GREEN)[step % 2]
        timeline.change(status, planned=False, start=hour * step, at=hour * step)
    now = 200 * 24 * hour
    timeline.change(Status.RED, planned=False, start=now, at=now)
    assert len(timeline) == 2
    assert timeline.shares(now - 90 * 24 * hour, now).ratio == 1


def test_a_leap_ahead_does_not_cost_the_past() -> None:
    """Few segments are all kept: the clock may be set back."""
    timeline = Timeline()
    for hour in range(MANY - 2):
        at = 3_600_000 * hour
        timeline.change((Status.GREEN, Status.RED)[hour % 2], planned=False, start=at, at=at)
    leap = 400 * 24 * 3_600_000
    timeline.change(Status.UNKNOWN, planned=False, start=leap, at=leap)
    assert timeline.shares(0, 2 * 3_600_000).ratio == 0.5


def test_a_service_that_flaps_for_weeks_stays_within_the_bound() -> None:
    """Every ten seconds a change, more than the bound holds: whole hours are exact, and no more
    is kept than the bound.
    """
    timeline = Timeline()
    for step in range(2 * BOUND):
        at = 10_000 * step
        timeline.change((Status.GREEN, Status.RED)[step % 2], planned=False, start=at, at=at)
    assert len(timeline) <= BOUND
    assert timeline.shares(0, 3_600_000) == TimeInStatus(green=1_800_000, red=1_800_000)
    assert timeline.shares(0, 100 * 3_600_000).ratio == 0.5
