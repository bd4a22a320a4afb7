"""One world from its beginning to its end: the daemon's own wiring, the network, and a witness."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import structlog

from monitor.board import Board
from monitor.check_state import packed, unpacked, unpacked_published
from monitor.daemon import Daemon
from monitor.record import seen_of
from tests.simulation.network import Network
from tests.simulation.reference import Reference
from tests.simulation.script import ORDINARY, Event, Script, Size, write
from tests.simulation.story import Story, Violation
from tests.simulation.virtual import STARTED, Clock, Loop
from tests.simulation.witness import Witness

CHECKPOINT = 30.0
"""Seconds between two times that the states of all checks are put down."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a world."""

    seed: int
    digest: str
    seconds: float
    probes: int
    transitions: int
    lives: int
    lines: int


def run(seed: int, size: Size = ORDINARY, tell: Callable[[str], None] | None = None) -> Outcome:
    """Lives through the world of ``seed``. ``tell`` is given each line of its story.

    Raises :class:`Violation` with the end of the story and the command that replays it.
    """
    script = write(seed, size)
    loop = Loop()
    threads = threading.active_count()
    story = Story(loop.time, tell)
    world = _World(script, loop, story)
    try:
        with warnings.catch_warnings(), _listening(world.logged):
            warnings.simplefilter("error")
            loop.run_until_complete(world.live())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation with a story
        if not story.broken:
            story.wrong(f"{type(error).__name__}: {error}")
        _fail(seed, size, story, error)
    finally:
        with _listening(lambda _: None):
            _clear(loop)
        loop.close()
    story.insist(not loop.troubles, f"the loop was told of {loop.troubles}")
    story.insist(threading.active_count() <= threads, "a thread is left")
    if story.broken:
        _fail(seed, size, story, None)
    return Outcome(
        seed=seed,
        digest=story.digest(),
        seconds=script.duration,
        probes=world.probes,
        transitions=world.transitions,
        lives=world.lives,
        lines=story.lines,
    )


def _clear(loop: Loop) -> None:
    """Ends what a world that broke has left."""
    loop.time_stands_still()
    for _ in range(10):
        tasks = asyncio.all_tasks(loop)
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        with contextlib.suppress(Exception):
            loop.run_until_complete(asyncio.wait(tasks, timeout=10))


def _fail(seed: int, size: Size, story: Story, error: Exception | None) -> NoReturn:
    day = " --day" if size is not ORDINARY else ""
    told = "\n".join(story.broken)
    raise Violation(f"{told}\nto replay: python -m tests.simulation {seed}{day}") from error


class _StatusFile:
    """A disk that is full at times, and slow at others."""

    def __init__(self, world: _World) -> None:
        self._world = world
        self.path = Path("status.json")

    async def write(self, body: bytes) -> None:
        world = self._world
        world.witness.writes(body)
        if slow := world.network.holding("slow_disk"):
            await asyncio.sleep(slow.value)
        world.witness.written()
        if world.network.holding("disk"):
            raise OSError(28, "No space left on device")

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class _Memory:
    """What outlives the daemon, as a history would keep it: bytes."""

    states: dict[str, bytes]
    published: dict[str, bytes]
    seen: dict[str, int]
    """How many observations of each check the states know."""
    leaves: dict[str, str]
    """The certificates that the states know."""


class _Simulated(Daemon):
    """The daemon, whose memory is the world's until it has a history of its own."""

    def __init__(self, world: _World) -> None:
        super().__init__(
            world.script.estate,
            kinds=world.network.kinds(),
            clock=world.clock,
            timer=world.loop.time,
            status_file=_StatusFile(world),
            listens=False,
            keeps=False,
        )
        self._world: _World | None = world

    async def _publish(self) -> None:
        world, self._world = self._world, None
        # for the first time, and before the first probe
        if world is not None and (changes := world.begin(self.board)):
            self._announce(changes)
        await super()._publish()


class _World:
    def __init__(self, script: Script, loop: Loop, story: Story) -> None:
        self.script = script
        self.loop = loop
        self.story = story
        self.clock = Clock(loop)
        self.network = Network(script, loop.time)
        self.memory: _Memory | None = None
        self.reference: Reference | None = None
        self.witness: Witness
        self.probes = self.transitions = self.lives = 0
        self._timers: list[asyncio.TimerHandle] = []
        self._jumps: list[float] = []
        self._stalls: list[tuple[float, float]] = []

    def logged(self, event: Mapping[str, Any]) -> None:
        self.witness.logged(event)

    async def live(self) -> None:
        """From the first second to the last; then nothing must be left."""
        script, loop = self.script, self.loop
        for trouble in script.troubles:
            self._at(trouble.start, self.story.say, trouble.told())
        restarts = []
        for event in script.events:
            if event.kind == "restart":
                restarts.append(event)
            else:
                self._at(event.at, self._happen, event)
        end = STARTED + script.duration
        for restart in restarts:
            if loop.time() < (until := STARTED + restart.at):
                await self._life(min(until, end))
                self.story.say(f"restart, memory kept: {restart.keeps}")
                if not restart.keeps:
                    self.memory = self.reference = None
                await asyncio.sleep(restart.value)
        await self._life(max(end, loop.time() + 1))
        if self.reference is not None:
            self.reference.anew()
        for timer in self._timers:
            timer.cancel()
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self.story.insist(not left, f"tasks are left: {left}")
        self.story.insist(not loop.left(), f"timers are left: {loop.left()}")

    async def _life(self, until: float) -> None:
        loop = self.loop
        self.lives += 1
        self.witness = Witness(
            self.script, self.story, self.network, self.clock, loop, self.reference
        )
        witness = self.witness
        witness.manners.jumps, witness.manners.stalls = self._jumps, self._stalls
        daemon = _Simulated(self)
        async with daemon:
            while (now := loop.time()) < until and not self.story.broken:
                await asyncio.sleep(min(CHECKPOINT, until - now))
                if loop.time() < until:
                    self._put_down(daemon.board, states=True)
            while True:
                before = witness.compared
                exposition = await daemon.metrics()
                if witness.compared == before:  # nothing has happened meanwhile
                    break
            witness.read(exposition.decode())
        witness.hears()
        self._put_down(daemon.board, states=False)
        self.reference = witness.reference
        self.probes += witness.probes
        self.transitions += witness.transitions

    # what outlives the daemon

    def _put_down(self, board: Board, *, states: bool) -> None:
        """Puts down what was published, and the states of all checks too, if it is their turn."""
        published = {name: packed(state) for name, state in board.published()}
        memory = self.memory
        if memory is None or states or self._jumps:
            # observations after a jump back are not told apart from older ones by their instants
            reference = self.witness.reference
            self.memory = _Memory(
                states={c.id: packed(board.check_state(c.id)) for c in self.script.estate.checks()},
                published=published,
                seen={name: len(one.seen) for name, one in reference.checks.items()},
                leaves=self.witness.leaves(),
            )
        else:
            memory.published = published

    def begin(self, board: Board) -> list[Any]:
        """A life begins, with what was put down of the one before; gives what has changed."""
        witness = self.witness
        witness.attach(board)
        memory = self.memory
        if memory is None:
            return []
        known = {
            check.id: state
            for check in self.script.estate.checks()
            if (state := unpacked(memory.states[check.id], check)) is not None
        }
        assert len(known) == len(memory.states)
        later = {
            name: [seen_of(one) for one in witness.reference.checks[name].seen[memory.seen[name] :]]
            for name in memory.seen
        }
        published = {
            name: found
            for name, data in memory.published.items()
            if (found := unpacked_published(data)) is not None
        }
        witness.knew(memory.leaves)
        now = self.clock()
        changes = board.restore(known, later, published, now)  # type: ignore[arg-type]
        witness.restored(changes, now)
        return changes

    # what happens to it

    def _at(self, seconds: float, what: Callable[..., None], *values: object) -> None:
        self._timers.append(self.loop.call_at(STARTED + seconds, what, *values))

    def _happen(self, event: Event) -> None:
        self.story.say(f"{event.kind} {event.value:g}")
        now = self.loop.time()
        if event.kind == "stall":
            self.loop.stall(event.value)
            self._stalls.append((now, self.loop.time()))
        else:
            self.clock.jump(event.value)
            self._jumps.append(now)


@contextlib.contextmanager
def _listening(heard: Callable[[Mapping[str, Any]], None]) -> Iterator[None]:
    """What is logged goes to ``heard`` alone."""

    def hear(_: object, level: str, event: MutableMapping[str, Any]) -> NoReturn:
        heard(event)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[hear], wrapper_class=structlog.make_filtering_bound_logger(20))
    collects = gc.isenabled()
    gc.disable()  # a world is small, and collecting it again and again takes a fifth of its time
    try:
        yield
    finally:
        if collects:
            gc.enable()
        structlog.configure(**before)
