"""One world from its beginning to its end: the daemon's own wiring, the network, and a witness."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import tempfile
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import structlog

from monitor.judging.board import Board
from monitor.judging.persisted_state import packed_state, unpacked_published, unpacked_state
from monitor.model.records import seen_of
from monitor.model.transition import Transition
from monitor.notify.service import NotificationService
from monitor.runtime.daemon import Daemon
from monitor.runtime.dependencies import Dependencies
from tests.simulation.crowd import crowd
from tests.simulation.keeping import AFTERWARDS, Keeping
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
    return play(write(seed, size), "" if size is ORDINARY else " --day", tell)


def run_crowd(
    seed: int, *, keeps: bool = False, tell: Callable[[str], None] | None = None
) -> Outcome:
    """The same for the world of hundreds of services of ``seed``."""
    return play(crowd(seed, keeps=keeps), " --crowd" + " --keeps" * keeps, tell)


def play(script: Script, how: str, tell: Callable[[str], None] | None = None) -> Outcome:
    """Lives through a world; ``how`` it is to be asked for again, beside its seed.

    Raises :class:`Violation` with the end of the story and the command that replays it.
    """
    seed = script.seed
    loop = Loop()
    threads = threading.active_count()
    story = Story(loop.time, tell)
    world = _World(script, loop, story)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="driftvakt-") as folder,
            warnings.catch_warnings(),
            _listening(world.logged),
        ):
            warnings.simplefilter("error")
            if script.keeps:
                inside = Path(folder, "kept")
                inside.mkdir()
                world.keeping = Keeping(seed, inside, story, world.network, loop)
            loop.run_until_complete(world.live())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a violation with a story
        if not story.broken:
            story.wrong(f"{type(error).__name__}: {error}")
        _fail(seed, how, story, error)
    finally:
        with _listening(lambda _: None):
            _clear(loop)
        loop.close()
    story.insist(not loop.troubles, f"the loop was told of {loop.troubles}")
    story.insist(threading.active_count() <= threads, f"a thread is left: {threading.enumerate()}")
    if story.broken:
        _fail(seed, how, story, None)
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


def _fail(seed: int, how: str, story: Story, error: Exception | None) -> NoReturn:
    told = "\n".join(story.broken)
    raise Violation(f"{told}\nto replay: python -m tests.simulation {seed}{how}") from error


class _StatusFile:
    """A disk that is full at times, and slow at others."""

    def __init__(self, world: _World) -> None:
        self._world = world
        self.path = Path("status.json")

    def write(self, body: bytes) -> Awaitable[None]:
        self._world.witness.writes(body)
        return asyncio.create_task(self._write())  # a kill may come before it is awaited

    async def _write(self) -> None:
        world = self._world
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
    """The daemon. Where it has no history, its memory is the world's."""

    def __init__(self, world: _World) -> None:
        keeping = world.keeping
        super().__init__(
            world.script.estate,
            Dependencies(
                kinds=world.network.kinds(),
                clock=world.clock,
                timer=world.loop.time,
                cpu=lambda: 0.0,
                status_file=_StatusFile(world),
                listens=False,
                history=keeping.open_history if keeping is not None else None,
                notifications=(
                    keeping.notifications if keeping is not None else NotificationService
                ),
                network=None,
            ),
        )
        self._world = world

    def _restore(self, now: float) -> list[Transition]:
        return self._world.begin(self.probing.board, super()._restore(now))


class _World:
    def __init__(self, script: Script, loop: Loop, story: Story) -> None:
        self.script = script
        self.loop = loop
        self.story = story
        self.clock = Clock(loop)
        self.network = Network(script, loop.time)
        self.memory: _Memory | None = None
        self.keeping: Keeping | None = None
        self.reference: Reference | None = None
        self.witness: Witness
        self.probes = self.transitions = self.lives = 0
        self._timers: list[asyncio.TimerHandle] = []
        self._jumps: list[float] = []
        self._stalls: list[tuple[float, float]] = []
        self._leaves: dict[str, str] = {}
        self._ended_at = 0.0

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
                await self._life(min(until, end), restart)
                how = "killed" if restart.killed else "restart"
                self.story.say(f"{how}, memory kept: {restart.keeps}")
                if not restart.keeps:
                    self.memory = self.reference = None
                    if self.keeping is not None:
                        self.keeping.forgets(self.clock())
                await asyncio.sleep(restart.value)
        end = max(end, loop.time() + 1)
        if self.keeping is not None:
            self._at(end - STARTED, self._note_end)
            end += AFTERWARDS
        await self._life(end)
        if self.keeping is not None and not self.story.broken:
            self.keeping.check_end(self._ended_at)
        if self.reference is not None:
            self.reference.anew()
        for timer in self._timers:
            timer.cancel()
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        self.story.insist(not left, f"tasks are left: {left}")
        self.story.insist(not loop.left(), f"timers are left: {loop.left()}")

    async def _life(self, until: float, ending: Event | None = None) -> None:
        loop = self.loop
        self.lives += 1
        self.witness = Witness(
            self.script, self.story, self.network, self.clock, loop, self.reference
        )
        witness = self.witness
        witness.manners.jumps, witness.manners.stalls = self._jumps, self._stalls
        if self.keeping is not None:
            witness.announced = self.keeping.announced
        daemon = _Simulated(self)
        await daemon.__aenter__()
        while (now := loop.time()) < until and not self.story.broken:
            await asyncio.sleep(min(CHECKPOINT, until - now))
            if loop.time() < until:
                self._put_down(daemon.reporting.parts.board, states=True)
        witness.ends()
        if ending is not None and ending.killed and self.keeping is not None:
            for _ in range(ending.turns):
                await asyncio.sleep(0)
            await self._kill(daemon)
            self.reference = self.keeping.after_kill(
                witness.reference, self.script, self._last_turn()
            )
        else:
            while True:
                before = witness.compared
                exposition = await daemon.reporting.source.metrics()
                if witness.compared == before:  # nothing has happened meanwhile
                    break
            witness.read(exposition.plain().decode())
            await daemon.__aexit__(None, None, None)
            witness.hears()
            self._put_down(daemon.reporting.parts.board, states=False)
            self.reference = witness.reference
            if self.keeping is not None and not self.story.broken:
                checks = witness.reference.checks.items()
                self.keeping.check_history({name: len(one.seen) for name, one in checks})
        self._leaves = witness.leaves()
        self.probes += witness.probes
        self.transitions += witness.transitions

    async def _kill(self, daemon: Daemon) -> None:
        """Nothing of it gets another turn; what the kernel would close is closed."""
        assert self.keeping is not None
        self.keeping.stop_at_once()
        if daemon.reporting.pipeline._publishing is not None:
            daemon.reporting.pipeline._publishing.cancel()
        for task in (others := asyncio.all_tasks() - {asyncio.current_task()}):
            task.cancel()
        for timer in self.loop.timers():
            if timer not in self._timers:
                timer.cancel()
        if others:
            await asyncio.wait(others)
        await self.keeping.let_go()
        await daemon.reporting.parts.context.close()

    def _last_turn(self) -> float:
        """The instant since which nothing has had a turn."""
        since = self.loop.time()
        for start, end in reversed(self._stalls):
            if end >= since:
                since = start
        return since

    # what outlives the daemon

    def _put_down(self, board: Board, *, states: bool) -> None:
        """Puts down what was published, and the states of all checks too, if it is their turn."""
        published = {name: packed_state(state) for name, state in board.published()}
        memory = self.memory
        if memory is None or states or self._jumps:
            # observations after a jump back are not told apart from older ones by their instants
            reference = self.witness.reference
            self.memory = _Memory(
                states={
                    c.id: packed_state(board.check_state(c.id)) for c in self.script.estate.checks()
                },
                published=published,
                seen={name: len(one.seen) for name, one in reference.checks.items()},
                leaves=self.witness.leaves(),
            )
        else:
            memory.published = published

    def begin(self, board: Board, restored: list[Transition]) -> list[Transition]:
        """A life begins, with what was put down of the one before, or what the history has
        ``restored``; gives what has changed.
        """
        witness = self.witness
        witness.attach(board)
        if self.keeping is not None:
            if self.reference is not None:
                witness.knew(self._leaves)
                witness.reference.begin(self.keeping.new, self.clock())
                self.keeping.new = set()
                witness.restored(restored, self.clock())
            return restored
        memory = self.memory
        if memory is None:
            return []
        known = {
            check.id: state
            for check in self.script.estate.checks()
            if (state := unpacked_state(memory.states[check.id], check)) is not None
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

    def _note_end(self) -> None:
        self._ended_at = self.clock()

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
