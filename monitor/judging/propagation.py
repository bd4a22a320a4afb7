"""Pure: carries changes upwards, from checks and plans to services and their environments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from monitor.judging.aggregates import EnvironmentAggregate, ServiceAggregate
from monitor.judging.located_check import Tracker
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.plan import Occurrence


class Trigger(NamedTuple):
    """Why a service has to be weighed."""

    service: ServiceAggregate
    tracker: Tracker | None
    """The check that has changed; ``None`` when it was a service window."""
    since: float
    was: Occurrence | None = None
    """The window that explained it until now."""
    by_notice: bool = False
    """Whether another notice speaks of it than before."""


def by_check(service: ServiceAggregate, tracker: Tracker, now: float) -> Trigger:
    """The trigger that a check of ``service`` has changed."""
    since = tracker.standing.since
    return Trigger(service, tracker, since if since is not None else now)


def propagate(
    triggers: Iterable[Trigger], now: float
) -> tuple[list[Transition], dict[str, Trigger]]:
    """Carries changes upwards as far as they change anything. Returns the transitions, and by
    environment the trigger that counts the most.

    All services first, and every service and environment once, however much has changed at the
    instant: nothing is published that was true at none.
    """
    services: dict[str, Trigger] = {}
    for one in triggers:
        known = services.setdefault(one.service.service.id, one)
        services[one.service.service.id] = _weightier(known, one)
    changed = [_transition(one.service, one, now) for one in services.values()]
    for one in services.values():
        one.service.environment.moved(one.service)
    environments: dict[str, Trigger] = {}
    for one in services.values():
        name = one.service.environment.name
        known = environments.setdefault(name, one)
        if one.service.status.severity > known.service.status.severity:
            environments[name] = one
    changed += [_transition(one.service.environment, one, now) for one in environments.values()]
    return [one for one in changed if one is not None], environments


def _weightier(one: Trigger, other: Trigger) -> Trigger:
    """Of two triggers of a service the one to be named: a check before a window, of two checks the
    worse one, of equals the first.
    """
    if other.tracker is None:
        return one
    if one.tracker is None:
        return other._replace(was=one.was)
    worse = other.tracker.standing.status.severity > one.tracker.standing.status.severity
    return other._replace(was=one.was) if worse else one


def _transition(
    whole: ServiceAggregate | EnvironmentAggregate, trigger: Trigger, now: float
) -> Transition | None:
    """Weighs a service or its environment, and moves it where it is to be published otherwise."""
    service, tracker, since, was, _ = trigger
    window = whole.window or was
    status, planned = whole.weigh()
    if status is whole.status and planned is whole.planned:
        return None
    before, was_planned = whole.status, whole.planned
    whole.planned = planned
    began = whole.move(status, since) if status is not before else None
    noticed = service.notice is not None and whole.measured is not status and not planned
    deciding = None if noticed else tracker
    if (
        tracker is None
        and status is not Status.GREEN
        and not (planned or noticed)
        and service.trackers
    ):
        deciding = service.worst()
    standing = deciding.standing if deciding is not None else None
    evident = tracker if tracker is not None else deciding
    return Transition(
        at=now,
        since=whole.since,
        environment=service.environment.name,
        service=service.name if whole is service else None,
        before=before,
        after=status,
        began=began,
        planned=planned,
        check=deciding.check.name if deciding is not None else None,
        reason=standing.reason if standing is not None else None,
        cause=standing.cause if standing is not None else None,
        was_planned=was_planned,
        window=window.window.id if window is not None else None,
        decided_by=evident.check.id if evident is not None else None,
    )
