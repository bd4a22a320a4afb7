"""Pure: which checks' newest observations no longer say how things are, without asking each.

Every check that was observed stands in a heap under the instant from which it may be stale. An
observation does not move it: it is looked at when that instant has come, and put back where its
newest observation belongs. So a check costs one look for each time that it stays fresh.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from monitor.check_row import CheckRow


class Aging:
    """The heap. Instants are seconds since the epoch."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, CheckRow]] = []
        self._known: set[int] = set()
        """By their places on the board."""
        self._looked_at = float("-inf")

    def begin(self, rows: Iterable[CheckRow]) -> None:
        """From now on these are all rows; their places or their thresholds may have changed."""
        found = [row for row in rows if row.fold.at is not None]
        self._heap = [(row.stale_from(), row.place, row) for row in found]
        self._known = {row.place for row in found}
        heapify(self._heap)

    def observed(self, row: CheckRow) -> None:
        """An observation was folded in."""
        if row.place not in self._known:
            self._known.add(row.place)
            heappush(self._heap, (row.stale_from(), row.place, row))

    def look(self, now: float) -> list[CheckRow]:
        """The rows that may stand otherwise at ``now`` because time has passed, by their places:
        those that are stale, and all of them when the clock was set back.
        """
        back, self._looked_at = now < self._looked_at, now
        if back:
            rows = [row for _, _, row in self._heap]
            self.begin(rows)
            return sorted(rows, key=lambda row: row.place)
        heap, found = self._heap, []
        while heap and heap[0][0] <= now:
            row = heappop(heap)[2]
            found.append(row)
        stale = [row for row in found if row.stale(now)]
        for row in found:
            # one that is stale stays so until it is observed: it is looked at now and then
            again = now + row.check.stale_after if row.stale(now) else row.stale_from()
            heappush(heap, (max(again, now + _AGAIN), row.place, row))
        stale.sort(key=lambda row: row.place)
        return stale


_AGAIN = 0.001
"""Seconds: what is not stale at the very edge is looked at again just after it."""
