"""Pure: ``/api/v2/summary.json``, in the shape that programs read from public status pages.

An environment is a group of components, a service a component of it. The shape has no word for
unknown, and unknown is never shown as green: such a component has ``degraded_performance``, the
least that is not operational, and its description says that the status is unknown. Addresses are
absolute: clients show them beside those of other pages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from monitor import wording
from monitor.judging.snapshot import EnvironmentView, ServiceView, Snapshot
from monitor.model.addresses import service_path
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.timestamps import iso_timestamp
from monitor.plan import Notice, Occurrence
from monitor.publish.feeds.ics import uid
from monitor.publish.feeds.revisions import Revisions
from monitor.publish.rendering.language import Language

UPCOMING = 60 * 86_400.0
"""Seconds ahead for which service windows are told."""
MOST_WINDOWS = 100
_IMPACTS = {
    Status.GREEN: "none",
    Status.UNKNOWN: "minor",
    Status.YELLOW: "minor",
    Status.RED: "major",
}


def summary(
    snapshot: Snapshot,
    notices: Iterable[Notice],
    revisions: Revisions,
    language: Language,
    base: str = "http://localhost:9815",
) -> dict[str, Any]:
    """The whole answer as plain values. ``base`` is the address that the page is at, without a slash
    at its end.
    """
    at = snapshot.at
    page_id = _id("page", snapshot.estate.location)
    groups = [
        _group(view, place, page_id, snapshot, language)
        for place, view in enumerate(snapshot.environments, 1)
    ]
    services = [
        _service(view, place, page_id, environment, snapshot, language)
        for environment in snapshot.environments
        for place, view in enumerate(environment.services, 1)
    ]
    by_id = {one["id"]: one for one in services}
    incidents = [
        _incident(
            view, by_id[_id("service", view.service.id)], page_id, environment, snapshot, language
        )
        for environment in snapshot.environments
        for view in environment.services
        if view.status in (Status.YELLOW, Status.RED) and not view.planned
    ]
    incidents += [
        _told(one, page_id, revisions, snapshot, language) for one in notices if one.active(at)
    ]
    planned = [*snapshot.agenda.active(at), *snapshot.agenda.upcoming(at, UPCOMING)]
    message = wording.overall_message(snapshot)
    maintenances = [
        _maintenance(one, page_id, services, revisions, snapshot, language)
        for one in planned
        if not one.window.cancelled
    ][:MOST_WINDOWS]
    for event in (*incidents, *maintenances):
        event["shortlink"] = base + event["shortlink"]
    return {
        "page": {
            "id": page_id,
            "name": "Driftinformation" if language == "sv" else "Service status",
            "url": f"{base}/",
            "time_zone": snapshot.estate.timezone.key,
            "updated_at": iso_timestamp(_updated(snapshot, revisions)),
        },
        "status": {"indicator": indicator(snapshot), "description": message.pick(language)},
        "components": [*groups, *services],
        "incidents": incidents,
        "scheduled_maintenances": maintenances,
    }


def _updated(snapshot: Snapshot, revisions: Revisions) -> float:
    """When anything last became as it is: the answer stays the same until it says another thing."""
    changes = [one.changed_at for one in revisions.values()]
    changes += [view.since for view in snapshot.environments]
    changes += [view.since for view in snapshot.services()]
    changes += [one.start for one in snapshot.agenda.active(snapshot.at)]
    return max(changes, default=snapshot.at)


def indicator(snapshot: Snapshot) -> str:
    """``none``, ``minor``, ``major`` or ``critical``: of the environments, the worst.

    Critical when all are red; what is planned or unknown is minor.
    """
    views = snapshot.environments
    unplanned = [view for view in views if not view.planned]
    if views and all(view.status is Status.RED and not view.planned for view in views):
        return "critical"
    if any(view.status is Status.RED for view in unplanned):
        return "major"
    if snapshot.status is not Status.GREEN or any(v.status is not Status.GREEN for v in views):
        return "minor"
    return "none"


def component_status(view: ServiceView | EnvironmentView) -> str:
    """The word for a service or an environment."""
    if view.planned and view.status is not Status.GREEN:
        return "under_maintenance"
    if view.status is Status.RED:
        return "major_outage"
    if view.status is Status.GREEN:
        return "operational"
    parts: Iterable[Status] = (
        (part.status for part in view.checks)
        if isinstance(view, ServiceView)
        else (part.status for part in view.services if not part.planned)
    )
    return "partial_outage" if Status.RED in parts else "degraded_performance"


def _component(view: ServiceView | EnvironmentView, place: int, page_id: str) -> dict[str, Any]:
    return {
        "status": component_status(view),
        "created_at": None,
        "updated_at": iso_timestamp(view.since),
        "position": place,
        "showcase": False,
        "start_date": None,
        "page_id": page_id,
        "only_show_if_degraded": False,
    }


def _group(
    view: EnvironmentView, place: int, page_id: str, snapshot: Snapshot, language: Language
) -> dict[str, Any]:
    message = wording.environment_message(view, snapshot.estate.timezone, now=snapshot.at)
    return {
        "id": _id("environment", view.environment.name),
        "name": view.environment.title.pick(language),
        "description": message.pick(language),
        "group_id": None,
        "group": True,
        "components": [_id("service", one.service.id) for one in view.services],
        **_component(view, place, page_id),
    }


def _service(
    view: ServiceView,
    place: int,
    page_id: str,
    environment: EnvironmentView,
    snapshot: Snapshot,
    language: Language,
) -> dict[str, Any]:
    titled = environment.environment.title
    message = wording.service_message(view, snapshot.estate.timezone, titled, now=snapshot.at)
    return {
        "id": _id("service", view.service.id),
        "name": view.service.title.pick(language),
        "description": message.pick(language),
        "group_id": _id("environment", environment.environment.name),
        "group": False,
        **_component(view, place, page_id),
    }


def _incident(
    view: ServiceView,
    component: dict[str, Any],
    page_id: str,
    environment: EnvironmentView,
    snapshot: Snapshot,
    language: Language,
) -> dict[str, Any]:
    word = wording.status_word(view.status).pick(language)
    owner = environment.environment.title.pick(language)
    since = iso_timestamp(view.since)
    return _event(
        id_=_id("incident", view.service.id, since),
        name=f"{owner}: {component['name']}: {word}",
        status="investigating",
        impact=_IMPACTS[view.status],
        page_id=page_id,
        created=since,
        updated=since,
        body=component["description"],
        components=[component],
        path=f"{service_path(view.service.id)}#incidents",
    )


def _told(
    one: Notice, page_id: str, revisions: Revisions, snapshot: Snapshot, language: Language
) -> dict[str, Any]:
    known = revisions.get(f"notice/{one.id}")
    changed = iso_timestamp(known.changed_at if known is not None else snapshot.at)
    fallback = Text(sv="Driftmeddelande", en="Notice")
    return _event(
        id_=_id("notice", one.id),
        name=(one.title or fallback).pick(language),
        status="identified",
        impact=_IMPACTS[one.status or Status.GREEN],
        page_id=page_id,
        created=changed,
        updated=changed,
        body=one.message.pick(language),
        components=[],
    )


def _maintenance(
    one: Occurrence,
    page_id: str,
    services: list[dict[str, Any]],
    revisions: Revisions,
    snapshot: Snapshot,
    language: Language,
) -> dict[str, Any]:
    window = one.window
    known = revisions.get(f"window/{window.id}")
    changed = iso_timestamp(known.changed_at if known is not None else snapshot.at)
    covered = {
        _id("service", view.service.id)
        for view in snapshot.services()
        if window.covers(view.service.environment, view.service.name)
    }
    event = _event(
        id_=_id("window", uid(one, snapshot.estate.location)),
        name=window.title.pick(language),
        status="in_progress" if one.active(snapshot.at) else "scheduled",
        impact="maintenance",
        page_id=page_id,
        created=changed,
        updated=changed,
        body=(window.message or window.title).pick(language),
        components=[each for each in services if each["id"] in covered],
    )
    return {
        **event,
        "scheduled_for": iso_timestamp(one.start),
        "scheduled_until": iso_timestamp(one.end),
    }


def _event(
    *,
    id_: str,
    name: str,
    status: str,
    impact: str,
    page_id: str,
    created: str,
    updated: str,
    body: str,
    components: list[dict[str, Any]],
    path: str = "/",
) -> dict[str, Any]:
    """What an incident and a maintenance have in common."""
    return {
        "id": id_,
        "name": name,
        "status": status,
        "impact": impact,
        "shortlink": path,
        "page_id": page_id,
        "created_at": created,
        "started_at": created,
        "updated_at": updated,
        "monitoring_at": None,
        "resolved_at": None,
        "components": components,
        "incident_updates": [
            {
                "id": _id("update", id_, updated),
                "incident_id": id_,
                "status": status,
                "body": body,
                "created_at": updated,
                "updated_at": updated,
                "display_at": updated,
                "affected_components": [],
            }
        ],
    }


def _id(*parts: str) -> str:
    """Twelve letters and digits, the same for good."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:12]
