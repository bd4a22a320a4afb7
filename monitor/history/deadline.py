"""Limits how long a thread may spend in one use of the database or the disk.

A thread that hangs cannot look at the clock itself: the event loop looks for it, breaks the use off
where that can be done from outside, and does without it where it cannot.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

WRITE = 5.0
"""Seconds that one transaction that writes may take, everything included."""
READ = 2.0
"""Seconds that one question may take, everything included."""
GRACE = 0.5
"""Seconds that breaking off may take."""


class Deadline:
    """Watches one thread's uses, one after the other."""

    def __init__(self) -> None:
        self._until: float | None = None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """One use, from now on."""
        before, self._until = self._until, time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = before

    @property
    def passed(self) -> bool:
        """Whether the use that is under way should have come to its end."""
        return self._late() > 0.0

    @property
    def hangs(self) -> bool:
        """Whether it has not ended although it was broken off."""
        return self._late() > GRACE

    def _late(self) -> float:
        until = self._until
        return time.monotonic() - until if until is not None else 0.0
