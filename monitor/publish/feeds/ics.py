"""Pure: ``/windows.ics``, the service windows as a calendar (RFC 5545) to subscribe to.

Each time of a recurring window is an event of its own, in UTC: programs that read calendars differ
on recurrence in the nights in which the clocks change, and so what they show is just what the
monitor acts on. A window that is once has a UID of its id alone, so that a moved one is the same
event with another time; a recurring one's has the local time that it begins at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.judging.snapshot import Snapshot
from monitor.model.addresses import environment_path, service_path
from monitor.model.text import Text
from monitor.plan import Occurrence, Window
from monitor.publish.feeds.atom import xml_text
from monitor.publish.feeds.revisions import Revisions
from monitor.publish.rendering.language import Language
from monitor.publish.rendering.scope import Scope
from monitor.wording.window_events import impact_message

if TYPE_CHECKING:
    from icalendar import Event

AHEAD = 400 * 86_400.0
PAST = 30 * 86_400.0
"""Seconds ahead and back that are told."""
MOST = 2_000
"""Events at most; the last ones are left out."""
_REFRESH = timedelta(hours=1)


def calendar(snapshot: Snapshot, revisions: Revisions, scope: Scope, language: Language) -> bytes:
    """The calendar, the same byte for byte until a window changes or leaves the horizon."""
    from icalendar import Calendar, vDuration

    at = snapshot.at
    made = Calendar()
    made.add("prodid", "-//Driftvakt//windows//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    name = "Servicefönster" if language == "sv" else "Service windows"
    narrowed = scope.service or scope.environment
    name = f"{name}: {narrowed}" if narrowed else name
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", vDuration(_REFRESH))
    told = [
        one
        for one in snapshot.agenda.occurrences
        if at - PAST <= one.end
        and one.start <= at + AHEAD
        and scope.touches(one.window.environments, one.window.services)
    ]
    for one in told[:MOST]:
        made.add_component(_event(one, snapshot, revisions, language))
    return bytes(made.to_ical())


def uid(one: Occurrence, location: str) -> str:
    """The same for good; of two locations that know of the same window each has its own."""
    turn = ""
    if one.window.rule is not None:
        turn = f"/{datetime.fromtimestamp(one.start, one.window.zone):%Y%m%dT%H%M}"
    return f"{one.window.id}{turn}@{location}.driftvakt"


def _event(one: Occurrence, snapshot: Snapshot, revisions: Revisions, language: Language) -> Event:
    from icalendar import Event

    window, event = one.window, Event()
    known = revisions.get(f"window/{window.id}")
    changed = _utc(known.changed_at if known is not None else snapshot.at)
    event.add("uid", uid(one, snapshot.estate.location))
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", known.number if known is not None else 0)
    event.add("dtstart", _utc(one.start))
    event.add("dtend", _utc(one.end))
    title = _said(window.title, language)
    if window.cancelled:
        title = f"Inställt: {title}" if language == "sv" else f"Cancelled: {title}"
    event.add("summary", title)
    lines = [impact_message(window.impact).pick(language)]
    if window.message is not None:
        lines.append(_said(window.message, language))
    event.add("description", "\n".join(lines))
    where = sorted({*window.environments, *window.services})
    if where:
        event.add("location", ", ".join(where))
    event.add("categories", [window.impact.value])
    event.add("status", "CANCELLED" if window.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if snapshot.estate.public_url:
        event.add("url", snapshot.estate.public_url + _path(window).removeprefix("/"))
    return event


def _path(window: Window) -> str:
    """The page of what a window concerns, where that is one thing; else the front page."""
    environments, services = sorted(window.environments), sorted(window.services)
    if not environments and len(services) == 1:
        return service_path(services[0])
    return environment_path(environments[0]) if len(environments) == 1 and not services else "/"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)


def _said(text: Text, language: Language) -> str:
    return xml_text(text.pick(language))
