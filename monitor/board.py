"""The running tally: folds observations check by check and rolls their statuses up.

The one place where state changes. It does no I/O and reads no clock: instants are arguments, in
seconds since the epoch. A change comes out as :class:`Transition` values, everything else as a
:class:`Snapshot`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

from monitor import judge, plan
from monitor.case import Case
from monitor.certificates import News
from monitor.check_row import CheckRow
from monitor.estate import CheckId, Environment, Estate, Service
from monitor.judge import Child, Status, Verdict
from monitor.snapshot import EnvironmentView, ServiceView, Snapshot, Transition
from probes.observation import Observation


class _ServiceRow:
    __slots__ = ("began", "environment", "rows", "service", "since", "status", "view")

    def __init__(self, service: Service, environment: _EnvironmentRow, now: float) -> None:
        self.service = service
        self.environment = environment
        self.rows: list[CheckRow] = []
        self.status = Status.UNKNOWN
        self.since = now
        self.began: float | None = None
        self.view: ServiceView | None = None

    def measured(self) -> Status:
        return judge.roll_up(
            [
                Child(
                    status=row.standing.status,
                    weight=row.check.weight,
                    critical=row.check.critical,
                )
                for row in self.rows
            ],
            self.service.majority,
        )

    def look(self, now: float) -> ServiceView:
        checks = tuple(row.look(now) for row in self.rows)
        view = self.view
        if view is None or view.status is not self.status or view.checks != checks:
            view = self.view = ServiceView(
                service=self.service,
                status=self.status,
                measured=self.status,
                declared=Status.GREEN,
                planned=False,
                since=self.since,
                checks=checks,
            )
        return view


class _EnvironmentRow:
    __slots__ = ("began", "environment", "services", "since", "status")

    def __init__(self, environment: Environment, now: float) -> None:
        self.environment = environment
        self.services: list[_ServiceRow] = []
        self.status = Status.UNKNOWN
        self.since = now
        self.began: float | None = None

    def measured(self) -> Status:
        return judge.roll_up(
            [
                Child(status=row.status, weight=row.service.weight, critical=row.service.critical)
                for row in self.services
            ],
            self.environment.majority,
        )


class Outcome(NamedTuple):
    """What one observation is worth, what has changed by it, and what its certificates tell."""

    verdict: Verdict
    transitions: list[Transition]
    certificates: News


class Board:
    """Every check's state and every service's and environment's status."""

    def __init__(self, estate: Estate, now: float) -> None:
        self._estate = estate
        self._windows = plan.windows_of(estate)
        self._rows: dict[CheckId, CheckRow] = {}
        self._above: dict[CheckId, _ServiceRow] = {}
        self._environments: list[_EnvironmentRow] = []
        self._status = Status.UNKNOWN
        self._since = now
        for environment in estate.environments:
            above = _EnvironmentRow(environment, now)
            self._environments.append(above)
            for service in environment.services:
                middle = _ServiceRow(service, above, now)
                above.services.append(middle)
                for check in service.checks:
                    row = self._rows[check.id] = CheckRow(check, now)
                    middle.rows.append(row)
                    self._above[check.id] = middle

    def observe(self, check_id: CheckId, observation: Observation, now: float) -> Outcome:
        """Takes one observation in.

        Raises ``KeyError`` for a check that is not on the board.
        """
        row = self._rows[check_id]
        verdict = row.observe(observation)
        check = row.check
        announced = partial(
            plan.announced, self._windows, observation.at, check.environment, check.service
        )
        news = row.certify(observation, announced)
        return Outcome(verdict, self._restand(row, now), news)

    def hold(self, check_id: CheckId, until: float) -> None:
        """The check will not be measured before ``until``: the server has asked for it."""
        self._rows[check_id].hold(until)

    def age(self, now: float) -> list[Transition]:
        """What has changed because time has passed: observations that have become stale."""
        return [
            transition
            for row in self._rows.values()
            if row.fold.at is not None and now - row.fold.at > row.check.stale_after
            for transition in self._restand(row, now)
        ]

    def unsettled(self, check_id: CheckId) -> bool:
        """Whether the check should run at its ``retry_interval``."""
        return self._rows[check_id].unsettled()

    def case(self, check_id: CheckId, now: float) -> Case:
        """A check's facts, as evidence of what it has just decided.

        Raises ``KeyError`` for a check that is not on the board.
        """
        above = self._above[check_id]
        environment = above.environment.environment
        return self._rows[check_id].case(now, environment.title, above.service.title)

    def snapshot(self, now: float) -> Snapshot:
        """Everything, at ``now``. Views that have not changed are the same objects as before."""
        return Snapshot(
            at=now,
            status=self._status,
            since=self._since,
            environments=tuple(
                EnvironmentView(
                    environment=row.environment,
                    status=row.status,
                    measured=row.status,
                    declared=Status.GREEN,
                    planned=False,
                    since=row.since,
                    services=tuple(service.look(now) for service in row.services),
                )
                for row in self._environments
            ),
            estate=self._estate,
        )

    def _restand(self, row: CheckRow, now: float) -> list[Transition]:
        before = row.standing
        standing = row.stand(now)
        if standing == before:
            return []
        row.standing = standing
        row.view = None
        if standing.status is before.status:
            return []
        return self._roll_up(row, now)

    def _roll_up(self, row: CheckRow, now: float) -> list[Transition]:
        """Carries a check's new status upwards, as far as it changes anything."""
        since = row.standing.since if row.standing.since is not None else now
        service = self._above[row.check.id]
        environment = service.environment
        before, after = service.status, service.measured()
        if after is before:
            return []
        change = Transition(
            at=now,
            since=since,
            environment=environment.environment.name,
            service=service.service.name,
            before=before,
            after=after,
            began=_move(service, after, since),
            check=row.check.name,
            reason=row.standing.reason,
            cause=row.standing.cause,
        )
        before, after = environment.status, environment.measured()
        if after is before:
            return [change]
        began = _move(environment, after, since)
        overall = self._overall()
        if overall is not self._status:
            self._status, self._since = overall, since
        above = replace(change, service=None, before=before, after=after, began=began)
        return [change, above]

    def _overall(self) -> Status:
        return judge.roll_up(
            [
                Child(
                    status=row.status,
                    weight=row.environment.weight,
                    critical=row.environment.critical,
                )
                for row in self._environments
            ]
        )


def _move(row: _ServiceRow | _EnvironmentRow, after: Status, since: float) -> float | None:
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
