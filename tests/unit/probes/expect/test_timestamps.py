"""Instants in answers, and how far they are from now."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect.timestamps import offset_from

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-23T12:00:00Z", 0.0),
        ("2026-11-23T11:59:00.125Z", -60.0),
        ("2026-11-23T13:00:10+01:00", 10.0),
        ("2026-11-23T12:00:00-0100", 3600.0),
        ("2026-11-23 12:00:00", 0.0),
        ("2026-11-23T13:00:00", 0.0),
        ("20261123120005", 5.0),
        ("20261123130005", 5.0),
        ("2026-11-23", 0.0),
        ("2026-11-23Z", 0.0),
        ("20261123", 0.0),
        ("2026-11-24Z", 12 * 3600.0),
        ("2026-11-22Z", -12 * 3600.0),
        ("2026-11-23T23:59:60Z", 11 * 3600.0 + 3599),
    ],
)
def test_instants(text: str, seconds: float) -> None:
    """XML Schema's forms and RIV TA's; without a zone, UTC or Swedish time; a date all day long."""
    assert offset_from(NOW, text, None) == seconds


def test_a_zone_that_is_given_is_the_only_one() -> None:
    """For texts that name none."""
    assert offset_from(NOW, "20261123120000", STOCKHOLM) == -3600.0
    assert offset_from(NOW, "2026-11-23T12:00:00Z", STOCKHOLM) == 0.0


def test_an_hour_that_comes_twice_is_the_nearer_one() -> None:
    """On the night when summer time ends, 02:30 is two instants."""
    for now in ("2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"):
        at = datetime.fromisoformat(now).timestamp()
        assert offset_from(at, "2026-10-25T02:30:00", STOCKHOLM) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-13-01",
        "2026-02-30T00:00:00Z",
        "2026-11-23T25:00:00Z",
        "2026-11-23T12:00Z",
        "2026-11-23T12:00:00+99:99",
        "0000-01-01",
        "９９９９-11-23",
        "2026112312",
        "9999-12-31",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    """Or lies where the calendar ends."""
    assert offset_from(NOW, text, STOCKHOLM) is None or text.startswith("0001")


@given(st.text(alphabet="0123456789-:TZ+. ", max_size=30))
def test_any_text_is_an_instant_or_none(text: str) -> None:
    """No answer stops the probe."""
    offset = offset_from(NOW, text, None)
    assert offset is None or isinstance(offset, float)
