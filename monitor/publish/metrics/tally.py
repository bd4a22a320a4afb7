"""What is counted of every probe of a check: on the hot path, so little and plain."""

from __future__ import annotations

from monitor.judging.grade import Verdict
from monitor.publish.metrics.histogram import Histogram
from probes.observation import Cause, Grade, Observation, Reason

_WAITED = frozenset({Reason.TIMEOUT, Reason.CONNECT_TIMEOUT})


class CheckTally:
    """One check's latencies and failures.

    A refusal says nothing of how long an answer takes and is not among the latencies; a timeout
    says that it takes at least so long, and is. With ``address: all`` each address has its own
    latency, while the failure is the check's and is counted once.
    """

    __slots__ = ("failures", "latency")

    def __init__(self) -> None:
        self.latency = Histogram()
        self.failures: dict[Reason, int] = {}

    def observe(self, observation: Observation, verdict: Verdict) -> None:
        """Counts one probe; the monitor's own trouble is no probe of the target."""
        if verdict.cause is Cause.MONITOR:
            return
        if verdict.grade is Grade.FAILED:
            reason = verdict.reason or Reason.INTERNAL
            self.failures[reason] = self.failures.get(reason, 0) + 1
        if observation.parts:
            for part in observation.parts:
                if part.cause is not Cause.MONITOR:
                    self._time(part)
        else:
            self._time(observation)

    def _time(self, observation: Observation) -> None:
        if observation.grade is not Grade.FAILED or observation.reason in _WAITED:
            self.latency.observe(observation.duration)
