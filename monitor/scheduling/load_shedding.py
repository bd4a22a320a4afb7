"""Pure: what is left out when there is more work than the core has, and taken up again afterwards.

In order: rendering first (status file, metrics, page less often), then probing (every interval is
stretched by the same factor), and back in the opposite order. Both go step by step. A step down takes
some seconds of strain in a row, a step up some seconds of calm; between the two nothing moves, so
that what just fits is left as it is. A single stall, however long, is no strain that lasts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

BUSY = 0.9
"""Share of a core that the loop uses from which on it is strained."""
CALM = 0.7
"""Share of a core below which it is calm."""
TARGET = 0.75
"""Share of a core that probing may take in the end."""
LAGGING = 0.3
"""Share of the time that the loop is late from which on late probes are its own doing."""
LATE = 1.0
"""Seconds that a probe may be late, whoever else uses the core."""
STRAINED_FOR = 3.0
CALM_FOR = 5.0
PAUSES = (0.0, 5.0, 10.0, 15.0)
"""Seconds at least between two renderings; a status file is rendered five seconds later at most,
and calls itself stale after 30."""
PATIENCE = 120.0
"""Seconds of strain in which what has piled up may be worked off, where the stretch should do."""
STEP = 1.5
EASE = 0.85
MOST = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was seen of the loop in the last second or so."""

    busy: float
    """Share of a core that its thread has used."""
    lag: float
    """Share of the time in which it was late for what was due."""
    late: float
    """Seconds that the latest probe began late."""
    needed: float = 0.0
    """The stretch with which the core would have time enough: what the checks' probes cost a second
    as configured, by :data:`TARGET`.
    """

    @property
    def strained(self) -> bool:
        """Whether there is more work than time. Others on the core make the loop late without its
        being busy: then late probes tell.
        """
        return self.busy >= BUSY or (self.lag >= LAGGING and self.late >= LATE)

    @property
    def calm(self) -> bool:
        """Whether there is time for more."""
        return self.busy < CALM and self.lag < LAGGING and self.late < LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Shedding:
    """What is left out. As it begins, nothing is."""

    pause: float = 0.0
    """Seconds at least between two renderings of the same thing."""
    stretch: float = 1.0
    """Every interval is this many times as long as configured."""
    strained_for: float = 0.0
    """Seconds of strain since the last step."""
    calm_for: float = 0.0

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return self.pause > 0.0 or self.stretch > 1.0


NOTHING_SHED = Shedding()


def shed(before: Shedding, load: Load, seconds: float) -> Shedding:
    """What is to be left out after ``seconds`` of such a ``load``. A look that is itself late says
    no more than one that is not: ``seconds`` beyond two count as two.
    """
    seconds = min(seconds, 2.0)
    strained = before.strained_for + seconds if load.strained else 0.0
    calm = before.calm_for + seconds if load.calm else 0.0
    if strained >= STRAINED_FOR:
        more = _more(before, load.needed, patient=strained < PATIENCE)
        if more != before:
            return replace(more, strained_for=0.0, calm_for=0.0)
    if calm >= CALM_FOR and before.any:
        return replace(_less(before, load.needed), strained_for=0.0, calm_for=0.0)
    return replace(before, strained_for=strained, calm_for=calm)


def _more(now: Shedding, needed: float, *, patient: bool) -> Shedding:
    longer = [pause for pause in PAUSES if pause > now.pause]
    if longer:
        return replace(now, pause=longer[0])
    wanted = needed if patient else max(needed, now.stretch * STEP)
    return replace(now, stretch=min(MOST, max(now.stretch, min(wanted, now.stretch * STEP))))


def _less(now: Shedding, needed: float) -> Shedding:
    if now.stretch > 1.0:
        eased = min(now.stretch, max(needed, now.stretch * EASE))
        return replace(now, stretch=eased if eased > 1.05 else 1.0)
    shorter = [pause for pause in PAUSES if pause < now.pause]
    return replace(now, pause=shorter[-1] if shorter else 0.0)
