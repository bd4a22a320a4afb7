"""Pure: the lines of an event → an icalendar event, with its times in their zones (RFC 5545, 3.6.1).

Of all that an event may hold only what a service window needs is given to the parser.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from typing import Any

from monitor.plan.ics_stream import PropertyLine, read_line
from monitor.plan.ics_zones import Zones

ZONE_NAME = 100
"""Characters of a zone's name."""
_DATES = frozenset(("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE"))
_ONCE = frozenset(
    ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "SUMMARY", "DESCRIPTION", "STATUS",
     "SEQUENCE", "DTSTAMP", "X-DRIFTVAKT-IMPACT", "X-DRIFTVAKT-DELAYS-FILES",
     "X-DRIFTVAKT-CHANGES-CERTIFICATES")
)  # fmt: skip
_OFTEN = frozenset(
    ("EXDATE", "RDATE", "RRULE", "CATEGORIES", "X-DRIFTVAKT-ENVIRONMENTS", "X-DRIFTVAKT-SERVICES")
)
_ZONE = "X-DRIFTVAKT-ZONE"
"""The parameter that leads to a zone's name: icalendar would remember zones from file to file."""


class UnusableEvent(Exception):
    """Why an event is left out, in words of ours."""


def read_event(lines: list[str], zones: Zones, unknown: dict[str, None], *, cancelled: bool) -> Any:
    """What we read of an event, with its times in their zones; ``unknown`` gets the names of those
    that nobody knows.
    """
    # only who reads calendars imports it, in the thread that reads them
    import icalendar

    kept: dict[str, list[PropertyLine]] = {}
    for written in lines:
        one = read_line(written)
        if one is not None and one.name in _DATES:
            one = read_line(written, dates=True)
        if one is not None and (one.name in _OFTEN or one.name in _ONCE - kept.keys()):
            kept.setdefault(one.name, []).append(one)
    if cancelled:
        kept["STATUS"] = [PropertyLine(name="STATUS", value="CANCELLED")]
    names: list[str] = []
    bare = [_bare(one, names) for some in kept.values() for one in some]
    event = icalendar.Event.from_ical("\r\n".join(["BEGIN:VEVENT", *bare, "END:VEVENT", ""]))
    for key in _DATES & kept.keys():
        for some in values_of(event, key):
            _put_in_zone(some, names, zones, unknown)
    return event


def values_of(event: Any, key: str) -> list[Any]:
    """All that an event has of one property."""
    given = event.get(key)
    return given if isinstance(given, list) else [given] if given is not None else []


def _bare(one: PropertyLine, names: list[str]) -> str:
    """The line with what we read of its parameters, its zone as a place among the ``names``. Times in
    UTC have no zone (RFC 5545, 3.2.19).
    """
    value, params = one.value, ""
    if one.name in _DATES:
        value = value.strip()
        kind = one.params.get("VALUE", "")
        params = f";VALUE={kind}" if re.fullmatch(r"[A-Za-z-]+", kind) else ""
        zone = one.params.get("TZID", "")
        if zone and not re.search("Z\\b", value.upper()):
            params += f";{_ZONE}={len(names)}"
            names.append(zone)
    elif one.name not in ("SUMMARY", "DESCRIPTION", "CATEGORIES"):
        value = value.strip()
    return f"{one.name}{params}:{value}"


def _put_in_zone(given: Any, names: list[str], zones: Zones, unknown: dict[str, None]) -> None:
    place = given.params.get(_ZONE)
    if place is None:
        return
    name = names[int(place)]
    zone = zones.find(name)
    if zone is None:
        unknown.setdefault(plain(name, ZONE_NAME))
        return
    for one in getattr(given, "dts", [given]):
        if isinstance(one.dt, tuple):
            begins, ends = (_in_zone(each, zone) for each in one.dt)
            one.dt = (begins, ends)
        else:
            one.dt = _in_zone(one.dt, zone)


def _in_zone(given: Any, zone: tzinfo) -> Any:
    return given.replace(tzinfo=zone) if isinstance(given, datetime) else given


def plain(given: Any, most: int) -> str:
    """Text from outside, without what cannot be printed, cut to ``most`` characters."""
    kept = "".join(c if c.isprintable() or c == "\n" else " " for c in str(given))
    return kept.strip()[:most]
