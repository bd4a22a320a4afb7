"""What happened, line by line, and what was wrong with it."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable

from tests.simulation.virtual import STARTED

LAST = 25
"""Lines that are told again with a violation."""


class Violation(AssertionError):
    """A promise of the house that a world has broken."""


class Story:
    """Its digest is the same for the same seed: nothing in it comes from outside."""

    def __init__(self, timer: Callable[[], float], tell: Callable[[str], None] | None) -> None:
        self._timer = timer
        self._tell = tell
        self._hash = hashlib.blake2b(digest_size=16)
        self._last: deque[str] = deque(maxlen=LAST)
        self.lines = 0
        self.broken: list[str] = []

    def say(self, text: str) -> None:
        line = f"{self._timer() - STARTED:12.6f}  {text}"
        self.lines += 1
        self._hash.update(line.encode() + b"\n")
        self._last.append(line)
        if self._tell is not None:
            self._tell(line)

    def wrong(self, what: str) -> None:
        """Notes a violation. It is raised by the world: what is raised here and now would end in
        the daemon's own care for its tasks.
        """
        self.say(f"WRONG: {what}")
        if not self.broken:
            self.broken = [*self._last]

    def insist(self, holds: bool, what: str) -> None:
        if not holds:
            self.wrong(what)

    def digest(self) -> str:
        return self._hash.hexdigest()
