"""The series of calendars: whether each can be read, and when it last was."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.judging.snapshot import Snapshot
from monitor.publish.metrics import families as f
from monitor.publish.metrics.exposition import Family, labels, number


def calendar_lines(snapshot: Snapshot) -> bytes:
    """All of them; nothing where none is configured, and no instant of one that was never read."""
    found = snapshot.calendars
    return b"".join(
        (
            _block(f.CALENDAR_SUCCESSFUL, [(one.name, one.successful) for one in found]),
            _block(f.CALENDAR_READ, [(one.name, one.last_success) for one in found]),
            _block(
                f.CALENDAR_UNKNOWN_ZONES,
                [(one.name, len(one.unknown_zones)) for one in found if one.last_success],
            ),
        )
    )


def _block(family: Family, values: Iterable[tuple[str, float | None]]) -> bytes:
    lines = [
        f"{family.name}{{{labels(calendar=name)}}} {number(float(value))}\n"
        for name, value in values
        if value is not None
    ]
    return family.header() + "".join(lines).encode() if lines else b""
