"""The daemon: the only place that wires effects together.

    schedule ──▶ runner ──▶ board ──▶ snapshot ──▶ metrics, status file, page
                   │          └─────▶ transitions ──▶ log, counters, status file at once
                fitness (loop lag, canaries)

An observation travels to the right and never back.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web

from monitor import __version__
from monitor.announcing import Announcer
from monitor.availability import Timelines
from monitor.board import Board
from monitor.certificates import NOTHING
from monitor.estate import Check, CheckId, Estate, ServiceId, Text
from monitor.fitness import CanaryWatch, LoopLag
from monitor.history.history import History
from monitor.keeper import Keeper, Restored, take_up
from monitor.messenger import Messenger
from monitor.phases import turn
from monitor.publish.guards import BoundedRunner
from monitor.publish.live import Broadcast
from monitor.publish.metrics import Metrics
from monitor.publish.pacer import Pacer
from monitor.publish.status_body import StatusRenderer
from monitor.publish.status_file import StatusFile, Writes
from monitor.publish.web import application
from monitor.record import Outgoing, Past
from monitor.runner import Runner
from monitor.schedule import Schedule
from monitor.secrets import Masker, secrets_of
from monitor.shares import Availability, AvailabilityReport
from monitor.snapshot import Snapshot, Transition
from monitor.systemd import Notifier
from monitor.telling import tell_certificates
from monitor.web_access import load_access
from probes.kinds import Kind, load_kinds
from probes.observation import Grade, Observation
from probes.tools import Tools

log = structlog.get_logger("driftvakt")

STATUS_EVERY = 5.0
"""Seconds at most between two writings of the status file (contract, section 7)."""
TICK = 1.0
"""Seconds between looks at what time alone changes: staleness, the clock, the watchdog."""
CLOCK_JUMP = 2.0
"""Seconds of wall clock against monotonic clock in one tick that count as a jump."""
DRAIN = 3.0
"""Seconds that probes in flight may take to end at a stop."""
CLOSE = 1.0
STATUS_FILE = "status.json"


def _nobody(_transition: Transition, _text: Text) -> tuple[Outgoing, ...]:
    return ()


class Daemon:
    """Watches an estate for as long as the context is entered. It is the web's ``Source`` too."""

    def __init__(
        self,
        estate: Estate,
        *,
        kinds: Mapping[str, Kind] | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
        drain: float = DRAIN,
        status_file: Writes | None = None,
        listens: bool = True,
        keeps: bool = True,
    ) -> None:
        """``clock`` gives seconds since the epoch, ``timer`` monotonic ones; both, the writer of
        the status file, and whether there are a web server and a history at all, are for
        simulations.
        """
        self.estate = estate
        self._clock = clock
        self._timer = timer
        self._listens = listens
        self._keeps = keeps
        self._drain = drain
        self._kinds = kinds if kinds is not None else load_kinds()
        self._metrics = Metrics(__version__, timer)
        self._renderer = StatusRenderer(version=__version__, timer=timer)
        self._status_file = status_file or StatusFile(estate.data_dir / STATUS_FILE)
        self._notifier = Notifier()
        self._masker = Masker(secrets_of(estate))
        self._keeper: Keeper | None = None
        self._messenger: Messenger | None = None
        self._changed = asyncio.Event()
        self._status_body: tuple[bytes, float] = (b"", 0.0)
        self._availability: Mapping[ServiceId, Availability] = {}
        self._write_error = ""
        self._ticked_at = self._timer()
        self._background: list[asyncio.Task[None]] = []
        self._stack = contextlib.AsyncExitStack()
        self.url = ""
        self.events = Broadcast(clock=clock)

    async def __aenter__(self) -> Self:
        async with self._stack as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        estate, clock = self.estate, self._clock
        now = clock()
        self._metrics.reloaded(True, now)
        self.board = Board(estate, now)
        self.timelines = Timelines(service.id for service in estate.services())
        self._announcer = Announcer(estate, self.board, self._masker, clock)
        with contextlib.suppress(OSError):  # the first writing will say what is wrong
            estate.data_dir.mkdir(parents=True, exist_ok=True)
        changes = await self._take_up(stack, now)
        tools = await stack.enter_async_context(
            Tools(user_agent=estate.user_agent, clock=clock, timer=self._timer)
        )
        self._lag = LoopLag(self._metrics.loop_lag)
        self._canary = CanaryWatch(
            [self._kinds[c.kind].prepare(c.settings, c.timeout, tools) for c in estate.canaries],
            self._timer,
        )
        stack.push_async_callback(self._canary.close)
        runner = Runner(
            estate,
            self._kinds,
            tools,
            lag=self._lag,
            canary=self._canary,
            told=self._metrics,
            seen=self._seen,
            held=self._stays_away,
        )
        self._schedule = Schedule(
            estate.checks(),
            runner.run,
            clock=clock,
            missed=lambda: self._metrics.missed("overlap"),
        )
        if changes:
            self._announce(changes)
        await self._publish()
        if self._listens:
            await self._serve(stack)
        self._background = [
            asyncio.create_task(self._write_status(), name="status"),
            asyncio.create_task(self._tick(), name="tick"),
        ]
        stack.push_async_callback(self._end_background)
        if self._keeper is not None:
            stack.callback(self._keep_all, self._keeper)
        self._schedule.start()
        stack.push_async_callback(self._end_schedule)
        # last: that thousands of checks take a moment to begin is no overload
        self._lag.start()
        stack.callback(self._lag.stop)
        self._notifier.ready(f"watching {sum(1 for _ in estate.checks())} checks")
        log.info("started", url=self.url, status_file=str(self._status_file.path))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._notifier.stopping()
        await self._stack.aclose()
        log.info("stopped")

    async def _take_up(self, stack: contextlib.AsyncExitStack, now: float) -> list[Transition]:
        """Opens the history and goes on where it ends; gives what has changed meanwhile."""
        restored = Restored()
        if self._keeps:
            history = await stack.enter_async_context(
                History.open(
                    self.estate.store,
                    self.estate.data_dir,
                    retention=self.estate.retention,
                    clock=self._clock,
                )
            )
            self._metrics.watch_history(history.figures)
            self._keeper = Keeper(history, self.board, self.estate)
            restored = await self._keeper.restore(now)
            self._messenger = await stack.enter_async_context(
                Messenger(self.estate, history, self._metrics, self._clock)
            )
        take_up(self.timelines, restored, dict(self.board.published()), now)
        return restored.changes

    def _keep_all(self, keeper: Keeper) -> None:
        keeper.keep_all(self._clock())

    async def _end_schedule(self) -> None:
        cancelled = await self._schedule.drain(self._drain)
        if cancelled:
            log.warning("probes_cancelled", number=cancelled)

    async def _end_background(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background, timeout=CLOSE)
        await self._publish()
        await self._status_file.close()

    # what happens to an observation

    def _seen(self, check: Check, observation: Observation) -> None:
        now = self._clock()
        if observation.grade is not Grade.GOOD:
            observation = self._masker.observation(observation)
        if self._keeper is not None:
            self._keeper.observed(check.id, observation)
        verdict, transitions, certificates = self.board.observe(check.id, observation, now)
        self._metrics.observe(check, observation, verdict)
        if transitions:
            self._announce(transitions, check.id)
        if certificates is not NOTHING:
            tell_certificates(certificates, check, self.estate)
            self._changed.set()
        if self.board.unsettled(check.id):
            self._schedule.sooner(check.id, max(now, observation.at + check.retry_interval))
        if verdict.grade != "good":
            log.debug(
                "observed",
                check=check.id,
                grade=verdict.grade.value,
                reason=verdict.reason.value if verdict.reason else None,
                detail=observation.detail,
            )

    def _stays_away(self, check: Check, until: float) -> None:
        """Until then there are no observations; a change in the air is then confirmed at once, but
        not by all checks of the host in the same instant.
        """
        self.board.hold(check.id, until)
        if self.board.unsettled(check.id):
            self._schedule.sooner(check.id, until + turn(check.id) * check.retry_interval)

    def _announce(self, transitions: list[Transition], decided_by: CheckId | None = None) -> None:
        snapshot = self.snapshot()
        plan = self._messenger.plan if self._messenger is not None else _nobody
        entries = [self._announcer.entry(one, snapshot, decided_by, plan) for one in transitions]
        for one, entry in zip(transitions, entries, strict=True):
            self._metrics.transition(one)
            self.timelines.add(one)
            self.events.tell(entry)
        if self._keeper is not None:
            self._keeper.record(entries)
        self._changed.set()

    # what runs beside the probes

    async def _tick(self) -> None:
        wall, mono = self._clock(), self._timer()
        overloaded = False
        watchdog = self._notifier.watchdog_seconds
        pause = TICK if watchdog is None else min(TICK, watchdog)
        while True:
            await asyncio.sleep(pause)
            now, now_mono = self._clock(), self._timer()
            self._ticked_at = now_mono
            if abs((now - wall) - (now_mono - mono)) > CLOCK_JUMP:
                log.warning("clock_jumped", seconds=round((now - wall) - (now_mono - mono), 3))
                self._schedule.realign()
            wall, mono = now, now_mono
            if transitions := self.board.age(now):
                self._announce(transitions)
            if self._keeper is not None:
                self._keeper.tick(now)
            if self._messenger is not None:
                self._messenger.tick()
            if (lagging := self._lag.overloaded()) != overloaded:
                overloaded = lagging
                self._metrics.overloaded(overloaded)
                log.warning("overloaded" if overloaded else "overload_ended")
            self._notifier.alive()

    async def _write_status(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STATUS_EVERY):
                    await self._changed.wait()
            self._changed.clear()
            await self._publish()

    async def _publish(self) -> None:
        """Renders the status and writes it; what cannot be written is told, once, and goes on."""
        await self._measure_availability()
        snapshot = self.snapshot()
        body = await self._renderer.render(snapshot)
        self._status_body = body, snapshot.at
        try:
            await self._status_file.write(body)
        except OSError as error:
            self._metrics.status_write_failed()
            if str(error) != self._write_error:
                self._write_error = str(error)
                log.error("status_file_not_written", error=self._write_error)
            return
        if self._write_error:
            self._write_error = ""
            log.info("status_file_written_again")
        self._metrics.status_written(snapshot.at)

    async def _measure_availability(self) -> None:
        pacer = Pacer()
        measured = {}
        for service, availability in self.timelines.measure(self._clock()):
            measured[service] = availability
            if pacer.due():
                await pacer.rest()
        self._availability = measured

    # the web's source

    def snapshot(self) -> Snapshot:
        return self.board.snapshot(self._clock(), self._availability)

    def status_body(self) -> tuple[bytes, float]:
        return self._status_body

    async def metrics(self) -> bytes:
        return await self._metrics.render(self.snapshot())

    def availability(self, service: ServiceId) -> AvailabilityReport:
        return self.timelines.report(service, self.estate.timezone, self._clock())

    async def past(self, service: ServiceId) -> Past | None:
        return await self._keeper.past(service, self._clock()) if self._keeper is not None else None

    async def evidence(self, id_: str) -> bytes | None:
        found = self._announcer.shelf.find(id_)
        if found is None and self._keeper is not None:
            found = await self._keeper.evidence(id_)
        return found

    def healthy(self) -> tuple[bool, str]:
        """Alive: the tick is on time. An overloaded loop answers late or not at all."""
        late = self._timer() - self._ticked_at
        return late < 10 * TICK, f"last tick {late:.1f} s ago"

    def ready(self) -> tuple[bool, str]:
        body, at = self._status_body
        return bool(body), f"status of {at:.0f}" if body else "no status yet"

    async def _serve(self, stack: contextlib.AsyncExitStack) -> None:
        access = load_access(self.estate.web)
        app = application(self, credentials=access.credentials)
        runner = BoundedRunner(app, shutdown_timeout=CLOSE)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(
            runner, self.estate.listen_host, self.estate.listen_port, ssl_context=access.ssl
        )
        await site.start()
        host, port = runner.addresses[0][:2]
        shown = f"[{host}]" if ":" in str(host) else host
        self.url = f"{'https' if access.ssl else 'http'}://{shown}:{port}"
