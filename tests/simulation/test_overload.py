"""Four times the work that the core has, and its end: the whole daemon, in virtual time. A probe
costs so much of it while nobody else gets a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from monitor.model.estate import Estate
from monitor.model.status import Status
from monitor.model.transition import Transition
from monitor.runtime.daemon import Daemon
from monitor.runtime.dependencies import Dependencies
from monitor.runtime.transition_dispatcher import TransitionDispatcher
from probes.kind import Kind, Probe
from probes.net.context import ProbeContext
from probes.observation import Observation, Phases
from tests.simulation.crowd import estate_of
from tests.simulation.script import SimulatedSettings
from tests.simulation.virtual import Clock, Loop

CHECKS = 300
INTERVAL = 10.0
WAITS = 0.02
FOUR_TIMES = 4 * INTERVAL / CHECKS
"""Seconds of the core that each probe takes when all of them take four seconds a second."""
LITTLE = 0.001


@dataclass
class _Core:
    """The one that the daemon has."""

    loop: Loop
    cost: float = LITTLE
    used: float = 0.0
    probes: list[float] = field(default_factory=list)
    """The timer's readings."""
    last: dict[str, float] = field(default_factory=dict)

    def prepare(self, settings: SimulatedSettings, timeout: float, context: ProbeContext) -> Probe:
        async def probe() -> Observation:
            at = context.clock()
            self.probes.append(self.loop.time())
            self.last[settings.check] = self.loop.time()
            await asyncio.sleep(WAITS)
            self.loop.stall(self.cost)
            self.used += self.cost
            return Observation(at=at, duration=WAITS, phases=Phases(connect=WAITS))

        return probe

    def rate(self, since: float, until: float) -> float:
        """Probes a second in between."""
        return sum(since <= at < until for at in self.probes) / (until - since)


class _File:
    """The status file: when it was written."""

    path = Path("status.json")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.written: list[float] = []

    async def write(self, body: bytes) -> None:
        self.written.append(self._loop.time())

    async def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _silent() -> Iterator[None]:
    def drop(*_: object) -> None:
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[drop])  # type: ignore[list-item]
    try:
        yield
    finally:
        structlog.configure(**before)


async def _live(core: _Core, estate: Estate, told: list[Transition]) -> None:
    loop = core.loop
    file = _File(loop)
    simulated = Kind(name="simulated", settings=SimulatedSettings, prepare=core.prepare)
    dependencies = Dependencies(
        kinds={"simulated": simulated},
        clock=Clock(loop),
        timer=loop.time,
        cpu=lambda: core.used,
        status_file=file,
        listens=False,
        history=None,
    )
    async with Daemon(estate, dependencies) as daemon:
        shedder = daemon.reporting.parts.shedder
        await asyncio.sleep(3 * INTERVAL)
        assert {one.after for one in told} == {Status.GREEN}
        told.clear()
        assert not shedder.now.any

        core.cost = FOUR_TIMES
        begun, stretched, paused = loop.time(), 0.0, 0.0
        before, later = 0.0, loop.time() + 100.0
        while loop.time() < begun + 300.0:
            if not before and loop.time() > later:
                before, later = core.used, loop.time()
            await asyncio.sleep(1.0)
            paused = paused or (loop.time() if shedder.now.pause else 0.0)
            stretched = stretched or (loop.time() if shedder.now.stretch > 1 else 0.0)
        under = shedder.now
        assert begun < paused < stretched  # rendering first
        assert 3.0 < under.stretch < 8.0  # no more than it takes
        assert core.used - before > 0.6 * (
            loop.time() - later
        )  # what the core has time for is done
        assert all(loop.time() - at < 10 * INTERVAL for at in core.last.values())  # of all checks
        assert daemon.reporting.source.snapshot().stretch == under.stretch
        text = (await daemon.reporting.source.metrics()).plain().decode()
        assert f"driftvakt_interval_stretch_ratio {under.stretch}" in text
        late = max(b - a for a, b in zip(file.written[-5:], file.written[-4:], strict=False))
        assert 5.0 < late < 30.0  # less often, and never so late that it calls itself stale

        core.cost = LITTLE
        await asyncio.sleep(300.0)
        assert not shedder.now.any
        rate = core.rate(loop.time() - 5 * INTERVAL, loop.time())
        assert abs(rate - CHECKS / INTERVAL) < 0.1 * CHECKS / INTERVAL
        assert told == []  # all the while nothing has changed for anybody
        assert (
            "driftvakt_interval_stretch_ratio 1.0"
            in (await daemon.reporting.source.metrics()).plain().decode()
        )


@pytest.mark.timeout(300)
def test_four_times_the_work_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering is shed first, then all intervals are stretched; when it is over, all of it is
    taken up again. No status changes, for a late probe is late and nothing else.
    """
    told: list[Transition] = []
    dispatch = TransitionDispatcher.dispatch

    def noted(self: TransitionDispatcher, transitions: list[Transition]) -> None:
        told.extend(transitions)
        dispatch(self, transitions)

    monkeypatch.setattr(TransitionDispatcher, "dispatch", noted)
    loop = Loop()
    core = _Core(loop)
    try:
        with _silent():
            loop.run_until_complete(_live(core, estate_of(CHECKS, INTERVAL), told))
    finally:
        loop.close()
    assert not loop.troubles
