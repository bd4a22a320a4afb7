"""Bounded queues from the event loop to the writer thread.

Called from two sides: the loop appends, :meth:`WriteQueue.take` takes in the worker. Neither waits for
the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

import structlog

from monitor.history.commit_listener import CommitListener
from monitor.history.rows import (
    Operation,
    of_by_hand,
    of_entry,
    of_expired,
    of_outgoing,
    of_postponed,
    of_settled,
    of_states,
    without_evidence,
)
from monitor.model.records import ByHandRow, Entry, Outgoing, Seen, seen_of
from probes.observation import Observation

log = structlog.get_logger("driftvakt")

OBSERVED = 20_000
"""Observations as the probes gave them, until the worker's next step."""
WAITING = 100_000
"""Observations that wait for the database."""
HELD_WHOLE = 1_000
"""Transitions and messages in memory with their evidence, when not even the journal can be
written."""
HELD = 20_000
SLICE = 50
"""Rows that are converted without a pause."""


class _Item(NamedTuple):
    """From the loop: what is to be kept, not converted yet."""

    make: Callable[[], list[Operation]]
    number: int = 0
    """By which those who send hear of it; 0: nobody has to."""
    states: Mapping[str, bytes] | None = None
    checkpoint: bool = False


@dataclass(slots=True)
class Held:
    """An entry as operations; ``number`` is that of its item."""

    operations: list[Operation]
    number: int


@dataclass(slots=True, kw_only=True)
class WriteQueue:
    """Holds in memory what is to be written. Made on the loop."""

    clock: Callable[[], float]
    breathe: Callable[[], None]
    wake: Callable[[], None]
    commits: CommitListener
    seen: deque[tuple[str, Seen]] = field(default_factory=deque)
    """Converted, oldest first; the worker's own, as the next two."""
    held: deque[Held] = field(default_factory=deque)
    states: dict[str, bytes] = field(default_factory=dict)
    """Of checkpoints, the newest of each."""
    dropped: int = 0
    """Observations that were taken and gave way."""
    hangs: bool = False
    """Whether the worker takes nothing, as the loop sees it."""
    lost: int = 0
    """Transitions, messages and marks beyond every bound, or refused."""
    _observed: deque[tuple[str, Observation]] = field(
        default_factory=lambda: deque(maxlen=OBSERVED)
    )
    _incoming: deque[_Item] = field(default_factory=deque)
    _given: int = 0
    _taken: int = 0

    # on the loop

    def observed(self, check_id: str, observation: Observation) -> None:
        self._observed.append((check_id, observation))
        self._given += 1

    def record(self, entries: Sequence[Entry], states: Mapping[str, bytes]) -> None:
        at = self.clock()
        outgoing = [one for entry in entries for one in entry.outgoing]
        number = self.commits.given(entries, outgoing)
        if self.hangs and len(self._incoming) >= HELD_WHOLE:
            entries = [replace(entry, evidence=None) for entry in entries]

        def make() -> list[Operation]:
            found = [operation for entry in entries for operation in of_entry(entry)]
            return found + of_states(states, at)

        self._add(_Item(make, number, states))

    def enqueue(self, outgoing: Sequence[Outgoing]) -> None:
        number = self.commits.given((), outgoing)
        self._add(_Item(lambda: [of_outgoing(one) for one in outgoing], number))

    def settle(self, outgoing_ids: Sequence[str], at: float, error: str | None) -> None:
        self._add(_Item(lambda: [of_settled(one, at, error) for one in outgoing_ids]))

    def expire(self, before: float, at: float, error: str) -> None:
        self._add(_Item(lambda: [of_expired(before, at, error)]))

    def postpone(self, outgoing_id: str, attempts: int, next_attempt_at: float) -> None:
        self._add(_Item(lambda: [of_postponed(outgoing_id, attempts, next_attempt_at)]))

    def keep_by_hand(self, row: ByHandRow) -> None:
        self._add(_Item(lambda: [of_by_hand(row)]))

    def checkpoint(self, states: Mapping[str, bytes]) -> None:
        self._incoming.append(_Item(list, states=states, checkpoint=True))

    @property
    def waits(self) -> bool:
        """Whether something that was taken is to be written. The worker's own."""
        return bool(self.held or self.seen or self.states)

    @property
    def observations_waiting(self) -> int:
        return len(self._observed) + len(self.seen)

    @property
    def entries_waiting(self) -> int:
        return len(self._incoming) + len(self.held)

    @property
    def observations_dropped(self) -> int:
        overflown = self._given - self._taken - len(self._observed)
        return self.dropped + max(0, overflown)

    def _add(self, item: _Item) -> None:
        if len(self._incoming) >= HELD:  # the worker hangs, and has for thousands of transitions
            self.lost += 1
            return
        self._incoming.append(item)
        self.wake()

    # in the worker

    def take(self) -> None:
        """From the loop's queues: converted, and within the bounds."""
        for number in range(len(self._observed)):
            try:
                check_id, observation = self._observed.popleft()
            except IndexError:  # the queue has overflown meanwhile
                break
            self._taken += 1
            self.seen.append((check_id, seen_of(observation)))
            if number % SLICE == SLICE - 1:
                self.breathe()
        while len(self.seen) > WAITING:
            self.seen.popleft()
            self.dropped += 1
        while self._incoming:
            self._take_item(self._incoming.popleft())

    def _take_item(self, item: _Item) -> None:
        if item.checkpoint:
            self.states.update(item.states or {})
            return
        for key in item.states or ():
            self.states.pop(key, None)  # an older one: it must not be written after this
        try:
            operations = item.make()
        except Exception:
            log.exception("history_fault")  # ours; those that wait behind it are not to suffer
            self.lost += 1
        else:
            self.held.append(Held(operations, item.number))

    def bound_held(self) -> None:
        """When nothing can be written anywhere, and those who send have been told."""
        while len(self.held) > HELD:
            self.held.popleft()
            self.lost += 1
        for held in islice(self.held, HELD_WHOLE, None):
            held.operations = without_evidence(held.operations)
