"""Pure: takes up what an earlier process knew and published, at the start or later."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping

from monitor.judging.aggregates import ServiceAggregate
from monitor.judging.persisted_state import AnyCheckState, PublishedState
from monitor.judging.propagation import Trigger, by_check
from monitor.judging.staleness import Aging
from monitor.judging.tracked_estate import TrackedEstate
from monitor.model.estate import CheckId
from monitor.model.records import Seen


def restore_all(
    tracked: TrackedEstate,
    checks: Mapping[CheckId, AnyCheckState],
    later: Mapping[CheckId, Iterable[Seen]],
    published: Mapping[str, PublishedState],
    now: float,
) -> list[Trigger]:
    """Restores everything, before the first observation. Returns the services to be weighed."""
    for check_id, tracker in tracked.trackers.items():
        tracker.restore(checks.get(check_id), later.get(check_id, ()))
        tracker.standing = tracker.stand(now)
    for name, environment in tracked.environments.items():
        environment.restore(published.get(name))
        for service in environment.services:
            service.restore(published.get(service.service.id))
    return [by_check(one, one.worst(), now) for one in tracked.services.values() if one.trackers]


def restore_each(
    tracked: Callable[[], TrackedEstate],
    aging: Aging,
    checks: Mapping[CheckId, AnyCheckState],
    later: Mapping[CheckId, Iterable[Seen]],
    published: Mapping[str, PublishedState],
    began: Mapping[str, float],
    now: float,
) -> Generator[int, None, list[ServiceAggregate]]:
    """Restores service by service what was not observed since, and gives how many checks that were:
    between two services other things may happen, to what is ``tracked`` too.

    Returns the services to be weighed: those to be published otherwise, and of each environment one.
    """
    found: list[ServiceAggregate] = []
    for name in list(tracked().services):
        service = tracked().services.get(name)
        if service is not None and _restore_service(
            service, aging, checks, later, published.get(name), began.get(name), now
        ):
            found.append(service)
        yield len(service.trackers) if service is not None else 0
    for environment in tracked().environments.values():
        found += [one for one in environment.services if one.trackers][:1]
    return found


def _restore_service(
    service: ServiceAggregate,
    aging: Aging,
    checks: Mapping[CheckId, AnyCheckState],
    later: Mapping[CheckId, Iterable[Seen]],
    published: PublishedState | None,
    began: float | None,
    now: float,
) -> bool:
    """Restores those checks of a service that were not observed since, and when its disturbance
    ``began``. Returns whether it is to be published otherwise.
    """
    fresh = [one for one in service.trackers if one.untouched]
    for tracker in fresh:
        check_id = tracker.check.id
        tracker.restore(checks.get(check_id), later.get(check_id, ()))
        tracker.standing = tracker.stand(now)
        for row in tracker.rows:
            aging.restored(row, now)
    if len(fresh) == len(service.trackers):
        service.restore(published)
    elif service.began is not None and began is not None:
        service.began = min(service.began, began)
    service.environment.moved(service)
    differs = service.weigh() != (service.status, service.planned)
    service.environment.count()
    return differs
