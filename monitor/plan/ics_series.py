"""Pure: an event of a calendar with all its recurrences and exceptions → service windows.

What may recur, and how, is bounded: recurrences are worked out like those of configured windows, with
the same rules for the nights in which the clocks change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from monitor.plan.agenda import AHEAD, BEHIND
from monitor.plan.ics_event import UnusableEvent, values_of
from monitor.plan.ics_window import read_window, wall_clock, zone_of
from monitor.plan.recurrence import instant_of, occurrences
from monitor.plan.windows import Window

MOST_DATES = 200
"""Dates that one event adds or leaves out."""
_OLDEST = timedelta(days=30 * 366)
"""How long ago a recurring event may have begun."""
_RULE = {
    "FREQ": r"YEARLY|MONTHLY|WEEKLY|DAILY",
    "INTERVAL": r"[1-9][0-9]{0,3}",
    "COUNT": r"[1-9][0-9]{0,5}",
    "UNTIL": r"[12][0-9]{7}(T[0-9]{6}Z?)?",
    "WKST": r"[A-Z]{2}",
    "BYDAY": r"[+-]?[0-9]{0,2}[A-Z]{2}(,[+-]?[0-9]{0,2}[A-Z]{2}){0,30}",
    "BYMONTHDAY": r"-?[0-9]{1,2}(,-?[0-9]{1,2}){0,30}",
    "BYYEARDAY": r"-?[0-9]{1,3}(,-?[0-9]{1,3}){0,30}",
    "BYWEEKNO": r"-?[0-9]{1,2}(,-?[0-9]{1,2}){0,52}",
    "BYMONTH": r"[0-9]{1,2}(,[0-9]{1,2}){0,11}",
    "BYSETPOS": r"-?[0-9]{1,3}(,-?[0-9]{1,3}){0,10}",
}


def read_series(
    uid: str, events: list[Any], zone: ZoneInfo, now: float, known: frozenset[str]
) -> Iterator[Window]:
    """An event with all its exceptions. Of two versions the later one counts (RFC 5546, 2.1.5)."""
    bases = [event for event in events if "RECURRENCE-ID" not in event]
    base = max(bases, key=_version, default=None)
    changed: dict[datetime, Any] = {}
    home = zone_of(base if base is not None else events[0], zone)
    for event in events:
        if "RECURRENCE-ID" in event:
            original = wall_clock(event["RECURRENCE-ID"].dt, home, zone)
            known_one = changed.get(original)
            if known_one is None or _version(event) >= _version(known_one):
                changed[original] = event
    if base is not None:
        first = read_window(uid, base, zone, known)
        left_out = {day.date().isoformat() for day in changed}
        left_out |= {day.date().isoformat() for day in _dates(base, "EXDATE", first.zone, zone)}
        length = first.ends - first.starts
        for day in _dates(base, "RDATE", first.zone, zone):
            if day not in changed and day.date().isoformat() not in left_out:
                yield _once(first, f"{uid}/{day:%Y%m%dT%H%M}", day, day + length)
        series = replace(first, except_dates=frozenset(left_out), rule=_rule(base))
        if series.rule is not None:
            series = _tried(series, now)
        if series.rule is not None or series.starts not in changed:
            yield series
    for original, event in changed.items():
        window = read_window(f"{uid}/{original:%Y%m%dT%H%M}", event, zone, known)
        yield replace(window, original=instant_of(original, home))


def _once(window: Window, id_: str, starts: datetime, ends: datetime) -> Window:
    return replace(window, id=id_, starts=starts, ends=ends)


def _version(event: Any) -> tuple[int, str, bool]:
    """By its number, then by when it was written; a cancellation is never the earlier one."""
    stamp = re.fullmatch(r"[0-9]{8}T[0-9]{6}Z?", _raw(event, "DTSTAMP"))
    cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    try:
        number = int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError):
        number = 0
    return number, stamp[0] if stamp is not None else "", cancelled


def _raw(event: Any, key: str) -> str:
    given = event.get(key)
    return "" if given is None else given.to_ical().decode("utf-8", "replace")


def _rule(event: Any) -> str | None:
    rule = event.get("RRULE")
    if rule is None:
        return None
    if isinstance(rule, list):
        raise UnusableEvent("has more than one RRULE")
    parts: dict[str, str] = {}
    for part in rule.to_ical().decode("ascii", "replace").upper().split(";"):
        key, _, value = part.partition("=")
        if key not in _RULE or not re.fullmatch(_RULE[key], value):
            raise UnusableEvent(f"recurs in a way that is not understood: {part[:40]}")
        parts[key] = value
    if "FREQ" not in parts or {"COUNT", "UNTIL"} <= parts.keys():
        raise UnusableEvent("recurs in a way that is not understood")
    return ";".join(f"{key}={value}" for key, value in parts.items())


def _tried(window: Window, now: float) -> Window:
    """Finds out here and not later that dateutil refuses a rule, or that it goes back too far. One
    that gives nothing between the ends of the agenda, which takes the longest to find out, is left
    out until the calendar is read again.
    """
    if window.starts < datetime.fromtimestamp(now, UTC).replace(tzinfo=None) - _OLDEST:
        raise UnusableEvent("recurs since more than 30 years ago")
    found = islice(occurrences(window, now - BEHIND, now + AHEAD), 2)
    recurs = any(one.start != instant_of(window.starts, window.zone) for one in found)
    return window if recurs else replace(window, rule=None)


def _dates(event: Any, key: str, home: tzinfo, zone: ZoneInfo) -> list[datetime]:
    """The wall-clock times that an event adds or leaves out; the beginnings of periods."""
    found: list[datetime] = []
    for some in values_of(event, key):
        for one in some.dts:
            begins = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            found.append(wall_clock(begins, home, zone))
            if len(found) > MOST_DATES:
                raise UnusableEvent(f"has more than {MOST_DATES} of {key}")
    return found
