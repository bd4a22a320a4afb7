"""Pure: the events of an iCalendar file (RFC 5545) as service windows.

Others write these files, so all of it is bounded: how many events and how many that recur, how long
a text is, and what a recurrence may be. An event that cannot be used is left out and said, one whose
time zone nobody knows is read as local and said; a file that is no calendar is refused. Recurrences are worked out like those of configured windows, with
the same rules for the nights in which the clocks change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from monitor.model.estate import Text
from monitor.plan.agenda import AHEAD, BEHIND
from monitor.plan.ics_stream import NotACalendarError, PropertyLine, parts_of, read_line
from monitor.plan.ics_zones import Zones
from monitor.plan.recurrence import instant_of, occurrences
from monitor.plan.windows import Impact, Window

MOST_EVENTS = 2_000
MOST_RECURRING = 100
"""Each of these is worked out over its past, too."""
MOST_DATES = 200
"""Dates that one event adds or leaves out."""
LONGEST_WORK = 5.0
"""Seconds after which no more events that recur are taken."""
TITLE, MESSAGE, NAME = 200, 4_000, 100
"""Characters of an event's texts, and of a zone's name."""
_OLDEST = timedelta(days=30 * 366)
"""How long ago a recurring event may have begun."""
_LONGEST = timedelta(days=366)
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
_IMPACTS = {
    "none": Impact.NONE,
    "disturbance": Impact.DISTURBANCE,
    "störning": Impact.DISTURBANCE,
    "outage": Impact.OUTAGE,
    "avbrott": Impact.OUTAGE,
}
_CERTIFICATES = frozenset(("changes-certificates", "certifikatbyte"))
_IN_BRACKETS = re.compile(r"\[([^\[\]]{1,100})\]")
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

__all__ = ["NotACalendarError", "Reading", "read_calendar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a calendar holds."""

    windows: tuple[Window, ...]
    left_out: tuple[str, ...] = ()
    """Why events were left out, a line each."""
    unknown_zones: tuple[str, ...] = ()
    """Names of time zones that nobody knows: their times were read as local."""


class _Unusable(Exception):
    """Why an event is left out."""


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
    said: list[str] = []
    if len(blocks) > MOST_EVENTS:
        said.append(f"{len(blocks) - MOST_EVENTS} events beyond the first {MOST_EVENTS}")
    groups: dict[str, list[Any]] = {}
    unknown: dict[str, None] = {}
    for number, (lines, zones, cancelled) in enumerate(blocks[:MOST_EVENTS], 1):
        try:
            event = _event(lines, zones, unknown, cancelled=cancelled)
        except Exception as error:  # noqa: BLE001 - as below
            said.append(f"event-{number}: cannot be read ({type(error).__name__})")
        else:
            groups.setdefault(_uid(event) or f"event-{number}", []).append(event)
    found: list[Window] = []
    recurring, begun = 0, timer()
    for uid, some in groups.items():
        try:
            if timer() - begun > LONGEST_WORK and any("RRULE" in event for event in some):
                raise _Unusable("the recurrences of this calendar take too long")
            windows = list(_windows(uid, some, zone, now, frozenset(known)))
            if any(one.rule is not None for one in windows):
                recurring += 1
                if recurring > MOST_RECURRING:
                    raise _Unusable(f"more than {MOST_RECURRING} events recur")
        except _Unusable as error:
            said.append(f"{uid}: {error}")
        except Exception as error:  # noqa: BLE001 - a parser of what others write: no event may break the rest
            said.append(f"{uid}: cannot be read ({type(error).__name__})")
        else:
            found += windows
    return Reading(
        windows=tuple(replace(one, calendar=name) for one in found),
        left_out=tuple(said),
        unknown_zones=tuple(unknown),
    )


def _event(lines: list[str], zones: Zones, unknown: dict[str, None], *, cancelled: bool) -> Any:
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
        given = event.get(key)
        for some in given if isinstance(given, list) else [given] if given is not None else []:
            _put_in_zone(some, names, zones, unknown)
    return event


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
        unknown.setdefault(_plain(name, NAME))
        return
    for one in getattr(given, "dts", [given]):
        if isinstance(one.dt, tuple):
            begins, ends = (_in_zone(each, zone) for each in one.dt)
            one.dt = (begins, ends)
        else:
            one.dt = _in_zone(one.dt, zone)


def _in_zone(given: Any, zone: tzinfo) -> Any:
    return given.replace(tzinfo=zone) if isinstance(given, datetime) else given


def _uid(event: Any) -> str:
    """The event's own name for good, made of characters that may stand anywhere."""
    return re.sub(r"[^A-Za-z0-9@._:+-]+", "-", str(event.get("UID", "")))[:120].strip("-")


def _windows(
    uid: str, events: list[Any], zone: ZoneInfo, now: float, known: frozenset[str]
) -> Iterator[Window]:
    """An event with all its exceptions. Of two versions the later one counts (RFC 5546, 2.1.5)."""
    bases = [event for event in events if "RECURRENCE-ID" not in event]
    base = max(bases, key=_version, default=None)
    changed: dict[datetime, Any] = {}
    home = _zone_of(base if base is not None else events[0], zone)
    for event in events:
        if "RECURRENCE-ID" in event:
            original = _wall(event["RECURRENCE-ID"].dt, home, zone)
            known_one = changed.get(original)
            if known_one is None or _version(event) >= _version(known_one):
                changed[original] = event
    if base is not None:
        first = _window(uid, base, zone, known)
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
        window = _window(f"{uid}/{original:%Y%m%dT%H%M}", event, zone, known)
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


def _window(uid: str, event: Any, zone: ZoneInfo, known: frozenset[str]) -> Window:
    """One event, without its recurrence."""
    if "DTSTART" not in event:
        raise _Unusable("has no DTSTART")
    home = _zone_of(event, zone)
    began = event["DTSTART"].dt
    starts = _wall(began, home, zone)
    ends = _ends(event, began, starts, home, zone)
    if not timedelta(0) < ends - starts <= _LONGEST:
        raise _Unusable("has no end after its start, within a year")
    said = _plain(event.get("SUMMARY", ""), TITLE)
    words = _words(event, said)
    summary = _without(said, known) or uid
    message = _plain(event.get("DESCRIPTION", ""), MESSAGE)
    scope = {word for word in words if word in known}
    environments = {word for word in scope if "/" not in word}
    services = scope - environments
    environments |= _listed(event, "X-DRIFTVAKT-ENVIRONMENTS")
    services |= _listed(event, "X-DRIFTVAKT-SERVICES")
    status = str(event.get("STATUS", "")).upper()
    return Window(
        id=uid,
        title=Text(sv=summary, en=summary),
        message=Text(sv=message, en=message) if message else None,
        # what is not decided yet explains nothing
        impact=Impact.NONE if status == "TENTATIVE" else _impact(event, words),
        starts=starts,
        ends=ends,
        zone=home,
        environments=frozenset(environments),
        services=frozenset(services),
        changes_certificates=bool(_CERTIFICATES & words)
        or str(event.get("X-DRIFTVAKT-CHANGES-CERTIFICATES", "")).strip().lower() == "true",
        cancelled=status == "CANCELLED",
        delays_files=_length(event.get("X-DRIFTVAKT-DELAYS-FILES", "")),
    )


def _ends(event: Any, began: Any, starts: datetime, home: tzinfo, zone: ZoneInfo) -> datetime:
    if "DTEND" in event:
        return _wall(event["DTEND"].dt, home, zone)
    if "DURATION" in event:
        length = event["DURATION"].dt
        if length > _LONGEST:
            raise _Unusable("is longer than a year")
        return starts + timedelta(days=length.days, seconds=length.seconds)
    return starts + timedelta(days=1) if not isinstance(began, datetime) else starts


def _zone_of(event: Any, zone: ZoneInfo) -> tzinfo:
    """The zone whose clock an event goes by."""
    began = event["DTSTART"].dt if "DTSTART" in event else None
    own = began.tzinfo if isinstance(began, datetime) else None
    return own if own is not None else zone


def _wall(given: Any, home: tzinfo, zone: ZoneInfo) -> datetime:
    """Wall-clock time in ``home``, naive; a date is its midnight in ``zone``."""
    if isinstance(given, datetime):
        aware = given if given.tzinfo is not None else given.replace(tzinfo=zone)
        if given.tzinfo is None and home is zone:
            return given
        return aware.astimezone(home).replace(tzinfo=None)
    if isinstance(given, date):
        return datetime.combine(given, time())
    raise _Unusable("has a time that is none")


def _rule(event: Any) -> str | None:
    rule = event.get("RRULE")
    if rule is None:
        return None
    if isinstance(rule, list):
        raise _Unusable("has more than one RRULE")
    parts: dict[str, str] = {}
    for part in rule.to_ical().decode("ascii", "replace").upper().split(";"):
        key, _, value = part.partition("=")
        if key not in _RULE or not re.fullmatch(_RULE[key], value):
            raise _Unusable(f"recurs in a way that is not understood: {part[:40]}")
        parts[key] = value
    if "FREQ" not in parts or {"COUNT", "UNTIL"} <= parts.keys():
        raise _Unusable("recurs in a way that is not understood")
    return ";".join(f"{key}={value}" for key, value in parts.items())


def _tried(window: Window, now: float) -> Window:
    """A rule that dateutil refuses, or that goes back too far, is told here and not later. One
    that gives nothing between the ends of the agenda, which takes the longest to find out, is left
    out until the calendar is read again.
    """
    if window.starts < datetime.fromtimestamp(now, UTC).replace(tzinfo=None) - _OLDEST:
        raise _Unusable("recurs since more than 30 years ago")
    found = islice(occurrences(window, now - BEHIND, now + AHEAD), 2)
    recurs = any(one.start != instant_of(window.starts, window.zone) for one in found)
    return window if recurs else replace(window, rule=None)


def _dates(event: Any, key: str, home: tzinfo, zone: ZoneInfo) -> list[datetime]:
    """The wall-clock times that an event adds or leaves out; the beginnings of periods."""
    given = event.get(key)
    found: list[datetime] = []
    for some in given if isinstance(given, list) else [given] if given is not None else []:
        for one in some.dts:
            begins = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            found.append(_wall(begins, home, zone))
            if len(found) > MOST_DATES:
                raise _Unusable(f"has more than {MOST_DATES} of {key}")
    return found


def _words(event: Any, summary: str) -> set[str]:
    """Its categories, and what stands in brackets in its summary."""
    given = event.get("CATEGORIES")
    found: list[str] = []
    for some in given if isinstance(given, list) else [given] if given is not None else []:
        found += [str(one).strip('"') for one in some.cats]
    for bracket in _IN_BRACKETS.findall(summary):
        found += bracket.split(",")
    return {word.strip().lower() for word in found}


def _without(summary: str, known: frozenset[str]) -> str:
    """The summary without brackets that were meant for us."""
    ours = known | _IMPACTS.keys() | _CERTIFICATES

    def kept(match: re.Match[str]) -> str:
        words = [word.strip().lower() for word in match[1].split(",")]
        return "" if all(word in ours for word in words) else match[0]

    return " ".join(_IN_BRACKETS.sub(kept, summary).split())


def _impact(event: Any, words: Iterable[str]) -> Impact:
    """The worst that is said; none when nothing is: a stop must be declared in so many words."""
    own = str(event.get("X-DRIFTVAKT-IMPACT", "")).strip().lower()
    if own in _IMPACTS:
        return _IMPACTS[own]
    found = [_IMPACTS[word] for word in words if word in _IMPACTS]
    return max(found, key=lambda one: one.declares.severity, default=Impact.NONE)


def _length(given: Any) -> float:
    """``90m``, ``6h`` or ``2d`` in seconds; what is none of these counts for nothing."""
    found = re.fullmatch(r"([0-9]{1,4})([mhd])", str(given).strip())
    if found is None:
        return 0.0
    return min(float(found[1]) * {"m": 60.0, "h": 3_600.0, "d": 86_400.0}[found[2]], BEHIND)


def _listed(event: Any, key: str) -> set[str]:
    given = event.get(key, "")
    written = given if isinstance(given, list) else [given]
    found = {
        name.strip().lower()
        for one in written
        for name in str(one).replace("\\,", ",").split(",")[:MOST_DATES]
    }
    return {name[:200] for name in found if name}


def _plain(given: Any, most: int) -> str:
    """Text from outside, without what cannot be printed, cut to ``most`` characters."""
    kept = "".join(c if c.isprintable() or c == "\n" else " " for c in str(given))
    return kept.strip()[:most]
