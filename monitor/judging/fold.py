"""Pure: from observations to a status. Contract, section 2, in one place.

A check's status is a fold over its observations, oldest first. The first row of :data:`RULES` that
holds is the *raw* status, and ``status`` is what is believed of it: worse at once, better after
``green_after`` observations in a row: none failed to leave red, all good to become green, and not
while the window's share still says yellow.

No clock and no I/O: instants are arguments, in seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from monitor.judging.grade import Verdict
from monitor.model.status import Rule, Status, Thresholds
from probes.observation import Grade, Observation


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
