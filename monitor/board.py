"""The running tally: folds observations check by check and rolls their statuses up.

The one place where state changes. It does no I/O and reads no clock: instants are arguments, in
seconds since the epoch. A change comes out as :class:`Transition` values, everything else as a
:class:`Snapshot`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from monitor import judge
from monitor.estate import Check, CheckId, Environment, Estate, Service
from monitor.judge import Child, Fold, Rule, Standing, Status, Verdict
from monitor.snapshot import (
    AddressView,
    CheckView,
    EnvironmentView,
    Quantiles,
    ServiceView,
    Snapshot,
    Transition,
    Why,
)
from probes.observation import Cause, Grade, Observation

LATENCIES_KEPT = 128
"""Newest latencies that the quantiles are taken of."""


class _Row:
    """What is known of one check."""

    __slots__ = (
        "check",
        "evidence",
        "fold",
        "last",
        "latencies",
        "parts",
        "service",
        "standing",
        "started_at",
        "verdict",
        "view",
    )

    def __init__(self, check: Check, service: _ServiceRow, started_at: float) -> None:
        self.check = check
        self.service = service
        self.started_at = started_at
        self.fold: Fold = judge.START
        self.parts: dict[str, tuple[Fold, Observation | None]] = {}
        self.last: Observation | None = None
        self.verdict: Verdict | None = None
        self.evidence: Observation | None = None
        self.latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self.standing: Standing = judge.standing(self.fold, started_at, 0.0, started_at)
        self.view: CheckView | None = None

    def observe(self, observation: Observation) -> Verdict:
        """Folds one observation in; gives what it is worth."""
        thresholds = self.check.thresholds
        verdict = judge.grade(observation, thresholds)
        self.view = None
        if verdict.cause is Cause.MONITOR and verdict.grade is not Grade.GOOD:
            self.fold = judge.trouble(self.fold, observation)
            return verdict
        if observation.parts:
            self._observe_parts(observation)
        elif self.parts:
            # the name could not be looked up: that is so for each address known
            for address, (fold, _) in self.parts.items():
                seen = judge.observe(fold, observation.at, verdict, thresholds)
                self.parts[address] = seen, observation
        self.fold = judge.observe(self.fold, observation.at, verdict, thresholds)
        self.last = observation
        self.verdict = verdict
        if verdict.grade is not Grade.GOOD:
            self.evidence = observation
        if observation.grade is not Grade.FAILED:
            self.latencies.append(observation.duration)
        return verdict

    def _observe_parts(self, observation: Observation) -> None:
        """Each address has a fold of its own; one that the name no longer has is forgotten."""
        thresholds = self.check.thresholds
        parts: dict[str, tuple[Fold, Observation | None]] = {}
        for part in observation.parts:
            address = part.address or ""
            fold, _ = self.parts.get(address, (judge.START, None))
            verdict = judge.grade(part, thresholds)
            if verdict.cause is Cause.MONITOR and verdict.grade is not Grade.GOOD:
                parts[address] = judge.trouble(fold, part), part
            else:
                parts[address] = judge.observe(fold, part.at, verdict, thresholds), part
        self.parts = parts

    def stand(self, now: float) -> Standing:
        """The check's status at ``now``."""
        own = judge.standing(self.fold, now, self.check.stale_after, self.started_at)
        if not self.parts or own.rule in (Rule.MONITOR, Rule.STALE, Rule.UNMEASURED):
            return own
        standings = self._part_standings(now)
        status = judge.roll_up((Child(status=s.status) for s in standings), self.check.majority)
        deciding = [s for s in standings if s.status.severity >= status.severity]
        worst = max(deciding or standings, key=lambda s: s.status.severity)
        since = self.standing.since if self.standing.status is status else worst.since
        reason = None if status is Status.GREEN else worst.reason
        cause = None if status is Status.GREEN else worst.cause
        return Standing(status=status, rule=worst.rule, since=since, reason=reason, cause=cause)

    def _part_standings(self, now: float) -> list[Standing]:
        stale_after = self.check.stale_after
        return [
            judge.standing(fold, now, stale_after, self.started_at)
            for fold, _ in self.parts.values()
        ]

    def unsettled(self) -> bool:
        thresholds = self.check.thresholds
        if self.parts:
            return any(judge.unsettled(fold, thresholds) for fold, _ in self.parts.values())
        return judge.unsettled(self.fold, thresholds)

    def look(self, now: float) -> CheckView:
        """The view, the same object as long as nothing has changed."""
        if self.view is None:
            self.view = self._view(now)
        return self.view

    def _view(self, now: float) -> CheckView:
        standing, fold = self.standing, self.fold
        trouble = fold.trouble.detail if fold.trouble is not None else ""
        colour = standing.status in (Status.YELLOW, Status.RED)
        return CheckView(
            check=self.check,
            status=standing.status,
            since=standing.since if standing.since is not None else self.started_at,
            reason=standing.reason,
            cause=standing.cause,
            why=_why(standing.rule, standing.status, fold, self.check.thresholds),
            last=self.last,
            last_grade=self.verdict.grade if self.verdict else None,
            last_reason=self.verdict.reason if self.verdict else None,
            trouble=trouble,
            failed_share=fold.failed_share,
            latency=_quantiles(self.latencies),
            addresses=self._addresses(now),
            evidence=self.evidence if colour else None,
        )

    def _addresses(self, now: float) -> tuple[AddressView, ...]:
        return tuple(
            AddressView(
                address=address,
                status=standing.status,
                since=standing.since,
                reason=standing.reason,
                cause=standing.cause,
                last=last,
                last_grade=fold.verdict.grade if fold.verdict else None,
            )
            for (address, (fold, last)), standing in zip(
                self.parts.items(), self._part_standings(now), strict=True
            )
        )


class _ServiceRow:
    __slots__ = ("began", "environment", "rows", "service", "since", "status", "view")

    def __init__(self, service: Service, environment: _EnvironmentRow, now: float) -> None:
        self.service = service
        self.environment = environment
        self.rows: list[_Row] = []
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


class Board:
    """Every check's state and every service's and environment's status."""

    def __init__(self, estate: Estate, now: float) -> None:
        self._estate = estate
        self._rows: dict[CheckId, _Row] = {}
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
                    row = self._rows[check.id] = _Row(check, middle, now)
                    middle.rows.append(row)

    def observe(
        self, check_id: CheckId, observation: Observation, now: float
    ) -> tuple[Verdict, list[Transition]]:
        """Takes one observation in. Gives its worth and what has changed by it.

        Raises ``KeyError`` for a check that is not on the board.
        """
        row = self._rows[check_id]
        verdict = row.observe(observation)
        return verdict, self._restand(row, now)

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

    def _restand(self, row: _Row, now: float) -> list[Transition]:
        before = row.standing
        standing = row.stand(now)
        if standing == before:
            return []
        row.standing = standing
        row.view = None
        if standing.status is before.status:
            return []
        return self._roll_up(row, now)

    def _roll_up(self, row: _Row, now: float) -> list[Transition]:
        """Carries a check's new status upwards, as far as it changes anything."""
        since = row.standing.since if row.standing.since is not None else now
        service = row.service
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


def _why(rule: Rule, status: Status, fold: Fold, thresholds: judge.Thresholds) -> Why:
    consecutive, threshold, first_bad_at = fold.failed_run, 0.0, fold.failed_since
    match rule:
        case Rule.RED_AFTER:
            threshold = thresholds.red_after
        case Rule.YELLOW_AFTER:
            threshold = thresholds.yellow_after
        case Rule.DEGRADED_AFTER:
            consecutive, threshold = fold.bad_run, thresholds.degraded_after
            first_bad_at = fold.bad_since
        case Rule.WINDOW:
            red = status is Status.RED
            threshold = thresholds.window_red if red else thresholds.window_yellow
            first_bad_at = fold.failed_at[0] if fold.failed_at else None
        case Rule.GREEN_AFTER | Rule.GOOD:
            threshold = thresholds.green_after
    if first_bad_at is None and status is not Status.GREEN and fold.failed_at:
        first_bad_at = fold.failed_at[0]
    return Why(
        rule=rule,
        failed=fold.failed,
        of=fold.seen,
        consecutive=consecutive,
        threshold=threshold,
        first_bad_at=first_bad_at,
    )


def _quantiles(latencies: deque[float]) -> Quantiles | None:
    """Nearest-rank quantiles."""
    if not latencies:
        return None
    ordered = sorted(latencies)
    last = len(ordered) - 1
    return Quantiles(
        p50=ordered[round(last * 0.5)],
        p95=ordered[round(last * 0.95)],
        p99=ordered[round(last * 0.99)],
    )
