"""Reads the wall clock, and notices that it was set before anybody goes by what it says."""

from __future__ import annotations

from collections.abc import Callable

JUMP = 2.0
"""Seconds of wall clock against monotonic clock from one reading to the next that count as a jump."""


class ClockWatch:
    """The wall clock of those who judge.

    An observation that began before the clock was set may arrive just after: judged by the new time
    alone, it would be hours old.
    """

    __slots__ = ("_clock", "_jumped", "_offset", "_timer")

    def __init__(
        self,
        clock: Callable[[], float],
        timer: Callable[[], float],
        jumped: Callable[[float, float], None],
    ) -> None:
        """``clock`` gives seconds since the epoch, ``timer`` monotonic ones. ``jumped`` is called
        with the new time and by how many seconds it was set forth (back below 0).
        """
        self._clock = clock
        self._timer = timer
        self._jumped = jumped
        self._offset = clock() - timer()

    def now(self) -> float:
        """Seconds since the epoch."""
        now = self._clock()
        offset = now - self._timer()
        if not -JUMP < offset - self._offset < JUMP:
            # or this process waited for its turn between the two readings
            now = self._clock()
            offset = now - self._timer()
            jump, self._offset = offset - self._offset, offset
            if not -JUMP < jump < JUMP:
                self._jumped(now, jump)
        else:
            self._offset = offset
        return now
