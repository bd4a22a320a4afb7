"""Decides when a message that a receiver has not taken is tried again: exponential back-off, full jitter."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenacity import RetryCallState

from monitor.notify.sender import SendFailed

GIVE_UP = 86_400.0
"""Age in seconds at which a message is given up."""
TOO_OLD = "it is older than a day"
BASE, CAP = 1.0, 300.0
"""Seconds: the back-off's first and last ceiling."""
ASKED = 300.0
"""Seconds at most for which a receiver's ``Retry-After`` is honoured."""
REFUSED = 300.0
"""Seconds at least between attempts where the receiver refuses: somebody must mend something."""


def full_jitter(ceiling: float) -> float:
    return random.uniform(0.0, ceiling)  # noqa: S311 - no secret is made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Holds clocks, sleep and chance, so that a test can own them."""

    clock: Callable[[], float] = time.time
    """Seconds since the epoch."""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[float], float] = full_jitter
    """A length between 0 and the ceiling that it is given."""


class Backoff:
    """Pauses between attempts to one receiver; a pause ends when the receiver takes another message."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._resting: set[asyncio.Future[None]] = set()

    def pause(self, state: RetryCallState) -> float:
        """Seconds until the next attempt; never sooner than the receiver asks for."""
        failed = state.outcome.exception() if state.outcome is not None else None
        pause = self._pace.jitter(min(CAP, BASE * 2.0 ** min(state.attempt_number - 1, 30)))
        if isinstance(failed, SendFailed):
            if failed.refused:
                pause = REFUSED + self._pace.jitter(REFUSED)
            pause = max(pause, min(failed.retry_after or 0.0, ASKED))
        return pause

    async def rest(self, seconds: float) -> None:
        """Waits between two attempts: ``seconds``, or until the receiver has taken another message."""
        await self._pace.sleep(min(seconds, BASE))
        if seconds <= BASE:
            return
        answered = asyncio.get_running_loop().create_future()
        self._resting.add(answered)
        rest = asyncio.ensure_future(self._pace.sleep(seconds - BASE))
        try:
            await asyncio.wait({answered, rest}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rest.cancel()
            self._resting.discard(answered)

    def end_rests(self) -> None:
        """The receiver has just taken something: nobody needs to rest any more."""
        for one in self._resting:
            if not one.done():
                one.set_result(None)
