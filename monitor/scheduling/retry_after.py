"""Servers that have asked us to stay away for a while, and for how long we do.

429 says that we ask too often; 503 may say when to come back (RFC 6585, section 4; RFC 9110,
section 10.2.3). What one check is told holds for every check of the same host and port. A server,
broken or hostile, cannot silence the monitoring by it for long: there are bounds.

Lengths are seconds. The timer is an argument; no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitor.model.estate import Check, CheckId
from probes.net.retry_after import TOO_MANY_REQUESTS
from probes.observation import HttpFacts, Observation

UNAVAILABLE = 503
LONGEST = 3600.0
"""After a 429 (or an interval, when that is longer)."""
LONGEST_UNAVAILABLE = 300.0
"""After a 503."""
SHORTEST_UNAVAILABLE = 60.0
"""After a 503 two intervals are the bound, so that no check becomes unknown for it, but not less
than this."""

Place = tuple[str, int] | CheckId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What a server has asked for. ``began`` is the timer's reading, ``at`` the clock's."""

    began: float
    at: float
    status: int
    seconds: float

    def allowed(self, check: Check) -> float:
        """Seconds from its beginning that ``check`` stays away."""
        if self.status == TOO_MANY_REQUESTS:
            return self.seconds
        bound = max(SHORTEST_UNAVAILABLE, 2 * check.interval)
        return min(self.seconds, bound, LONGEST_UNAVAILABLE)


class RetryAfterHolds:
    """Who stays away from where."""

    def __init__(self, clock: Callable[[], float], timer: Callable[[], float]) -> None:
        self._clock = clock
        self._timer = timer
        self._holds: dict[tuple[Place, int], Hold] = {}
        """The newest wish of each kind, by its status: they are bounded differently."""

    def take(self, check: Check, observation: Observation) -> Hold | None:
        """Notes what the servers have asked for in their answers. Gives the longest of it."""
        asked: list[Hold] = []
        for part in observation.parts or (observation,):
            seconds = 0.0 if part.http is None else _asked(check, part, part.http)
            if part.http is None or seconds <= 0:
                continue
            hold = Hold(
                began=self._timer(), at=self._clock(), status=part.http.status, seconds=seconds
            )
            # after a redirect it may be anybody's wish: the others are not bound by it
            place = check.id if part.http.redirects else host_and_port(check)
            self._holds[place, hold.status] = hold
            asked.append(hold)
        return max(asked, key=lambda hold: hold.allowed(check), default=None)

    def until(self, check: Check) -> float | None:
        """The clock's instant until which ``check`` stays away; ``None`` when it need not."""
        if not self._holds:
            return None
        # by the timer: the clock may have been set since
        left = max((hold.began + hold.allowed(check) for hold in self._of(check)), default=0.0)
        left -= self._timer()
        return self._clock() + left if left > 0 else None

    def forget_past(self) -> None:
        """Drops what binds nobody any more."""
        now = self._timer()
        for key in [key for key, one in self._holds.items() if one.began + one.seconds <= now]:
            del self._holds[key]

    def _of(self, check: Check) -> Iterator[Hold]:
        for place in (host_and_port(check), check.id):
            for status in (TOO_MANY_REQUESTS, UNAVAILABLE):
                if (hold := self._holds.get((place, status))) is not None:
                    yield hold


def host_and_port(check: Check) -> tuple[str, int]:
    """Host and port, however the host is written."""
    return check.host.lower().rstrip("."), check.port


def _asked(check: Check, seen: Observation, http: HttpFacts) -> float:
    """A 429 that was not expected means an interval at least, whatever it says."""
    if http.status == TOO_MANY_REQUESTS:
        least = check.interval if seen.failed else 0.0
        return min(max(http.retry_after or 0.0, least), max(LONGEST, check.interval))
    return http.retry_after or 0.0 if http.status == UNAVAILABLE else 0.0
