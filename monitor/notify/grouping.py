"""Pure: decides which waiting messages are sent together, and when.

Messages of one environment and one kind (alarms, all-clears, …) are held ``group_wait``. If fewer
than ``flood`` have come by then, each goes alone; otherwise they go as one, and a flood that still
grows is waited for a little (until half a ``group_wait`` brings nothing new, at most four of them).
After ``flood`` messages of an environment and kind within two minutes, the rest is collected and
goes as one a minute.

Instants are of one monotonic clock, in seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from monitor.model.receiver import Receiver
from monitor.model.records import MessageKind, Outgoing

LATELY = 120.0
"""Seconds in which so many messages of one environment count as a flood."""
COLLECT = 60.0
"""Seconds between two messages while a flood lasts."""
LONGEST_WAIT = 4.0
"""Times ``group_wait``: how long a growing flood is waited for."""

Key = tuple[str, MessageKind]


class Waiting(NamedTuple):
    outgoing: Outgoing
    at: float
    """When it was taken in."""
    key: Key

    @classmethod
    def since(cls, at: float, outgoing: Outgoing) -> Waiting:
        """A message that was taken in ``at`` this instant."""
        return cls(outgoing, at, (outgoing.subject.partition("/")[0], outgoing.kind))


_TAKEN_IN = itemgetter(1)


class RecentSends:
    """Counts what one receiver was sent in the last minutes, by environment and kind."""

    def __init__(self) -> None:
        self._sent: dict[Key, deque[tuple[float, int]]] = {}

    def sent(self, key: Key, number: int, at: float) -> None:
        """One message that tells of ``number`` services."""
        self._sent.setdefault(key, deque()).append((at, number))

    def next_collection(self, key: Key, flood: int, now: float) -> float | None:
        """When the next message may go; ``None`` when no flood is on."""
        sent = self._sent.get(key)
        if sent is None:
            return None
        while sent and sent[0][0] <= now - LATELY:
            sent.popleft()
        if not sent:
            del self._sent[key]
            return None
        return sent[-1][0] + COLLECT if sum(number for _, number in sent) >= flood else None


class Plan(NamedTuple):
    batches: list[tuple[Waiting, ...]]
    """What goes now; each is one message."""
    look_again: float | None
    """When more may be due by itself."""


def collect(heads: Iterable[Waiting], receiver: Receiver, recent: RecentSends, now: float) -> Plan:
    """What of ``heads``, the oldest waiting message of each subject, goes now."""
    groups: dict[Key, list[Waiting]] = {}
    for head in sorted(heads, key=_TAKEN_IN):
        groups.setdefault(head.key, []).append(head)
    if not receiver.groups:
        whole = tuple(head for group in groups.values() for head in group)
        return Plan([whole] if whole else [], None)
    batches: list[tuple[Waiting, ...]] = []
    later: list[float] = []
    for key, group in groups.items():
        collected = recent.next_collection(key, receiver.flood, now)
        if collected is not None or len(group) >= receiver.flood:
            ready = collected if collected is not None else _settled(group, receiver.group_wait)
            if ready <= now:
                batches.append(tuple(group))
            else:
                later.append(ready)
            continue
        for head in group:
            ready = head.at + receiver.group_wait
            if ready <= now:
                batches.append((head,))
            else:
                later.append(ready)
    return Plan(batches, min(later, default=None))


def _settled(group: list[Waiting], wait: float) -> float:
    first, last = group[0].at, group[-1].at
    return min(max(first + wait, last + wait / 2), first + LONGEST_WAIT * wait)
