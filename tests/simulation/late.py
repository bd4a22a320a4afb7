"""Worlds whose daemon restarts while its database is away: what is told in the end is how things are.

A real history on a database that fails around every restart, a receiver that wants to know of
everything, checks that break and heal meanwhile. Whatever a life knew of the one before, and
whenever: at the end nobody stands with an alarm that is over, and nothing is told twice running.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import warnings
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from monitor.history.checkpointer import Checkpointer
from monitor.notify.service import HOLD
from monitor.runtime.daemon import Daemon
from monitor.runtime.dependencies import Dependencies
from tests.simulation.keeping import AFTERWARDS, Keeping
from tests.simulation.network import Network
from tests.simulation.script import RECEIVER, Event, Script, Size, Trouble, write
from tests.simulation.story import Story, Violation
from tests.simulation.virtual import STARTED, Clock, Loop
from tests.simulation.world import _clear, _listening

DURATION = 500.0
QUICK = Size(checks=(1, 4), intervals=(1.0, 2.0, 4.0))
"""Quick enough that a start sees what is broken before its database is back."""
AWAY = ("away", "full", "read-only", "stopped", "stopped")
"""Nothing can be asked of the database; or it can be read; or it is away and the disk is not."""
LONG = 120.0
"""Seconds that a database which is no matter of our disk may be away."""
KINDS = frozenset({"outage", "slow", "flapping", "degraded"})
"""The troubles that are the targets'."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a world."""

    late: int
    """Starts that knew nothing at first."""
    told: int
    digest: str


def script_of(seed: int) -> Script:
    """An ordinary world without windows, with restarts in the middle of a database's absence."""
    draw = random.Random(f"late {seed}")
    script = write(seed, QUICK)
    targets = [
        replace(
            one, start=draw.uniform(0.0, DURATION / 2), end=draw.uniform(DURATION / 2, DURATION)
        )
        if draw.random() < 0.5
        else one
        for one in script.troubles
        if one.kind in KINDS
    ]
    restarts: list[Event] = []
    absences: list[Trouble] = []
    at = draw.uniform(40.0, 120.0)
    while at < DURATION - 60.0:
        pause = draw.choice((0.0, 1.0, 4.0))
        how = draw.choice(AWAY)
        away: tuple[float, ...] = (1.0, 4.0, 4.0, HOLD - 2.5)
        if how == "stopped":
            away = (4.0, HOLD + 20.0, LONG)
        back = at + pause + draw.choice(away)
        absences.append(
            Trouble(kind="database", start=at - draw.uniform(0.1, 2.0), end=back, reason=how)
        )
        if draw.random() < 0.6:  # something heals while nobody looks
            check = draw.choice(list(script.estate.checks()))
            healed = Trouble(
                kind="outage",
                host=check.host,
                port=check.port,
                reason="connect_refused",
                start=at - 30.0,
                end=at + draw.choice((0.1, 2.0)),
            )
            targets.append(healed)
        killed = draw.random() < 0.3
        restarts.append(Event(kind="restart", at=at, value=pause, killed=killed))
        at = back + draw.uniform(40.0, 120.0)
    estate = replace(script.estate, later={}, notifications=(RECEIVER,), canaries=())
    return replace(
        script,
        duration=DURATION,
        estate=estate,
        plans=(),
        troubles=(*targets, *absences),
        events=tuple(restarts),
        keeps=True,
    )


def run(seed: int) -> Outcome:
    """Lives through the world of ``seed``. Raises :class:`Violation` with the end of its story."""
    script = script_of(seed)
    loop = Loop()
    story = Story(loop.time, None)
    world = _World(seed, script, loop, story)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="driftvakt-") as folder,
            warnings.catch_warnings(),
            _listening(lambda event: story.say(f"log: {event['event']}")),
        ):
            warnings.simplefilter("error")
            world.keeping = Keeping(seed, Path(folder), story, world.network, loop)
            loop.run_until_complete(world.live())
    finally:
        with _listening(lambda _: None):
            _clear(loop)
        loop.close()
    if story.broken:
        raise Violation("\n".join(story.broken))
    return Outcome(late=world.late, told=world.told, digest=story.digest())


class _Nowhere:
    """A status file that nobody reads."""

    path = Path("status.json")

    async def write(self, body: bytes) -> None:
        """It is not looked at."""

    async def close(self) -> None:
        """Nothing is open."""


class _World:
    def __init__(self, seed: int, script: Script, loop: Loop, story: Story) -> None:
        self.script = script
        self.loop = loop
        self.story = story
        self.clock = Clock(loop)
        self.network = Network(script, loop.time)
        self.keeping: Keeping
        self.late = self.told = 0
        self._settled: set[str] = set()
        """Services of which what was told last is how they were, at some moment of the end."""
        self._seed = seed

    async def live(self) -> None:
        for restart in self.script.events:
            await self._life(STARTED + restart.at, killed=restart.killed)
            await asyncio.sleep(restart.value)
        await self._life(STARTED + DURATION + AFTERWARDS, last=True)
        self._check()

    async def _life(self, until: float, *, killed: bool = False, last: bool = False) -> None:
        daemon = Daemon(
            self.script.estate,
            Dependencies(
                kinds=self.network.kinds(),
                clock=self.clock,
                timer=self.loop.time,
                cpu=lambda: 0.0,
                status_file=_Nowhere(),
                listens=False,
                history=self.keeping.open_history,
                notifications=self.keeping.notifications,
                network=None,
            ),
        )
        await daemon.__aenter__()
        checkpointer = daemon.reporting.parts.checkpointer
        assert isinstance(checkpointer, Checkpointer)
        self.late += not checkpointer.restored
        await asyncio.sleep(until - self.loop.time())
        self.story.insist(checkpointer.restored, "the history was never taken up")
        if last:
            await self._settle(daemon)
        if killed:
            await self._kill(daemon)
        else:
            await daemon.__aexit__(None, None, None)

    async def _settle(self, daemon: Daemon) -> None:
        for _ in range(60):  # a change of this very moment is still on its way
            told = {one.subject: one.after.value for one in self.keeping._era.arrived}
            published = {
                key: one.status.value for key, one in daemon.reporting.parts.board.published()
            }
            self._settled |= {key for key, after in told.items() if published[key] == after}
            await asyncio.sleep(0.7)

    async def _kill(self, daemon: Daemon) -> None:
        self.keeping.stop_at_once()
        for task in (others := asyncio.all_tasks() - {asyncio.current_task()}):
            task.cancel()
        for timer in self.loop.timers():
            timer.cancel()
        await asyncio.wait(others)
        await self.keeping.let_go()
        await daemon.reporting.parts.context.close()

    def _check(self) -> None:
        """Of every service: what was told last is how it is, if anything was; and nothing was told
        twice running.
        """
        arrived = defaultdict(list)
        for message in self.keeping._era.arrived:
            arrived[message.subject].append(message.after.value)
        self.told = sum(map(len, arrived.values()))
        for service, told in arrived.items():
            self.story.insist(service in self._settled, f"{service} stands as {told}")
            twice = [one for one, other in pairwise(told) if one == other]
            self.story.insist(not twice, f"told twice of {service}: {told}")
