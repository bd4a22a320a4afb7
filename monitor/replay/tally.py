"""What transitions come to: of each service how often, how long and how soon."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from statistics import median_low

from monitor.model.status import Status
from monitor.model.transition import Transition

COLOURS = (Status.YELLOW, Status.RED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A disturbance that no service window explains, from its first sign to the all-clear."""

    subject: str
    since: float
    """The first observation that led to it."""
    until: float
    """When it was over, or the end of what is looked at."""
    worst: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Seconds and counts of one service, or of several together."""

    transitions: int = 0
    alarms: tuple[Alarm, ...] = ()
    reds: int = 0
    """How often it became red, planned or not."""
    red: float = 0.0
    yellow: float = 0.0
    unknown: float = 0.0
    delays: tuple[float, ...] = ()
    """Of each time it became red: seconds from the first failed observation on."""

    @property
    def usual_delay(self) -> float | None:
        """The median; ``None`` when it was never red."""
        return median_low(self.delays) if self.delays else None

    @property
    def longest_delay(self) -> float | None:
        return max(self.delays, default=None)


class TransitionTally:
    """Counts one subject's transitions, told oldest first.

    Those before ``since`` only tell how it stood then. The first thing ever known of it is no
    transition: nothing has changed by our beginning to look.
    """

    def __init__(self, subject: str, since: float) -> None:
        self._subject = subject
        self._since = since
        self._at = since
        self._status = Status.UNKNOWN
        self._known = False
        self._transitions = self._reds = 0
        self._seconds = dict.fromkeys(Status, 0.0)
        self._delays: list[float] = []
        self._alarms: list[Alarm] = []
        self._began: float | None = None
        self._worst = Status.GREEN

    def add(self, transition: Transition) -> None:
        at = max(transition.at, self._since)
        if not self._known:
            self._status, self._known = transition.before, True
            first = transition.before is Status.UNKNOWN
        else:
            first = False
        self._pass(at)
        if transition.at >= self._since and transition.changes_status and not first:
            self._transitions += 1
            if transition.after is Status.RED:
                self._reds += 1
                self._delays.append(max(0.0, transition.at - transition.since))
        self._status = transition.after
        self._alarm(transition, at)

    def sum(self, until: float) -> Sum:
        """What it has come to at ``until``."""
        self._pass(until)
        if self._began is not None:
            self._end(until)
        return Sum(
            transitions=self._transitions,
            alarms=tuple(self._alarms),
            reds=self._reds,
            red=self._seconds[Status.RED],
            yellow=self._seconds[Status.YELLOW],
            unknown=self._seconds[Status.UNKNOWN],
            delays=tuple(self._delays),
        )

    def _pass(self, at: float) -> None:
        self._seconds[self._status] += max(0.0, at - self._at)
        self._at = max(self._at, at)

    def _alarm(self, transition: Transition, at: float) -> None:
        status = transition.after
        if status in COLOURS and not transition.planned:
            if self._began is None:
                self._began, self._worst = min(transition.since, transition.at), status
            elif status.severity > self._worst.severity:
                self._worst = status
        elif self._began is not None and status is not Status.UNKNOWN:  # not knowing ends nothing
            if transition.at >= self._since:
                self._end(at)
            self._began = None

    def _end(self, at: float) -> None:
        if self._began is not None:
            alarm = Alarm(subject=self._subject, since=self._began, until=at, worst=self._worst)
            self._alarms.append(alarm)
        self._began = None


def subject_of(transition: Transition) -> str:
    """``ENV/SERVICE``, or ``ENV`` for an environment's own."""
    if transition.service is None:
        return transition.environment
    return f"{transition.environment}/{transition.service}"


def sum_of(sums: Iterable[Sum]) -> Sum:
    """Of several services."""
    every = list(sums)
    return Sum(
        transitions=sum(one.transitions for one in every),
        alarms=tuple(alarm for one in every for alarm in one.alarms),
        reds=sum(one.reds for one in every),
        red=sum(one.red for one in every),
        yellow=sum(one.yellow for one in every),
        unknown=sum(one.unknown for one in every),
        delays=tuple(delay for one in every for delay in one.delays),
    )


def only_in(these: Iterable[Alarm], those: Iterable[Alarm]) -> tuple[Alarm, ...]:
    """Of one service: the alarms that meet none of the others in time."""
    others = sorted((alarm.since, alarm.until) for alarm in those)
    starts = [since for since, _ in others]
    ends = list(accumulate((until for _, until in others), max))

    def met(alarm: Alarm) -> bool:
        before = bisect_right(starts, alarm.until)
        return before > 0 and ends[before - 1] >= alarm.since

    return tuple(alarm for alarm in these if not met(alarm))
