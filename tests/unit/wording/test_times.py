"""Instants and lengths of time in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from monitor.model.text import Text
from monitor.wording import duration, instant
from monitor.wording.times import Clock, percent, seconds_short
from tests.support.views import STOCKHOLM, local


def test_local_time_with_weekday() -> None:
    """An instant is told in local time, with its weekday, as the agency writes it."""
    assert instant(local("2026-11-23T14:02"), STOCKHOLM) == Text(
        sv="måndag 23 november 2026 kl. 14.02", en="Monday 23 November 2026 at 14:02"
    )
    assert instant(local("2020-05-29T18:00:59"), STOCKHOLM) == Text(
        sv="fredag 29 maj 2020 kl. 18.00", en="Friday 29 May 2020 at 18:00"
    )


def test_the_zone_is_the_readers() -> None:
    """The same instant in two zones."""
    at = local("2026-12-31T23:30")
    assert instant(at, ZoneInfo("UTC")).sv == "torsdag 31 december 2026 kl. 22.30"
    assert instant(at, ZoneInfo("Asia/Tokyo")).sv == "fredag 1 januari 2027 kl. 07.30"


def test_the_hour_that_comes_twice() -> None:
    """In the night when summer time ends, 02.30 is told apart by the zone's name."""
    summer = local("2026-10-25T02:30", fold=0)
    winter = local("2026-10-25T02:30", fold=1)
    assert winter - summer == 3600
    assert instant(summer, STOCKHOLM) == Text(
        sv="söndag 25 oktober 2026 kl. 02.30 CEST", en="Sunday 25 October 2026 at 02:30 CEST"
    )
    assert instant(winter, STOCKHOLM) == Text(
        sv="söndag 25 oktober 2026 kl. 02.30 CET", en="Sunday 25 October 2026 at 02:30 CET"
    )


@pytest.mark.parametrize(
    ("seconds_after_two", "told"),
    [
        (-1, "söndag 25 oktober 2026 kl. 01.59"),
        (0, "söndag 25 oktober 2026 kl. 02.00 CEST"),
        (3599, "söndag 25 oktober 2026 kl. 02.59 CEST"),
        (3600, "söndag 25 oktober 2026 kl. 02.00 CET"),
        (7199, "söndag 25 oktober 2026 kl. 02.59 CET"),
        (7200, "söndag 25 oktober 2026 kl. 03.00"),
    ],
)
def test_the_zone_is_named_in_that_hour_only(seconds_after_two: int, told: str) -> None:
    """Outside the doubled hour there is nothing to tell apart."""
    assert instant(local("2026-10-25T02:00") + seconds_after_two, STOCKHOLM).sv == told


def test_the_hour_that_is_left_out() -> None:
    """In the night when summer time begins, 01.59 is followed by 03.00."""
    before = local("2026-03-29T01:59")
    assert instant(before, STOCKHOLM).sv == "söndag 29 mars 2026 kl. 01.59"
    assert instant(before + 60, STOCKHOLM).sv == "söndag 29 mars 2026 kl. 03.00"


@pytest.mark.parametrize("at", [float("nan"), float("inf"), -1e30, 1e18])
def test_an_impossible_instant(at: float) -> None:
    """What cannot be a time is said to be unknown."""
    assert instant(at, STOCKHOLM) == Text(sv="okänd tid", en="an unknown time")


@pytest.mark.parametrize(
    ("seconds", "sv", "en"),
    [
        (0, "mindre än 1 sekund", "less than 1 second"),
        (0.99, "mindre än 1 sekund", "less than 1 second"),
        (-5, "mindre än 1 sekund", "less than 1 second"),
        (float("nan"), "mindre än 1 sekund", "less than 1 second"),
        (1, "1 sekund", "1 second"),
        (2.9, "2 sekunder", "2 seconds"),
        (60, "1 minut", "1 minute"),
        (180, "3 minuter", "3 minutes"),
        (61, "1 minut och 1 sekund", "1 minute and 1 second"),
        (3600, "1 timme", "1 hour"),
        (3601, "1 timme", "1 hour"),
        (4800, "1 timme och 20 minuter", "1 hour and 20 minutes"),
        (7260, "2 timmar och 1 minut", "2 hours and 1 minute"),
        (86400, "1 dygn", "1 day"),
        (86400 + 60, "1 dygn", "1 day"),
        (2 * 86400 + 3 * 3600 + 59, "2 dygn och 3 timmar", "2 days and 3 hours"),
    ],
)
def test_duration(seconds: float, sv: str, en: str) -> None:
    """The largest unit and the next, one and many told apart, rounded down."""
    assert duration(seconds) == Text(sv=sv, en=en)


@pytest.mark.parametrize(
    ("seconds", "sv", "en"),
    [
        (0.0004, "0 ms", "0 ms"),
        (0.84, "840 ms", "840 ms"),
        (0.9996, "1 s", "1 s"),
        (1.8, "1,8 s", "1.8 s"),
        (1.0449, "1,04 s", "1.04 s"),
        (5.0, "5 s", "5 s"),
        (10.0, "10 s", "10 s"),
        (100.0, "100 s", "100 s"),
    ],
)
def test_a_measured_time(seconds: float, sv: str, en: str) -> None:
    """Milliseconds below a second; a decimal comma in Swedish."""
    assert seconds_short(seconds) == Text(sv=sv, en=en)


@pytest.mark.parametrize(
    ("share", "sv", "en"), [(0.6, "60 %", "60%"), (0.125, "12,5 %", "12.5%"), (1, "100 %", "100%")]
)
def test_percent(share: float, sv: str, en: str) -> None:
    """Swedish has a space before the sign, and a decimal comma."""
    assert percent(share) == Text(sv=sv, en=en)


@pytest.mark.parametrize(
    ("at", "sv", "en"),
    [
        ("2026-11-23T14:02", "14.02", "14:02"),
        ("2026-11-22T23:59", "söndag 23.59", "Sunday 23:59"),
        ("2026-11-29T06:00", "söndag 06.00", "Sunday 06:00"),
        ("2026-11-16T06:00", "16 november 06.00", "16 November 06:00"),
        ("2027-01-04T06:00", "4 januari 2027 06.00", "4 January 2027 06:00"),
    ],
)
def test_an_instant_is_as_short_as_the_day_allows(at: str, sv: str, en: str) -> None:
    """The time of today, the weekday within a week, else the date, with another year's year."""
    clock = Clock(STOCKHOLM, local("2026-11-23T23:50"))
    assert clock.says(local(at)) == Text(sv=sv, en=en)


def test_until_reads_well_of_today_and_of_another_day() -> None:
    """Only a time that stands alone needs its *kl.*"""
    clock = Clock(STOCKHOLM, local("2026-11-21T01:00"))
    assert clock.until(local("2026-11-21T02:00")) == Text(sv="till kl. 02.00", en="until 02:00")
    assert clock.until(local("2026-11-23T06:00")).sv == "till måndag 06.00"
    assert Clock(STOCKHOLM).until(local("2026-11-23T06:00")).sv.endswith("2026 kl. 06.00")


def test_the_hour_that_comes_twice_is_told_apart_in_short_too() -> None:
    """By the zone's abbreviation."""
    clock = Clock(STOCKHOLM, local("2026-10-25T12:00"))
    once = local("2026-10-25T02:30")
    assert {clock.says(once).sv, clock.says(once + 3600).sv} == {"02.30 CEST", "02.30 CET"}


def test_an_impossible_now_leaves_instants_whole() -> None:
    """A clock that nobody can read shortens nothing."""
    assert Clock(STOCKHOLM, 1e300).says(local("2026-11-23T14:02")).sv.endswith("2026 kl. 14.02")
