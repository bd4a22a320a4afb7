"""What is tracked of each service and each environment: its parts, and what is published of it."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.judging import rollup as rollups
from monitor.judging.located_check import Tracker
from monitor.judging.persisted_state import PublishedState
from monitor.judging.rollup import Child
from monitor.judging.service_rollups import ServiceRollups, ServiceShare
from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.estate import Environment, Service
from monitor.model.status import Status
from monitor.plan import Notice, Occurrence

_TROUBLED = (Status.YELLOW, Status.RED)


class Aggregate:
    """What is measured and published of a service or an environment."""

    __slots__ = ("began", "measured", "planned", "since", "status")

    def __init__(self, now: float) -> None:
        self.measured = Status.UNKNOWN
        self.status = Status.UNKNOWN
        self.planned = False
        self.since = now
        self.began: float | None = None
        """When the disturbance that goes on began."""

    def move(self, after: Status, since: float) -> float | None:
        """Takes on a new status; gives when the disturbance that ends with it began."""
        self.status, self.since = after, since
        if after in _TROUBLED:
            if self.began is None:
                self.began = since
            return None
        if after is Status.GREEN:
            began, self.began = self.began, None
            return began
        return None  # not knowing ends nothing

    def state(self) -> PublishedState:
        """What must outlive the process."""
        return PublishedState(
            status=self.status, since=self.since, began=self.began, planned=self.planned
        )

    def restore(self, state: PublishedState | None) -> None:
        """Takes up what an earlier process published, if it did."""
        if state is not None:
            self.status, self.since = state.status, state.since
            self.began, self.planned = state.began, state.planned


class ServiceAggregate(Aggregate):
    """A service: its checks, and what is published of it."""

    __slots__ = (
        "counted", "environment", "notice", "place", "service", "trackers", "view", "window",
        "worsened",
    )  # fmt: skip

    def __init__(self, service: Service, environment: EnvironmentAggregate, now: float) -> None:
        super().__init__(now)
        self.service = service
        self.environment = environment
        self.trackers: list[Tracker] = []
        """Of its checks."""
        self.worsened = 0
        """How often what is measured has become yellow or red."""
        self.window: Occurrence | None = None
        """The active window that declares the most."""
        self.notice: Notice | None = None
        """The active notice that says the worst."""
        self.view: ServiceView | None = None
        self.place = environment.add(self)
        """Its number among its siblings."""
        self.counted: ServiceShare | None = None
        """What its environment's roll-ups hold of it."""

    @property
    def declared(self) -> Status:
        return self.window.window.impact.declares if self.window is not None else Status.GREEN

    @property
    def name(self) -> str:
        """Among its siblings."""
        return self.service.name

    @property
    def plan(self) -> tuple[object, ...]:
        """What of the plan decides for it."""
        return (self.window, self.notice, *(one.retired for one in self.trackers))

    def planned_as(self, other: ServiceAggregate) -> bool:
        """Whether the same decides for another aggregate of the same service."""
        return (
            self.window == other.window
            and self.notice == other.notice
            and [one.retired for one in self.trackers] == [one.retired for one in other.trackers]
        )

    @property
    def share(self) -> ServiceShare:
        """What its environment's status depends on of it."""
        return ServiceShare(
            self.gone, self.status, self.measured, self.declared, self.planned, self.window
        )

    @property
    def gone(self) -> bool:
        """Whether all its checks belonged to version packages that are retired."""
        return bool(self.trackers) and all(one.retired for one in self.trackers)

    def weigh(self) -> tuple[Status, bool]:
        """What is to be published: the worst of what is measured, what a window declares and what
        a notice says, and whether the window explains it (contract, section 2). Checks of a
        version package that is retired count for nothing.
        """
        before = self.measured
        self.measured = rollups.roll_up(
            [
                Child(
                    status=one.standing.status,
                    weight=one.check.weight,
                    critical=one.check.critical,
                )
                for one in self.trackers
                if not one.retired
            ],
            self.service.majority,
        )
        if self.measured in _TROUBLED and before not in _TROUBLED:
            self.worsened += 1
        noticed = self.notice.says if self.notice is not None else Status.GREEN
        return rollups.published(rollups.worse(self.measured, noticed), self.declared)

    def worst(self) -> Tracker:
        """The check that decides the most."""
        return max(self.trackers, key=lambda one: (not one.retired, one.standing.status.severity))

    def restore(self, state: PublishedState | None) -> None:
        super().restore(state)
        self.environment.moved(self)

    def look(self, now: float) -> ServiceView:
        """The view, the same object as long as nothing has changed."""
        checks = tuple([one.look(now) for one in self.trackers])
        view = self.view
        if (
            view is None
            or view.status is not self.status
            or view.measured is not self.measured
            or view.planned is not self.planned
            or view.window != self.window
            or view.notice != self.notice
            or view.since != self.since
            or any(one is not other for one, other in zip(view.checks, checks, strict=True))
        ):
            view = self.view = ServiceView(
                service=self.service,
                status=self.status,
                measured=self.measured,
                declared=self.declared,
                planned=self.planned,
                since=self.since,
                checks=checks,
                window=self.window,
                notice=self.notice,
            )
        return view


class EnvironmentAggregate(Aggregate):
    """An environment: its services, and what is published of it.

    A service tells when it has :meth:`moved` or only looks otherwise; what is worked out of all of
    them then costs what those cost.
    """

    __slots__ = (
        "_moved", "_outdated", "_rollups", "_views", "declared", "environment", "services", "view",
    )  # fmt: skip

    def __init__(self, environment: Environment, now: float) -> None:
        super().__init__(now)
        self.environment = environment
        self.services: list[ServiceAggregate] = []
        self.declared = Status.GREEN
        self.view: EnvironmentView | None = None
        self._views: list[ServiceView | None] = []
        self._outdated: set[ServiceAggregate] = set()
        """Those whose views may not be what they are any more; ``_moved``: and their statuses."""
        self._moved: set[ServiceAggregate] = set()
        self._rollups = ServiceRollups()

    @property
    def name(self) -> str:
        return self.environment.name

    def add(self, service: ServiceAggregate) -> int:
        """Takes a service in; gives its place."""
        self.services.append(service)
        self._views.append(None)
        self.moved(service)
        return len(self.services) - 1

    def become(self, environment: Environment, services: list[ServiceAggregate]) -> None:
        """From now on it is configured so, with these services: some of those that it had, and
        others in their places or beside them.
        """
        had = dict.fromkeys(self.services)
        if environment is self.environment and services == self.services:
            return
        for gone in had.keys() - services:
            if gone.counted is not None:
                self._rollups.remove(gone.counted, gone.service)
            self._moved.discard(gone)
            self._outdated.discard(gone)
        views = [self._views[one.place] if one in had else None for one in services]
        for place, one in enumerate(services):
            one.place = place
            if one not in had:
                one.environment, one.counted = self, None
                self.moved(one)
        self.environment, self.services = environment, services
        self._views, self.view = views, None

    def moved(self, service: ServiceAggregate) -> None:
        """What is measured, declared or published of a service may be another than before."""
        self._moved.add(service)
        self._outdated.add(service)

    def outdated(self, service: ServiceAggregate) -> None:
        """One of its checks was measured."""
        self._outdated.add(service)

    def clear(self) -> Iterator[None]:
        """Lets go of its services, one a step: no cycles are left behind."""
        self._moved.clear()
        self._outdated.clear()
        while self.services:
            self.services.pop()
            yield

    @property
    def window(self) -> Occurrence | None:
        """One of the windows that declare something for its services: the one that ends last."""
        self.count()
        return self._rollups.window

    def weigh(self) -> tuple[Status, bool]:
        """What is to be published, and whether it would be better without what is planned."""
        self.count()
        self.measured, self.declared, status, planned = self._rollups.roll_up(
            self.environment.majority
        )
        return status, planned

    def count(self) -> None:
        """Takes in what has moved, which would otherwise be done at the next weighing."""
        for service in self._moved:
            share = service.share
            if service.counted is not None:
                self._rollups.remove(service.counted, service.service)
            self._rollups.add(share, service.service)
            service.counted = share
        self._moved.clear()

    def refresh(self, now: float) -> Iterator[None]:
        """Brings the views of its services up to date, one a step, so that little is left of it for
        :meth:`look`. Other things may happen between two steps.
        """
        for service in tuple(self._outdated):
            if service in self._outdated:
                self._outdated.discard(service)
                self._look_at(service, now)
                yield

    def _look_at(self, service: ServiceAggregate, now: float) -> None:
        fresh = service.look(now)
        if fresh is not self._views[service.place]:
            self._views[service.place] = fresh
            self.view = None

    def look(self, now: float) -> EnvironmentView:
        """The view, the same object as long as nothing has changed."""
        for service in self._outdated:
            self._look_at(service, now)
        self._outdated.clear()
        view = self.view
        if (
            view is None
            or view.status is not self.status
            or view.measured is not self.measured
            or view.declared is not self.declared
            or view.planned is not self.planned
            or view.since != self.since
        ):
            view = self.view = EnvironmentView(
                environment=self.environment,
                status=self.status,
                measured=self.measured,
                declared=self.declared,
                planned=self.planned,
                since=self.since,
                services=tuple([one for one in self._views if one is not None]),
            )
        return view
