"""The series of calendars: when each was last read without a fault."""

from __future__ import annotations

from monitor.publish import families as f
from monitor.publish.exposition import labels, number
from monitor.snapshot import Snapshot


def calendar_lines(snapshot: Snapshot) -> bytes:
    """All of them; nothing of a calendar that was never read, nor where none is configured."""
    lines = [
        f"{f.CALENDAR_READ.name}{{{labels(calendar=one.name)}}} {number(one.last_success)}\n"
        for one in snapshot.calendars
        if one.last_success is not None
    ]
    if not lines:
        return b""
    return f.CALENDAR_READ.header() + "".join(lines).encode()
