"""What is planned at an instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.plan import Agenda, Window, agenda_of, windows_of
from monitor.settings.sections import ServiceWindow

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def instant(text: str) -> float:
    """Of a time in Stockholm, unless it has an offset."""
    written = datetime.fromisoformat(text)
    return (written if written.tzinfo else written.replace(tzinfo=STOCKHOLM)).timestamp()


def estate(*sections: dict[str, Any], zone: ZoneInfo = STOCKHOLM) -> Estate:
    windows = [
        ServiceWindow.model_validate(
            {"id": f"w{number}", "title": "Certifikatbyte", "impact": "none", **section}
        )
        for number, section in enumerate(sections)
    ]
    return Estate(environments=(), timezone=zone, later={"service_windows": windows})


def agenda(at: str, *sections: dict[str, Any]) -> Agenda:
    return agenda_of(estate(*sections), instant(at))


def times(found: Agenda) -> list[str]:
    """Beginnings and ends, local and with their offsets."""
    return [
        "/".join(datetime.fromtimestamp(at, STOCKHOLM).isoformat() for at in (one.start, one.end))
        for one in found.occurrences
    ]


EVENING = {"start": "2026-11-24T20:00", "end": "2026-11-24T22:00", "changes_certificates": True}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-24T19:59:59", None),
        ("2026-11-24T20:00", "w0"),
        ("2026-11-24T22:00", "w0"),
        ("2026-11-24T22:00:01", None),
    ],
)
def test_a_window_announces_from_its_start_to_its_end(at: str, expected: str | None) -> None:
    """Its end belongs to what it announces."""
    assert agenda(at, EVENING).announced(instant(at), "ext5", "expo") == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"cancelled": True},
        {"changes_certificates": False},
        {"environments": ["ext6"]},
        {"services": ["ext5/nll", "ext6/expo"]},
    ],
)
def test_what_announces_nothing(changes: dict[str, Any]) -> None:
    """Cancelled, about something else, or of somebody else."""
    at = "2026-11-24T21:00"
    assert agenda(at, {**EVENING, **changes}).announced(instant(at), "ext5", "expo") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"environments": ["ext5"]},
        {"services": ["ext5/expo"]},
        {"environments": ["ext6"], "services": ["ext5/expo"]},
    ],
)
def test_whom_a_window_covers(changes: dict[str, Any]) -> None:
    """All when it names nobody; otherwise whom it names, by environment or by service."""
    at = "2026-11-24T21:00"
    assert agenda(at, {**EVENING, **changes}).announced(instant(at), "ext5", "expo") == "w0"


def test_times_are_local_to_the_time_zone() -> None:
    """In November Stockholm is an hour ahead; an offset that is written counts."""
    found = agenda("2026-11-24T00:00", {"start": "2026-11-24T20:00", "end": "2026-11-24T22:00Z"})
    assert times(found) == ["2026-11-24T20:00:00+01:00/2026-11-24T23:00:00+01:00"]


def test_a_window_over_the_end_of_summer_time_is_an_hour_longer() -> None:
    """From one to four by the clock is four hours then."""
    [found] = agenda(
        "2026-10-25T00:00", {"start": "2026-10-25T01:00", "end": "2026-10-25T04:00"}
    ).occurrences
    assert found.end - found.start == 4 * 3600


def test_a_nightly_window_keeps_its_wall_clock_times_over_both_changes_of_the_clocks() -> None:
    """22:00 to 04:00: seven hours in the night to 25 October, five in that to 28 March."""
    nightly = {
        "start": "2026-10-23T22:00",
        "end": "2026-10-24T04:00",
        "rrule": "FREQ=DAILY;COUNT=3",
    }
    autumn = agenda("2026-10-24T00:00", nightly)
    assert times(autumn) == [
        "2026-10-23T22:00:00+02:00/2026-10-24T04:00:00+02:00",
        "2026-10-24T22:00:00+02:00/2026-10-25T04:00:00+01:00",
        "2026-10-25T22:00:00+01:00/2026-10-26T04:00:00+01:00",
    ]
    spring = agenda("2027-03-27T00:00", {**nightly, "rrule": "FREQ=DAILY"})
    lengths = {
        datetime.fromtimestamp(one.start, STOCKHOLM).date().isoformat(): one.end - one.start
        for one in spring.occurrences
    }
    assert lengths["2027-03-26"] == lengths["2027-03-28"] == 6 * 3600
    assert lengths["2027-03-27"] == 5 * 3600


def test_a_time_that_does_not_exist_is_read_with_the_offset_before_the_gap() -> None:
    """RFC 5545, 3.3.5: half past two in the night of 28 March is half past three."""
    found = agenda("2027-03-28T00:00", {"start": "2027-03-28T02:30", "end": "2027-03-28T05:00"})
    assert times(found) == ["2027-03-28T03:30:00+02:00/2027-03-28T05:00:00+02:00"]


def test_the_start_is_the_first_time_of_a_recurring_window_whatever_its_rule_says() -> None:
    """The contract's own example begins on a Tuesday and goes on on third Wednesdays."""
    found = agenda(
        "2026-11-24T00:00",
        {
            "start": "2026-11-24T20:00",
            "end": "2026-11-24T22:00",
            "rrule": "FREQ=MONTHLY;BYDAY=3WE;UNTIL=20270120",
        },
    )
    assert [text[:16] for text in times(found)] == [
        "2026-11-24T20:00",
        "2026-12-16T20:00",
        "2027-01-20T20:00",
    ]


def test_an_end_of_the_rule_in_utc_counts_at_its_instant() -> None:
    """18:59 UTC is 19:59 in Stockholm: the window of that evening is out."""
    weekly = {"start": "2026-11-18T20:00", "end": "2026-11-18T21:00"}
    rule = "FREQ=WEEKLY;UNTIL=20261202T185959Z"
    assert len(agenda("2026-11-24T00:00", {**weekly, "rrule": rule}).occurrences) == 2
    rule = "FREQ=WEEKLY;UNTIL=20261202T190000Z"
    assert len(agenda("2026-11-24T00:00", {**weekly, "rrule": rule}).occurrences) == 3


def test_excepted_dates_are_left_out() -> None:
    """Also the first."""
    found = agenda(
        "2026-12-01T00:00",
        {
            "start": "2026-12-17T20:00",
            "end": "2026-12-17T21:00",
            "rrule": "FREQ=WEEKLY;COUNT=3",
            "exdates": ["2026-12-17", "2026-12-24"],
        },
    )
    assert [text[:10] for text in times(found)] == ["2026-12-31"]


def test_a_rule_that_never_comes_true_does_no_harm() -> None:
    """The thirty-first of February; every day for ever."""
    found = agenda(
        "2026-12-01T00:00",
        {**EVENING, "rrule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31"},
        {**EVENING, "rrule": "FREQ=DAILY"},
    )
    assert len([one for one in found.occurrences if one.window.id == "w0"]) == 1
    assert 400 < len(found.occurrences) < 415


def test_of_overlapping_windows_the_worst_declares() -> None:
    """Of equals, the one that ends last."""
    at = "2026-11-24T21:00"
    found = agenda(
        at,
        {**EVENING, "impact": "disturbance"},
        {"start": "2026-11-24T20:30", "end": "2026-11-24T21:30", "impact": "outage"},
        {"start": "2026-11-24T20:30", "end": "2026-11-24T21:45", "impact": "outage"},
        {"start": "2026-11-24T20:30", "end": "2026-11-25T21:45", "impact": "outage",
         "cancelled": True},
    )  # fmt: skip
    declared = found.sheet(instant(at)).declared("ext5", "expo")
    assert declared is not None
    assert (declared.window.id, declared.window.impact.declares) == ("w2", Status.RED)
    assert [one.window.id for one in found.active(instant(at))] == ["w0", "w1", "w2"]
    assert found.next_change(instant(at)) == instant("2026-11-24T21:30")


def test_what_comes_and_what_is_over() -> None:
    """The next first, the newest first; the cancelled ones are shown too."""
    found = agenda(
        "2026-11-25T12:00",
        EVENING,
        {"start": "2026-11-20T20:00", "end": "2026-11-20T21:00"},
        {"start": "2026-12-20T20:00", "end": "2026-12-20T21:00", "cancelled": True},
        {"start": "2026-12-10T20:00", "end": "2026-12-10T21:00"},
    )
    now = instant("2026-11-25T12:00")
    assert [one.window.id for one in found.past(now)] == ["w0", "w1"]
    assert [one.window.id for one in found.upcoming(now)] == ["w3", "w2"]


def test_an_estate_without_windows_has_none() -> None:
    """And its agenda changes when it is a day old, and not before."""
    nothing = Estate(environments=(), timezone=ZoneInfo("UTC"))
    assert windows_of(nothing) == ()
    assert agenda_of(nothing, 1_000_000.0).next_change(1_000_000.0) == 1_086_400.0


def test_a_window_speaks_both_languages() -> None:
    """The one that is left out is read in the other."""
    [made] = windows_of(estate({**EVENING, "title": {"en": "Certificates"}}))
    assert isinstance(made, Window)
    assert (made.title.sv, made.title.en) == ("Certificates", "Certificates")
