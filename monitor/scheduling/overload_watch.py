"""Looks once a second at what the loop has to do, and says when something is left out of it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from monitor.scheduling.fitness import LoopLag
from monitor.scheduling.load_shedding import NOTHING_SHED, TARGET, Load, Shedding, shed

log = structlog.get_logger("driftvakt")

_KEPT = 0.9
"""What the looks before count for, against the newest, of what a probe costs."""


class Shedder:
    """``cpu`` gives the seconds of processor time that the loop's thread has used, ``timer`` those
    that have passed.
    """

    def __init__(
        self, lag: LoopLag, *, cpu: Callable[[], float], timer: Callable[[], float]
    ) -> None:
        self._lag = lag
        self._cpu = cpu
        self._timer = timer
        self._used, self._at = cpu(), timer()
        self._spent = self._made = 0.0
        """CPU seconds of all that was done, and the probes among it, of the last looks mostly."""
        self.wanted = 0.0
        """Probes a second as configured."""
        self.now: Shedding = NOTHING_SHED

    def begin(self) -> None:
        """What was done until now is no load: a start is busy, and over."""
        self._used, self._at = self._cpu(), self._timer()

    def look(self, latest: float, probes: int) -> bool:
        """Whether other things are left out than before. ``latest`` is how many seconds the latest
        of the ``probes`` since the last look was late.
        """
        used, at = self._cpu(), self._timer()
        seconds = at - self._at
        if seconds <= 0.0:
            return False
        self._spent = _KEPT * self._spent + used - self._used
        self._made = _KEPT * self._made + probes
        load = Load(
            busy=(used - self._used) / seconds,
            lag=self._lag.within(seconds) / seconds,
            late=latest,
            needed=self.wanted * self._spent / self._made / TARGET if self._made else 0.0,
        )
        self._used, self._at = used, at
        before, self.now = self.now, shed(self.now, load, seconds)
        if (before.pause, before.stretch) == (self.now.pause, self.now.stretch):
            return False
        values = {
            "pause": self.now.pause,
            "stretch": round(self.now.stretch, 2),
            "busy": round(load.busy, 2),
            "late": round(load.late, 2),
        }
        worse = (self.now.stretch, self.now.pause) > (before.stretch, before.pause)
        if worse:
            log.warning("shedding", **values)
        else:
            log.info("shedding_less" if self.now.any else "shedding_ended", **values)
        return True
