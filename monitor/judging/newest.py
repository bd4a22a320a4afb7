"""What is remembered of a check's newest observations, in as few bytes as they need.

Ten thousand checks remember a hundred thousands of them: as tuples of numbers of their own they would
be a quarter of the daemon's memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from monitor.judging.grade import Verdict
from monitor.judging.transition_context import RememberedResult


class Newest:
    """The newest observations of one check, oldest first, at most so many."""

    __slots__ = ("_most", "_numbers", "_results")

    def __init__(self, most: int, remembered: Iterable[RememberedResult] = ()) -> None:
        self._most = most
        self._numbers = array("d")
        """Two of each: when it was and how long it took, in seconds."""
        self._results: list[tuple[Verdict, str, str | None]] = []
        """Verdict, detail and address: those of an observation like the one before it are the same
        tuple.
        """
        for one in remembered:
            self.add(*one)

    def __iter__(self) -> Iterator[RememberedResult]:
        numbers = iter(self._numbers)
        for (verdict, detail, address), at, duration in zip(
            self._results, numbers, numbers, strict=True
        ):
            yield RememberedResult(at, duration, verdict, detail, address)

    def add(
        self, at: float, duration: float, verdict: Verdict, detail: str, address: str | None
    ) -> None:
        """Takes one in; the oldest is forgotten where there are too many."""
        results, numbers = self._results, self._numbers
        new = (verdict, detail, address)
        results.append(results[-1] if results and results[-1] == new else new)
        numbers.append(at)
        numbers.append(duration)
        if len(results) > self._most:
            del results[0], numbers[:2]


class Latencies:
    """The newest latencies of one check in seconds, oldest first, at most so many."""

    __slots__ = ("_most", "_seconds")

    def __init__(self, most: int) -> None:
        self._most = most
        self._seconds = array("d")

    def __iter__(self) -> Iterator[float]:
        return iter(self._seconds)

    def add(self, seconds: float) -> None:
        """Takes one in; the oldest is forgotten where there are too many."""
        self._seconds.append(seconds)
        if len(self._seconds) > self._most:
            del self._seconds[0]
