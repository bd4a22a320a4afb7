"""The first step of the assembly: everything that probes need, and nothing that can come later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from monitor import __version__
from monitor.configuration.prepare import canaries_of
from monitor.judging.availability import Timelines
from monitor.judging.board import Board
from monitor.model.estate import Estate
from monitor.polling.calendar_poller import Calendars
from monitor.polling.upstream_poller import StatedWatch
from monitor.publish.metrics.metrics import Metrics
from monitor.publish.web.credentials import load_access
from monitor.runtime.dependencies import Dependencies
from monitor.runtime.observation_inbox import ObservationInbox
from monitor.scheduling.fitness import CanaryWatch, LoopLag
from monitor.scheduling.load import wanted
from monitor.scheduling.overload_watch import Shedder
from monitor.scheduling.runner import Runner
from monitor.scheduling.scheduler import Schedule
from monitor.support.redaction import Masker
from probes.net.context import ProbeContext

if TYPE_CHECKING:  # see :mod:`monitor.runtime.deferred_imports`
    from monitor.publish.feeds.revisions import RevisionLog

log = structlog.get_logger("driftvakt")


@dataclass(slots=True, kw_only=True)
class Current:
    """The values that a reload replaces, or a history that opens late."""

    estate: Estate
    timelines: Timelines
    revisions: RevisionLog = field(init=False)
    config_error: str = ""
    """Why the newest configuration is not the one that applies; empty when it is."""
    file_digests: Mapping[Path, bytes] = field(default_factory=dict)
    """Of the files that the estate names, as far as they are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """The parts that measure."""

    dependencies: Dependencies
    clock: Callable[[], float]
    timer: Callable[[], float]
    current: Current
    masker: Masker
    metrics: Metrics
    board: Board
    calendars: Calendars
    stated: StatedWatch
    context: ProbeContext
    lag: LoopLag
    shedder: Shedder
    canary: CanaryWatch
    inbox: ObservationInbox
    runner: Runner
    schedule: Schedule


async def build_probing(
    estate: Estate,
    dependencies: Dependencies,
    masker: Masker,
    stack: contextlib.AsyncExitStack,
    now: float,
) -> Probing:
    """Builds what measures; ``stack`` closes it. Nothing is started yet.

    Raises :class:`~monitor.publish.web.credentials.WebAccessError` before anybody is probed.
    """
    clock, timer = dependencies.clock, dependencies.timer
    metrics = Metrics(__version__, timer)
    metrics.reloaded(True, now)
    inbox = ObservationInbox(timer)
    stated = StatedWatch(estate, clock)
    calendars = Calendars(estate, inbox.planned, clock)
    known = await calendars.prepare(estate)
    calendars.adopt(known)
    board = Board(estate, now, known.windows)
    with contextlib.suppress(OSError):  # the first writing will say what is wrong
        if not estate.data_dir.is_dir():
            estate.data_dir.mkdir(parents=True, exist_ok=True)
    if dependencies.listens:
        load_access(estate.web)
    context = await stack.enter_async_context(
        ProbeContext(user_agent=estate.user_agent, clock=clock, timer=timer)
    )
    lag = LoopLag(metrics.loop_lag)
    shedder = Shedder(lag, cpu=dependencies.cpu, timer=timer)
    shedder.wanted = wanted(estate.probed())
    canary = CanaryWatch(canaries_of(estate, dependencies.kinds, context), timer)
    stack.push_async_callback(canary.close)
    network = dependencies.network(clock, timer) if dependencies.network is not None else None
    if network is not None:
        stack.push_async_callback(network.close)
    runner = Runner(
        estate,
        dependencies.kinds,
        context,
        lag=lag,
        canary=canary,
        network=network,
        told=metrics,
        seen=inbox.observed,
        held=inbox.held,
    )
    schedule = Schedule(
        estate.probed(), runner.run, clock=clock, missed=lambda: metrics.missed("overlap")
    )
    return Probing(
        dependencies=dependencies,
        clock=clock,
        timer=timer,
        current=Current(
            estate=estate, timelines=Timelines(service.id for service in estate.services())
        ),
        masker=masker,
        metrics=metrics,
        board=board,
        calendars=calendars,
        stated=stated,
        context=context,
        lag=lag,
        shedder=shedder,
        canary=canary,
        inbox=inbox,
        runner=runner,
        schedule=schedule,
    )


def start_probing(parts: Probing, stack: contextlib.AsyncExitStack) -> None:
    """Begins to probe; ``stack`` lets probes in flight end, and cancels those that last."""

    async def end() -> None:
        cancelled = await parts.schedule.drain(parts.dependencies.drain)
        if cancelled:
            log.warning("probes_cancelled", number=cancelled)

    stack.callback(parts.lag.stop)  # after the last probe: those in flight are judged by it
    parts.schedule.start()
    parts.lag.start()
    stack.push_async_callback(end)
