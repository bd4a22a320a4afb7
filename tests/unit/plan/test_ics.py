"""Calendars that others write, read as service windows."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.plan import Impact, Window
from monitor.plan.agenda import AHEAD, BEHIND, agenda
from monitor.plan.ics import MOST_EVENTS, Reading, read_calendar
from monitor.plan.ics_stream import NotACalendarError

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 23, 13, tzinfo=UTC).timestamp()
SCOPES = ("ext5", "ext6", "ext5/expo")


def ics(*events: str, head: str = "") -> bytes:
    """A calendar of events, each given as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *head.split()]
    for number, event in enumerate(events):
        given = [line.strip() for line in event.strip().splitlines()]
        if not any(line.startswith("UID") for line in given):
            given.insert(0, f"UID:e{number}@example.se")
        lines += ["BEGIN:VEVENT", *given, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(*events: str, head: str = "") -> Reading:
    return read_calendar(ics(*events, head=head), STOCKHOLM, NOW, name="agency", known=SCOPES)


def one(event: str) -> Window:
    reading = read(event)
    assert reading.left_out == ()
    [window] = reading.windows
    return window


def times(*windows: Window) -> list[str]:
    """All times around now, local, cancelled ones with a mark."""
    return [
        f"{datetime.fromtimestamp(found.start, STOCKHOLM):%Y-%m-%dT%H:%M}"
        f"/{datetime.fromtimestamp(found.end, STOCKHOLM):%m-%dT%H:%M}"
        f"{' cancelled' if found.window.cancelled else ''}"
        for found in agenda(windows, NOW).occurrences
    ]


EVENING = (
    "DTSTART;TZID=Europe/Stockholm:20261124T200000\nDTEND;TZID=Europe/Stockholm:20261124T220000"
)


def test_an_event_is_a_window() -> None:
    """Its title, message and time; without a word it declares nothing."""
    window = one(f"UID:cert@example.se\n{EVENING}\nSUMMARY:Byte\\, idag\nDESCRIPTION:Rad\\nRad 2")
    assert (window.id, window.title.sv, window.calendar) == (
        "cert@example.se",
        "Byte, idag",
        "agency",
    )
    assert window.message is not None
    assert window.message.en == "Rad\nRad 2"
    assert (window.impact, window.changes_certificates, window.cancelled) == (
        Impact.NONE,
        False,
        False,
    )
    assert window.covers("ext5", "expo")
    assert times(window) == ["2026-11-24T20:00/11-24T22:00"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("DTSTART:20261124T190000Z\nDTEND:20261124T210000Z", "2026-11-24T20:00/11-24T22:00"),
        ("DTSTART:20261124T200000\nDTEND:20261124T220000", "2026-11-24T20:00/11-24T22:00"),
        ("DTSTART:20261124T200000\nDURATION:PT2H", "2026-11-24T20:00/11-24T22:00"),
        ("DTSTART;VALUE=DATE:20261124", "2026-11-24T00:00/11-25T00:00"),
        (
            "DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261126",
            "2026-11-24T00:00/11-26T00:00",
        ),
        (
            "DTSTART;TZID=America/New_York:20261124T140000\nDTEND:20261124T210000Z",
            "2026-11-24T20:00/11-24T22:00",
        ),
        (
            "DTSTART;TZID=W. Europe Standard Time:20261124T200000\nDURATION:PT2H",
            "2026-11-24T20:00/11-24T22:00",
        ),
    ],
)
def test_times_as_calendars_write_them(lines: str, expected: str) -> None:
    """In UTC, in a zone, in none (local), as dates, with an end or a length."""
    assert times(one(lines)) == [expected]


@pytest.mark.parametrize(
    ("lines", "impact"),
    [
        ("CATEGORIES:outage", Impact.OUTAGE),
        ("CATEGORIES:Drift,STÖRNING", Impact.DISTURBANCE),
        ("SUMMARY:Byte [avbrott]", Impact.OUTAGE),
        ("SUMMARY:Byte [disturbance]\nCATEGORIES:outage", Impact.OUTAGE),
        ("X-DRIFTVAKT-IMPACT:none\nCATEGORIES:outage", Impact.NONE),
        ("SUMMARY:Inget avbrott väntas", Impact.NONE),
        ("CATEGORIES:outage\nSTATUS:TENTATIVE", Impact.NONE),
    ],
)
def test_the_impact_is_declared_in_so_many_words(lines: str, impact: Impact) -> None:
    """A category, brackets in the title, or a property of ours; what is not decided is none."""
    assert one(f"{EVENING}\n{lines}").impact is impact


def test_whom_it_concerns() -> None:
    """Categories that are names here, brackets, or properties; others are no scope."""
    window = one(f"{EVENING}\nCATEGORIES:ext6,Kalender\nSUMMARY:Byte [ext5/expo] [2 av 3]")
    assert (set(window.environments), set(window.services)) == ({"ext6"}, {"ext5/expo"})
    assert window.title.en == "Byte [2 av 3]"
    ours = one(
        f"{EVENING}\nX-DRIFTVAKT-SERVICES:ext5/expo\\,ext5/nll\nX-DRIFTVAKT-ENVIRONMENTS:ext6"
    )
    assert set(ours.environments) == {"ext6"}
    assert set(ours.services) == {"ext5/expo", "ext5/nll"}
    stranger = one(f"{EVENING}\nX-DRIFTVAKT-ENVIRONMENTS:prod")
    assert not stranger.covers("ext5", "expo")


@pytest.mark.parametrize(
    "line", ["CATEGORIES:changes-certificates", "X-DRIFTVAKT-CHANGES-CERTIFICATES:TRUE"]
)
def test_new_certificates_are_announced(line: str) -> None:
    assert one(f"{EVENING}\n{line}").changes_certificates


def test_cancelled_ones_are_kept_as_cancelled() -> None:
    """An event, or all of a calendar that is a cancellation."""
    assert one(f"{EVENING}\nSTATUS:CANCELLED").cancelled
    assert read(EVENING, head="METHOD:CANCEL").windows[0].cancelled


WEEKLY = (
    "UID:w\nDTSTART;TZID=Europe/Stockholm:20261124T220000\n"
    "DTEND;TZID=Europe/Stockholm:20261125T020000\nRRULE:FREQ=WEEKLY;COUNT=5"
)


def test_exceptions_of_a_recurring_one() -> None:
    """One left out, one moved, one cancelled, one more; the moved one knows when it was to be."""
    reading = read(
        f"{WEEKLY}\nEXDATE;TZID=Europe/Stockholm:20261201T220000\n"
        "RDATE;TZID=Europe/Stockholm:20261230T220000",
        "UID:w\nRECURRENCE-ID;TZID=Europe/Stockholm:20261208T220000\n"
        "DTSTART;TZID=Europe/Stockholm:20261209T230000\nDURATION:PT1H\nSUMMARY:Ändrad tid",
        "UID:w\nRECURRENCE-ID:20261215T210000Z\nDTSTART:20261215T210000Z\nDURATION:PT4H\n"
        "STATUS:CANCELLED",
    )
    assert reading.left_out == ()
    assert times(*reading.windows) == [
        "2026-11-24T22:00/11-25T02:00",
        "2026-12-09T23:00/12-10T00:00",
        "2026-12-15T22:00/12-16T02:00 cancelled",
        "2026-12-22T22:00/12-23T02:00",
        "2026-12-30T22:00/12-31T02:00",
    ]
    moved = next(window for window in reading.windows if window.title.sv == "Ändrad tid")
    assert moved.id == "w/20261208T2200"
    assert moved.original == datetime(2026, 12, 8, 22, tzinfo=STOCKHOLM).timestamp()


def test_of_two_versions_the_later_one_counts() -> None:
    """Whatever their order in the file."""
    old = f"UID:a\nSEQUENCE:1\n{EVENING}\nSUMMARY:old"
    new = f"UID:a\nSEQUENCE:2\n{EVENING}\nSUMMARY:new"
    for events in ((old, new), (new, old)):
        assert [window.title.sv for window in read(*events).windows] == ["new"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("SUMMARY:x", "has no DTSTART"),
        ("DTSTART:20261124T200000", "has no end after its start"),
        ("DTSTART:20261124T200000\nDTEND:20261124T190000", "has no end after its start"),
        ("DTSTART:20261124T200000\nDURATION:P400D", "longer than a year"),
        (f"{EVENING}\nRRULE:FREQ=SECONDLY", "not understood: FREQ=SECONDLY"),
        (f"{EVENING}\nRRULE:FREQ=DAILY;BYHOUR=1,2;BYMINUTE=1,2", "not understood: BY"),
        (f"{EVENING}\nRRULE:FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z", "not understood"),
        (
            "DTSTART:19000101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY",
            "more than 30 years ago",
        ),
        (
            f"{EVENING}\nRDATE:{','.join(f'2026{m:02}{d:02}T000000Z' for m in range(1, 13) for d in range(1, 21))}",
            "more than 200 of RDATE",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_left_out_and_said(event: str, said: str) -> None:
    """The rest of the calendar counts."""
    reading = read(f"UID:bad\n{event}", f"UID:good\n{EVENING}")
    assert [window.id for window in reading.windows] == ["good"]
    [why] = reading.left_out
    assert why.startswith("bad: ")
    assert said in why


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "does not begin as a calendar"),
        (b"<html>Logga in</html>", "does not begin as a calendar"),
        (ics(EVENING)[:-20], "cut off"),
        (b"BEGIN:VCALENDAR\r\nX:\xff\xfe\r\nEND:VCALENDAR", "not UTF-8"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR", "cannot be read"),
        (ics(EVENING)[:-16] + ics(EVENING), "cut off in the middle"),
        (ics(EVENING) + ics(EVENING)[:-20], "cut off"),
        ("BEGIN:VCALENDAR\r\nSUMMARY:Underhåll\r\nEND:VCALENDAR".encode("latin-1"), "not UTF-8"),
        ("<html>Logga in, tack så mycket</html>".encode("latin-1"), "does not begin as a calendar"),
    ],
)
def test_what_is_no_calendar_is_refused(data: bytes, said: str) -> None:
    """With the reason: a log-in page, half a file."""
    with pytest.raises(NotACalendarError) as refused:
        read_calendar(data, STOCKHOLM, NOW)
    assert said in str(refused.value)


def test_hostile_calendars_are_bounded() -> None:
    """Endless recurrences, rules that never give anything and floods of events end in time."""
    endless = f"{EVENING}\nRRULE:FREQ=DAILY"
    never = "DTSTART:19990101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    began = time.thread_time()
    reading = read(*[f"UID:e{n}\n{endless}" for n in range(150)])
    recurring = [window for window in reading.windows if window.rule is not None]
    assert len(recurring) == 100
    assert len(agenda(recurring, NOW).occurrences) > 10_000
    slow = read_calendar(
        ics(*[f"UID:n{n}\n{never}" for n in range(500)], f"UID:last\n{EVENING}"),
        STOCKHOLM,
        NOW,
        timer=time.thread_time,
    )
    assert all(window.rule is None for window in slow.windows)
    assert slow.windows[-1].id == "last"
    assert "take too long" in slow.left_out[-1]
    flood = read(*[f"UID:f{n}\n{EVENING}" for n in range(MOST_EVENTS + 50)])
    assert len(flood.windows) == MOST_EVENTS
    assert flood.left_out == (f"50 events beyond the first {MOST_EVENTS}",)
    assert time.thread_time() - began < 30


def test_texts_are_cut_and_names_are_harmless() -> None:
    """What others write stands on pages and in identifiers."""
    window = one(
        f"UID:a b/<x>\x07\n{EVENING}\nSUMMARY:{'å' * 500}\x1b[31m\nDESCRIPTION:{'b' * 9000}"
    )
    assert window.id == "a-b-x"
    assert window.title.sv == "å" * 200
    assert window.message is not None
    assert len(window.message.sv) == 4_000


ZONES = ("Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata")
RULES = st.builds(
    lambda freq, interval, more: f"FREQ={freq};INTERVAL={interval}{more}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 3),
    st.sampled_from(["", ";BYDAY=MO,WE", ";BYMONTHDAY=-1", ";COUNT=20", ";UNTIL=20270601T000000Z"]),
)


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    rule=RULES,
    day=st.dates(date(2026, 1, 1), date(2027, 3, 1)),
    hour=st.integers(4, 21),
    hours=st.integers(1, 2),
    skipped=st.sets(st.integers(1, 12), max_size=3),
    moved=st.integers(1, 12),
)
def test_times_are_those_that_another_library_finds(
    zone: str, rule: str, day: date, hour: int, hours: int, skipped: set[int], moved: int
) -> None:
    """Exceptions counted. At hours at which no clock is changed: in those each has its own way."""
    local = ZoneInfo(zone)
    starts = datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001
    begin = f"DTSTART;TZID={zone}:{starts:%Y%m%dT%H%M%S}\nDURATION:PT{hours}H"
    plain = icalendar.Calendar.from_ical(ics(f"UID:p\n{begin}\nRRULE:{rule}"))
    low, high = (datetime.fromtimestamp(NOW + far, UTC) for far in (-BEHIND, AHEAD))

    def expected(calendar: icalendar.Component) -> list[tuple[float, float]]:
        found = recurring_ical_events.of(calendar).between(low, high)
        return sorted((one["DTSTART"].dt.timestamp(), one.end.timestamp()) for one in found)

    known = [datetime.fromtimestamp(at, local) for at, _ in expected(plain)]
    out = [known[n] for n in sorted(skipped) if n < len(known)]
    lines = f"UID:p\n{begin}\nRRULE:{rule}" + "".join(
        f"\nEXDATE;TZID={zone}:{one:%Y%m%dT%H%M%S}" for one in out
    )
    events = [lines]
    if moved < len(known) and known[moved] not in out:
        later = known[moved].replace(tzinfo=None) + timedelta(minutes=45)
        events.append(
            f"UID:p\nRECURRENCE-ID;TZID={zone}:{known[moved]:%Y%m%dT%H%M%S}\n"
            f"DTSTART;TZID={zone}:{later:%Y%m%dT%H%M%S}\nDURATION:PT30M"
        )
    reading = read_calendar(ics(*events), STOCKHOLM, NOW)
    assert reading.left_out == ()
    ours = sorted((one.start, one.end) for one in agenda(reading.windows, NOW).occurrences)
    theirs = expected(icalendar.Calendar.from_ical(ics(*events)))
    inside = (NOW - BEHIND + 86_400, NOW + AHEAD - 86_400)
    assert [one for one in ours if inside[0] < one[0] < inside[1]] == [
        one for one in theirs if inside[0] < one[0] < inside[1]
    ]
