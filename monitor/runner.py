"""One run of a check, from its turn to an observation that may be judged.

Politeness and bounds come first: promises to the target's owner (``min_interval``), places at the
host (``host_concurrency``) and places in all (``max_in_flight``). Waiting for a place is our
lateness and never in a latency. Then the probe; then the question whether what it saw is ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from monitor.estate import Check, CheckId, Estate
from monitor.fitness import CanaryWatch, LoopLag, blame_lag, ours
from probes.kinds import Kind, Probe
from probes.observation import Cause, Grade, Observation, Phases, Reason
from probes.tools import Tools

log = structlog.get_logger("driftvakt.runner")


class Told(Protocol):
    """Who is told of a run."""

    def lateness(self, seconds: float) -> None: ...
    def in_flight(self, number: int) -> None: ...
    def internal_error(self) -> None: ...


class Promises:
    """When a probe may start so that each ``min_interval`` is kept as the target sees it."""

    def __init__(self) -> None:
        self._free_at: dict[tuple[str, str, int], float] = {}

    def reserve(self, check: Check, now: float) -> float:
        """The earliest instant at which the check may start; the place is taken by asking."""
        keys = _keys(check)
        at = max([now, *(self._free_at.get(key, now) for key in keys)])
        for promise, key in zip(check.promises, keys, strict=True):
            self._free_at[key] = at + promise.seconds
        return at

    def arrived(self, check: Check, last: float) -> None:
        """Counts from ``last``, the latest instant at which the target may have been reached."""
        for promise, key in zip(check.promises, _keys(check), strict=True):
            margin = min(0.05, 0.02 * promise.seconds)
            until = last + promise.seconds + margin
            if until > self._free_at.get(key, 0.0):
                self._free_at[key] = until


def _keys(check: Check) -> list[tuple[str, str, int]]:
    return [(promise.scope, check.host, check.port) for promise in check.promises]


def last_arrival(observation: Observation) -> float:
    """An upper bound of when the probe last reached its target. A single answered request was sent
    as soon as the connection stood; after anything else only the probe's end is certain.
    """
    http = observation.http
    if observation.failed or observation.parts or (http is not None and http.redirects):
        return observation.at + observation.duration
    phases = observation.phases
    return observation.at + sum(
        seconds for seconds in (phases.resolve, phases.connect, phases.tls) if seconds is not None
    )


class Runner:
    """Runs checks. ``seen`` is given every observation, in order, check by check."""

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
    ) -> None:
        self._tools = tools
        self._lag = lag
        self._canary = canary
        self._told = told
        self._seen = seen
        self._promises = Promises()
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
        clock = self._tools.clock
        if check.promises:
            now = clock()
            allowed = self._promises.reserve(check, now)
            if allowed > now:
                await asyncio.sleep(allowed - now)
            due = max(due, allowed)
        async with self._hosts[check.host], self._places:
            self._told.lateness(max(0.0, clock() - due))
            self._in_flight += 1
            self._told.in_flight(self._in_flight)
            try:
                observation = await self._probe(check)
            finally:
                self._in_flight -= 1
                self._told.in_flight(self._in_flight)
        if check.promises:
            self._promises.arrived(check, last_arrival(observation))
        if observation.grade is not Grade.GOOD and await self._canary.explains(observation):
            reason = observation.reason or Reason.INTERNAL
            observation = ours(observation, reason, "every canary failed too: our own network")
        self._seen(check, observation)

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
