"""Pure: from observations to a status. Contract, section 2, in one place.

A check's status is a fold over its observations, oldest first. The rules, as a table; the first
row that holds is the *raw* status, and ``status`` below is what is believed of it:

    red     red_after     the last ``red_after`` observations all failed
    red     window        the newest failed and the window's share of failed is >= ``window.red``
    yellow  yellow_after  the last ``yellow_after`` observations all failed
    yellow  degraded      the last ``degraded_after`` are all degraded or failed
    yellow  window        the window's share of failed is >= ``window.yellow``
    green                 otherwise

(The share counts once half a window of observations is there.) Worse is believed at once. Better
is believed after ``green_after`` observations in a row: none failed to leave red, all good to
become green, and not while the window's share still says yellow.

No clock and no I/O: instants are arguments, in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from math import fsum
from typing import Protocol

from probes.observation import Cause, Grade, Observation, Reason


class Status(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"

    @property
    def severity(self) -> int:
        """0 green, 1 unknown, 2 yellow, 3 red: the contract's ``driftvakt_service_severity``."""
        return _SEVERITY[self]


_SEVERITY = {Status.GREEN: 0, Status.UNKNOWN: 1, Status.YELLOW: 2, Status.RED: 3}


class Rule(StrEnum):
    """Which row of the table made the status."""

    RED_AFTER = "red_after"
    YELLOW_AFTER = "yellow_after"
    DEGRADED_AFTER = "degraded_after"
    WINDOW = "window"
    GREEN_AFTER = "green_after"
    """Better than it was, and not yet long enough for more."""
    GOOD = "good"
    UNMEASURED = "unmeasured"
    """Nothing measured yet, or a failure that is not enough for a colour."""
    STALE = "stale"
    MONITOR = "monitor"
    """Our own trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What it takes. Latencies in seconds; ``None`` where slowness is not judged."""

    yellow_after: int = 1
    red_after: int = 3
    green_after: int = 2
    degraded_after: int = 3
    window_size: int = 20
    window_yellow: float = 0.25
    window_red: float = 0.6
    latency_yellow: float | None = None
    latency_red: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One observation, graded: failure, the probe's own doubt, or slowness."""

    grade: Grade
    reason: Reason | None = None
    cause: Cause | None = None


GOOD = Verdict(grade=Grade.GOOD)
_SLOW = Verdict(grade=Grade.DEGRADED, reason=Reason.LATENCY, cause=Cause.TARGET)
_TOO_SLOW = Verdict(grade=Grade.FAILED, reason=Reason.LATENCY, cause=Cause.TARGET)


class Graded(Protocol):
    """What an observation, or what is kept of one, must tell to be judged."""

    @property
    def duration(self) -> float: ...
    @property
    def grade(self) -> Grade: ...
    @property
    def reason(self) -> Reason | None: ...
    @property
    def cause(self) -> Cause | None: ...


def grade(observation: Graded, thresholds: Thresholds) -> Verdict:
    """What an observation is worth. A failure keeps its own reason even when it was slow too."""
    red, yellow = thresholds.latency_red, thresholds.latency_yellow
    if observation.grade is not Grade.FAILED:
        if red is not None and observation.duration >= red:
            return _TOO_SLOW
        if observation.grade is Grade.GOOD:
            slow = yellow is not None and observation.duration >= yellow
            return _SLOW if slow else GOOD
    return Verdict(
        grade=observation.grade, reason=observation.reason, cause=observation.cause or Cause.TARGET
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """All that the rules need to remember of a check's observations.

    ``window`` holds the last ``window_size`` outcomes, one bit each, newest lowest, 1 for failed;
    ``failed_at`` the instants of those that failed, oldest first.
    """

    status: Status = Status.UNKNOWN
    rule: Rule = Rule.UNMEASURED
    since: float | None = None
    """The first observation of the run that led to the status."""
    verdict: Verdict | None = None
    """The newest one."""
    bad: Verdict | None = None
    """The newest one that was not good: the reason of a status that outlives it."""
    at: float | None = None
    """When the newest observation was made."""
    window: int = 0
    seen: int = 0
    failed_at: tuple[float, ...] = ()
    failed_run: int = 0
    failed_since: float | None = None
    bad_run: int = 0
    """Degraded or failed, in a row."""
    bad_since: float | None = None
    passed_run: int = 0
    """Good or degraded, in a row."""
    passed_since: float | None = None
    good_run: int = 0
    good_since: float | None = None
    trouble: Observation | None = None
    """Our own trouble, when the newest thing that happened was that."""
    trouble_since: float | None = None

    @property
    def failed(self) -> int:
        """Failed observations in the window."""
        return self.window.bit_count()

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.seen if self.seen else None


START = Fold()


def observe(before: Fold, at: float, verdict: Verdict, thresholds: Thresholds) -> Fold:
    """One step of the fold: the state after an observation made at ``at``."""
    size = thresholds.window_size
    good = verdict.grade is Grade.GOOD
    failed = verdict.grade is Grade.FAILED
    window = (before.window << 1 | failed) & ((1 << size) - 1)
    failed_at = before.failed_at
    if failed:
        failed_at = (*failed_at, at)
    if failed_at:
        # also right when the window has become smaller since the last observation
        failed_at = failed_at[len(failed_at) - window.bit_count() :]
    after = Fold(
        status=before.status,
        rule=before.rule,
        since=before.since,
        verdict=verdict,
        bad=before.bad if good else verdict,
        at=at,
        window=window,
        seen=before.seen + 1 if before.seen < size else size,
        failed_at=failed_at,
        failed_run=before.failed_run + 1 if failed else 0,
        failed_since=(before.failed_since if before.failed_run else at) if failed else None,
        bad_run=0 if good else before.bad_run + 1,
        bad_since=None if good else (before.bad_since if before.bad_run else at),
        passed_run=0 if failed else before.passed_run + 1,
        passed_since=None if failed else (before.passed_since if before.passed_run else at),
        good_run=before.good_run + 1 if good else 0,
        good_since=(before.good_since if before.good_run else at) if good else None,
    )
    status, rule, since = _believe(after, *_raw(after, thresholds), thresholds)
    if status is not after.status or rule is not after.rule or since != after.since:
        # nobody else has seen ``after`` yet; ``replace`` would cost as much as all of the above
        object.__setattr__(after, "status", status)
        object.__setattr__(after, "rule", rule)
        object.__setattr__(after, "since", since)
    return after


def trouble(before: Fold, observation: Observation) -> Fold:
    """Our own trouble is no observation of the target: it is remembered beside the fold."""
    since = before.trouble_since if before.trouble is not None else observation.at
    return replace(before, trouble=observation, trouble_since=since)


def _window_says(fold: Fold, share: float, thresholds: Thresholds) -> bool:
    # divided, not multiplied: 14 of 25 is 0.56, but 0.56 * 25 is more than 14 to a computer
    return fold.seen * 2 >= thresholds.window_size and fold.failed / fold.seen >= share


def _raw(fold: Fold, thresholds: Thresholds) -> tuple[Status, Rule, float | None]:
    """The table in the module's docstring, from the top."""
    first_failed = fold.failed_at[0] if fold.failed_at else None
    if fold.failed_run >= thresholds.red_after:
        return Status.RED, Rule.RED_AFTER, fold.failed_since
    if fold.failed_run and _window_says(fold, thresholds.window_red, thresholds):
        return Status.RED, Rule.WINDOW, first_failed
    if fold.failed_run >= thresholds.yellow_after:
        return Status.YELLOW, Rule.YELLOW_AFTER, fold.failed_since
    if fold.bad_run >= thresholds.degraded_after:
        return Status.YELLOW, Rule.DEGRADED_AFTER, fold.bad_since
    if fold.failed and _window_says(fold, thresholds.window_yellow, thresholds):
        return Status.YELLOW, Rule.WINDOW, first_failed
    return Status.GREEN, Rule.GOOD, fold.passed_since


def _believe(
    fold: Fold, raw: Status, rule: Rule, since: float | None, thresholds: Thresholds
) -> tuple[Status, Rule, float | None]:
    """Worse at once; better only after ``green_after`` in a row."""
    now = fold.status
    kept = now, fold.rule, fold.since
    if now is Status.UNKNOWN:
        # one failure that is not enough for yellow is not enough for green either
        return kept if raw is Status.GREEN and fold.failed_run else (raw, rule, since)
    if raw is now:
        return (now, rule, fold.since) if now is not Status.GREEN else kept
    if raw.severity > now.severity:
        return raw, rule, since
    if now is Status.RED:
        if fold.passed_run < thresholds.green_after:
            return kept
        if raw is Status.YELLOW or fold.good_run < thresholds.green_after:
            better = rule if raw is Status.YELLOW else Rule.GREEN_AFTER
            return Status.YELLOW, better, fold.passed_since
        return Status.GREEN, Rule.GOOD, fold.good_since
    if fold.good_run >= thresholds.green_after:
        return Status.GREEN, Rule.GOOD, fold.good_since
    return kept


def unsettled(fold: Fold, thresholds: Thresholds) -> bool:
    """Whether a change is in the air, so that the check should run at ``retry_interval``.

    A failure seen but not red yet, and until it is recovered; or red with a better observation
    seen but not recovered. A check that stays yellow by its window's share alone is settled.
    """
    if fold.failed_run:
        return fold.status is not Status.RED
    if fold.status is Status.RED:
        return fold.passed_run > 0
    if fold.status is not Status.YELLOW or fold.rule not in (Rule.YELLOW_AFTER, Rule.WINDOW):
        return False
    needed = thresholds.green_after
    return fold.passed_run < needed or 0 < fold.good_run < needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A check's status at an instant: the fold, overlaid with staleness and our own trouble."""

    status: Status
    rule: Rule
    since: float | None
    reason: Reason | None
    cause: Cause | None


def standing(fold: Fold, now: float, stale_after: float, started_at: float) -> Standing:
    """What is known at ``now``. ``stale_after`` is 3 × interval + timeout, in seconds.

    ``started_at`` is when the check began to be watched: since then it is unknown.
    """
    if fold.trouble is not None:
        return Standing(
            status=Status.UNKNOWN,
            rule=Rule.MONITOR,
            since=fold.trouble_since,
            reason=fold.trouble.reason,
            cause=Cause.MONITOR,
        )
    verdict = fold.verdict
    if fold.at is None or verdict is None:
        return Standing(
            status=Status.UNKNOWN,
            rule=Rule.UNMEASURED,
            since=started_at,
            reason=None,
            cause=None,
        )
    if now - fold.at > stale_after:
        return Standing(
            status=Status.UNKNOWN,
            rule=Rule.STALE,
            since=fold.at + stale_after,
            reason=Reason.INTERNAL,
            cause=Cause.MONITOR,
        )
    bad = fold.bad if fold.status is not Status.GREEN else None
    return Standing(
        status=fold.status,
        rule=fold.rule,
        since=fold.since if fold.since is not None else started_at,
        reason=bad.reason if bad else None,
        cause=bad.cause if bad else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One part of a roll-up."""

    status: Status
    weight: float = 1.0
    critical: bool = False


def roll_up(children: Iterable[Child], majority: float = 0.5) -> Status:
    """The status of a whole: the same rule at every level. Of nothing, nothing is known.

    Red if a critical child is red or the red share of weight is at least ``majority``; otherwise
    yellow if any child is red or yellow; otherwise unknown if any is unknown; otherwise green.
    """
    weights: list[float] = []
    red: list[float] = []
    some_yellow = some_unknown = False
    for child in children:
        weights.append(child.weight)
        if child.status is Status.RED:
            if child.critical:
                return Status.RED
            red.append(child.weight)
        elif child.status is Status.YELLOW:
            some_yellow = True
        elif child.status is Status.UNKNOWN:
            some_unknown = True
    if not weights:
        return Status.UNKNOWN
    if red:
        # exact sums: the order of the children must not decide
        total = fsum(weights)
        return Status.RED if total > 0 and fsum(red) / total >= majority else Status.YELLOW
    if some_yellow:
        return Status.YELLOW
    return Status.UNKNOWN if some_unknown else Status.GREEN


def worse(one: Status, other: Status) -> Status:
    """The one with the higher severity."""
    return one if one.severity >= other.severity else other


def published(measured: Status, declared: Status) -> tuple[Status, bool]:
    """What is published of a service: the worse of what is measured and what an active service
    window declares; and whether the window explains it, so that it is planned.
    """
    explained = declared is not Status.GREEN and measured.severity <= declared.severity
    return worse(measured, declared), explained


def fold_all(
    observations: Iterable[tuple[float, Verdict]], thresholds: Thresholds, start: Fold = START
) -> Fold:
    """The fold over a batch, oldest first: what :func:`observe` gives one by one."""
    fold = start
    for at, verdict in observations:
        fold = observe(fold, at, verdict, thresholds)
    return fold
