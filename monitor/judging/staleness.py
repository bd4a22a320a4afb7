"""Pure: which checks' newest observations no longer say how things are, without asking each.

Every check that was observed, and is not stale, stands in a heap under the instant from which it may
be stale. An observation does not move it: it is looked at when that instant has come, and put back
where its newest observation belongs. So a check costs one look for each time that it stays fresh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from monitor.judging.check_tracker import CheckTracker
from monitor.model.estate import CheckId

Excused = Callable[[CheckId], bool]
"""Whether a check is not measured because we ourselves have put it off."""


def nobody(_check: CheckId) -> bool:
    """As long as we come to everything in time."""
    return False


class Aging:
    """The heap. Instants are seconds since the epoch."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, CheckTracker]] = []
        self._waiting: set[int] = set()
        """Those in the heap, by their places on the board."""
        self._rows: dict[int, CheckTracker] = {}
        """All that were observed."""
        self._looked_at = float("-inf")
        self._anew = False

    def begin(self, rows: Iterable[CheckTracker], now: float) -> None:
        """From now on these are all rows; their places or their thresholds may have changed."""
        self._rows = {row.place: row for row in rows if row.fold.at is not None}
        self._waiting = set(self._rows)
        self._heap = [(_look_at(row, now), place, row) for place, row in self._rows.items()]
        heapify(self._heap)

    def clock_set(self, now: float) -> None:
        """All are looked at once more: what was stale may be so no longer."""
        self.begin(self._rows.values(), now)
        self._anew = True

    def observed(self, row: CheckTracker) -> None:
        """An observation was folded in."""
        if row.place not in self._waiting:
            self._rows[row.place] = row
            self._waiting.add(row.place)
            heappush(self._heap, (row.stale_from(), row.place, row))

    def restored(self, row: CheckTracker, now: float) -> None:
        """It was observed by an earlier process, if at all."""
        if row.fold.at is not None and row.place not in self._waiting:
            self._rows[row.place] = row
            self._waiting.add(row.place)
            heappush(self._heap, (_look_at(row, now), row.place, row))

    def look(self, now: float, excused: Excused = nobody) -> list[CheckTracker]:
        """The rows that may stand otherwise at ``now`` because time has passed, by their places:
        those that have become stale and are not ``excused``, and all of them when the clock was
        set.
        """
        back, self._looked_at = now < self._looked_at, now
        if back or self._anew:
            self._anew = False
            self.begin(self._rows.values(), now)
            return [self._rows[place] for place in sorted(self._rows)]
        heap, found = self._heap, []
        while heap and heap[0][0] <= now:
            found.append(heappop(heap)[2])
        stale = []
        for row in found:
            if row.stale(now):
                if not row.elsewhere and excused(row.check.id):
                    again = now + max(_AGAIN, _EXCUSED * row.check.stale_after)
                    heappush(heap, (again, row.place, row))
                    continue
                self._waiting.discard(row.place)  # it stays so until it is observed
                stale.append(row)
            else:
                heappush(heap, (max(_look_at(row, now), now + _AGAIN), row.place, row))
        stale.sort(key=lambda row: row.place)
        return stale


_EXCUSED = 0.1
"""Share of the time for which an observation counts after which an excuse is looked at again."""
_AGAIN = 0.001
"""Seconds: what is not stale at the very edge is looked at again just after it."""


def _look_at(row: CheckTracker, now: float) -> float:
    """Never later than its next observation can be stale: an observation of the future, from before
    the clock was set back, tells nothing of when that will be.
    """
    return min(row.stale_from(), now + row.check.stale_after)
