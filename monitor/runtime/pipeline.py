"""The way of an observation: excuse, mask, record, fold, count, announce, retry.

What was observed in one turn of the loop is published as one.
"""

from __future__ import annotations

import asyncio
import logging

import structlog

from monitor.judging.file_age import excused, is_late
from monitor.judging.grade import Verdict
from monitor.model.certificate_changes import NOTHING, News
from monitor.model.estate import Check
from monitor.model.transition import Transition
from monitor.publish.rendering.pacer import Pacer
from monitor.runtime.assembly import Parts
from monitor.runtime.clock_watch import ClockWatch
from monitor.runtime.event_log import log_certificates
from monitor.runtime.transition_dispatcher import TransitionDispatcher
from monitor.scheduling.phase import turn
from probes.observation import Grade, Observation

log = structlog.get_logger("driftvakt")


class Pipeline:
    """The only writer of the board. Belongs to one event loop."""

    def __init__(self, parts: Parts, dispatcher: TransitionDispatcher) -> None:
        self.dispatcher = dispatcher
        self._parts = parts
        self.clock = ClockWatch(parts.clock, parts.timer, self._clock_set)
        self._now = self.clock.now
        self._board = parts.board
        self._record = parts.checkpointer.observed
        self._count = parts.metrics.observe
        self._debug = log.is_enabled_for(logging.DEBUG)
        self._publishing: asyncio.Handle | None = None

    def observe(self, check: Check, observation: Observation) -> None:
        """Takes one observation all the way."""
        now = self._now()
        if is_late(observation):
            observation = self._excuse(check, observation)
        if observation.grade is not Grade.GOOD:
            observation = self._parts.masker.observation(observation)
        self._record(check.id, observation)
        verdict, certificates = self._board.take(check.id, observation, now)
        self._count(check, observation, verdict)
        self._publish_soon()
        if certificates is not NOTHING:
            self._announce(certificates, check)
        if self._board.unsettled(check.id):
            again = max(now, observation.at + check.retry_interval)
            self._parts.schedule.sooner(check.id, again)
        if self._debug:
            _log_observation(check, observation, verdict)

    def _excuse(self, check: Check, observation: Observation) -> Observation:
        """A file that is awaited to be late is no failure, for nobody and in no record."""
        agenda, at = self._board.agenda, observation.at
        delay = agenda.file_delay(at, check.environment, check.service)
        return excused(observation, check, delay)

    def _announce(self, certificates: News, check: Check) -> None:
        log_certificates(certificates, check, self._parts.current.estate)
        self._parts.status.changed()

    def _clock_set(self, now: float, seconds: float) -> None:
        log.warning("clock_jumped", seconds=round(seconds, 3))
        self._parts.schedule.realign()
        self._board.clock_set(now)
        self._publish_soon()

    def _publish_soon(self) -> None:
        if self._board.pending and self._publishing is None:
            self._publishing = asyncio.get_running_loop().call_soon(self.publish)

    def hold(self, check: Check, until: float) -> None:
        """Until then there are no observations; a change in the air is then confirmed at once, but
        not by all checks of the host in the same instant.
        """
        self._board.hold(check.id, until)
        if self._board.unsettled(check.id):
            self._parts.schedule.sooner(check.id, until + turn(check.id) * check.retry_interval)

    def publish(self) -> None:
        """Publishes what was observed since the last time."""
        if self._publishing is not None:
            self._publishing.cancel()
            self._publishing = None
        self._dispatch(self._board.publish(self._now()))

    def flush(self) -> None:
        """Publishes what was observed, and tells all of it."""
        self.publish()
        self.dispatcher.flush()

    def age(self, now: float) -> None:
        """Publishes what time alone has changed."""
        self._dispatch(self._board.age(now, self._parts.schedule.excuses))

    def plan(self) -> None:
        """Takes what calendars hold now, and what people have written."""
        self.publish()
        planned = [*self._parts.calendars.windows, *self._parts.by_hand.planned]
        self._dispatch(self._board.plan(planned, self._now()))
        self._parts.status.changed()

    async def refresh(self) -> None:
        """Makes the views that are outdated, without holding the loop for all of them."""
        pacer = Pacer(timer=self._parts.dependencies.cpu)
        for _ in self._board.refresh(self._now()):
            if pacer.due():
                await pacer.rest()

    def _dispatch(self, transitions: list[Transition]) -> None:
        if transitions:
            self.dispatcher.dispatch(transitions)


def _log_observation(check: Check, observation: Observation, verdict: Verdict) -> None:
    if verdict.grade != "good":
        log.debug(
            "observed",
            check=check.id,
            grade=verdict.grade.value,
            reason=verdict.reason.value if verdict.reason else None,
            detail=observation.detail,
        )
