"""The body of status.json: contract, section 7, described by ``status.schema.json``.

Fragments are kept check by check and service by service as long as their views are the same
objects, so that a body of ten thousand checks costs little more than its copying.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import orjson

from monitor import wording
from monitor.judging.snapshot import CheckView, EnvironmentView, ServiceView, Snapshot
from monitor.model.estate import CheckId, Estate, ServiceId
from monitor.model.text import Text
from monitor.model.time_in_status import NOTHING_KNOWN, Availability
from monitor.publish.rendering.pacer import Pacer, join
from monitor.publish.rendering.reuse import staying
from monitor.publish.status.documents import (
    availability_value,
    by_hand_value,
    calendar_value,
    check_value,
    iso_timestamp,
    notice_value,
    stated_value,
    text_value,
    upgrade_value,
    view_value,
    window_value,
)

SCHEMA_VERSION = 1
STALE_FOR = 30.0
"""Seconds after which a reader should take the body for out of date."""
UPCOMING = 60 * 86_400.0
PAST = 30 * 86_400.0
"""Seconds ahead and back for which service windows are told."""
MOST_WINDOWS = 100
"""Upcoming ones, and past ones, that are told at most."""


async def render_status_body(
    snapshot: Snapshot, *, version: str, stale_for: float = STALE_FOR
) -> bytes:
    """The body, made from nothing. For a body every few seconds keep a :class:`StatusRenderer`."""
    return await StatusRenderer(version=version, stale_for=stale_for).render(snapshot)


class StatusRenderer:
    """Renders snapshot after snapshot, each time only what has changed."""

    def __init__(
        self,
        *,
        version: str,
        stale_for: float = STALE_FOR,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._version = version
        self._timer = timer
        self._stale_for = stale_for
        self._estate: Estate | None = None
        self._checks: dict[CheckId, tuple[CheckView, bytes]] = {}
        self._services: dict[ServiceId, tuple[ServiceView, bytes]] = {}
        self._availability: dict[ServiceId, tuple[Availability, bytes]] = {}
        self._day: date | None = None

    async def render(self, snapshot: Snapshot, pacer: Pacer | None = None) -> bytes:
        """UTF-8 JSON. Never works longer than 2 ms without giving way to the event loop."""
        pacer = pacer or Pacer(timer=self._timer)
        if snapshot.estate is not self._estate:
            self._follow(snapshot.estate)
        self._turn(snapshot)
        pieces = [self._head(snapshot)]
        for number, environment in enumerate(snapshot.environments):
            pieces.append(b"," if number else b"")
            pieces.append(_open(_environment(environment, snapshot)))
            pieces.append(_stated(environment.environment.name, snapshot) + b'"services":[')
            for place, service in enumerate(environment.services):
                pieces.append(b"," if place else b"")
                pieces.append(self._service(service, environment, snapshot))
                pieces.append(_stated(service.service.id, snapshot))
                pieces.append(self._availability_of(service.service.id, snapshot) + b'"checks":[')
                for order, check in enumerate(service.checks):
                    pieces.append(b"," if order else b"")
                    pieces.append(self._check(check, service, environment, snapshot))
                    if pacer.due():
                        await pacer.rest()
                pieces.append(b"]}")
            pieces.append(b"]}")
        pieces.append(_tail(snapshot))
        return await join(pieces, pacer, sum(map(len, pieces)))

    def _follow(self, estate: Estate) -> None:
        """Keeps the fragments of what reads as before."""
        checks, services, availability = self._checks, self._services, self._availability
        kept = list(staying(self._estate, estate))
        ids = [service.id for service in kept]
        self._services = {id_: services[id_] for id_ in ids if id_ in services}
        self._availability = {id_: availability[id_] for id_ in ids if id_ in availability}
        self._checks = {
            check.id: checks[check.id]
            for service in kept
            for check in service.checks
            if check.id in checks
        }
        self._estate = estate

    def _turn(self, snapshot: Snapshot) -> None:
        """Forgets sentences that say *since 21:55* of a day that is over."""
        day = datetime.fromtimestamp(snapshot.at, snapshot.estate.timezone).date()
        if day != self._day:
            self._checks.clear()
            self._services.clear()
            self._day = day

    def _check(
        self,
        view: CheckView,
        service: ServiceView,
        environment: EnvironmentView,
        snapshot: Snapshot,
    ) -> bytes:
        known = self._checks.get(view.check.id)
        if known is None or known[0] is not view:
            titles = service.service.title, environment.environment.title
            known = view, dump(check_value(view, *titles, snapshot.estate.timezone, snapshot.at))
            self._checks[view.check.id] = known
        return known[1]

    def _service(
        self, view: ServiceView, environment: EnvironmentView, snapshot: Snapshot
    ) -> bytes:
        known = self._services.get(view.service.id)
        if known is None or known[0] is not view:
            known = view, _open(_service(view, environment.environment.title, snapshot))
            self._services[view.service.id] = known
        return known[1]

    def _availability_of(self, service: ServiceId, snapshot: Snapshot) -> bytes:
        measured = snapshot.availability.get(service, NOTHING_KNOWN)
        known = self._availability.get(service)
        if known is None or known[0] is not measured:
            text = b'"availability":' + dump(availability_value(measured)) + b","
            known = self._availability[service] = measured, text
        return known[1]

    def _head(self, snapshot: Snapshot) -> bytes:
        value = {
            "schema_version": SCHEMA_VERSION,
            "generated_at": iso_timestamp(snapshot.at),
            "stale_after": iso_timestamp(snapshot.at + self._stale_for),
            "generator": {
                "name": "driftvakt",
                "version": self._version,
                "location": snapshot.estate.location,
            },
            "status": snapshot.status,
            "message": text_value(wording.overall_message(snapshot)),
        }
        if snapshot.config_error:
            value["configuration_error"] = snapshot.config_error
        if snapshot.stretch > 1.0:
            value["interval_stretch"] = round(snapshot.stretch, 2)
        return _open(value) + b'"environments":['


def _stated(subject: str, snapshot: Snapshot) -> bytes:
    """Where that is asked for; it is not kept, since it changes by itself."""
    view = snapshot.stated.get(subject)
    return b"" if view is None else b'"stated":' + dump(stated_value(view)) + b","


def _tail(snapshot: Snapshot) -> bytes:
    at, agenda = snapshot.at, snapshot.agenda
    told = {
        "active": [one for one in agenda.occurrences if one.start <= at < one.end],
        "upcoming": agenda.upcoming(at, UPCOMING)[:MOST_WINDOWS],
        "past": agenda.past(at, PAST)[:MOST_WINDOWS],
    }
    value: dict[str, Any] = {
        "service_windows": {
            when: [window_value(one) for one in found] for when, found in told.items()
        },
        "upgrades": [upgrade_value(one) for one in snapshot.upgrades],
        "notices": [notice_value(one) for one in snapshot.notices],
        "acknowledgements": [
            by_hand_value(one)
            for one in snapshot.agenda.acknowledgements
            if one.active(snapshot.at)
        ],
        "silences": [
            by_hand_value(one) for one in snapshot.agenda.silences if one.active(snapshot.at)
        ],
    }
    if snapshot.calendars:
        value["calendars"] = [calendar_value(one) for one in snapshot.calendars]
    return b"]," + dump(value)[1:]


def _environment(view: EnvironmentView, snapshot: Snapshot) -> dict[str, Any]:
    message = wording.environment_message(view, snapshot.estate.timezone, now=snapshot.at)
    return {
        "name": view.environment.name,
        "title": text_value(view.environment.title),
        **view_value(view),
        "message": text_value(message),
    }


def _service(view: ServiceView, environment: Text, snapshot: Snapshot) -> dict[str, Any]:
    service = view.service
    message = wording.service_message(view, snapshot.estate.timezone, environment, now=snapshot.at)
    return {
        "name": service.name,
        "title": text_value(service.title),
        "help": text_value(service.help) if service.help is not None else None,
        **view_value(view),
        "message": text_value(message),
        "service_window": window_value(view.window) if view.window is not None else None,
        "critical": service.critical,
    }


def _open(value: dict[str, Any]) -> bytes:
    """The object without its closing brace, ready for one more key."""
    return dump(value)[:-1] + b","


def dump(value: Any) -> bytes:
    """JSON; text that is not valid Unicode is mended rather than refused."""
    try:
        made = orjson.dumps(value)
    except orjson.JSONEncodeError:
        made = orjson.dumps(_mend(value))
    # orjson keeps eight kilobytes for the least of texts; a copy is as long as it has to be
    return bytes(memoryview(made))


def _mend(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case dict():
            return {_mend(key): _mend(item) for key, item in value.items()}
        case list() | tuple():
            return [_mend(item) for item in value]
    return value
