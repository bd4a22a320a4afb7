"""The second step of the assembly: history, notifications, status file and web, beside the first probes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields

from monitor.blackbox.prober import Prober
from monitor.history.checkpointer import Checkpointer
from monitor.history.history import History
from monitor.history.restored import Restored
from monitor.judging.snapshot import Snapshot
from monitor.notify.service import NotificationService
from monitor.plan import WindowNews
from monitor.publish.status.publisher import StatusPublisher
from monitor.publish.status.status_file import StatusFile
from monitor.publish.web.server import WebServer
from monitor.publish.web.sse import Broadcast
from monitor.runtime.by_hand import ByHand
from monitor.runtime.no_records import NoCheckpointer, NoNotifications
from monitor.runtime.probing import Probing
from monitor.runtime.transition_recorder import TransitionRecorder

STATUS_FILE = "status.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Probing):
    """All parts of a daemon: those that measure, and those that remember and tell."""

    checkpointer: Checkpointer | NoCheckpointer
    notifications: NotificationService | NoNotifications
    restored: Restored
    """What an earlier process has left, as far as it was known at the start."""
    recorder: TransitionRecorder
    window_news: WindowNews
    events: Broadcast
    status: StatusPublisher
    web: WebServer
    """Without a URL where it does not listen."""
    prober: Prober
    by_hand: ByHand


async def build(
    probing: Probing,
    stack: AsyncExitStack,
    now: float,
    snapshot: Callable[[], Awaitable[Snapshot]],
) -> Parts:
    """Opens what remembers, restores the board from it, and builds what tells; ``stack`` closes it.
    ``now`` is when probing began; ``snapshot`` is what the status file shows.
    """
    dependencies, current = probing.dependencies, probing.current
    estate, clock = current.estate, probing.clock
    window_news = WindowNews(probing.board.agenda, now)
    checkpointer: Checkpointer | NoCheckpointer = NoCheckpointer()
    notifications: NotificationService | NoNotifications = NoNotifications()
    restored = Restored()
    by_hand = _by_hand(probing, None)
    if dependencies.history is not None:
        history = await stack.enter_async_context(dependencies.history(estate, clock))
        probing.metrics.watch_history(history.figures)
        by_hand = _by_hand(probing, history)
        await by_hand.load()
        # what it changes is of no earlier process: nothing is published yet
        probing.board.plan([*probing.calendars.windows, *by_hand.planned], now)
        checkpointer = Checkpointer(history, probing.board, estate)
        restored = await checkpointer.restore(now)
        service = dependencies.notifications(estate, history, probing.metrics, clock)
        probing.board.recall(await service.restore(restored.told if restored.known else None))
        service.heed(lambda: probing.board.agenda)
        notifications = await stack.enter_async_context(service)
    prober = Prober(estate.user_agent, clock=clock, timer=probing.timer)
    stack.push_async_callback(prober.close)
    return Parts(
        **{field.name: getattr(probing, field.name) for field in fields(probing)},
        checkpointer=checkpointer,
        notifications=notifications,
        restored=restored,
        recorder=TransitionRecorder(estate, probing.board, probing.masker, clock),
        window_news=window_news,
        events=Broadcast(clock=clock),
        status=StatusPublisher(
            dependencies.status_file or StatusFile(estate.data_dir / STATUS_FILE),
            snapshot=snapshot,
            measure=lambda: current.timelines.measure(clock()),
            metrics=probing.metrics,
            timer=dependencies.cpu,
        ),
        web=WebServer(),
        prober=prober,
        by_hand=by_hand,
    )


def _by_hand(probing: Probing, history: History | None) -> ByHand:
    return ByHand(
        history,
        probing.board,
        probing.runner,
        probing.schedule,
        estate=lambda: probing.current.estate,
        clock=probing.clock,
        timer=probing.timer,
    )
