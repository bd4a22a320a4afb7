"""The calendar of service windows, read back by recurring-ical-events and line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import recurring_ical_events
from dateutil.parser import parse

from monitor.judging.snapshot import Snapshot
from monitor.publish.feeds.ics import calendar
from monitor.publish.feeds.revisions import Revisions, revised
from monitor.publish.rendering.language import Language
from monitor.publish.rendering.scope import Scope
from tests.support.factories import NOW, make_text
from tests.support.feed_values import HOSTILE, STOCKHOLM, make_planned, make_window


def body(snapshot: Snapshot, known: Revisions | None = None, language: Language = "en") -> bytes:
    revisions = revised({}, snapshot, ()) if known is None else known
    return calendar(snapshot, revisions, Scope(), language)


def lines(raw: bytes) -> list[tuple[str, str]]:
    """Read without icalendar: unfolded (RFC 5545, 3.1), name and value of each line."""
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    plain = raw.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    return [(line.partition(":")[0].partition(";")[0], line.partition(":")[2]) for line in plain]


def values(raw: bytes, name: str) -> list[str]:
    return [value for key, value in lines(raw) if key == name]


def between(raw: bytes, start: datetime, end: datetime) -> list[Any]:
    read = icalendar.Calendar.from_ical(raw)
    return list(recurring_ical_events.of(read).between(start, end))


def test_another_library_reads_each_window_at_its_times() -> None:
    """Title, begin and end, in UTC."""
    window = make_window(24)
    raw = body(make_planned([window]))
    now = datetime.fromtimestamp(NOW, UTC)
    [event] = between(raw, now, now + timedelta(days=3))
    assert event["SUMMARY"] == "Certificate replacement"
    assert event["DTSTART"].dt == window.starts.replace(tzinfo=STOCKHOLM)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=2)
    # and dateutil, which knows nothing of calendars
    assert parse(values(raw, "DTSTART")[0]).timestamp() == int(NOW) + 86_400


def test_every_event_has_what_must_be_there() -> None:
    """RFC 5545, 3.6 and 3.6.1: PRODID and VERSION; UID and DTSTAMP, each once."""
    raw = body(make_planned([make_window(), make_window(48, id="w2")]))
    for name in ("PRODID", "VERSION", "METHOD"):
        assert len(values(raw, name)) == 1
    events = values(raw, "BEGIN").count("VEVENT")
    assert events == 2
    for name in ("UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "STATUS", "SUMMARY"):
        assert len(values(raw, name)) == events, name
    assert len(set(values(raw, "UID"))) == events


def test_a_moved_window_is_the_same_event_with_the_next_sequence() -> None:
    """And a cancelled one is still there, cancelled."""
    snapshot = make_planned([make_window()])
    known = revised({}, snapshot, ())
    first = body(snapshot, known)
    for number, window in enumerate((make_window(30), make_window(30, cancelled=True)), 1):
        snapshot = make_planned([window], at=NOW + number)
        known = revised(known, snapshot, ())
        raw = body(snapshot, known)
        assert values(raw, "UID") == values(first, "UID")
        assert values(raw, "SEQUENCE") == [str(number)]
        assert values(raw, "STATUS") == ["CANCELLED" if window.cancelled else "CONFIRMED"]
    assert values(raw, "SUMMARY") == ["Cancelled: Certificate replacement"]


def test_it_is_the_same_until_something_changes() -> None:
    """So that its ETag holds: no instant of making is in it."""
    snapshot = make_planned([make_window()])
    known = revised({}, snapshot, ())
    later = make_planned([make_window()], at=NOW + 600)
    assert body(snapshot, known) == body(later, revised(known, later, ()))


def test_a_recurring_window_keeps_its_local_time_over_the_change_of_clocks() -> None:
    """Each time is an event with a UID of its own, that stays as the horizon moves."""
    window = make_window(0, rule="FREQ=MONTHLY;COUNT=6")
    snapshot = make_planned([window])
    raw = body(snapshot)
    begins = [parse(value) for value in values(raw, "DTSTART")]
    assert {f"{one.astimezone(STOCKHOLM):%H:%M}" for one in begins} == {"14:02"}
    assert len({one.hour for one in begins}) == 2
    assert len(values(raw, "UID")) == len(set(values(raw, "UID"))) == 6
    later = body(make_planned([window], at=NOW + 50 * 86_400))
    assert set(values(later, "UID")) < set(values(raw, "UID"))


def test_hostile_text_ends_no_line() -> None:
    """A title cannot begin a line of its own (RFC 5545, 3.3.11)."""
    title = make_text(f"x\r\nATTENDEE:mailto:a@b.example.se\nEND:VEVENT {HOSTILE}")
    raw = body(make_planned([make_window(title=title)]))
    assert values(raw, "ATTENDEE") == []
    assert values(raw, "END") == ["VEVENT", "VCALENDAR"]
    [event] = icalendar.Calendar.from_ical(raw).events
    assert "END:VEVENT A & B <script>" in str(event["SUMMARY"])


def test_an_id_cannot_break_its_uid() -> None:
    """Of whatever an id is made."""
    raw = body(make_planned([make_window(id="a\r\nb:;,å")]))
    assert len(values(raw, "UID")) == 1
    assert values(raw, "END") == ["VEVENT", "VCALENDAR"]


def test_an_event_leads_to_the_page_where_that_has_an_address() -> None:
    """RFC 5545, 3.8.4.6; without ``public_url`` there is none to say."""
    snapshot = make_planned([make_window(24)])
    public = "https://drift.example.se/status/"
    known = replace(snapshot, estate=replace(snapshot.estate, public_url=public))
    assert values(body(known), "URL") == [public]
    assert values(body(snapshot), "URL") == []


def test_an_event_of_one_thing_leads_to_its_page() -> None:
    """A service's own, an environment on the front page."""
    public = "https://drift.example.se/status/"
    some = frozenset(("ext5",))
    for scope, page in (
        ({"services": frozenset(("ext5/expo",))}, "s/ext5/expo"),
        ({"environments": some}, "?env=ext5"),
        ({"environments": some, "services": frozenset(("ext6/nll",))}, ""),
    ):
        snapshot = make_planned([make_window(24, **scope)])
        known = replace(snapshot, estate=replace(snapshot.estate, public_url=public))
        assert values(body(known), "URL") == [public + page]
