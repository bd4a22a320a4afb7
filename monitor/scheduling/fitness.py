"""Whether we are fit to measure: the loop's lag and the canary. Our trouble is never the target's."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from monitor.model.status import Thresholds
from probes.net.kernel_timestamps import STAMPED
from probes.observation import Cause, Grade, Observation, Phases, Reason

TICK = 0.1
"""Seconds between measurements of the loop's lag."""
CLOCK_JUMP = 2.0
"""Seconds by which the wall clock may differ from the monotonic one and not have been set."""
LAG_SHARE = 0.2
"""Share of a probe's time spent lagging above which its time-out is not believed."""
LAG_LEAST = 0.05
"""Seconds of lag below which no time-out is doubted, however short it is."""
STALL = 0.25
"""Seconds of lag in which a peer may have given us up, so that a broken connection is doubted."""
OVERLOADED_SHARE = 0.1
"""Share of the last ``OVERLOAD_SPAN`` seconds spent lagging above which we say so."""
OVERLOAD_SPAN = 5.0
_NOTICEABLE = 0.002
_OUT_OF_TIME = frozenset({Reason.TIMEOUT, Reason.CONNECT_TIMEOUT, Reason.DNS})
_BROKEN = frozenset({Reason.RESET, Reason.PROTOCOL, Reason.TLS_HANDSHAKE})
"""Failures that a stalled monitor can bring about by itself."""


class LoopLag:
    """How late the event loop runs what is due: a heartbeat that measures its own lateness."""

    def __init__(self, told: Callable[[float], None]) -> None:
        self._told = told
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None
        self._lags: deque[tuple[float, float]] = deque(maxlen=1024)
        self._begun_at = 0.0
        """When all had begun: how late the loop was until then is no overload."""

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._begun_at = self._loop.time()
        self._due = self._begun_at + TICK
        self._handle = self._loop.call_at(self._due, self._tick)

    def all_has_begun(self) -> None:
        """What was late until now delayed a start, which is over. It still spoils what was measured."""
        self._begun_at = self._loop.time()

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        now = self._loop.time()
        lag = max(0.0, now - self._due)
        if lag > _NOTICEABLE:
            self._lags.append((now, lag))
        self._told(lag)
        self._due = now + TICK
        self._handle = self._loop.call_at(self._due, self._tick)

    def within(self, seconds: float) -> float:
        """Seconds of lag, in all, within the last ``seconds``; what is lagging at this very moment
        counts too, and what was over before they began does not.
        """
        if self._handle is None:
            return 0.0
        now = self._loop.time()
        since = now - seconds
        lagged = min(seconds, max(0.0, now - self._due))
        for ended, lag in reversed(self._lags):
            if ended < since:
                break
            lagged += min(lag, ended - since)
        return lagged

    def overloaded(self) -> bool:
        if self._handle is None:
            return False
        counted = min(OVERLOAD_SPAN, self._loop.time() - self._begun_at)
        return self.within(counted) >= OVERLOADED_SHARE * OVERLOAD_SPAN


def blame_lag(observation: Observation, lag: float, thresholds: Thresholds) -> Observation:
    """The observation, or our own trouble in its place when the loop's lag may have made it bad.

    ``lag`` is the seconds of lag within the probe's time. A time-out is believed only if the lag was
    a small share of it, a broken connection only if we did not keep the peer waiting. A slow answer
    is believed as far as its phases say where the time went: the kernel tells their ends, so that no
    lag is in them. What no phase has (a plug-in's duration) is believed only if it would have been
    too slow without that lag. What was answered stays answered: no lag makes a 503.
    """
    if lag < _NOTICEABLE:
        return observation
    detail = f"the monitor itself was stalled for {lag:.2f} s meanwhile"
    if observation.failed:
        if lag >= _doubtful(observation):
            return ours(observation, observation.reason or Reason.INTERNAL, detail)
        return observation
    slow = observation.duration
    lag = min(lag, slow - _stamped(observation.phases))
    for limit in (thresholds.latency_red, thresholds.latency_yellow):
        if limit is not None and slow >= limit > slow - lag:
            return ours(observation, Reason.LATENCY, detail)
    return observation


def _stamped(phases: Phases) -> float:
    """Seconds of a duration that hold no lag of ours."""
    if not STAMPED:
        return 0.0
    known = (phases.resolve, phases.connect, phases.tls, phases.processing, phases.transfer)
    return sum(phase for phase in known if phase is not None)


def _doubtful(failure: Observation) -> float:
    """Seconds of lag from which on a failure may be our own doing."""
    if failure.reason in _OUT_OF_TIME:
        return max(LAG_LEAST, LAG_SHARE * failure.duration)
    return STALL if failure.reason in _BROKEN else float("inf")


def ours(observation: Observation, reason: Reason, detail: str) -> Observation:
    """The same moment as our own trouble: no observation of the target."""
    return replace(
        observation,
        grade=Grade.FAILED,
        reason=reason,
        cause=Cause.MONITOR,
        detail=detail,
        parts=(),
    )


_CANARY_DECIDES = frozenset(
    {
        Reason.DNS,
        Reason.CONNECT_TIMEOUT,
        Reason.CONNECT_ERROR,
        Reason.CONNECT_REFUSED,
        Reason.TIMEOUT,
        Reason.RESET,
        Reason.TLS_HANDSHAKE,
    }
)
"""Failures that a broken network of ours can bring about."""
CANARY_GAP = 1.0
"""Seconds at least between two rounds of canary probes."""
CANARY_AGAIN = 10.0
"""Seconds after which canaries that were down are asked again, though nobody wants to know."""


class CanaryWatch:
    """Asks the canaries, when a target fails, whether it is us. One round at a time, shared by
    all who ask; no canary configured means that it is never us.
    """

    def __init__(
        self,
        probes: Sequence[Callable[[], Awaitable[Observation]]],
        timer: Callable[[], float],
    ) -> None:
        self._probes = probes
        self._timer = timer
        self._round: asyncio.Task[bool] | None = None
        self._began = float("-inf")
        self.down = False

    def adopt(self, probes: Sequence[Callable[[], Awaitable[Observation]]]) -> None:
        """Asks these from now on; a round that is under way counts for those who wait for it."""
        self._probes = probes
        self.down = self.down and bool(probes)

    def look_again(self) -> None:
        """To be called often: what was down is asked until it is up, so that it is known."""
        idle = self._round is None or self._round.done()
        if self.down and idle and self._timer() - self._began >= CANARY_AGAIN:
            self._begin()

    async def explains(self, observation: Observation) -> bool:
        """Whether all canaries fail too, asked after the observation began."""
        return observation.reason in _CANARY_DECIDES and await self.all_down(observation)

    async def all_down(self, observation: Observation) -> bool:
        """The same, whatever the observation's reason."""
        if not self._probes:
            return False
        # by the timer: a clock that was set back must not make an old round look new
        since = self._timer() - observation.duration
        while self._began < since or self._round is None:
            if self._round is None or self._round.done():
                await self._pause()
                if self._round is None or self._round.done():
                    self._begin()
            else:
                await asyncio.wait({self._round})
        return await asyncio.shield(self._round)

    async def _pause(self) -> None:
        wait = self._began + CANARY_GAP - self._timer()
        if 0 < wait <= CANARY_GAP:
            await asyncio.sleep(wait)

    def _begin(self) -> None:
        self._began = self._timer()
        self._round = asyncio.get_running_loop().create_task(self._ask(), name="canary")

    async def _ask(self) -> bool:
        seen = await asyncio.gather(*(probe() for probe in self._probes), return_exceptions=True)
        # a probe of ours that breaks tells nothing of the network
        failed = [isinstance(one, Observation) and one.failed for one in seen]
        self.down = all(failed)
        return self.down

    async def close(self) -> None:
        if self._round is not None and not self._round.done():
            self._round.cancel()
            await asyncio.wait({self._round})
