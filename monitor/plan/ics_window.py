"""Pure: one event of a calendar → a service window, without its recurrence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from monitor.model.text import Text
from monitor.plan.agenda import BEHIND
from monitor.plan.ics_event import UnusableEvent, plain, values_of
from monitor.plan.windows import Impact, Window

TITLE, MESSAGE = 200, 4_000
"""Characters of an event's texts."""
MOST_NAMES = 200
"""Names that one property lists."""
_LONGEST = timedelta(days=366)
_IMPACTS = {
    "none": Impact.NONE,
    "disturbance": Impact.DISTURBANCE,
    "störning": Impact.DISTURBANCE,
    "outage": Impact.OUTAGE,
    "avbrott": Impact.OUTAGE,
}
_CERTIFICATES = frozenset(("changes-certificates", "certifikatbyte"))
_IN_BRACKETS = re.compile(r"\[([^\[\]]{1,100})\]")


def read_window(uid: str, event: Any, zone: ZoneInfo, known: frozenset[str]) -> Window:
    """One event, without its recurrence."""
    if "DTSTART" not in event:
        raise UnusableEvent("has no DTSTART")
    home = zone_of(event, zone)
    began = event["DTSTART"].dt
    starts = wall_clock(began, home, zone)
    ends = _ends(event, began, starts, home, zone)
    if not timedelta(0) < ends - starts <= _LONGEST:
        raise UnusableEvent("has no end after its start, within a year")
    written = plain(event.get("SUMMARY", ""), TITLE)
    words = _words(event, written)
    summary = _without(written, known) or uid
    message = plain(event.get("DESCRIPTION", ""), MESSAGE)
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
        return wall_clock(event["DTEND"].dt, home, zone)
    if "DURATION" in event:
        length = event["DURATION"].dt
        if length > _LONGEST:
            raise UnusableEvent("is longer than a year")
        return starts + timedelta(days=length.days, seconds=length.seconds)
    return starts + timedelta(days=1) if not isinstance(began, datetime) else starts


def zone_of(event: Any, zone: ZoneInfo) -> tzinfo:
    """The zone whose clock an event goes by."""
    began = event["DTSTART"].dt if "DTSTART" in event else None
    own = began.tzinfo if isinstance(began, datetime) else None
    return own if own is not None else zone


def wall_clock(given: Any, home: tzinfo, zone: ZoneInfo) -> datetime:
    """Wall-clock time in ``home``, naive; a date is its midnight in ``zone``."""
    if isinstance(given, datetime):
        aware = given if given.tzinfo is not None else given.replace(tzinfo=zone)
        if given.tzinfo is None and home is zone:
            return given
        return aware.astimezone(home).replace(tzinfo=None)
    if isinstance(given, date):
        return datetime.combine(given, time())
    raise UnusableEvent("has a time that is none")


def _words(event: Any, summary: str) -> set[str]:
    """Its categories, and what stands in brackets in its summary."""
    found: list[str] = []
    for some in values_of(event, "CATEGORIES"):
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
    """The worst that is declared; none when nothing is: a stop must be declared in so many words."""
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
    found = {
        name.strip().lower()
        for one in values_of(event, key)
        for name in str(one).replace("\\,", ",").split(",")[:MOST_NAMES]
    }
    return {name[:200] for name in found if name}
