"""What the board knows of each service and each environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from monitor.judging import rollup as rollups
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.persisted_state import PublishedState
from monitor.judging.rollup import Child
from monitor.judging.running_rollup import RunningRollup
from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.model.estate import Environment, Service
from monitor.model.status import Status
from monitor.plan import Notice, Occurrence

_TROUBLED = (Status.YELLOW, Status.RED)


class ServiceAggregate:
    """A service: its checks, and what is published of it."""

    __slots__ = (
        "began", "counted", "environment", "measured", "notice", "place", "planned", "rows",
        "service", "since", "status", "view", "window", "worsened",
    )  # fmt: skip

    def __init__(self, service: Service, environment: EnvironmentAggregate, now: float) -> None:
        self.service = service
        self.environment = environment
        self.rows: list[CheckTracker] = []
        self.measured = Status.UNKNOWN
        self.worsened = 0
        """How often what is measured has become yellow or red."""
        self.status = Status.UNKNOWN
        self.planned = False
        self.window: Occurrence | None = None
        """The active window that declares the most."""
        self.notice: Notice | None = None
        """The active notice that says the worst."""
        self.since = now
        self.began: float | None = None
        self.view: ServiceView | None = None
        self.place = environment.add(self)
        """Its number among its siblings."""
        self.counted: _Share | None = None
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
        return (self.window, self.notice, *(row.retired for row in self.rows))

    def planned_as(self, other: ServiceAggregate) -> bool:
        """Whether the same decides for another row, of the same service."""
        return (
            self.window == other.window
            and self.notice == other.notice
            and not any(map(_retired_otherwise, self.rows, other.rows))
        )

    @property
    def gone(self) -> bool:
        """Whether all its checks belonged to version packages that are retired."""
        return bool(self.rows) and all(row.retired for row in self.rows)

    def weigh(self) -> tuple[Status, bool]:
        """What is to be published: the worst of what is measured, what a window declares and what
        a notice says, and whether the window explains it (contract, section 2). Checks of a
        version package that is retired count for nothing.
        """
        before = self.measured
        self.measured = rollups.roll_up(
            [
                Child(
                    status=row.standing.status,
                    weight=row.check.weight,
                    critical=row.check.critical,
                )
                for row in self.rows
                if not row.retired
            ],
            self.service.majority,
        )
        if self.measured in _TROUBLED and before not in _TROUBLED:
            self.worsened += 1
        noticed = self.notice.says if self.notice is not None else Status.GREEN
        return rollups.published(rollups.worse(self.measured, noticed), self.declared)

    def worst(self) -> CheckTracker:
        """The check that decides the most."""
        return max(self.rows, key=lambda row: (not row.retired, row.standing.status.severity))

    def state(self) -> PublishedState:
        return _state(self)

    def restore(self, state: PublishedState | None) -> None:
        _restore(self, state)
        self.environment.moved(self)

    def look(self, now: float) -> ServiceView:
        """The view, the same object as long as nothing has changed."""
        checks = tuple([row.look(now) for row in self.rows])
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


class _Share(NamedTuple):
    """What an environment's status depends on of one of its services."""

    gone: bool
    status: Status
    measured: Status
    declared: Status
    planned: bool
    window: Occurrence | None

    @property
    def unplanned(self) -> Status:
        return Status.GREEN if self.planned else self.status


class _Sums:
    """The roll-ups of an environment's services."""

    __slots__ = ("declared", "measured", "planned", "status", "unplanned")

    def __init__(self) -> None:
        self.status, self.measured = RunningRollup(), RunningRollup()
        self.declared, self.unplanned = RunningRollup(), RunningRollup()
        self.planned = 0

    def count(self, share: _Share, service: Service, by: int) -> None:
        weight, critical = service.weight, service.critical
        for rollup, status in (
            (self.status, share.status),
            (self.measured, share.measured),
            (self.declared, share.declared),
            (self.unplanned, share.unplanned),
        ):
            (rollup.add if by > 0 else rollup.remove)(status, weight, critical)
        self.planned += by if share.planned else 0


class EnvironmentAggregate:
    """An environment: its services, and what is published of it.

    A service tells when it has :meth:`moved` or only looks otherwise; what is worked out of all of
    them then costs what those cost.
    """

    __slots__ = (
        "_counting", "_gone", "_moved", "_outdated", "_views", "_windows", "began", "declared",
        "environment", "measured", "planned", "services", "since", "status", "view",
    )  # fmt: skip

    def __init__(self, environment: Environment, now: float) -> None:
        self.environment = environment
        self.services: list[ServiceAggregate] = []
        self.measured = Status.UNKNOWN
        self.declared = Status.GREEN
        self.status = Status.UNKNOWN
        self.planned = False
        self.since = now
        self.began: float | None = None
        self.view: EnvironmentView | None = None
        self._views: list[ServiceView | None] = []
        self._outdated: set[ServiceAggregate] = set()
        """Those whose views may not be what they are any more; ``_moved``: and their statuses."""
        self._moved: set[ServiceAggregate] = set()
        self._counting, self._gone = _Sums(), _Sums()
        self._windows: dict[Occurrence, int] = {}

    @property
    def name(self) -> str:
        return self.environment.name

    def add(self, row: ServiceAggregate) -> int:
        """Takes a service in; gives its place."""
        self.services.append(row)
        self._views.append(None)
        self.moved(row)
        return len(self.services) - 1

    def become(self, environment: Environment, rows: list[ServiceAggregate]) -> None:
        """From now on it is configured so, with these services: some of those that it had, and
        others in their places or beside them.
        """
        had = dict.fromkeys(self.services)
        if environment is self.environment and rows == self.services:
            return
        for gone in had.keys() - rows:
            if gone.counted is not None:
                self._shift(gone.counted, gone.service, -1)
            self._moved.discard(gone)
            self._outdated.discard(gone)
        views = [self._views[row.place] if row in had else None for row in rows]
        for place, row in enumerate(rows):
            row.place = place
            if row not in had:
                row.environment, row.counted = self, None
                self.moved(row)
        self.environment, self.services, self._views, self.view = environment, rows, views, None

    def moved(self, row: ServiceAggregate) -> None:
        """What is measured, declared or published of a service may be another than before."""
        self._moved.add(row)
        self._outdated.add(row)

    def outdated(self, row: ServiceAggregate) -> None:
        """One of its checks was measured."""
        self._outdated.add(row)

    def clear(self) -> None:
        """Lets go of its services."""
        self.services.clear()
        self._moved.clear()
        self._outdated.clear()

    @property
    def window(self) -> Occurrence | None:
        """One of the windows that declare something for its services: the one that ends last."""
        self.count()
        return max(self._windows, key=lambda one: (one.end, one.window.id), default=None)

    def weigh(self) -> tuple[Status, bool]:
        """What is to be published, and whether it would be better without what is planned."""
        self.count()
        # services that are gone for good leave the rest as it is
        sums = self._counting if len(self._counting.status) else self._gone
        majority = self.environment.majority
        self.measured = sums.measured.status(majority)
        self.declared = sums.declared.status(majority)
        status = sums.status.status(majority)
        if not (self._counting.planned or self._gone.planned):
            return status, False
        return status, sums.unplanned.status(majority).severity < status.severity

    def count(self) -> None:
        """Takes in what has moved, which would otherwise be done at the next weighing."""
        for row in self._moved:
            share = _Share(
                row.gone, row.status, row.measured, row.declared, row.planned, row.window
            )
            if row.counted is not None:
                self._shift(row.counted, row.service, -1)
            self._shift(share, row.service, 1)
            row.counted = share
        self._moved.clear()

    def _shift(self, share: _Share, service: Service, by: int) -> None:
        (self._gone if share.gone else self._counting).count(share, service, by)
        if share.window is not None:
            number = self._windows.get(share.window, 0) + by
            if number:
                self._windows[share.window] = number
            else:
                del self._windows[share.window]

    def refresh(self, now: float) -> Iterator[None]:
        """Brings the views of its services up to date, one a step, so that little is left of it for
        :meth:`look`. Other things may happen between two steps.
        """
        for row in tuple(self._outdated):
            if row in self._outdated:
                self._outdated.discard(row)
                self._look_at(row, now)
                yield

    def _look_at(self, row: ServiceAggregate, now: float) -> None:
        fresh = row.look(now)
        if fresh is not self._views[row.place]:
            self._views[row.place] = fresh
            self.view = None

    def look(self, now: float) -> EnvironmentView:
        """The view, the same object as long as nothing has changed."""
        for row in self._outdated:
            self._look_at(row, now)
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

    def state(self) -> PublishedState:
        return _state(self)

    def restore(self, state: PublishedState | None) -> None:
        _restore(self, state)


def _retired_otherwise(one: CheckTracker, other: CheckTracker) -> bool:
    return one.retired != other.retired


def _state(row: ServiceAggregate | EnvironmentAggregate) -> PublishedState:
    return PublishedState(status=row.status, since=row.since, began=row.began, planned=row.planned)


def _restore(row: ServiceAggregate | EnvironmentAggregate, state: PublishedState | None) -> None:
    if state is not None:
        row.status, row.since = state.status, state.since
        row.began, row.planned = state.began, state.planned


def move(row: ServiceAggregate | EnvironmentAggregate, after: Status, since: float) -> float | None:
    """Gives a row its new status; gives when the disturbance that ends with it began."""
    row.status, row.since = after, since
    if after in (Status.YELLOW, Status.RED):
        if row.began is None:
            row.began = since
        return None
    if after is Status.GREEN:
        began, row.began = row.began, None
        return began
    return None  # not knowing ends nothing
