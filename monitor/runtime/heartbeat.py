"""The heartbeat: once a second a round of jobs for what time alone changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

import structlog

from monitor.runtime.assembly import Parts
from monitor.runtime.event_log import log_window
from monitor.runtime.pipeline import Pipeline
from monitor.support.systemd import Notifier

log = structlog.get_logger("driftvakt")

TICK = 1.0
"""Seconds between two rounds: of staleness, the clock, the watchdog and the rest."""


class Heartbeat:
    """Does its jobs, in their order, in each round; then systemd hears that the loop is alive."""

    def __init__(self, parts: Parts, pipeline: Pipeline, systemd: Notifier) -> None:
        self._parts = parts
        self._pipeline = pipeline
        self._systemd = systemd
        self._overloaded = self._canary_down = False
        self._beat_at = parts.timer()
        self._jobs: tuple[Callable[[float], None], ...] = (
            self._publish,
            pipeline.age,
            self._compare_stated,
            self._log_windows,
            parts.checkpointer.tick,
            parts.by_hand.tick,
            self._notify,
            self._watch_lag,
            self._shed,
            self._watch_canaries,
        )

    async def run(self) -> NoReturn:
        """Runs until it is cancelled."""
        parts, watchdog = self._parts, self._systemd.watchdog_seconds
        pause = TICK if watchdog is None else min(TICK, watchdog)
        self._beat_at = parts.timer()
        while True:
            await asyncio.sleep(pause)
            now, self._beat_at = self._pipeline.clock.now(), parts.timer()
            for job in self._jobs:
                job(now)
            self._systemd.alive()
            await self._pipeline.refresh()  # a transition then finds most of its views made

    def late(self) -> float:
        """Gives the seconds since the newest round."""
        return self._parts.timer() - self._beat_at

    def _publish(self, _now: float) -> None:
        self._pipeline.publish()

    def _compare_stated(self, now: float) -> None:
        self._parts.stated.look(self._parts.board.measured, now)

    def _log_windows(self, now: float) -> None:
        parts, board = self._parts, self._parts.board
        for event in parts.window_news.look(board.agenda, board.under_way(), now):
            log_window(event, parts.current.estate)

    def _notify(self, _now: float) -> None:
        self._parts.notifications.tick()

    def _watch_lag(self, _now: float) -> None:
        if (lagging := self._parts.lag.overloaded()) != self._overloaded:
            self._overloaded = lagging
            self._parts.metrics.overloaded(lagging)
            log.warning("overloaded" if lagging else "overload_ended")

    def _shed(self, _now: float) -> None:
        parts = self._parts
        if parts.shedder.look(*parts.metrics.take_begun()):
            shedding = parts.shedder.now
            parts.status.pause = shedding.pause
            parts.schedule.stretch(shedding.stretch)
            parts.metrics.shedding(stretch=shedding.stretch, pause=shedding.pause)

    def _watch_canaries(self, _now: float) -> None:
        canary = self._parts.canary
        canary.look_again()
        if canary.down != self._canary_down:
            self._canary_down = canary.down
            log.warning("canary_down" if canary.down else "canary_up")
