"""Then and now, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from monitor.model.estate import Estate
from monitor.model.transition import Transition
from monitor.replay.engine import Replay
from monitor.replay.recording import Recording
from monitor.replay.tally import Alarm, Sum, TransitionTally, only_in, subject_of, sum_of

LISTED = 10_000
"""Transitions that are listed of each side; the figures count all."""
_DAY = 86_400.0
RECORDED = "recorded"
"""Compared with what was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonLine:
    """One service, or an environment."""

    subject: str
    then: Sum
    now: Sum
    more: tuple[Alarm, ...] = ()
    """Alarms that would be new."""
    fewer: tuple[Alarm, ...] = ()
    """Alarms that would not have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayComparison:
    since: float
    until: float
    """When the newest observation was over."""
    against: str
    """What ``then`` is: :data:`RECORDED`, or the other configuration's path."""
    observations: int
    checks: int
    unmeasured: tuple[str, ...]
    """Checks of the configuration that nothing was recorded of."""
    gone: tuple[str, ...]
    """Recorded checks that the configuration does not have."""
    damaged: int
    """Hours of a check that could not be read."""
    services: tuple[ComparisonLine, ...]
    environments: tuple[ComparisonLine, ...]
    total: ComparisonLine
    """All services together."""
    then: tuple[Transition, ...]
    now: tuple[Transition, ...]
    left_out: int
    """Transitions that are not listed."""


class Side:
    """Counts one side's transitions and lists the first of them."""

    def __init__(self, subjects: Iterable[str], since: float) -> None:
        self.since = since
        self.listed: list[Transition] = []
        self.left_out = 0
        self._tallies = {subject: TransitionTally(subject, since) for subject in subjects}

    def add(self, transition: Transition) -> None:
        """Of a subject that is not looked at nothing is counted."""
        tally = self._tallies.get(subject_of(transition))
        if tally is None:
            return
        tally.add(transition)
        if transition.at < self.since:
            return
        if len(self.listed) < LISTED:
            self.listed.append(transition)
        else:
            self.left_out += 1

    def sums(self, until: float) -> dict[str, Sum]:
        return {subject: tally.sum(until) for subject, tally in self._tallies.items()}


def compare(
    estate: Estate,
    recording: Recording,
    since: float,
    until: float,
    *,
    old: Estate | None = None,
    against: str = RECORDED,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> ReplayComparison:
    """``estate``'s judgement of what was seen from ``since`` on and before ``until``, beside what
    was published then; or beside ``old``'s judgement.

    Judging begins a little earlier, where there is a record, so that it is known how everything
    stood at ``since``. ``told`` hears how much is done, of how much.
    """
    subjects = [
        *(service.id for service in estate.services()),
        *(environment.name for environment in estate.environments),
    ]
    both = old is not None

    def half(done: int, total: int, before: bool = False) -> None:
        told(done + (0 if before or not both else total), total * 2 if both else total)

    then = Side(subjects, since)
    older = None
    if old is not None:
        older = Replay(
            old, recording, since - _lead(old), until, lambda done, total: half(done, total, True)
        )
        for transition in older.transitions():
            then.add(transition)
    now = Side(subjects, since)
    replay = Replay(estate, recording, since - _lead(estate), until, half)
    for transition in replay.transitions():
        now.add(transition)
    ends_at = max(replay.ends_at, older.ends_at if older is not None else since, since)
    if old is None:
        for subject in subjects:
            earlier = recording.newest_before(subject, since)
            if earlier is not None:
                then.add(earlier)
        for transition in recording.transitions(since, ends_at):
            then.add(transition)
    before, after = then.sums(ends_at), now.sums(ends_at)
    lines = {
        subject: ComparisonLine(
            subject=subject,
            then=before[subject],
            now=after[subject],
            more=only_in(after[subject].alarms, before[subject].alarms),
            fewer=only_in(before[subject].alarms, after[subject].alarms),
        )
        for subject in subjects
    }
    services = tuple(lines[service.id] for service in estate.services())
    configured = {check.id for check in estate.checks()}
    return ReplayComparison(
        since=since,
        until=ends_at,
        against=against,
        observations=replay.observations,
        checks=len(configured),
        unmeasured=tuple(replay.unmeasured()),
        gone=tuple(check for check in recording.checks() if check not in configured),
        damaged=replay.damaged,
        services=services,
        environments=tuple(lines[one.name] for one in estate.environments),
        total=ComparisonLine(
            subject="",
            then=sum_of(line.then for line in services),
            now=sum_of(line.now for line in services),
            more=tuple(alarm for line in services for alarm in line.more),
            fewer=tuple(alarm for line in services for alarm in line.fewer),
        ),
        then=tuple(then.listed),
        now=tuple(now.listed),
        left_out=then.left_out + now.left_out,
    )


def _lead(estate: Estate) -> float:
    """Seconds of record that tell how every check stood: its window, and until it is stale."""
    leads = (
        check.interval * check.thresholds.window_size + check.stale_after
        for check in estate.checks()
    )
    return min(_DAY, max(leads, default=0.0))
