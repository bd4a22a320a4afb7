"""An outage of the database: since when it lasts, why, and when the next attempt is due."""

from __future__ import annotations

from collections.abc import Callable

from monitor.history.errors import HistoryTroubleError, RefusedError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
REFUSED_PAUSE = 60.0


class Outage:
    """Whether the database is away. Attempts to reach it back off exponentially."""

    def __init__(self, clock: Callable[[], float], timer: Callable[[], float]) -> None:
        self._clock = clock
        self._timer = timer
        self.since: float | None = None
        """Seconds since the epoch; ``None`` while the database is there."""
        self.why = ""
        """One clause; empty while the database is there."""
        self.pause = FIRST_PAUSE
        """Seconds from the next failure to the attempt after it."""
        self._retry_at = 0.0

    @property
    def lasts(self) -> bool:
        """Whether the database is away."""
        return self.since is not None

    def remaining(self) -> float:
        """Seconds until the next attempt is due; 0 when it may be made now."""
        return max(0.0, self._retry_at - self._timer())

    def is_news(self, error: HistoryTroubleError) -> bool:
        """Whether the log does not have this ``error`` yet."""
        return not self.lasts or (isinstance(error, RefusedError) and str(error) != self.why)

    def begin(self, why: str) -> None:
        """Begins an outage, or goes on with the one that lasts."""
        if self.since is None:
            self.since = self._clock()
        self.why = why

    def failed(self, error: HistoryTroubleError) -> None:
        """An attempt has failed: sets when the next one is due."""
        self.begin(str(error))
        pause = REFUSED_PAUSE if isinstance(error, RefusedError) else self.pause
        self._retry_at = self._timer() + pause
        self.pause = min(2 * self.pause, LONGEST_PAUSE)

    def end(self) -> float:
        """The database is back; gives how many seconds it was away."""
        seconds = self._clock() - (self.since or 0.0)
        self.since, self.why = None, ""
        self.pause, self._retry_at = FIRST_PAUSE, 0.0
        return seconds
