"""Calendars of strangers: all that RFC 5545 allows in a stream, and what is met beside it."""

from __future__ import annotations

import codecs
import re
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.plan import Impact
from monitor.plan.ics import MOST_EVENTS, Reading, read_calendar
from monitor.plan.ics_stream import NotACalendarError, utf8_of
from tests.unit.plan.test_ics import EVENING, NOW, SCOPES, STOCKHOLM, ics, one, read, times

TITLE = "Planerat underhåll av tjänsten för receptförmedling – i hela miljön 😀 [avbrott]"
WHOLE = ics(f"UID:w1\n{EVENING}\nSUMMARY:{TITLE}")
AT = "2026-11-24T20:00/11-24T22:00"


def reading(data: bytes) -> Reading:
    return read_calendar(data, STOCKHOLM, NOW, name="agency", known=SCOPES)


def told(data: bytes) -> tuple[str, Impact]:
    found = reading(data)
    assert (found.left_out, found.unknown_zones) == ((), ())
    [window] = found.windows
    assert times(window) == [AT]
    return window.title.sv, window.impact


EXPECTED = (TITLE.removesuffix(" [avbrott]"), Impact.OUTAGE)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=30), st.sampled_from(["\r\n", "\n", "\r", "\r\r\n"]))  # fmt: skip
def test_folds_anywhere(cuts: list[int], line_break: str) -> None:
    """Between letters or within one, twice at a place, with any line break."""
    lines = WHOLE.split(b"\r\n")
    fold = line_break.encode() + b" "
    folded, begin = [], 0
    for line in lines:
        places = sorted(cut - begin for cut in cuts if 0 < cut - begin < len(line))
        parts = [line[a:b] for a, b in zip([0, *places], [*places, len(line)], strict=True)]
        folded.append(fold.join(parts))
        begin += len(line) + 2
    assert told(line_break.encode().join(folded)) == EXPECTED


@pytest.mark.parametrize(
    "data",
    [
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE.replace(b"\r\n", b"\r"),
        WHOLE.replace(b"\r\n", b"\r\n", 3).replace(b"\r\nS", b"\nS"),
        WHOLE.replace(b"\r\n", b"\r\n\r\n"),
        codecs.BOM_UTF8 + WHOLE,
        b"\r\n\r\n" + codecs.BOM_UTF8 + WHOLE,
        WHOLE.decode().encode("utf-16"),
        codecs.BOM_UTF16_BE + WHOLE.decode().encode("utf-16-be"),
        WHOLE.decode().encode("utf-32"),
        WHOLE + b"\0\x1a\r\n\r\n",
        codecs.BOM_UTF8 + ics() + codecs.BOM_UTF8 + WHOLE,
        ics() + b"\r\n" + WHOLE + ics(),
        WHOLE.replace(b"BEGIN:", b"begin:").replace(b"VEVENT", b"vEvent"),
        WHOLE.replace(b"END:VEVENT", b"END:VEVENT  "),
        WHOLE.replace(b"SUMMARY:", b"summary;language=sv;X-A=\"a;b:c,d\";ALTREP='x':"),
        WHOLE.replace(b"SUMMARY:", b'SUMMARY;X-A=half"of a quote:'),
        WHOLE.replace(b"SUMMARY:", b"SUMMARY;=;;X:"),
        WHOLE.replace(b"SUMMARY:", b"SUMMARY;LANGUAGE=sv:").replace(b"END:VEVENT", b"SUMMARY;LANGUAGE=en:Work\r\nEND:VEVENT"),
        WHOLE.replace(b"DTSTART;TZID=Europe/Stockholm", b'dtstart;x-a="b:c";tzid="Europe/Stockholm"'),
        WHOLE.replace(b"DTSTART;", b"DTSTART;VALUE=DATE-TIME;"),
        WHOLE.replace(b"TZID=Europe", b"TZID=/freeassociation.sourceforge.net/Europe"),
        WHOLE.replace(b"DTSTART;TZID=Europe/Stockholm:20261124T200000", b"DTSTART:20261124T190000Z  "),
        WHOLE.replace(b"DTSTART;TZID=Europe/Stockholm:20261124T200000", b"DTSTART;TZID=Europe/Stockholm:20261124T190000Z"),
        WHOLE.replace(b"BEGIN:VEVENT", b"X-WR;=:odd\r\nno property\r\n;:\r\nBEGIN:X-OWN\r\nDTSTART:never\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:X-OWN\r\nBEGIN:VEVENT"),
        WHOLE.replace(b"END:VEVENT", b"ATTENDEE;CN=\"a;PARTSTAT=:mailto:x\r\nGEO:?\r\nBEGIN:VALARM\r\nTRIGGER:soon\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT"),
        WHOLE.replace(b"BEGIN:VEVENT", b"BEGIN:VTODO\r\nBEGIN:VALARM\r\nEND:VTODO\r\nBEGIN:VEVENT"),
        WHOLE.replace(b"BEGIN:VEVENT", b"BEGIN:VTIMEZONE\r\nTZID:Europe/Stockholm\r\nodd\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"),
        WHOLE.replace(b"CALENDAR\r\n", b"CALENDAR\r\nX-NOTE:\x00\x08\x0b\x0c\x1c\xe2\x80\xa8\xc2\x85BEGIN:VEVENT\r\n", 1),
    ],
    ids=range(28),
)  # fmt: skip
def test_streams_as_they_are_met(data: bytes) -> None:
    """Line breaks, marks, several calendars, parameters, and all sorts of unknown things around."""
    assert told(data) == EXPECTED


def test_all_calendars_of_a_stream_count() -> None:
    """A cancellation in one of them cancels what another published, whichever comes first."""
    published = ics(f"UID:a\n{EVENING}", f"UID:b\n{EVENING}")
    cancelled = ics(f"UID:b\nSEQUENCE:1\n{EVENING}", head="METHOD:CANCEL")
    for data in (published + cancelled, cancelled + published):
        found = {window.id: window.cancelled for window in reading(data).windows}
        assert found == {"a": False, "b": True}


def test_of_one_sequence_the_later_stamp_counts() -> None:
    """And a cancellation, where both were written at once (RFC 5546, 2.1.5)."""
    stamped = "UID:a\nDTSTAMP:2026010{}T000000Z\nSUMMARY:{}\n" + EVENING
    found = read(stamped.format(2, "new"), stamped.format(1, "old"))
    assert [window.title.sv for window in found.windows] == ["new"]
    [window] = read(stamped.format(1, "x"), stamped.format(1, "x\nSTATUS:CANCELLED")).windows
    assert window.cancelled


def test_one_bad_event_is_one_event() -> None:
    """It is left out and said."""
    found = read(f"UID:good\n{EVENING}", "UID:bad\nDTSTART:20261124T200000+0100\nDURATION:PT1H")
    assert [window.id for window in found.windows] == ["good"]
    assert found.left_out[0].startswith("bad: cannot be read")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("iso-8859-1", "latin-1"),
        ("ISO-8859-1", "utf-8"),
        ('"windows-1252"', "cp1252"),
        ("iso-8859-15", "iso-8859-15"),
        ("us-ascii", "utf-8"),
        ("utf-16le", "utf-16-le"),
        ("UTF-16", "utf-16"),
        ("utf-8", "utf-8"),
        ("utf8mb4", "utf-8"),
        ("gb18030", "gb18030"),
        ("", "utf-8"),
        ("iso-8859-1", "utf-8-sig"),
    ],
)
def test_the_charset_of_the_transport(charset: str, encoding: str) -> None:
    """Is followed (RFC 5545, 3.1.4), but for a mark, and where habit calls UTF-8 something else."""
    title = "Underhåll på måndag [avbrott]"
    data = ics(f"UID:w1\n{EVENING}\nSUMMARY:{title}").decode().encode(encoding)
    assert told(utf8_of(data, charset)) == ("Underhåll på måndag", Impact.OUTAGE)


def test_a_fold_within_a_letter_of_another_charset() -> None:
    """Is undone before the letters are read."""
    data = ics(f"UID:w1\n{EVENING}\nSUMMARY:維護 [avbrott]").decode().encode("gb18030")
    place = data.index("護".encode("gb18030")) + 1
    assert told(utf8_of(data[:place] + b"\r\n " + data[place:], "gb18030"))[0] == "維護"


@pytest.mark.parametrize(
    ("charset", "said"), [("utf-8", "is not utf-8"), ("klingon", "charset is not known"), ("utf-32", "is not utf-32"), ("base64", "is not base64")]
)  # fmt: skip
def test_a_charset_that_does_not_fit(charset: str, said: str) -> None:
    """Is a calendar that cannot be read, with the reason."""
    data = ics(f"{EVENING}\nSUMMARY:Underhåll").decode().encode("latin-1") + b"\n"
    with pytest.raises(NotACalendarError, match=said):
        reading(utf8_of(data, charset))


ZONE = """BEGIN:VTIMEZONE
TZID:{name}
X-LIC-LOCATION:Nowhere
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:{summer}
TZOFFSETTO:{winter}
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
X-ODD:1
END:STANDARD
BEGIN:DAYLIGHT
DTSTART;X-A=b:16010101T020000
TZOFFSETFROM:{winter}
TZOFFSETTO:{summer}
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU{more}
END:DAYLIGHT
END:VTIMEZONE"""


def described(
    event: str, name: str, *, winter: str = "+0200", summer: str = "+0300", more: str = ""
) -> bytes:
    zone = ZONE.format(name=name, winter=winter, summer=summer, more=more).replace("\n", "\r\n")
    return ics(event).replace(b"BEGIN:VEVENT", zone.encode() + b"\r\nBEGIN:VEVENT")


@pytest.mark.parametrize(
    ("written", "param"),
    [
        ("Customized Time Zone", "Customized Time Zone"),
        ("(UTC+02:00) Helsingfors\\, Kiev", '"(UTC+02:00) Helsingfors, Kiev"'),
        ("(UTC+02:00) Helsingfors\\, Kiev", "(UTC+02:00) Helsingfors\\, Kiev"),
        ("/example.se/Egen zon", "/example.se/Egen zon"),
        ("tzone://Microsoft/Custom", "tzone://Microsoft/Custom"),
    ],
)
def test_zones_that_a_calendar_describes(written: str, param: str) -> None:
    """By any name; a weekly event keeps to their clocks, in which summer begins in March."""
    event = f"DTSTART;TZID={param}:20261005T210000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;COUNT=10"
    found = reading(described(event, written))
    assert (found.left_out, found.unknown_zones) == ((), ())
    # Stockholm's clocks change on the same Sundays, an hour behind
    assert times(*found.windows)[0] == "2026-10-05T20:00/10-05T22:00"
    assert times(*found.windows)[-1] == "2026-12-07T20:00/12-07T22:00"


def test_a_described_zone_counts_in_its_own_calendar_alone() -> None:
    """Two calendars, or two readings, may call different zones the same."""
    event = "DTSTART;TZID=Own:{}T{}0000\nDURATION:PT2H"
    east = described(event.format("20261124", 21), "Own")
    west = described(event.format("20261124", 19), "Own", winter="+0000", summer="+0100")
    for data in (east, west, east):
        assert times(*reading(data).windows) == [AT]
    assert times(*reading(east + west.replace(b"UID:e0", b"UID:e1")).windows) == [AT, AT]
    assert reading(east).windows == reading(east).windows


@pytest.mark.parametrize("more", [";UNTIL=20280101T000000Z", ";UNTIL=20280101", ";INTERVAL=1"])
def test_rules_of_described_zones(more: str) -> None:
    """Ends in UTC among them, as the RFC has them."""
    found = reading(described("DTSTART;TZID=Own:20260724T220000\nDURATION:PT1H", "Own", more=more))
    assert found.unknown_zones == ()
    assert datetime.fromtimestamp(found.windows[0].starts.replace(tzinfo=found.windows[0].zone).timestamp(), UTC).hour == 19  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        ics("DTSTART;TZID=Mars/Phobos:20261124T200000\nDTEND;TZID=Mars/Phobos:20261124T220000"),
        described("DTSTART;TZID=Mars/Phobos:20261124T200000\nDURATION:PT2H", "Mars/Deimos"),
        described("DTSTART;TZID=Mars/Phobos:20261124T200000\nDURATION:PT2H", "Mars/Phobos", winter="noon"),
        described("DTSTART;TZID=Mars/Phobos:20261124T200000\nDURATION:PT2H", "Mars/Phobos", more=";BYSECOND=1"),
        described("DTSTART;TZID=Mars/Phobos:20261124T200000\nDURATION:PT2H", "Mars/Phobos").replace(b"YEARLY", b"SECONDLY"),
    ],
    ids=["none", "another", "odd", "rule", "bomb"],
)  # fmt: skip
def test_an_unknown_zone_is_told(data: bytes) -> None:
    """Its times are read as local, which is what they most likely are, and nobody is left to guess."""
    began = time.thread_time()
    found = reading(data)
    assert found.unknown_zones == ("Mars/Phobos",)
    assert times(*found.windows) == [AT]
    assert time.thread_time() - began < 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "Europe", "/", "x\\0y", "\x1b[2J", "a" * 500])
def test_zones_by_odd_names(name: str) -> None:
    """Are unknown, and can be shown."""
    found = read(f"DTSTART;TZID={name}:20261124T200000\nDURATION:PT2H")
    [unknown] = found.unknown_zones
    assert unknown.isprintable()
    assert len(unknown) <= 100


def test_exceptions_in_an_unknown_zone() -> None:
    """Are told once, and counted like the event's own times."""
    weekly = (
        "DTSTART;TZID=Foo:20261123T200000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;COUNT=3\n"
        "EXDATE;TZID=Foo:20261130T200000"
    )
    found = read(weekly)
    assert found.unknown_zones == ("Foo",)
    assert [at[:10] for at in times(*found.windows)] == ["2026-11-23", "2026-12-07"]


def test_many_events_are_read_in_time() -> None:
    """As many as are taken cost less than two seconds of work."""
    data = ics(*(f"{EVENING}\nSUMMARY:w{n}" for n in range(MOST_EVENTS)))
    began = time.thread_time()
    assert len(reading(data).windows) == MOST_EVENTS
    assert time.thread_time() - began < 4


def test_an_event_alone() -> None:
    """The usual helper still agrees with what is met."""
    assert re.fullmatch("e0@example.se", one(EVENING).id)
    assert one(EVENING).zone == ZoneInfo("Europe/Stockholm")
