"""Makes the history the outbox of the deliverer, also while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from monitor.history.errors import HistoryTroubleError
from monitor.history.history import History
from monitor.model.records import MessageKind, Outgoing

OPENS = frozenset((MessageKind.ALARM, MessageKind.UNKNOWN))


class HistoryOutbox:
    """Adapts the history to :class:`~monitor.notify.outbox.Outbox`. While the history is away it gives nothing
    but what a start has read: what is in it comes when it is back.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self.told: Sequence[Outgoing] = ()
        """What earlier processes told last."""
        self.open: dict[tuple[str, str], Outgoing] = {}
        """Of each receiver and subject the alarm that the receiver has got and that is not over."""
        self.changed = asyncio.Event()
        """Whether that is another than what is in the file."""
        self._under_way: dict[str, Outgoing] = {}
        self.postponed = history.postponed

    def take(self, outgoing: Sequence[Outgoing]) -> None:
        """These are handed to the deliverer."""
        self._under_way |= {one.id: one for one in outgoing if one.kind is not MessageKind.REMINDER}

    def delivered(self, outgoing_id: str, at: float) -> None:
        self._history.delivered(outgoing_id, at)
        one = self._under_way.pop(outgoing_id, None)
        if one is None or one.kind is MessageKind.WINDOW:
            return
        key = one.notification, one.subject
        if one.kind in OPENS:
            self.open[key] = one
        elif self.open.pop(key, None) is None:
            return
        self.changed.set()

    def given_up(self, outgoing_id: str, at: float, error: str) -> None:
        self._under_way.pop(outgoing_id, None)
        self._history.given_up(outgoing_id, at, error)

    def superseded(self, outgoing_ids: Sequence[str], at: float) -> None:
        for one in outgoing_ids:
            self._under_way.pop(one, None)
        self._history.superseded(outgoing_ids, at)

    async def pending(self, since: float) -> list[Outgoing]:
        try:
            found = await self._history.pending(since)
        except HistoryTroubleError:
            return []
        self.take(found)
        for one in found:  # nobody has got it yet
            key = one.notification, one.subject
            if (known := self.open.get(key)) is not None and known.id == one.id:
                del self.open[key]
        return found

    async def expire(self, before: float, at: float, error: str) -> Mapping[str, int]:
        try:
            found = await self._history.overdue(before)
        except HistoryTroubleError:
            return {}
        if found:
            self._history.expired(before, at, error)
        return found

    async def last_told(self) -> Sequence[Outgoing]:
        try:
            return await self._history.last_told()
        except HistoryTroubleError:
            return self.told
