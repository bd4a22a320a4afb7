"""Traces one probe: the phase that it has reached, the seconds that each phase took, the peer's address.
Whatever ends the probe, its trace shows where.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from probes.failure import MonitorTrouble, ProbeFailure
from probes.net.tcp_info import LOST_ON_THE_WAY, silence
from probes.observation import (
    Cause,
    Grade,
    HttpAnswer,
    HttpFacts,
    Observation,
    Phase,
    Phases,
    Reason,
    TlsFacts,
)

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

RESOLVED_KEPT = 32
"""Addresses of a name that are kept: a server may answer with thousands."""


class ProbeTrace:
    """Records what happens in one probe, and makes an observation of it."""

    __slots__ = (
        "_completed_at",
        "_connect",
        "_open_since",
        "_out_of_time",
        "_processing",
        "_resolve",
        "_started",
        "_timer",
        "_tls",
        "_transfer",
        "address",
        "answer",
        "at",
        "connected_at",
        "connection",
        "context",
        "errand",
        "first_byte_at",
        "http",
        "last_byte_at",
        "left_out",
        "ready_at",
        "resolved",
        "stage",
        "tls",
    )

    def __init__(self, context: ProbeContext) -> None:
        self.context = context
        self._timer = context.timer
        self.at = context.clock()
        self._started = self._timer()
        self._completed_at: float | None = None
        self._open_since: float | None = None
        self._out_of_time = False
        self._resolve: float | None = None
        self._connect: float | None = None
        self._tls: float | None = None
        self._processing: float | None = None
        self._transfer: float | None = None
        self.stage: Phase = Phase.RESOLVE
        self.address: str | None = None
        self.resolved: tuple[str, ...] = ()
        self.connection: socket.socket | None = None
        """The newest, as long as it is open."""
        self.connected_at = self._started
        """The timer's reading when the newest connection was made."""
        self.ready_at = self._started
        """The timer's reading when the connection was ready for the request."""
        self.errand: Callable[[str, ProbeFailure], ProbeFailure] | None = None
        """While somebody else than the target is waited for: what it means when the deadline passes,
        by its length ("within 3 s") and what it would mean without."""
        self.first_byte_at: float | None = None
        """The timer's reading when the first byte of an answer came."""
        self.last_byte_at = self._started
        """The timer's reading when the newest byte came."""
        self.left_out = 0.0
        """Seconds of the deadline that had passed when the observation began."""
        self.http: HttpFacts | None = None
        self.tls: TlsFacts | None = None
        self.answer: HttpAnswer | None = None
        """What has come of the last answer."""

    def start_over(self) -> None:
        """What took time until now was none of the target's: the observation begins here."""
        self.at = self.context.clock()
        self._started = self.ready_at = self.last_byte_at = self._timer()
        self._open_since = None

    def begin_request(self) -> None:
        """A request begins, the first or the one that a redirect asked for."""
        self.first_byte_at = None
        self._completed_at = None

    def received(self, at: float | None = None) -> None:
        """Bytes of an answer came at this reading of the timer (now)."""
        self.last_byte_at = self._timer() if at is None else at
        if self.first_byte_at is None:
            self.first_byte_at = self.last_byte_at

    def complete(self) -> None:
        """The answer is whole: what follows, such as judging it, is none of the target's time."""
        self._completed_at = self.last_byte_at

    @property
    def answered(self) -> bool:
        """Whether the peer has sent a byte of its answer."""
        return self.first_byte_at is not None

    def begin(self, stage: Phase, at: float | None = None) -> float:
        """Enters a stage, which began at this reading of the timer (now); gives the reading."""
        self.stage = stage
        self._open_since = self._timer() if at is None else at
        return self._open_since

    def end(self, stage: Phase, begun: float, at: float | None = None) -> float:
        """Adds the time from ``begun`` to ``at`` (now) to a phase; gives the timer's reading."""
        now = self._timer() if at is None else at
        self._open_since = None
        # the kernel's stamps and the timer's readings are microseconds apart
        spent = max(0.0, now - begun)
        match stage:
            case Phase.RESOLVE:
                self._resolve = (self._resolve or 0.0) + spent
            case Phase.CONNECT:
                self._connect = (self._connect or 0.0) + spent
            case Phase.TLS:
                self._tls = (self._tls or 0.0) + spent
            case Phase.PROCESSING:
                self._processing = (self._processing or 0.0) + spent
            case Phase.TRANSFER:
                self._transfer = (self._transfer or 0.0) + spent
        return now

    def elapsed(self) -> float:
        """Seconds since the probe began, our own delays among them: the deadline counts these."""
        return self._timer() - self._started

    def spent(self) -> float:
        """Seconds that the network and the target took: all phases, and what has passed of the
        stage under way. What passed between them passed with us, and is in no duration; a deadline
        that passed was waited for as a whole.
        """
        if self._out_of_time:
            return self.elapsed()
        known = (self._resolve, self._connect, self._tls, self._processing, self._transfer)
        spent = sum(phase for phase in known if phase is not None)
        if self._open_since is not None and self._completed_at is None:
            spent += max(0.0, self._timer() - self._open_since)
        return spent

    def phases(self) -> Phases:
        return Phases(
            resolve=self._resolve,
            connect=self._connect,
            tls=self._tls,
            processing=self._processing,
            transfer=self._transfer,
        )

    def observation(
        self,
        duration: float,
        grade: Grade = Grade.GOOD,
        reason: Reason | None = None,
        cause: Cause | None = None,
        detail: str = "",
    ) -> Observation:
        """Makes the observation, with all that the trace holds."""
        return Observation(
            at=self.at,
            duration=duration,
            grade=grade,
            reason=reason,
            cause=cause,
            detail=detail,
            phases=self.phases(),
            address=self.address,
            http=self.http,
            tls=self.tls,
            resolved=self.resolved,
            answer=self.answer,
        )

    def failed(self, failure: ProbeFailure, duration: float | None = None) -> Observation:
        """The observation of a failure."""
        return self.observation(
            self.spent() if duration is None else duration,
            Grade.FAILED,
            failure.reason,
            failure.cause,
            failure.detail,
        )

    def timed_out(self, timeout: float) -> ProbeFailure:
        """What the total deadline means at the stage that was reached."""
        self._out_of_time = self._completed_at is None
        left = round(timeout - self.left_out, 1) if self.left_out else timeout
        within = f"within {left:g} s"
        failure = self._timed_out(within)
        return failure if self.errand is None else self.errand(within, failure)

    def _timed_out(self, within: str) -> ProbeFailure:
        if self._completed_at is not None:
            return MonitorTrouble(f"the answer came, but was not judged {within}", Reason.TIMEOUT)
        match self.stage:
            case Phase.RESOLVE:
                return ProbeFailure(Reason.DNS, f"no name server answered {within}", Cause.NETWORK)
            case Phase.CONNECT:
                return ProbeFailure(Reason.CONNECT_TIMEOUT, f"no connection {within}")
            case Phase.TLS:
                said = f"the TLS handshake did not end {within}"
            case Phase.PROCESSING:
                said = f"no answer {within}"
            case _:
                said = f"the answer did not end {within}"
        if quiet := silence(self.connection):
            said = f"{said}: {quiet}"
        cause = Cause.NETWORK if quiet is LOST_ON_THE_WAY else Cause.TARGET
        return ProbeFailure(Reason.TIMEOUT, said, cause)


class deadline:  # noqa: N801 - reads like asyncio.timeout, which it is
    """The one total deadline. Raises :class:`ProbeFailure`, which says where the time went."""

    __slots__ = ("_seconds", "_timeout", "_trace")

    def __init__(self, trace: ProbeTrace, seconds: float) -> None:
        self._trace = trace
        self._seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise self._trace.timed_out(self._seconds) from None
        if isinstance(error, TimeoutError):
            raise self._trace.timed_out(self._seconds) from None
