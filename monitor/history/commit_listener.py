"""Calls back when entries are committed, and in time when nothing can be committed.

Belongs to the loop. The worker reports by numbers how far it has committed what it was given: what is
reported from memory because the worker hangs is not reported again when it comes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from monitor.model.records import Entry, Outgoing

Recorded = Callable[[Sequence[Entry], Sequence[Outgoing]], None]


class _Given(NamedTuple):
    number: int
    at: float
    entries: tuple[Entry, ...]
    outgoing: tuple[Outgoing, ...]


class CommitListener:
    """Holds what was given and not reported yet, oldest first."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self.recorded: Recorded = lambda *_: None
        self._timer = timer
        self._given: deque[_Given] = deque()
        self._last = 0

    def given(self, entries: Sequence[Entry], outgoing: Sequence[Outgoing]) -> int:
        """Takes note of what is given to the worker; gives its number, or 0 where there is nothing to
        report.
        """
        if not entries and not outgoing:
            return 0
        self._last += 1
        self._given.append(_Given(self._last, self._timer(), tuple(entries), tuple(outgoing)))
        return self._last

    def kept(self, number: int) -> None:
        """Everything up to ``number`` is kept for good, or it is known that it cannot be."""
        self._tell(lambda one: one.number <= number)

    def overdue(self, patience: float) -> None:
        """Reports what was given ``patience`` seconds ago, committed or not."""
        until = self._timer() - patience
        self._tell(lambda one: one.at <= until)

    def _tell(self, due: Callable[[_Given], bool]) -> None:
        entries: list[Entry] = []
        outgoing: list[Outgoing] = []
        while self._given and due(self._given[0]):
            one = self._given.popleft()
            entries += one.entries
            outgoing += one.outgoing
        if entries or outgoing:
            self.recorded(tuple(entries), tuple(outgoing))
