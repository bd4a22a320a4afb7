"""Queues published transitions, and records and tells them in slices that the loop has time for."""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf

from monitor.judging.persisted_state import PublishedState
from monitor.model.estate import ServiceId
from monitor.model.records import Entry
from monitor.model.transition import Transition
from monitor.plan import run_over
from monitor.runtime.assembly import Parts
from monitor.runtime.event_log import log_window
from monitor.runtime.transition_recorder import Facts

HOLD = 0.002
"""Seconds for which transitions are told in one turn of the loop; one is told in any case."""


class TransitionDispatcher:
    """Gives each transition to metrics and timelines at once; to the log, the history, receivers and
    listeners in its turn.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._queue: deque[Facts] = deque()
        self._next: asyncio.Handle | None = None
        """The next slice."""

    def dispatch(self, transitions: list[Transition]) -> None:
        """To be called before anything else is published."""
        parts = self._parts
        for one in transitions:
            self._queue.append(parts.recorder.facts(one))
            parts.metrics.transition(one)
            parts.current.timelines.add(one)
            parts.by_hand.saw(one)
        parts.status.changed()
        if self._next is None:
            self._dispatch_slice()

    async def ease(self) -> None:
        """Lets the loop's turns take what is queued now, so that little is left for :meth:`flush`."""
        for _ in range(len(self._queue)):
            if not self._queue:
                break
            await asyncio.sleep(0)

    def flush(self, until: float = inf) -> None:
        """Dispatches what is queued, oldest first, ``until`` the timer says so, and one in any case."""
        parts = self._parts
        entries: list[Entry] = []
        published: dict[str, PublishedState] = {}
        try:
            while self._queue and (not entries or parts.timer() < until):
                facts = self._queue.popleft()
                entries.append(parts.recorder.entry(facts, parts.notifications.plan))
                published |= facts.published
                self._log_overrun(facts.transition)
                parts.events.tell(entries[-1])
        finally:  # what was told is kept, whatever the next one breaks
            if entries:
                parts.checkpointer.record(entries, published)

    def _dispatch_slice(self) -> None:
        self._next = None
        try:
            self.flush(self._parts.timer() + HOLD)
        finally:  # what one of them breaks holds up none of the others
            if self._queue:
                self._next = asyncio.get_running_loop().call_soon(self._dispatch_slice)

    def _log_overrun(self, one: Transition) -> None:
        if one.overrun and one.service is not None:
            service = ServiceId(f"{one.environment}/{one.service}")
            event = run_over(self._parts.board.agenda, one.window, service, one.at)
            if event is not None:
                log_window(event, self._parts.current.estate)
