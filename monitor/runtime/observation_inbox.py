"""Where probes deliver: observations wait here until the pipeline knows where an earlier process ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from monitor.model.estate import Check
from monitor.publish.rendering.pacer import Pacer
from probes.observation import Observation

if TYPE_CHECKING:
    from monitor.runtime.pipeline import Pipeline

WAITING = 40_000
"""Observations that may wait for a history that is slow to open; of more the oldest are forgotten."""


class ObservationInbox:
    """Hands everything to the pipeline, in the order in which it came. ``timer`` gives seconds."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._waiting: deque[Callable[[], None]] | None = deque(maxlen=WAITING)
        """``None`` once the pipeline takes everything at once."""
        self._pipeline: Pipeline

    def observed(self, check: Check, observation: Observation) -> None:
        """Takes what a probe has observed."""
        if self._waiting is None:
            self._pipeline.observe(check, observation)
        else:
            self._waiting.append(lambda: self._pipeline.observe(check, observation))

    def held(self, check: Check, until: float) -> None:
        """Takes the instant until which a check stays away because its server has asked for it."""
        if self._waiting is None:
            self._pipeline.hold(check, until)
        else:
            self._waiting.append(lambda: self._pipeline.hold(check, until))

    def planned(self) -> None:
        """Takes other windows of the calendars, which are read once the pipeline is open."""
        self._pipeline.plan()

    async def open(self, pipeline: Pipeline) -> None:
        """Hands over what waits. What comes while this lasts waits behind what was there before it."""
        self._pipeline = pipeline
        pacer = Pacer(timer=self._timer)
        while self._waiting:
            self._waiting.popleft()()
            if pacer.due():
                await pacer.rest()
        self._waiting = None
