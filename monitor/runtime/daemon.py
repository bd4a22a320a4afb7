"""The daemon: the only place that wires effects together.

    origin ──▶ reloader ──▶ all of them, at once
    schedule ──▶ runner ──▶ board ──▶ snapshot ──▶ metrics, status file, page
                   │          └─────▶ transitions ──▶ log, counters, status file at once
                fitness (loop lag, canaries)

An observation travels to the right and never back.

It probes first: where an earlier process ended, how it looks and who is told of it are found out, and
their modules imported, beside the first probes. What those see is judged after that, and waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

import structlog

from monitor import __version__
from monitor.configuration.files import ConfigFiles
from monitor.configuration.loader import Loaded
from monitor.configuration.prepare import canaries_of, prepare_reload
from monitor.configuration.reloader import Reloader
from monitor.judging.availability import Timelines
from monitor.judging.board import Board
from monitor.judging.file_age import excused, is_late
from monitor.judging.persisted_state import PublishedState
from monitor.judging.snapshot import Snapshot
from monitor.model.certificate_changes import NOTHING
from monitor.model.diff import Difference
from monitor.model.estate import Check, Estate, ServiceId
from monitor.model.records import Entry, Outgoing, Past
from monitor.model.reload_outcome import Ended, ReloadOutcome
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.time_in_status import AvailabilityReport
from monitor.model.transition import Transition
from monitor.plan import WindowNews, run_over
from monitor.polling.calendar_poller import Calendars
from monitor.polling.upstream_poller import StatedWatch
from monitor.publish.metrics.metrics import Metrics
from monitor.publish.rendering.compression import Packed
from monitor.publish.rendering.pacer import Pacer
from monitor.publish.status.publisher import StatusPublisher
from monitor.publish.status.status_file import StatusFile, Writes
from monitor.publish.web.credentials import load_access
from monitor.runtime.deferred_imports import import_what_comes_later
from monitor.scheduling.fitness import CanaryWatch, LoopLag
from monitor.scheduling.load import wanted
from monitor.scheduling.load_shedding import Shedding
from monitor.scheduling.overload_watch import Shedder
from monitor.scheduling.own_network import OwnNetwork
from monitor.scheduling.phase import turn
from monitor.scheduling.runner import Runner
from monitor.scheduling.scheduler import Schedule
from monitor.support.redaction import Masker, secrets_of
from monitor.support.systemd import Notifier
from monitor.support.threads import run_in_daemon_thread
from probes.kind import Kind
from probes.kinds import load_kinds
from probes.net.context import ProbeContext
from probes.observation import Grade, Observation, clean

if TYPE_CHECKING:  # see :mod:`monitor.runtime.deferred_imports`
    from monitor.configuration.discovery.poller import Discoverer
    from monitor.history.checkpointer import Checkpointer
    from monitor.history.history import History
    from monitor.history.restored import Restored
    from monitor.notify.message import Message
    from monitor.notify.outbox import DeliveryMetrics
    from monitor.notify.service import NotificationService
    from monitor.publish.feeds.revisions import Revisions
    from monitor.publish.web.server import WebServer
    from monitor.publish.web.sse import Broadcast
    from monitor.runtime.transition_recorder import Facts

log = structlog.get_logger("driftvakt")

TICK = 1.0
"""Seconds between looks at what time alone changes: staleness, the clock, the watchdog."""
HOLD = 0.002
"""Seconds for which transitions are told in one turn of the loop; one is told in any case."""
CLOCK_JUMP = 2.0
"""Seconds of wall clock against monotonic clock in one tick that count as a jump."""
DRAIN = 3.0
"""Seconds that probes in flight may take to end at a stop."""
EARLY = 40_000
"""Observations that may wait for a history that is slow to open; of more the oldest are forgotten."""
CLOSE = 1.0
CONFIG_ERROR_SHOWN = 500
"""Characters of a fault of the configuration."""
STATUS_FILE = "status.json"
_NOTHING_KEPT = None, float("-inf")


OpenHistory: TypeAlias = (
    "Callable[[Estate, Callable[[], float]], AbstractAsyncContextManager[History]]"
)
MakeNetwork = Callable[[Callable[[], float], Callable[[], float]], OwnNetwork]
MakeMessenger: TypeAlias = (
    "Callable[[Estate, History, DeliveryMetrics, Callable[[], float]], NotificationService]"
)


def open_history(
    estate: Estate, clock: Callable[[], float]
) -> AbstractAsyncContextManager[History]:
    """The one that the configuration names."""
    from monitor.history.history import History

    return History.open(estate.store, estate.data_dir, retention=estate.retention, clock=clock)


def open_messenger(
    estate: Estate, history: History, told: DeliveryMetrics, clock: Callable[[], float]
) -> NotificationService:
    """The one that sends what the configuration says."""
    from monitor.notify.service import NotificationService

    return NotificationService(estate, history, told, clock)


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
        cpu: Callable[[], float] = time.thread_time,
        drain: float = DRAIN,
        status_file: Writes | None = None,
        listens: bool = True,
        history: OpenHistory | None = open_history,
        messenger: MakeMessenger = open_messenger,
        network: MakeNetwork | None = OwnNetwork,
        origin: ConfigFiles | None = None,
        masker: Masker | None = None,
    ) -> None:
        """``clock`` gives seconds since the epoch, ``timer`` monotonic ones, ``cpu`` those that the
        loop's thread has had the processor for; all three, the writer of the status file, whether
        there is a web server, the history (``None``: none is kept), who sends messages and who
        knows of our own network (``None``: nobody) are for simulations.

        ``origin`` is where the estate was read from and may be read again; without one it cannot
        be reloaded. ``masker`` is one that others hold too: it learns every secret.
        """
        self.estate = estate
        self._origin = origin
        self._reloader = Reloader(origin, self._adopt, self._reloaded, self._clean)
        self._config_error = ""
        self._contents: Mapping[Path, bytes] = {}
        self._web: WebServer | None = None
        self._clock = clock
        self._timer = timer
        self._cpu = cpu
        self._exposition: tuple[Packed | None, float] = _NOTHING_KEPT
        self._debug = log.is_enabled_for(logging.DEBUG)
        self._listens = listens
        self._open_history = history
        self._make_messenger = messenger
        self._make_network = network
        self._drain = drain
        self._kinds = kinds if kinds is not None else load_kinds()
        self._metrics = Metrics(__version__, timer)
        self.timelines = Timelines(service.id for service in estate.services())
        self._status = StatusPublisher(
            status_file or StatusFile(estate.data_dir / STATUS_FILE),
            snapshot=self.current,
            measure=lambda: self.timelines.measure(clock()),
            metrics=self._metrics,
            timer=cpu,
        )
        self._notifier = Notifier()
        self._masker = masker if masker is not None else Masker(secrets_of(estate))
        self._keeper: Checkpointer | None = None
        self._messenger: NotificationService | None = None
        self._discoverer: Discoverer | None = None
        self._ticked_at = self._timer()
        self._background: list[asyncio.Task[None]] = []
        self._publishing: asyncio.Handle | None = None
        self._untold: deque[Facts] = deque()
        """Transitions that are published and not told yet; ``_telling``: they will be."""
        self._telling: asyncio.Handle | None = None
        self._stack = contextlib.AsyncExitStack()
        self.events: Broadcast
        self._early: deque[Callable[[], None]] | None = deque(maxlen=EARLY)
        """What is to be judged once it is known where an earlier process ended; ``None`` from then on."""

    async def __aenter__(self) -> Self:
        async with self._stack as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        estate, clock = self.estate, self._clock
        now = clock()
        self._metrics.reloaded(True, now)
        self._stated = StatedWatch(estate, clock)
        self._calendars = Calendars(estate, self._planned, clock)
        known = await self._calendars.prepare(estate)
        self._calendars.adopt(known)
        self.board = Board(estate, now, known.windows)
        with contextlib.suppress(OSError):  # the first writing will say what is wrong
            if not estate.data_dir.is_dir():
                estate.data_dir.mkdir(parents=True, exist_ok=True)
        if self._listens:
            load_access(estate.web)  # a fault of it is told before anybody is probed
        self._tools = tools = await stack.enter_async_context(
            ProbeContext(user_agent=estate.user_agent, clock=clock, timer=self._timer)
        )
        self._lag = LoopLag(self._metrics.loop_lag)
        self._shedder = Shedder(self._lag, cpu=self._cpu, timer=self._timer)
        self._shedder.wanted = wanted(estate.checks())
        self._canary = CanaryWatch(canaries_of(estate, self._kinds, tools), self._timer)
        stack.push_async_callback(self._canary.close)
        network = self._make_network(clock, self._timer) if self._make_network else None
        if network is not None:
            stack.push_async_callback(network.close)
        self._runner = Runner(
            estate,
            self._kinds,
            tools,
            lag=self._lag,
            canary=self._canary,
            network=network,
            told=self._metrics,
            seen=self._seen,
            held=self._stays_away,
        )
        self._schedule = Schedule(
            estate.checks(),
            self._runner.run,
            clock=clock,
            missed=lambda: self._metrics.missed("overlap"),
        )
        # what begins after the first probes and has to end after the last
        later = await stack.enter_async_context(contextlib.AsyncExitStack())
        stack.callback(self._lag.stop)  # after the last probe: those in flight are judged by it
        self._schedule.start()
        self._lag.start()
        stack.push_async_callback(self._end_schedule)
        await self._begin_to_tell(later, now)
        await stack.enter_async_context(self._calendars)
        await stack.enter_async_context(self._stated)
        self._watch_configuration(stack)
        # that thousands of checks take a moment to begin is no overload
        self._metrics.take_begun()
        self._shedder.begin()
        self._lag.all_has_begun()
        self._notifier.ready(f"watching {sum(1 for _ in estate.checks())} checks")
        log.info("started", url=self.url, status_file=str(self._status.file.path))

    async def _begin_to_tell(self, stack: contextlib.AsyncExitStack, now: float) -> None:
        """Everything but probing; ``now`` is when that began."""
        await import_what_comes_later()
        from monitor.blackbox.prober import Prober
        from monitor.blackbox.route import probe_route
        from monitor.publish.web.server import WebServer
        from monitor.publish.web.sse import Broadcast
        from monitor.runtime.transition_recorder import TransitionRecorder

        estate, clock = self.estate, self._clock
        self._announcer = TransitionRecorder(estate, self.board, self._masker, clock)
        self._window_news = WindowNews(self.board.agenda, now)
        self.events = Broadcast(clock=clock)
        if changes := await self._take_up(stack, now):
            self._announce(changes)
        await self._judge_early()
        stack.push_async_callback(self._status.written)  # also when the start is broken off
        await self._status.publish()
        await self._status.written()
        if self._listens:
            self._prober = Prober(estate.user_agent, clock=clock, timer=self._timer)
            stack.push_async_callback(self._prober.close)
            self._web = WebServer()
            await self._web.start(
                self,
                stack,
                reload=self._asked_to_reload,
                probe=probe_route(
                    lambda: self.estate.blackbox,
                    lambda: self._prober,
                    lambda: self.estate.blackbox_targets,
                ),
                login_failed=self._metrics.login_failed,
            )
        self._background = [
            asyncio.create_task(self._status.run(), name="status"),
            asyncio.create_task(self._tick(), name="tick"),
        ]
        if self._keeper is not None and not self._keeper.restored:
            late = self._take_up_late(self._keeper)
            self._background.append(asyncio.create_task(late, name="take-up"))
        stack.push_async_callback(self._end_background)
        if self._keeper is not None:
            stack.callback(self._keep_all, self._keeper)

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
        from monitor.history.checkpointer import Checkpointer
        from monitor.history.restored import Restored, take_up

        restored = Restored()
        if self._open_history is not None:
            history = await stack.enter_async_context(self._open_history(self.estate, self._clock))
            self._metrics.watch_history(history.figures)
            self._keeper = Checkpointer(history, self.board, self.estate)
            restored = await self._keeper.restore(now)
            messenger = self._make_messenger(self.estate, history, self._metrics, self._clock)
            began = await messenger.restore(restored.told if restored.known else None)
            self.board.recall(began)
            self._messenger = await stack.enter_async_context(messenger)
        self._remember(restored)
        take_up(self.timelines, restored, dict(self.board.published()), now)
        return restored.changes

    def _remember(self, restored: Restored) -> None:
        from monitor.publish.feeds.revisions import RevisionLog

        # when the history has not said what it knows, that is not to be forgotten
        remembers = self._keeper is not None and restored.known
        self._revisions = RevisionLog(
            restored.revisions or b"",
            self._keeper.keep_revisions if self._keeper is not None and remembers else _forget,
        )

    async def _take_up_late(self, keeper: Checkpointer) -> None:
        """Goes on where the history ends, once it says where that is."""

        def instant() -> float:
            """All that was seen until then is published and told."""
            self._publish()
            self._tell()
            return self._clock()

        while not keeper.restored:
            await asyncio.sleep(TICK)
            restored = await keeper.restore_late(instant)
            if not restored.known:
                continue
            if self._messenger is not None:
                self._messenger.restore_late(restored.told, self._all_clear)
            if restored.changes:
                self._announce(restored.changes)
            self._remember(restored)
            services = [service.id for service in self.estate.services()]
            self.timelines = await keeper.timelines(services, restored)
            await self._hold_all()
            self._status.changed()

    def _all_clear(self, alarm: Message) -> tuple[Transition, Text] | None:
        """What ends an alarm of an earlier process, if it is over."""
        state = self.board.published_of(alarm.subject)
        if state is None or state.status is not Status.GREEN:
            return None
        over = Transition(
            at=self._clock(),
            since=state.since,
            environment=alarm.environment,
            service=alarm.service,
            before=alarm.alarm or Status.UNKNOWN,
            after=Status.GREEN,
            began=alarm.since,
        )
        return over, self._announcer.sentences(over)

    def _keep_all(self, keeper: Checkpointer) -> None:
        self._publish()
        self._tell()
        keeper.keep_all(self._clock())

    def _watch_configuration(self, stack: contextlib.AsyncExitStack) -> None:
        from monitor.configuration.discovery.poller import Discoverer
        from monitor.configuration.file_watcher import FileWatch

        work = [self._reloader.run()]
        if self._origin is not None:
            documents = self._origin.documents
            self._metrics.watch_discovery(lambda: documents.outcomes)
            self._discoverer = Discoverer(documents, self.reload, self.estate.user_agent)
            stack.push_async_callback(self._discoverer.close)
            self._discoverer.follow(self.estate.discovery, self.estate.user_agent)
            watch = FileWatch(self._origin, lambda: self.reload("a changed file"))
            work.append(watch.run())
        tasks = [asyncio.create_task(one, name="configuration") for one in work]

        async def end() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CLOSE)

        stack.push_async_callback(end)

    async def _end_schedule(self) -> None:
        cancelled = await self._schedule.drain(self._drain)
        if cancelled:
            log.warning("probes_cancelled", number=cancelled)

    async def _end_background(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background, timeout=CLOSE)
        await self._status.close()

    # what happens to an observation

    def _seen(self, check: Check, observation: Observation) -> None:
        self._in_turn(partial(self._judge, check, observation))

    def _in_turn(self, judge: Callable[[], None]) -> None:
        if self._early is not None:
            self._early.append(judge)
        else:
            judge()

    async def _judge_early(self) -> None:
        """What comes while this lasts waits behind what was there before it."""
        pacer = Pacer(timer=self._timer)
        while self._early:
            self._early.popleft()()
            if pacer.due():
                await pacer.rest()
        self._early = None

    def _judge(self, check: Check, observation: Observation) -> None:
        now = self._clock()
        if is_late(observation):
            observation = self._excused(check, observation)
        if observation.grade is not Grade.GOOD:
            observation = self._masker.observation(observation)
        if self._keeper is not None:
            self._keeper.observed(check.id, observation)
        verdict, certificates = self.board.take(check.id, observation, now)
        self._metrics.observe(check, observation, verdict)
        if self.board.pending and self._publishing is None:
            self._publishing = asyncio.get_running_loop().call_soon(self._publish)
        if certificates is not NOTHING:
            from monitor.runtime.event_log import tell_certificates

            tell_certificates(certificates, check, self.estate)
            self._status.changed()
        if self.board.unsettled(check.id):
            self._schedule.sooner(check.id, max(now, observation.at + check.retry_interval))
        if self._debug and verdict.grade != "good":
            log.debug(
                "observed",
                check=check.id,
                grade=verdict.grade.value,
                reason=verdict.reason.value if verdict.reason else None,
                detail=observation.detail,
            )

    def _excused(self, check: Check, observation: Observation) -> Observation:
        """A file that is awaited to be late is no failure, for nobody and in no record."""
        agenda, at = self.board.agenda, observation.at
        delay = agenda.file_delay(at, check.environment, check.service)
        return excused(observation, check, delay)

    def _stays_away(self, check: Check, until: float) -> None:
        """Until then there are no observations; a change in the air is then confirmed at once, but
        not by all checks of the host in the same instant.
        """
        self._in_turn(partial(self._hold_off, check, until))

    def _hold_off(self, check: Check, until: float) -> None:
        self.board.hold(check.id, until)
        if self.board.unsettled(check.id):
            self._schedule.sooner(check.id, until + turn(check.id) * check.retry_interval)

    def _publish(self) -> None:
        """What was seen in one turn of the loop is published as one."""
        if self._publishing is not None:
            self._publishing.cancel()
            self._publishing = None
        if transitions := self.board.publish(self._clock()):
            self._announce(transitions)

    def _announce(self, transitions: list[Transition]) -> None:
        for one in transitions:
            self._untold.append(self._announcer.facts(one))
            self._metrics.transition(one)
            self.timelines.add(one)
        self._status.changed()
        if self._telling is None:
            self._tell_some()

    def _tell_some(self) -> None:
        """Tells of what has changed, oldest first, for as long as the loop may be held; of the rest
        in its next turn.
        """
        self._telling = None
        try:
            self._tell(self._timer() + HOLD)
        finally:  # what one of them breaks holds up none of the others
            if self._untold:
                self._telling = asyncio.get_running_loop().call_soon(self._tell_some)

    def _tell(self, until: float = inf) -> None:
        plan = self._messenger.plan if self._messenger is not None else _nobody
        entries: list[Entry] = []
        published: dict[str, PublishedState] = {}
        try:
            while self._untold and (not entries or self._timer() < until):
                facts = self._untold.popleft()
                entries.append(self._announcer.entry(facts, plan))
                published |= facts.published
                self._tell_overrun(facts.transition)
                self.events.tell(entries[-1])
        finally:  # what was told is kept, whatever the next one breaks
            if entries and self._keeper is not None:
                self._keeper.record(entries, published)

    def _tell_overrun(self, one: Transition) -> None:
        if one.overrun and one.service is not None:
            service = ServiceId(f"{one.environment}/{one.service}")
            event = run_over(self.board.agenda, one.window, service, one.at)
            if event is not None:
                from monitor.runtime.event_log import tell_window

                tell_window(event, self.estate)

    def _planned(self) -> None:
        """The calendars hold other windows, or cannot be read any more."""
        self._publish()
        if transitions := self.board.plan(self._calendars.windows, self._clock()):
            self._announce(transitions)
        self._status.changed()

    # what runs beside the probes

    async def _tick(self) -> None:
        from monitor.runtime.event_log import tell_window

        wall, mono = self._clock(), self._timer()
        overloaded = canary_down = False
        watchdog = self._notifier.watchdog_seconds
        pause = TICK if watchdog is None else min(TICK, watchdog)
        while True:
            await asyncio.sleep(pause)
            now, now_mono = self._clock(), self._timer()
            self._ticked_at = now_mono
            if abs((now - wall) - (now_mono - mono)) > CLOCK_JUMP:
                log.warning("clock_jumped", seconds=round((now - wall) - (now_mono - mono), 3))
                self._schedule.realign()
                self.board.clock_set(now)
            wall, mono = now, now_mono
            self._publish()
            if transitions := self.board.age(now, self._schedule.excuses):
                self._announce(transitions)
            self._stated.look(self.board.measured, now)
            for event in self._window_news.look(self.board.agenda, self.board.under_way(), now):
                tell_window(event, self.estate)
            if self._keeper is not None:
                self._keeper.tick(now)
            if self._messenger is not None:
                self._messenger.tick()
            if (lagging := self._lag.overloaded()) != overloaded:
                overloaded = lagging
                self._metrics.overloaded(overloaded)
                log.warning("overloaded" if overloaded else "overload_ended")
            if self._shedder.look(*self._metrics.take_begun()):
                self._shed(self._shedder.now)
            self._canary.look_again()
            if self._canary.down != canary_down:
                canary_down = self._canary.down
                log.warning("canary_down" if canary_down else "canary_up")
            self._notifier.alive()
            await self._refresh()  # an environment's transition then finds most of its views made

    def _shed(self, shedding: Shedding) -> None:
        self._status.pause = shedding.pause
        self._schedule.stretch(shedding.stretch)
        self._metrics.shedding(stretch=shedding.stretch, pause=shedding.pause)

    def _hold(self, now: float, begun: Iterable[ServiceId]) -> None:
        """Begins the timelines of services with what is published before anything is measured."""
        for service in begun:
            state = self.board.published_of(service)
            if state is not None:
                self.timelines.hold(
                    service, state.status, planned=state.planned, since=state.since, at=now
                )

    async def _hold_all(self) -> None:
        """Goes on with timelines that were made beside the loop, from what is published by now."""
        from monitor.history.checkpointer import AT_ONCE

        services = [service.id for service in self.estate.services()]
        self.timelines.watch(set(services))
        for number, service in enumerate(services):
            state = self.board.published_of(service)
            if state is not None:
                now = self._clock()
                self.timelines.hold(service, state.status, planned=state.planned, since=now, at=now)
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)

    # another configuration

    def reload(self, why: str) -> asyncio.Future[ReloadOutcome]:
        """Reads the configuration anew, now or after the reload that is under way."""
        return self._reloader.ask(why)

    async def _asked_to_reload(self) -> ReloadOutcome:
        return await asyncio.shield(self.reload("POST /-/reload"))

    async def _adopt(self, loaded: Loaded) -> Difference:
        """Puts another configuration in the place of this one. Whatever can fail, or takes time,
        comes before the first change.
        """
        work = partial(
            prepare_reload,
            self.estate,
            loaded.estate,
            masker=self._masker,
            known=self._contents,
            staying=self._schedule.staying,
            now=self._clock(),
        )
        prepared = await run_in_daemon_thread(work, "prepare")
        canaries = canaries_of(prepared.estate, self._kinds, self._tools)
        calendars = await self._calendars.prepare(prepared.estate)
        changes, estate = prepared.changes, prepared.estate
        for _ in range(
            len(self._untold)
        ):  # of thousands most have been told when we come to the rest
            if not self._untold:
                break
            await asyncio.sleep(0)

        self._publish()
        self._tell()  # by the configuration that they happened under
        now = self._clock()
        self._masker.become(prepared.masker)
        under_way = self._runner.adopt(estate, changes.begun, prepared.renewed)
        self._canary.adopt(canaries)
        self._tools.user_agent = estate.user_agent
        self._tools.tls.look_again()
        before = {service.id for service in self.estate.services()}
        transitions = self.board.adopt(prepared.tracked, changes, now, calendars.windows)
        self._calendars.adopt(calendars)
        self._calendars.follow()
        self._stated.follow(estate)
        self.estate, self._contents = estate, prepared.contents
        self._announcer.follow(estate)
        self._shedder.wanted = prepared.wanted
        if self._keeper is not None:
            self._keeper.follow(estate)
        if self._messenger is not None:
            self._messenger.follow(estate)
        if self._discoverer is not None:
            self._discoverer.follow(estate.discovery, estate.user_agent)
        if self._web is not None:
            self._prober.user_agent = estate.user_agent
            self._web.let_in(prepared.access, estate)
        watched = {service.id for service in estate.services()}
        self._metrics.forget(changes.ended, before - watched)
        self._status.forget(before - watched)
        self.timelines.watch(watched)
        self._hold(now, watched - before)
        self._config_error = ""
        if transitions:
            self._announce(transitions)
        await self._schedule.adopt(estate.checks(), prepared.phases, changes.begun, under_way)
        if self._messenger is not None:
            await self._messenger.renew()
        await self._status.render()  # who has asked finds it there
        return changes

    def _reloaded(self, outcome: ReloadOutcome) -> None:
        self._config_error = outcome.error
        self._metrics.reloaded(outcome.ended is Ended.RELOADED, self._clock())
        self._status.changed()

    def _clean(self, text: str) -> str:
        return clean(self._masker.text(text), CONFIG_ERROR_SHOWN)

    # the web's source

    @property
    def url(self) -> str:
        """Where it listens; empty before it does."""
        return self._web.url if self._web is not None else ""

    def snapshot(self) -> Snapshot:
        self._publish()
        from monitor.publish.feeds.revisions import dated

        now = self._clock()
        made = self.board.snapshot(
            now,
            self._status.availability,
            self._config_error,
            self._calendars.views(now),
            self._stated.views(now),
        )
        if self._shedder.now.stretch > 1.0:
            made = replace(made, stretch=self._shedder.now.stretch)
        return dated(made, self._revisions.at(made)) if made.notices else made

    async def current(self) -> Snapshot:
        """The snapshot of this moment, without holding the loop for all that has changed."""
        await self._refresh()
        return self.snapshot()

    async def _refresh(self) -> None:
        pacer = Pacer(timer=self._cpu)
        for _ in self.board.refresh(self._clock()):
            if pacer.due():
                await pacer.rest()

    def status_body(self) -> tuple[bytes, float]:
        return self._status.body

    async def metrics(self) -> Packed:
        kept, at = self._exposition
        pause = self._shedder.now.pause
        if kept is not None and self._timer() - at < pause:
            return kept
        self._metrics.canary_down(self._canary.down)
        text = await self._metrics.render(await self.current())
        self._exposition = (text, self._timer()) if pause else _NOTHING_KEPT
        return text

    def availability(self, service: ServiceId) -> AvailabilityReport:
        return self.timelines.report(service, self.estate.timezone, self._clock())

    async def past(self, service: ServiceId) -> Past | None:
        return await self._keeper.past(service, self._clock()) if self._keeper is not None else None

    async def evidence(self, id_: str) -> bytes | None:
        found = self._announcer.shelf.find(id_)
        if found is None and self._keeper is not None:
            found = await self._keeper.evidence(id_)
        return found

    def revisions(self, snapshot: Snapshot) -> Revisions:
        return self._revisions.at(snapshot)

    async def transitions(
        self,
        *,
        service: str | None = None,
        environment: str | None = None,
        since: float = 0.0,
        until: float | None = None,
        limit: int | None = None,
    ) -> Sequence[Entry] | None:
        if self._keeper is None:
            return None
        return await self._keeper.transitions(
            service=service, environment=environment, since=since, until=until, limit=limit
        )

    def healthy(self) -> tuple[bool, str]:
        """Alive: the tick is on time. An overloaded loop answers late or not at all."""
        late = self._timer() - self._ticked_at
        return late < 10 * TICK, f"last tick {late:.1f} s ago"

    def ready(self) -> tuple[bool, str]:
        body, at = self._status.body
        return bool(body), f"status of {at:.0f}" if body else "no status yet"


def _forget(_: bytes) -> None:
    """Where nothing can be kept."""
