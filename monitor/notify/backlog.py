"""Holds the messages that wait for one receiver: a queue for each subject, bounded, each message once."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from monitor.model.records import MessageKind, Outgoing
from monitor.notify.coalescing import NOTHING, Missed, newest
from monitor.notify.grouping import Waiting

MOST_WAITING = 20_000
"""Messages in memory for one receiver."""
REMEMBERED = 20_000
"""Ids of messages that are done: what is handed in twice is sent once."""


class Folded(NamedTuple):
    """What gave way to newer messages."""

    gone: list[tuple[str, list[Outgoing]]]
    """By subject."""
    look_again: float | None
    """When more may be late; an instant of the monotonic clock."""


class Backlog:
    """Queues messages by subject. A subject is busy while its first message is under way: that one stays in
    its queue until it is done.
    """

    def __init__(self) -> None:
        self._queues: dict[str, deque[Waiting]] = {}
        self._busy: set[str] = set()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._number = 0
        self._missed: dict[str, Missed] = {}
        """By subject what its next message is to say too."""

    @property
    def subjects(self) -> int:
        """Number of subjects that have messages."""
        return len(self._queues)

    def waiting(self) -> Iterator[Outgoing]:
        """All that is not done."""
        for queue in self._queues.values():
            for one in queue:
                yield one.outgoing

    def heads(self) -> list[Waiting]:
        """The first message of each subject that is not busy."""
        busy = self._busy
        return [queue[0] for subject, queue in self._queues.items() if subject not in busy]

    def followed(self, subject: str) -> bool:
        """Whether something newer waits behind the message that is under way."""
        return any(
            one.outgoing.kind is not MessageKind.REMINDER
            for one in islice(self._queues[subject], 1, None)
        )

    def knows(self, outgoing_id: str) -> bool:
        """Whether this message is here or was done already."""
        return outgoing_id in self._known

    def remember(self, outgoing_ids: Sequence[str]) -> None:
        """These are done without having been here."""
        self._known |= dict.fromkeys(outgoing_ids[-REMEMBERED:])

    def take(self, outgoing: Outgoing, at: float) -> Outgoing | None:
        """Takes in a message that is not known, ``at`` this instant of the monotonic clock; gives
        the one that made room for it.
        """
        self._known[outgoing.id] = None
        if len(self._known) > MOST_WAITING + REMEMBERED:
            self._known.popitem(last=False)
        queue = self._queues.setdefault(outgoing.subject, deque())
        gone = self._make_room(outgoing.subject) if self._number >= MOST_WAITING else None
        self._number += 1
        queue.append(Waiting.since(at, outgoing))
        begun = outgoing.subject in self._busy
        if len(queue) > 1 + begun and queue[-2].outgoing.created_at > outgoing.created_at:
            # handed in late, by a store that was away: back to its place
            first = [queue.popleft()] if begun else []
            ordered = sorted(queue, key=lambda one: one.outgoing.created_at)
            self._queues[outgoing.subject] = deque([*first, *ordered])
        return gone

    def _make_room(self, subject: str) -> Outgoing | None:
        """Takes out the oldest message that nobody is sending, of the subject with the most."""
        most = max(self._queues, key=lambda name: len(self._queues[name]))
        queue = self._queues[most]
        place = 1 if most in self._busy and len(queue) > 1 else 0
        if not queue or (place == 0 and most in self._busy):
            return None  # all are under way: there are no more of them than services
        gone = queue[place]
        del queue[place]
        self._number -= 1
        if not queue and most != subject:
            del self._queues[most]
        return gone.outgoing

    def begin(self, batch: Iterable[Waiting]) -> None:
        """These heads are under way now."""
        self._busy.update(one.outgoing.subject for one in batch)

    def end(self, batch: Iterable[Outgoing]) -> None:
        """These are not under way any more, and done."""
        for one in batch:
            self._busy.discard(one.subject)
            queue = self._queues[one.subject]
            queue.popleft()
            self._number -= 1
            if not queue:
                del self._queues[one.subject]

    def fold(self, now: float, wall: float, patience: float) -> Folded:
        """Lets messages that have waited ``patience`` seconds give way to newer ones of their
        subjects. ``now`` is of the monotonic clock, ``wall`` seconds since the epoch.
        """
        folded: list[tuple[str, list[Outgoing]]] = []
        again: list[float] = []
        for subject, queue in self._queues.items():
            begun = subject in self._busy
            if len(queue) < 2 + begun:
                continue
            first = queue[1 if begun else 0]
            if now - first.at < patience and wall - first.outgoing.created_at < patience:
                again.append(first.at + patience)
                continue
            waiting = list(queue)[begun:]
            kept = waiting[newest([one.outgoing for one in waiting])]
            gone = [one.outgoing for one in waiting if one is not kept]
            for _ in waiting:
                queue.pop()
            # it has waited for as long as what it takes the place of
            queue.append(kept._replace(at=first.at))
            self._number -= len(gone)
            folded.append((subject, gone))
        return Folded(folded, min(again, default=None))

    def miss(self, subject: str, gone: Iterable[Outgoing], said: Missed = NOTHING) -> None:
        """The next message of the subject is to say that these were not sent, and what they ``said``
        too.
        """
        missed = self._missed.get(subject, NOTHING).and_these(gone)
        self._missed[subject] = Missed(missed.number + said.number, min(missed.since, said.since))

    def take_missed(self, subject: str) -> Missed:
        """What the message that goes now is to say too."""
        return self._missed.pop(subject, NOTHING)
