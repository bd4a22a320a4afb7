"""Pure: one service's published status over time, in a form that answers quickly.

A timeline is a list of segments, each from its start to the next one's: a status, and whether it
is planned. Before the first nothing is known. Beside the segments stand running sums, so that the
shares of any stretch are two bisections and a subtraction.

Instants are milliseconds since the epoch, lengths of time are milliseconds: whole numbers, so that
nothing is lost in adding up.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

from monitor.model.status import Status
from monitor.model.time_in_status import TimeInStatus

HOUR = 3_600_000
DAY = 24 * HOUR
KEPT = 91 * DAY
"""The longest window, and the hour by which ninety local days may be longer."""
MANY = 256
"""Segments from which those older than :data:`KEPT` are dropped. Earlier it would save nothing, and
a clock that is a year ahead for a minute would cost the whole past."""
BOUND = 20_000
"""Segments of one service at most."""
_MERGED = 3 * BOUND // 4
"""How many of the oldest are merged when there are more: into hours of at most five segments, so
into fewer than 11,000 within :data:`KEPT`."""

_CODES = {Status.GREEN: 0, Status.YELLOW: 1, Status.RED: 2, Status.UNKNOWN: 4}
_STATUSES = (Status.GREEN, Status.YELLOW, Status.RED, Status.RED, Status.UNKNOWN)
_GREEN, _YELLOW, _RED, _PLANNED_RED, _KINDS = 0, 1, 2, 3, 5
"""What a segment is of. That something is planned matters only while it is red."""


class Timeline:
    """Takes in what changes, oldest first, and tells the shares of any stretch of time."""

    __slots__ = ("_codes", "_green", "_planned_red", "_red", "_starts", "_yellow")

    def __init__(self) -> None:
        self._starts = array("q")
        self._codes = array("b")
        # of each segment: how long what is summed up had lasted in all when the segment began
        self._green = array("q")
        self._yellow = array("q")
        self._red = array("q")
        """Unplanned only."""
        self._planned_red = array("q")

    def __len__(self) -> int:
        """Segments kept."""
        return len(self._starts)

    @property
    def status(self) -> Status | None:
        """The newest segment's."""
        return _STATUSES[self._codes[-1]] if self._codes else None

    def change(self, status: Status, *, planned: bool, start: int, at: int) -> None:
        """From ``start`` on, noticed at ``at``, ``status`` holds, by plan or not.

        - ``start`` may be earlier than ``at``, and than what was noticed meanwhile; it is never
          before the beginning of the segment before it, which it then replaces.
        - What began after ``at`` is dropped: the clock has been set back since then.
        - What holds already changes nothing.
        """
        self._drop_after(at)
        start = min(start, at)
        code = _PLANNED_RED if planned and status is Status.RED else _CODES[status]
        if self._starts:
            start = max(start, self._starts[-1])
            if code == self._codes[-1]:
                return
            if start == self._starts[-1]:
                self._cut(len(self._starts) - 1)
        if not self._codes or code != self._codes[-1]:
            self._append(start, code)
        if len(self._starts) >= MANY:
            self._forget(at - KEPT)
        if len(self._starts) > BOUND:
            self._merge()

    def shares(self, start: int, end: int) -> TimeInStatus:
        """What the time from ``start`` to ``end`` was spent in; they add up to its length.

        What the newest segment says holds until ``end``, however late that is. Of more than
        :data:`BOUND` segments the oldest are known by the UTC hour only: a stretch that begins or
        ends within such an hour is wrong by less than that hour.
        """
        if end <= start:
            return TimeInStatus()
        return self._between(start, end, self._until(end))

    def windows(self, lengths: tuple[int, ...], end: int) -> tuple[TimeInStatus, ...]:
        """The shares of several stretches that end together."""
        until = self._until(end)
        return tuple([self._between(end - length, end, until) for length in lengths])

    def _between(self, start: int, end: int, until: tuple[int, int, int, int]) -> TimeInStatus:
        green, yellow, red, planned = self._until(start)
        green = until[0] - green
        yellow = until[1] - yellow
        planned = until[3] - planned
        red = until[2] - red + planned
        return TimeInStatus(green, yellow, red, planned, end - start - green - yellow - red)

    def _until(self, instant: int) -> tuple[int, int, int, int]:
        """The running sums at ``instant``; only differences mean anything."""
        starts = self._starts
        last = bisect_right(starts, instant) - 1
        if last < 0:
            if not starts:
                return 0, 0, 0, 0
            return self._green[0], self._yellow[0], self._red[0], self._planned_red[0]
        green, yellow, red = self._green[last], self._yellow[last], self._red[last]
        planned = self._planned_red[last]
        code = self._codes[last]
        if code == _GREEN:
            green += instant - starts[last]
        elif code == _YELLOW:
            yellow += instant - starts[last]
        elif code == _RED:
            red += instant - starts[last]
        elif code == _PLANNED_RED:
            planned += instant - starts[last]
        return green, yellow, red, planned

    def _append(self, start: int, code: int) -> None:
        green, yellow, red, planned = self._until(start)
        self._starts.append(start)
        self._codes.append(code)
        self._green.append(green)
        self._yellow.append(yellow)
        self._red.append(red)
        self._planned_red.append(planned)

    def _drop_after(self, at: int) -> None:
        if self._starts and self._starts[-1] > at:
            self._cut(bisect_right(self._starts, at))

    def _cut(self, first: int) -> None:
        """Leaves only the segments before the ``first``."""
        for column in self._columns():
            del column[first:]

    def _forget(self, before: int) -> None:
        """Drops the segments that ended ``before``."""
        gone = bisect_right(self._starts, before) - 1
        if gone > 0:
            for column in self._columns():
                del column[:gone]

    def _columns(self) -> tuple[array[int], ...]:
        return (
            self._starts,
            self._codes,
            self._green,
            self._yellow,
            self._red,
            self._planned_red,
        )

    def _merge(self) -> None:
        """Puts what is oldest into one order an hour, so that an hour is a few segments."""
        starts = self._starts
        merged = Timeline()
        spent, begun = [0] * _KINDS, starts[0]
        for i in range(_MERGED):
            start, end = starts[i], starts[i + 1]
            while start < end:
                whole = end // HOUR * HOUR
                alone = start % HOUR == 0 and whole > start  # in all these hours
                stop = whole if alone else min(end, (start // HOUR + 1) * HOUR)
                spent[self._codes[i]] += stop - start
                start = stop
                if start % HOUR == 0:
                    merged._put(begun, spent)
                    spent, begun = [0] * _KINDS, start
        merged._put(begun, spent)
        for i in range(_MERGED, len(starts)):
            merged._follow(starts[i], self._codes[i])
        for column, new in zip(self._columns(), merged._columns(), strict=True):
            column[:] = new

    def _put(self, start: int, spent: list[int]) -> None:
        """Appends what an hour was spent in, from ``start`` on."""
        for code, length in enumerate(spent):
            if length:
                self._follow(start, code)
                start += length

    def _follow(self, start: int, code: int) -> None:
        """Appends a segment that begins where the one before it ends."""
        if not self._codes or self._codes[-1] != code:
            self._append(start, code)
