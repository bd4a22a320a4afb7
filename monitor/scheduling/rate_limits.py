"""``min_interval``, kept as the target sees it: probes of one scope to one host and port begin so
that they reach it at least so far apart, retries included.

Lengths are seconds. The timer is an argument.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from monitor.model.estate import Check, Promise
from monitor.scheduling.retry_after import host_and_port

ARRIVES_WITHIN = 1.0
"""Seconds from its start in which a probe under way is taken to have reached its target (at most
its promise's own length). Without this a target that hangs would be probed once a time-out."""

_Key = tuple[str, str, int]
"""Scope, host, port."""


def _key(promise: Promise, check: Check) -> _Key:
    return promise.scope, *host_and_port(check)


class RateLimits:
    """Lets probes begin so that each ``min_interval`` is kept as the target sees it."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._queues: dict[_Key, _Queue] = {}

    async def turn(self, check: Check) -> Turn:
        """Waits until every promise lets the check begin, the narrowest first, so that a long
        wait for one service holds up nobody else. Nobody overtakes; :meth:`Turn.begin` lets the
        next one come forward.
        """
        turn = Turn(self._timer)
        try:
            for promise in reversed(check.promises):
                key = _key(promise, check)
                queue = self._queues.get(key)
                if queue is None:
                    queue = self._queues[key] = _Queue(self._timer, promise.seconds)
                await queue.lock.acquire()
                turn.queues.append(queue)
                await queue.free()
        except BaseException:
            turn.end()
            raise
        return turn

    def wait(self, check: Check) -> float:
        """Seconds until the promises let the check begin, as far as is known now."""
        queues = (self._queues.get(_key(promise, check)) for promise in check.promises)
        return max((queue.wait() for queue in queues if queue is not None), default=0.0)

    def adopt(self, checks: Iterable[Check]) -> None:
        """From now on these are the promises. A longer one counts from the newest arrival known;
        one of another name to the same host and port, too; those that bind nobody are forgotten.
        """
        lengths = {
            _key(promise, check): promise.seconds for check in checks for promise in check.promises
        }
        gone = [key for key in self._queues if key not in lengths]
        left: dict[tuple[str, int], list[_Queue]] = {}
        for key in gone:
            left.setdefault(key[1:], []).append(self._queues[key])
        for key, seconds in lengths.items():
            known = self._queues.get(key)
            if known is not None:
                known.promise(seconds)
            elif key[1:] in left:
                known = self._queues[key] = _Queue(self._timer, seconds)
                known.inherit(left[key[1:]])
        for key in gone:
            if self._queues[key].idle():
                del self._queues[key]


class _Queue:
    """Those who want to probe one host and port under one promise, one behind the other."""

    def __init__(self, timer: Callable[[], float], seconds: float) -> None:
        self._timer = timer
        self.seconds = seconds
        self.lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._arrived = float("-inf")
        self._flying: list[float] = []
        """When those under way, of which no arrival is known, began."""

    async def free(self) -> None:
        """Returns when the promise allows a probe to begin. To be called by the lock's holder."""
        while (left := self._free_at() - self._timer()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    def _free_at(self) -> float:
        seconds = self.seconds
        margin = min(0.05, 0.02 * seconds)
        flight = seconds + min(seconds, ARRIVES_WITHIN)
        return max([self._arrived + seconds + margin, *(begun + flight for begun in self._flying)])

    def wait(self) -> float:
        """Seconds until a probe may begin."""
        return max(0.0, self._free_at() - self._timer())

    def promise(self, seconds: float) -> None:
        """It is of this length from now on."""
        if seconds != self.seconds:
            self.seconds = seconds
            self._changed.set()

    def begun(self, at: float) -> None:
        self._flying.append(at)

    def ended(self, begun: float, arrived: float) -> None:
        self._flying.remove(begun)
        self._arrived = max(self._arrived, arrived)
        self._changed.set()

    def inherit(self, others: Iterable[_Queue]) -> None:
        """Those of other promises have been there, and may be on their way at this moment."""
        for other in others:
            within = min(other.seconds, ARRIVES_WITHIN)
            arrivals = [other._arrived, *(begun + within for begun in other._flying)]
            self._arrived = max([self._arrived, *arrivals])

    def idle(self) -> bool:
        """Whether it may be forgotten: nobody waits, and the promise would let anybody begin."""
        return not self._flying and not self.lock.locked() and self._free_at() <= self._timer()


class Turn:
    """A check's turn: from the moment that every promise allows it to its probe's end."""

    __slots__ = ("_begun", "_timer", "queues")

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self.queues: list[_Queue] = []
        self._begun: float | None = None

    def begin(self) -> None:
        """The probe begins now: the promises count from here until more is known."""
        self._begun = self._timer()
        for queue in self.queues:
            queue.begun(self._begun)
        self._release()

    def end(self, since_arrival: float = 0.0) -> None:
        """The probe has ended, or never begun. ``since_arrival`` is how many seconds ago, at
        least, it last reached its target.
        """
        if self._begun is None:
            self._release()
            return
        arrived = self._timer() - since_arrival
        for queue in self.queues:
            queue.ended(self._begun, arrived)

    def _release(self) -> None:
        for queue in self.queues:
            queue.lock.release()
