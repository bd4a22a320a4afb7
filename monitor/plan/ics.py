"""Pure: the events of an iCalendar file (RFC 5545) as service windows.

    bytes ──▶ lines (ics_stream) ──▶ events (ics_event, ics_zones) ──▶ windows (ics_window, ics_series)

Others write these files, so all of it is bounded: how many events and how many that recur, how long
a text is, and what a recurrence may be. An event that cannot be used is left out, one whose
time zone nobody knows is read as local, and the reading names both; a file that is no calendar is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from monitor.plan.ics_event import UnusableEvent, read_event
from monitor.plan.ics_series import read_series
from monitor.plan.ics_stream import parts_of
from monitor.plan.ics_zones import Zones
from monitor.plan.windows import Window

MOST_EVENTS = 2_000
MOST_RECURRING = 100
"""Each of these is worked out over its past, too."""
LONGEST_WORK = 5.0
"""Seconds after which no more events that recur are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a calendar holds."""

    windows: tuple[Window, ...]
    left_out: tuple[str, ...] = ()
    """Why events were left out, a line each."""
    unknown_zones: tuple[str, ...] = ()
    """Names of time zones that nobody knows: their times were read as local."""


def read_calendar(
    data: bytes,
    zone: ZoneInfo,
    now: float,
    *,
    name: str = "",
    known: Collection[str] = (),
    timer: Callable[[], float] = lambda: 0.0,
) -> Reading:
    """The windows of a calendar's bytes. Times without a zone are local to ``zone``; ``known`` are
    the environments and services (``ENV/SERVICE``) that a category may name. ``timer`` gives
    seconds: once :data:`LONGEST_WORK` of them are over, no more events that recur are taken.

    Raises :class:`NotACalendarError`.
    """
    blocks = [
        (lines, zones, part.method == "CANCEL")
        for part in parts_of(data)
        for zones in [Zones(part.zones)]
        for lines in part.events
    ]
    left_out: list[str] = []
    if len(blocks) > MOST_EVENTS:
        left_out.append(f"{len(blocks) - MOST_EVENTS} events beyond the first {MOST_EVENTS}")
    groups: dict[str, list[Any]] = {}
    unknown: dict[str, None] = {}
    for number, (lines, zones, cancelled) in enumerate(blocks[:MOST_EVENTS], 1):
        try:
            event = read_event(lines, zones, unknown, cancelled=cancelled)
        except Exception as error:  # noqa: BLE001 - as below
            left_out.append(f"event-{number}: cannot be read ({type(error).__name__})")
        else:
            groups.setdefault(_uid(event) or f"event-{number}", []).append(event)
    found: list[Window] = []
    recurring, begun = 0, timer()
    for uid, some in groups.items():
        try:
            if timer() - begun > LONGEST_WORK and any("RRULE" in event for event in some):
                raise UnusableEvent("the recurrences of this calendar take too long")
            windows = list(read_series(uid, some, zone, now, frozenset(known)))
            if any(one.rule is not None for one in windows):
                recurring += 1
                if recurring > MOST_RECURRING:
                    raise UnusableEvent(f"more than {MOST_RECURRING} events recur")
        except UnusableEvent as error:
            left_out.append(f"{uid}: {error}")
        except Exception as error:  # noqa: BLE001 - a parser of what others write: no event may break the rest
            left_out.append(f"{uid}: cannot be read ({type(error).__name__})")
        else:
            found += windows
    return Reading(
        windows=tuple(replace(one, calendar=name) for one in found),
        left_out=tuple(left_out),
        unknown_zones=tuple(unknown),
    )


def _uid(event: Any) -> str:
    """The event's own name for good, made of characters that may stand anywhere."""
    return re.sub(r"[^A-Za-z0-9@._:+-]+", "-", str(event.get("UID", "")))[:120].strip("-")
