"""Pure: what one observation is worth, its latency counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from monitor.model.status import Thresholds
from probes.observation import Cause, Grade, Reason


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
