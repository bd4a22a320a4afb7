"""Pure: everything that is tracked of one configuration, from its checks up to the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from monitor.judging import rollup
from monitor.judging.aggregates import EnvironmentAggregate, ServiceAggregate
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.located_check import tracker_of
from monitor.judging.persisted_state import PublishedState
from monitor.judging.plan_follower import PlanFollower
from monitor.judging.rollup import Child
from monitor.model.estate import Estate, ServiceId
from monitor.model.status import Status
from monitor.plan import Planned


class TrackedEstate:
    """A tracker for every check, an aggregate for every service and environment, and the plan.

    Making it takes as long as the configuration is large: for a reload, in a thread.
    """

    __slots__ = ("environments", "estate", "plan", "service_of", "services", "trackers")

    def __init__(self, estate: Estate, now: float, windows: Iterable[Planned] = ()) -> None:
        """``windows`` are those that the configuration does not hold itself: of calendars."""
        self.estate = estate
        self.services: dict[ServiceId, ServiceAggregate] = {}
        self.environments: dict[str, EnvironmentAggregate] = {}
        for each in estate.environments:
            environment = self.environments[each.name] = EnvironmentAggregate(each, now)
            for one in each.services:
                service = ServiceAggregate(one, environment, now)
                service.trackers += [tracker_of(check, now) for check in one.checks]
        self.index()
        self.plan = PlanFollower(estate, self.services, now, windows)
        for service in self.services.values():
            service.status, service.planned = service.weigh()
            service.environment.moved(service)
        for environment in self.environments.values():
            environment.status, environment.planned = environment.weigh()

    def overall(self) -> Status:
        """The status of all environments together."""
        return rollup.roll_up(
            [
                Child(
                    status=one.status,
                    weight=one.environment.weight,
                    critical=one.environment.critical,
                )
                for one in self.environments.values()
            ]
        )

    def aggregate(self, subject: str) -> ServiceAggregate | EnvironmentAggregate | None:
        """That of an ``ENV/SERVICE`` or an ``ENV``; ``None`` for what is not configured."""
        return self.services.get(ServiceId(subject)) or self.environments.get(subject)

    def published(self) -> Iterator[tuple[str, PublishedState]]:
        """What is published, by ``ENV`` and ``ENV/SERVICE``."""
        for name, environment in self.environments.items():
            yield name, environment.state()
            for service in environment.services:
                yield service.service.id, service.state()

    def index(self) -> bool:
        """Finds everything by its name, and gives the rows their places, in order; whether each
        had its place already.
        """
        services = [one for each in self.environments.values() for one in each.services]
        self.services.clear()  # the plan follows these
        self.services.update((one.service.id, one) for one in services)
        self.service_of = {each.check.id: one for one in services for each in one.trackers}
        self.trackers = {each.check.id: each for one in services for each in one.trackers}
        same = True
        for place, row in enumerate(self.rows()):
            same = same and row.place == place
            row.place = place
        return same

    def rows(self) -> Iterator[CheckTracker]:
        """What is tracked of every check at every place."""
        for tracker in self.trackers.values():
            yield from tracker.rows
