"""When windows and notices were changed, remembered over restarts."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.publish.feeds.revisions import (
    RevisionLog,
    packed_revisions,
    revised,
    unpacked_revisions,
)
from tests.support.factories import NOW, make_text
from tests.support.feed_values import make_notice, make_planned, make_window


def test_a_change_counts_one_and_has_its_instant() -> None:
    """What has not changed stays, as the very same value."""
    first = make_planned([make_window()], [make_notice()])
    known = revised({}, first, first.agenda.notices)
    assert {key: one.number for key, one in known.items()} == {"window/w1": 0, "notice/n1": 0}
    later = make_planned([make_window()], [make_notice()], at=NOW + 9)
    assert revised(known, later, later.agenda.notices) is known
    changed = make_planned([make_window()], [make_notice(message=make_text("Nytt."))], at=NOW + 9)
    found = revised(known, changed, changed.agenda.notices)
    assert (found["notice/n1"].number, found["notice/n1"].changed_at) == (1, NOW + 9)
    assert found["window/w1"] is known["window/w1"]


def test_it_is_kept_and_taken_up_again() -> None:
    """A restart changes nothing, and keeps nothing anew."""
    kept: list[bytes] = []
    days = frozenset(date(2026, 12, day).isoformat() for day in range(1, 20))
    window = make_window(rule="FREQ=DAILY", except_dates=days, services=days)
    before = RevisionLog(b"", kept.append).at(make_planned([window]))
    assert len(kept) == 1
    again = RevisionLog(kept[0], kept.append)
    assert again.at(make_planned([window], at=NOW + 600)) == before
    assert len(kept) == 1
    assert unpacked_revisions(packed_revisions(before)) == before


@pytest.mark.parametrize("data", [b"", b"[]", b'{"a": 1}', b"\xff", b'{"a": ["x", "y", "z"]}'])
def test_what_cannot_be_read_counts_as_nothing(data: bytes) -> None:
    """A damaged row stops no start."""
    assert unpacked_revisions(data) == {}
