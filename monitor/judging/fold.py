"""Pure: from observations to a status. Contract, section 2, in one place.

A check's status is a fold over its observations, oldest first. The first row of :data:`RULES` that
holds is the *raw* status, and ``status`` is what is believed of it: worse at once, better after
``green_after`` observations in a row: none failed to leave red, all good to become green, and not
while the window's share still says yellow.

No clock and no I/O: instants are arguments, in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from math import fsum
from typing import NamedTuple, Protocol

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


class Run(NamedTuple):
    """How many of the newest observations in a row were of a sort, and when the first was made."""

    length: int = 0
    since: float | None = None

    def longer(self, at: float) -> Run:
        """With one more, made at ``at``."""
        return Run(self.length + 1, self.since if self.length else at)


NO_RUN = Run()


class RecentOutcomes(NamedTuple):
    """What the rules need of the newest observations.

    ``window`` holds the last ``window_size`` outcomes, one bit each, newest lowest, 1 for failed;
    ``seen`` says how many there are; ``failed_at`` has the instants of those that failed, oldest first.
    """

    window: int = 0
    seen: int = 0
    failed_at: tuple[float, ...] = ()
    failed_run: Run = NO_RUN
    bad_run: Run = NO_RUN
    """Degraded or failed."""
    passed_run: Run = NO_RUN
    """Good or degraded."""
    good_run: Run = NO_RUN

    @property
    def failed(self) -> int:
        """Failed observations in the window."""
        return self.window.bit_count()

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.seen if self.seen else None

    @property
    def first_failed_at(self) -> float | None:
        return self.failed_at[0] if self.failed_at else None


NOTHING_SEEN = RecentOutcomes()


@dataclass(frozen=True, slots=True)
class Condition:
    """One rule of the table."""

    status: Status
    rule: Rule
    when: str
    """In words, for docs/status.md."""
    holds: Callable[[RecentOutcomes, Thresholds], bool]
    since: Callable[[RecentOutcomes], float | None]
    """The first observation of the run that led to the status."""


def _share(recent: RecentOutcomes, limit: float, thresholds: Thresholds) -> bool:
    """Counts once half a window of observations is there."""
    # divided, not multiplied: 14 of 25 is 0.56, but 0.56 * 25 is more than 14 to a computer
    return recent.seen * 2 >= thresholds.window_size and recent.failed / recent.seen >= limit


RULES = (
    Condition(
        Status.RED,
        Rule.RED_AFTER,
        "the last `red_after` observations all failed",
        lambda recent, thresholds: recent.failed_run.length >= thresholds.red_after,
        lambda recent: recent.failed_run.since,
    ),
    Condition(
        Status.RED,
        Rule.WINDOW,
        "the newest failed, and the share of failed ones among the last `window.size` is at least "
        "`window.red`",
        lambda recent, thresholds: (
            recent.failed_run.length > 0 and _share(recent, thresholds.window_red, thresholds)
        ),
        lambda recent: recent.first_failed_at,
    ),
    Condition(
        Status.YELLOW,
        Rule.YELLOW_AFTER,
        "the last `yellow_after` observations all failed",
        lambda recent, thresholds: recent.failed_run.length >= thresholds.yellow_after,
        lambda recent: recent.failed_run.since,
    ),
    Condition(
        Status.YELLOW,
        Rule.DEGRADED_AFTER,
        "the last `degraded_after` are all degraded or failed",
        lambda recent, thresholds: recent.bad_run.length >= thresholds.degraded_after,
        lambda recent: recent.bad_run.since,
    ),
    Condition(
        Status.YELLOW,
        Rule.WINDOW,
        "the share of failed ones is at least `window.yellow`",
        lambda recent, thresholds: (
            recent.window > 0 and _share(recent, thresholds.window_yellow, thresholds)
        ),
        lambda recent: recent.first_failed_at,
    ),
    Condition(
        Status.GREEN,
        Rule.GOOD,
        "otherwise",
        lambda recent, thresholds: True,
        lambda recent: recent.passed_run.since,
    ),
)
"""What the newest observations say: the first row that holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """All that the rules need to remember of a check's observations."""

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
    recent: RecentOutcomes = NOTHING_SEEN
    trouble: Observation | None = None
    """Our own trouble, when the newest thing that happened was that."""
    trouble_since: float | None = None


START = Fold()


def observe(before: Fold, at: float, verdict: Verdict, thresholds: Thresholds) -> Fold:
    """One step of the fold: the state after an observation made at ``at``."""
    recent = _seen(before.recent, at, verdict.grade, thresholds.window_size)
    status, rule, since = _believed(before, recent, thresholds)
    return Fold(
        status=status,
        rule=rule,
        since=since,
        verdict=verdict,
        bad=before.bad if verdict.grade is Grade.GOOD else verdict,
        at=at,
        recent=recent,
    )


def _seen(before: RecentOutcomes, at: float, grade: Grade, size: int) -> RecentOutcomes:
    good, failed = grade is Grade.GOOD, grade is Grade.FAILED
    window = (before.window << 1 | failed) & ((1 << size) - 1)
    failed_at = (*before.failed_at, at) if failed else before.failed_at
    if failed_at:
        # also right when the window has become smaller since the last observation
        failed_at = failed_at[len(failed_at) - window.bit_count() :]
    return RecentOutcomes(
        window,
        before.seen + 1 if before.seen < size else size,
        failed_at,
        before.failed_run.longer(at) if failed else NO_RUN,
        NO_RUN if good else before.bad_run.longer(at),
        NO_RUN if failed else before.passed_run.longer(at),
        before.good_run.longer(at) if good else NO_RUN,
    )


def trouble(before: Fold, observation: Observation) -> Fold:
    """Our own trouble is no observation of the target: it is remembered beside the fold."""
    since = before.trouble_since if before.trouble is not None else observation.at
    return replace(before, trouble=observation, trouble_since=since)


def _raw(recent: RecentOutcomes, thresholds: Thresholds) -> tuple[Status, Rule, float | None]:
    if recent.good_run.length and not recent.window:
        # nothing bad to be seen, which is nearly always: no row but the last one can hold
        return Status.GREEN, Rule.GOOD, recent.passed_run.since
    for row in RULES:
        if row.holds(recent, thresholds):
            return row.status, row.rule, row.since(recent)
    raise AssertionError("the last row holds always")


def _believed(
    before: Fold, recent: RecentOutcomes, thresholds: Thresholds
) -> tuple[Status, Rule, float | None]:
    """Worse at once; better only after ``green_after`` in a row."""
    raw, rule, since = _raw(recent, thresholds)
    now = before.status
    kept = now, before.rule, before.since
    if now is Status.UNKNOWN:
        # one failure that is not enough for yellow is not enough for green either
        return kept if raw is Status.GREEN and recent.failed_run.length else (raw, rule, since)
    if raw is now:
        return (now, rule, before.since) if now is not Status.GREEN else kept
    if raw.severity > now.severity:
        return raw, rule, since
    if now is Status.RED:
        if recent.passed_run.length < thresholds.green_after:
            return kept
        if raw is Status.YELLOW or recent.good_run.length < thresholds.green_after:
            better = rule if raw is Status.YELLOW else Rule.GREEN_AFTER
            return Status.YELLOW, better, recent.passed_run.since
        return Status.GREEN, Rule.GOOD, recent.good_run.since
    if recent.good_run.length >= thresholds.green_after:
        return Status.GREEN, Rule.GOOD, recent.good_run.since
    return kept


def unsettled(fold: Fold, thresholds: Thresholds) -> bool:
    """Whether a change is in the air, so that the check should run at ``retry_interval``.

    A failure seen but not red yet, and until it is recovered; or red with a better observation
    seen but not recovered. A check that stays yellow by its window's share alone is settled.
    """
    recent = fold.recent
    if recent.failed_run.length:
        return fold.status is not Status.RED
    if fold.status is Status.RED:
        return recent.passed_run.length > 0
    if fold.status is not Status.YELLOW or fold.rule not in (Rule.YELLOW_AFTER, Rule.WINDOW):
        return False
    needed = thresholds.green_after
    return recent.passed_run.length < needed or 0 < recent.good_run.length < needed


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
