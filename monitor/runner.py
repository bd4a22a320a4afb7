"""One run of a check, from its turn to an observation that may be judged.

Politeness and bounds come first: a server that has asked us to stay away (``Retry-After``),
promises to the target's owner (``min_interval``), places at the host (``host_concurrency``) and
places in all (``max_in_flight``). Waiting for a place is our lateness and never in a latency. Then the probe; then the question whether what it saw is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from monitor.estate import Check, CheckId, Estate
from monitor.fitness import CanaryWatch, LoopLag, blame_lag, ours
from monitor.holds import Holds, place_of
from probes.kinds import Kind, Probe
from probes.observation import Cause, Grade, Observation, Phases, Reason
from probes.tools import Tools

log = structlog.get_logger("driftvakt.runner")

ARRIVES_WITHIN = 1.0
"""Seconds from its start in which a probe under way is taken to have reached its target (at most
its promise's own length). Without this a target that hangs would be probed once a time-out."""


class Told(Protocol):
    """Who is told of a run."""

    def lateness(self, seconds: float) -> None: ...
    def in_flight(self, number: int) -> None: ...
    def internal_error(self) -> None: ...
    def missed(self, kind: str) -> None: ...


class Promises:
    """Lets probes begin so that each ``min_interval`` is kept as the target sees it."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._queues: dict[tuple[str, str, int], _Queue] = {}

    async def turn(self, check: Check) -> Turn:
        """Waits until every promise lets the check begin, the narrowest first, so that a long
        wait for one service holds up nobody else. Nobody overtakes; :meth:`Turn.begin` lets the
        next one come forward.
        """
        turn = Turn(self._timer)
        try:
            for promise in reversed(check.promises):
                key = promise.scope, *place_of(check)
                queue = self._queues.get(key)
                if queue is None:
                    queue = self._queues[key] = _Queue(self._timer)
                await queue.lock.acquire()
                turn.queues.append((queue, promise.seconds))
                await queue.free()
        except BaseException:
            turn.end()
            raise
        return turn


class _Queue:
    """Those who want to probe one host and port under one promise, one behind the other."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self.lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._free_at = float("-inf")
        self._flying: list[float] = []
        """When those under way, of which no arrival is known, will be taken as arrived."""

    async def free(self) -> None:
        """Returns when the promise allows a probe to begin. To be called by the lock's holder."""
        while (left := max([self._free_at, *self._flying]) - self._timer()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    def begun(self, until: float) -> None:
        self._flying.append(until)

    def ended(self, until: float, free_at: float) -> None:
        self._flying.remove(until)
        self._free_at = max(self._free_at, free_at)
        self._changed.set()


class Turn:
    """A check's turn: from the moment that every promise allows it to its probe's end."""

    __slots__ = ("_timer", "_until", "queues")

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self.queues: list[tuple[_Queue, float]] = []
        self._until: list[float] = []

    def begin(self) -> None:
        """The probe begins now: the promises count from here until more is known."""
        now = self._timer()
        for queue, seconds in self.queues:
            until = now + seconds + min(seconds, ARRIVES_WITHIN)
            self._until.append(until)
            queue.begun(until)
        self._release()

    def end(self, since_arrival: float = 0.0) -> None:
        """The probe has ended, or never begun. ``since_arrival`` is how many seconds ago, at
        least, it last reached its target.
        """
        if not self._until:
            self._release()
            return
        arrived = self._timer() - since_arrival
        for (queue, seconds), until in zip(self.queues, self._until, strict=True):
            margin = min(0.05, 0.02 * seconds)
            queue.ended(until, arrived + seconds + margin)

    def _release(self) -> None:
        for queue, _ in self.queues:
            queue.lock.release()


def last_arrival(observation: Observation) -> float:
    """An upper bound of when the probe last reached its target. A single request was sent before
    its answer was waited for; after anything else only the probe's end is certain.
    """
    end = observation.at + observation.duration
    http = observation.http
    if observation.failed or observation.parts or http is None or http.redirects:
        return end
    phases = observation.phases
    return end - (phases.processing or 0.0) - (phases.transfer or 0.0)


class Runner:
    """Runs checks. ``seen`` is given every observation, in order, check by check; ``held`` every
    check that stays away because its server has asked for it, and until when.
    """

    def __init__(
        self,
        estate: Estate,
        kinds: Mapping[str, Kind],
        tools: Tools,
        *,
        lag: LoopLag,
        canary: CanaryWatch,
        told: Told,
        seen: Callable[[Check, Observation], None],
        held: Callable[[Check, float], None] = lambda check, until: None,
    ) -> None:
        self._tools = tools
        self._lag = lag
        self._canary = canary
        self._told = told
        self._seen = seen
        self._held = held
        self._holds = Holds(tools.clock, tools.timer)
        self._promises = Promises(tools.timer)
        self._in_flight = 0
        self._places = asyncio.Semaphore(estate.max_in_flight)
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._probes: dict[CheckId, Probe] = {}
        bounds: dict[str, int] = {}
        for check in estate.checks():
            self._probes[check.id] = kinds[check.kind].prepare(check.settings, check.timeout, tools)
            known = bounds.get(check.host, check.host_concurrency)
            bounds[check.host] = min(known, check.host_concurrency)
        self._hosts = {host: asyncio.Semaphore(bound) for host, bound in bounds.items()}

    async def run(self, check: Check, due: float) -> None:
        """One run that was due at ``due``. Raises nothing but cancellation."""
        if self._stays_away(check):
            return
        if check.promises:
            observation = await self._promised(check, due)
        else:
            observation = await self._placed(check, due)
        if observation is None:
            return
        if observation.grade is not Grade.GOOD and await self._canary.explains(observation):
            reason = observation.reason or Reason.INTERNAL
            observation = ours(observation, reason, "every canary failed too: our own network")
        hold = self._holds.take(check, observation)
        self._seen(check, observation)
        if hold is not None:
            seconds = round(hold.allowed(check), 1)
            log.info("held_back", check=check.id, status=hold.status, seconds=seconds)
            self._held(check, hold.at + hold.allowed(check))

    def _stays_away(self, check: Check) -> bool:
        """Whether the run is left out, because the server has asked for it."""
        until = self._holds.until(check)
        if until is None:
            return False
        self._told.missed("retry_after")
        self._held(check, until)
        return True

    async def _promised(self, check: Check, due: float) -> Observation | None:
        """The probe, once its promises allow it: that wait is due, and no lateness."""
        turn = await self._promises.turn(check)
        since_arrival = 0.0
        try:
            due = max(due, self._tools.clock())
            observation = await self._placed(check, due, turn.begin)
            if observation is not None and not self._lag.within(observation.duration):
                end = observation.at + observation.duration
                since_arrival = end - last_arrival(observation)
        finally:
            turn.end(since_arrival)
        return observation

    async def _placed(
        self, check: Check, due: float, begin: Callable[[], None] | None = None
    ) -> Observation | None:
        """The probe, once there is a place for it; ``begin`` is called just before. ``None`` when
        the server has asked us to stay away in the meantime.
        """
        async with self._hosts[check.host], self._places:
            if self._stays_away(check):
                return None
            self._told.lateness(max(0.0, self._tools.clock() - due))
            self._in_flight += 1
            self._told.in_flight(self._in_flight)
            if begin is not None:
                begin()
            try:
                return await self._probe(check)
            finally:
                self._in_flight -= 1
                self._told.in_flight(self._in_flight)

    async def _probe(self, check: Check) -> Observation:
        begun, timer = self._tools.clock(), self._tools.timer
        started = timer()
        try:
            observation = await self._probes[check.id]()
        except Exception as error:  # a bug of ours, or of a plug-in: it is named, logged, counted
            self._told.internal_error()
            log.exception("probe_broke", check=check.id, kind=check.kind)
            return Observation(
                at=begun,
                duration=timer() - started,
                grade=Grade.FAILED,
                reason=Reason.INTERNAL,
                cause=Cause.MONITOR,
                detail=f"the probe itself broke: {type(error).__name__}",
                phases=Phases(),
            )
        return blame_lag(observation, self._lag.within(timer() - started), check.thresholds)
