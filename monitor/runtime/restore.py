"""Goes on where an earlier process ended: at the start, or once a slow history says where that is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from monitor.history.checkpointer import AT_ONCE
from monitor.history.restored import Restored, take_up
from monitor.model.status import Status
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.notify.message import Message
from monitor.publish.feeds.revisions import RevisionLog
from monitor.runtime.assembly import Parts
from monitor.runtime.no_records import NoCheckpointer
from monitor.runtime.pipeline import Pipeline

RETRY = 1.0
"""Seconds between two questions to a history that is away."""


def restore(parts: Parts, now: float) -> list[Transition]:
    """Takes up what the history said at the start; gives what has changed meanwhile."""
    restored = parts.restored
    _restore_revisions(parts, restored)
    take_up(parts.current.timelines, restored, dict(parts.board.published()), now)
    return restored.changes


async def restore_late(parts: Parts, pipeline: Pipeline) -> None:
    """Takes up what the history did not say at the start; ends when it has."""
    checkpointer, current = parts.checkpointer, parts.current
    if isinstance(checkpointer, NoCheckpointer):
        return

    def instant() -> float:
        """All that was observed until then is published and told."""
        pipeline.flush()
        return parts.clock()

    while not (checkpointer.restored and parts.by_hand.known):
        await asyncio.sleep(RETRY)
        if not parts.by_hand.known:
            await parts.by_hand.load()
            pipeline.plan()
        if checkpointer.restored:
            continue
        restored = await checkpointer.restore_late(instant)
        if not restored.known:
            continue
        parts.notifications.restore_late(restored.told, partial(_all_clear, parts))
        if restored.changes:
            pipeline.dispatcher.dispatch(restored.changes)
        await checkpointer.begin()
        _restore_revisions(parts, restored)
        services = [service.id for service in current.estate.services()]
        current.timelines = await checkpointer.timelines(services, restored)
        await _hold_timelines(parts)
        parts.status.changed()


def _restore_revisions(parts: Parts, restored: Restored) -> None:
    # when the history has not said what it knows, that is not to be forgotten
    keep: Callable[[bytes], None] = parts.checkpointer.keep_revisions if restored.known else _forget
    parts.current.revisions = RevisionLog(restored.revisions or b"", keep)


def _forget(_: bytes) -> None:
    """Where nothing can be kept."""


async def _hold_timelines(parts: Parts) -> None:
    """Goes on with timelines that were made beside the loop, from what is published by now."""
    timelines = parts.current.timelines
    services = [service.id for service in parts.current.estate.services()]
    timelines.watch(set(services))
    for number, service in enumerate(services):
        state = parts.board.published_of(service)
        if state is not None:
            now = parts.clock()
            timelines.hold(service, state.status, planned=state.planned, since=now, at=now)
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)


def tell_now(parts: Parts, service: str) -> None:
    """Tells how a service stands, after a silence, whoever does not know."""
    state = parts.board.published_of(service)
    if state is None:
        return
    environment, _, name = service.partition("/")
    stands = Transition(
        at=parts.clock(),
        since=state.since,
        environment=environment,
        service=name,
        before=Status.UNKNOWN,  # what was told before and still holds is then no news
        after=state.status,
        planned=state.planned,
        was_planned=state.planned,
    )
    parts.notifications.tell_now(stands, parts.recorder.sentences(stands))


def _all_clear(parts: Parts, alarm: Message) -> tuple[Transition, Text] | None:
    """What ends an alarm of an earlier process, if it is over."""
    state = parts.board.published_of(alarm.subject)
    if state is None or state.status is not Status.GREEN:
        return None
    over = Transition(
        at=parts.clock(),
        since=state.since,
        environment=alarm.environment,
        service=alarm.service,
        before=alarm.alarm or Status.UNKNOWN,
        after=Status.GREEN,
        began=alarm.since,
    )
    return over, parts.recorder.sentences(over)
