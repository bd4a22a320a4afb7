"""Pure: carries what is known under one configuration over to the next.

A service of which nothing has changed keeps its aggregate and its trackers, which is nearly always:
a reload costs what has changed, and one look at each service.
"""

from __future__ import annotations

from monitor.judging.aggregates import EnvironmentAggregate, ServiceAggregate
from monitor.judging.located_check import handed_on
from monitor.judging.propagation import Trigger
from monitor.judging.tracked_estate import TrackedEstate
from monitor.model.diff import Difference


def carry_over(
    old: TrackedEstate, new: TrackedEstate, changes: Difference, now: float
) -> tuple[list[Trigger], list[EnvironmentAggregate]]:
    """Carries over to ``new``, of which nothing was observed, what of ``old`` goes on. Returns the
    services that are to be weighed, and what is left: to be cleared. ``old`` is of no use afterwards.
    """
    gone = dict(old.environments)
    left: list[EnvironmentAggregate] = []
    triggers: list[Trigger] = []
    for name, fresh in new.environments.items():
        known = gone.pop(name, None)
        if known is not None:
            triggers += _environment(known, fresh, old, changes, now)
            new.environments[name] = known
            left.append(fresh)
    return triggers, [*left, *gone.values()]


def _environment(
    known: EnvironmentAggregate,
    fresh: EnvironmentAggregate,
    old: TrackedEstate,
    changes: Difference,
    now: float,
) -> list[Trigger]:
    """Makes ``known`` what ``fresh`` is configured as."""
    if known.environment is fresh.environment and all(
        map(ServiceAggregate.planned_as, known.services, fresh.services)
    ):
        return []  # of dozens all but a few
    had = {one.service.id: one for one in known.services}
    services: list[ServiceAggregate] = []
    triggers: list[Trigger] = []
    for one in fresh.services:
        was = had.get(one.service.id)
        if was is not None and was.service is one.service and was.planned_as(one):
            services.append(was)  # of thousands all but a few
            continue
        services.append(one)
        plan = was.plan if was is not None else ()
        if was is not None:
            one.restore(was.state())
            one.measured, one.worsened = was.measured, was.worsened
            _hand_on(one, old, changes)
        same = one.service.id in changes.same_services
        if was is None or not same or plan != one.plan:
            window, notice = (None, None) if was is None else (was.window, was.notice)
            triggers.append(Trigger(one, None, now, window, notice != one.notice))
    known.become(fresh.environment, services)
    if not triggers and services and fresh.name not in changes.same_environments:
        triggers.append(Trigger(services[0], None, now, services[0].window))
    return triggers


def _hand_on(service: ServiceAggregate, old: TrackedEstate, changes: Difference) -> None:
    """Gives a new aggregate the trackers of those of its checks that go on."""
    for place, fresh in enumerate(service.trackers):
        check = fresh.check
        if check.id in changes.begun:
            continue
        known = old.trackers[check.id]
        if check.id in changes.kept:
            known.check = check
        else:
            known = handed_on(known, fresh)
        known.retire(fresh.retired)
        service.trackers[place] = known
