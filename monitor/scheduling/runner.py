"""One run of a check, from its turn to an observation that may be judged.

Politeness and bounds come first: a server that has asked us to stay away (``Retry-After``),
promises to the target's owner (``min_interval``), places at the host (``host_concurrency``) and
places in all (``max_in_flight``). Waiting for a place is our lateness and never in a latency. Then
the probe; then the question whether what it saw is ours.

All of it outlives a change of the configuration: what was promised stays promised, and a probe of a
check that is not there any more, or begins anew, ends without being counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Protocol

import structlog

from monitor.model.estate import Check, CheckId, Estate
from monitor.scheduling.fitness import CLOCK_JUMP, CanaryWatch, LoopLag, blame_lag, ours
from monitor.scheduling.own_network import OwnNetwork
from monitor.scheduling.rate_limits import RateLimits
from monitor.scheduling.retry_after import RetryAfterHolds
from monitor.scheduling.semaphore import ResizableSemaphore
from probes.kind import Kind, Probe
from probes.net.context import ProbeContext
from probes.observation import Cause, Grade, Observation, Phases, Reason

log = structlog.get_logger("driftvakt.runner")


class RunnerMetrics(Protocol):
    """Who is told of a run."""

    def lateness(self, seconds: float) -> None: ...
    def in_flight(self, number: int) -> None: ...
    def internal_error(self) -> None: ...
    def missed(self, kind: str) -> None: ...


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


class _Station:
    """A check and its probe, for as long as what it measures stays the same."""

    __slots__ = ("check", "probe", "probing")

    def __init__(self, check: Check) -> None:
        self.check = check
        self.probe: Probe | None = None
        """Made for its first run: of thousands of checks not all begin at once."""
        self.probing = False


class Runner:
    """Runs checks. ``seen`` is given every observation, in order, check by check; ``held`` every
    check that stays away because its server has asked for it, and until when. Without a
    ``network`` nobody is asked about our own but the canaries.
    """

    def __init__(
        self,
        estate: Estate,
        kinds: Mapping[str, Kind],
        context: ProbeContext,
        *,
        lag: LoopLag,
        canary: CanaryWatch,
        network: OwnNetwork | None = None,
        told: RunnerMetrics,
        seen: Callable[[Check, Observation], None],
        held: Callable[[Check, float], None] = lambda check, until: None,
    ) -> None:
        self._kinds = kinds
        self._context = context
        self._lag = lag
        self._canary = canary
        self._network = network
        self._told = told
        self._seen = seen
        self._held = held
        self._holds = RetryAfterHolds(context.clock, context.timer)
        self._promises = RateLimits(context.timer)
        self._in_flight = 0
        self._places = ResizableSemaphore(estate.max_in_flight)
        self._hosts: dict[str, ResizableSemaphore] = {}
        self._stations = {check.id: _Station(check) for check in estate.checks()}
        self._open(estate)

    def _open(self, estate: Estate) -> None:
        """The places at each host: the least that a check of it allows."""
        bounds: dict[str, int] = {}
        for check in estate.checks():
            known = bounds.get(check.host, check.host_concurrency)
            bounds[check.host] = min(known, check.host_concurrency)
        for host, bound in bounds.items():
            places = self._hosts.get(host)
            if places is None:
                self._hosts[host] = ResizableSemaphore(bound)
            else:
                places.resize(bound)
        # where a probe still is, it is remembered, should the host come back
        for host in [h for h in self._hosts if h not in bounds and self._hosts[h].idle]:
            del self._hosts[host]

    def adopt(
        self, estate: Estate, begun: Collection[CheckId], renewed: Collection[CheckId]
    ) -> frozenset[CheckId]:
        """Takes another configuration. Checks that are ``begun`` start anew; those ``renewed`` go on,
        and are measured by another probe from their next run on.

        Gives the checks of which a probe is under way: it counts for those that go on, and for
        nobody where the check has gone or begins anew.
        """
        known = self._stations
        under_way = frozenset(id_ for id_, station in known.items() if station.probing)
        stations: dict[CheckId, _Station] = {}
        same = True
        for check in estate.checks():
            station = known.get(check.id)
            if station is None or check.id in begun:
                same, station = False, _Station(check)
            elif station.check is not check:
                same, station.check = False, check
            stations[check.id] = station
        for check_id in renewed:
            stations[check_id].probe = None
        self._stations = stations
        self._places.resize(estate.max_in_flight)
        if not same or len(stations) != len(known):
            self._open(estate)
            self._promises.adopt(estate.checks())
        self._holds.forget_past()
        return under_way

    def wait(self, check: Check) -> float:
        """Seconds until the check may be measured: what was promised, and what its server asks for."""
        until = self._holds.until(check)
        held = 0.0 if until is None else max(0.0, until - self._context.clock())
        return max(held, self._promises.wait(check))

    async def run(self, check: Check, due: float) -> None:
        """One run that was due at ``due``. Raises nothing but cancellation."""
        station = self._stations.get(check.id)
        if station is None or self._stays_away(station):
            return
        if check.promises:
            observation = await self._promised(station, due)
        else:
            observation = await self._placed(station, due)
        if observation is None:
            return
        if observation.grade is not Grade.GOOD:
            why = await self._of_our_network(station.check, observation)
            if why:
                observation = ours(observation, observation.reason or Reason.INTERNAL, why)
        check = station.check
        hold = self._holds.take(check, observation)
        if self._stations.get(check.id) is not station:
            return  # the configuration has changed: what was seen is of no check any more
        self._seen(check, observation)
        if hold is not None:
            seconds = round(hold.allowed(check), 1)
            log.info("held_back", check=check.id, status=hold.status, seconds=seconds)
            self._held(check, hold.at + hold.allowed(check))

    async def _of_our_network(self, check: Check, observation: Observation) -> str:
        """What is wrong with it, in words; empty when nothing is known to be."""
        if await self._canary.explains(observation):
            return "every canary failed too: our own network"
        if self._network is None or observation.cause is Cause.MONITOR:
            return ""
        why = await self._network.explains(check, observation)
        return f"{why}: our own network" if why else ""

    def _stays_away(self, station: _Station) -> bool:
        """Whether the run is left out, because the server has asked for it."""
        check = station.check
        until = self._holds.until(check)
        if until is None:
            return False
        self._told.missed("retry_after")
        self._held(check, until)
        return True

    async def _promised(self, station: _Station, due: float) -> Observation | None:
        """The probe, once its promises allow it: that wait is due, and no lateness."""
        turn = await self._promises.turn(station.check)
        since_arrival = 0.0
        try:
            due = max(due, self._context.clock())
            observation = await self._placed(station, due, turn.begin)
            took = 0.0 if observation is None else self._context.clock() - observation.at
            if observation is not None and not self._lag.within(took):
                end = observation.at + observation.duration
                since_arrival = end - last_arrival(observation)
        finally:
            turn.end(since_arrival)
        return observation

    async def _placed(
        self, station: _Station, due: float, begin: Callable[[], None] | None = None
    ) -> Observation | None:
        """The probe, once there is a place for it; ``begin`` is called just before. ``None`` when
        in the meantime the server has asked us to stay away, or the check has gone.
        """
        async with self._hosts[station.check.host], self._places:
            if self._stations.get(station.check.id) is not station or self._stays_away(station):
                return None
            self._told.lateness(max(0.0, self._context.clock() - due))
            self._in_flight += 1
            self._told.in_flight(self._in_flight)
            if begin is not None:
                begin()
            station.probing = True
            try:
                return await self._probe(station)
            finally:
                station.probing = False
                self._in_flight -= 1
                self._told.in_flight(self._in_flight)

    async def _probe(self, station: _Station) -> Observation:
        check = station.check
        begun, timer = self._context.clock(), self._context.timer
        started = timer()
        try:
            if station.probe is None:
                kind = self._kinds[check.kind]
                station.probe = kind.prepare(check.settings, check.timeout, self._context)
            observation = await station.probe()
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
        took = timer() - started
        jump = self._context.clock() - begun - took
        if abs(jump) > CLOCK_JUMP > abs(observation.at - begun):
            # an instant of the old time would be stale by now, or still to come
            observation = _moved(observation, jump)
        return blame_lag(observation, self._lag.within(took), check.thresholds)


def _moved(observation: Observation, seconds: float) -> Observation:
    """The same observation, its parts too, by a clock that was set ``seconds`` forward meanwhile."""
    parts = tuple(_moved(part, seconds) for part in observation.parts)
    return replace(observation, at=observation.at + seconds, parts=parts)
