"""What the board knows of each service and each environment."""

from __future__ import annotations

from collections.abc import Callable

from monitor import judge
from monitor.check_row import CheckRow
from monitor.check_state import PublishedState
from monitor.estate import Environment, Service
from monitor.judge import Child, Status
from monitor.plan import Notice, Occurrence
from monitor.snapshot import ServiceView

_TROUBLED = (Status.YELLOW, Status.RED)


class ServiceRow:
    """A service: its checks, and what is published of it."""

    __slots__ = (
        "began", "environment", "measured", "notice", "planned", "rows", "service", "since",
        "status", "view", "window", "worsened",
    )  # fmt: skip

    def __init__(self, service: Service, environment: EnvironmentRow, now: float) -> None:
        self.service = service
        self.environment = environment
        self.rows: list[CheckRow] = []
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
        self.measured = judge.roll_up(
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
        return judge.published(judge.worse(self.measured, noticed), self.declared)

    def worst(self) -> CheckRow:
        """The check that decides the most."""
        return max(self.rows, key=lambda row: (not row.retired, row.standing.status.severity))

    def state(self) -> PublishedState:
        return _state(self)

    def restore(self, state: PublishedState | None) -> None:
        _restore(self, state)

    def look(self, now: float) -> ServiceView:
        checks = tuple(row.look(now) for row in self.rows)
        view = self.view
        if (
            view is None
            or view.status is not self.status
            or view.measured is not self.measured
            or view.planned is not self.planned
            or view.window != self.window
            or view.notice != self.notice
            or view.checks != checks
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


class EnvironmentRow:
    """An environment: its services, and what is published of it."""

    __slots__ = (
        "began", "declared", "environment", "measured", "planned", "services", "since", "status",
    )  # fmt: skip

    def __init__(self, environment: Environment, now: float) -> None:
        self.environment = environment
        self.services: list[ServiceRow] = []
        self.measured = Status.UNKNOWN
        self.declared = Status.GREEN
        self.status = Status.UNKNOWN
        self.planned = False
        self.since = now
        self.began: float | None = None

    @property
    def name(self) -> str:
        return self.environment.name

    @property
    def window(self) -> Occurrence | None:
        """One of the windows that declare something for its services: the one that ends last."""
        found = [row.window for row in self.services if row.window is not None]
        return max(found, key=lambda one: one.end, default=None)

    def weigh(self) -> tuple[Status, bool]:
        """What is to be published, and whether it would be better without what is planned."""
        self.measured = self._of(lambda row: row.measured)
        self.declared = self._of(lambda row: row.declared)
        status = self._of(lambda row: row.status)
        if not any(row.planned for row in self.services):
            return status, False
        unplanned = self._of(lambda row: Status.GREEN if row.planned else row.status)
        return status, unplanned.severity < status.severity

    def _of(self, status: Callable[[ServiceRow], Status]) -> Status:
        """Rolled up. A service that is gone for good leaves the rest as it is."""
        counting = [row for row in self.services if not row.gone]
        return judge.roll_up(
            [
                Child(status=status(row), weight=row.service.weight, critical=row.service.critical)
                for row in counting or self.services
            ],
            self.environment.majority,
        )

    def state(self) -> PublishedState:
        return _state(self)

    def restore(self, state: PublishedState | None) -> None:
        _restore(self, state)


def _state(row: ServiceRow | EnvironmentRow) -> PublishedState:
    return PublishedState(status=row.status, since=row.since, began=row.began, planned=row.planned)


def _restore(row: ServiceRow | EnvironmentRow, state: PublishedState | None) -> None:
    if state is not None:
        row.status, row.since = state.status, state.since
        row.began, row.planned = state.began, state.planned


def move(row: ServiceRow | EnvironmentRow, after: Status, since: float) -> float | None:
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
