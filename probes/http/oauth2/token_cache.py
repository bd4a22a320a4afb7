"""Access tokens, kept until shortly before they end, and shared by all checks that would ask for
the same.

Of one token service is asked at most one thing at a time, at most every ``SPACING`` seconds, and
after a failure not before ``PAUSE`` seconds have passed: whoever asks meanwhile is told the same.
A token is renewed while it can still be used, and the probes go on with it until the new one is
there. Lengths are seconds, instants the timer's readings.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probes.http.oauth2.client import Client
from probes.http.oauth2.token_service import Issued, TokenFailure, TokenService
from probes.net.proxy_address import Proxy
from probes.observation import Cause

if TYPE_CHECKING:
    from probes.failure import ProbeFailure
    from probes.http.settings import HttpSettings
    from probes.net.context import ProbeContext

SPACING = 2.0
"""Between the beginnings of two requests."""
PAUSE = 5.0
"""After a request that failed."""
MARGIN = 60.0
"""Before its end a token is renewed; of one that lives shortly, a fifth of its life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    token: str = field(repr=False)
    renew_at: float
    usable_until: float

    @classmethod
    def of(cls, issued: Issued, now: float) -> _Kept:
        margin = min(MARGIN, issued.lifetime / 5)
        end = now + issued.lifetime
        return cls(token=issued.token, renew_at=end - margin, usable_until=end - margin / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    detail: str
    cause: Cause
    until: float


class TokenSource:
    """The token of one setting."""

    def __init__(self, service: TokenService, context: ProbeContext) -> None:
        self._service = service
        self._timer = context.timer
        self._kept: _Kept | None = None
        self._failed: _Failed | None = None
        self._asked_at = float("-inf")
        self._renewal: asyncio.Task[_Kept | _Failed] | None = None
        self._holding = False
        self.recent: deque[str] = deque(maxlen=2)
        """The tokens that were handed out last: secrets, wherever they turn up."""

    def at_hand(self) -> str | None:
        """A token that need not be waited for, nor renewed."""
        kept = self._kept
        return kept.token if kept is not None and self._timer() < kept.renew_at else None

    async def token(self, timeout: float) -> str:
        """A token that can be used, fetched within ``timeout`` seconds when there is none. Raises
        :class:`TokenFailure`. Cancelling it takes the token from nobody else who waits.
        """
        now, kept = self._timer(), self._kept
        begun = self._begun(now, timeout)
        if kept is not None and now < kept.usable_until:
            return kept.token
        outcome = begun if isinstance(begun, _Failed) else await asyncio.shield(begun)
        if isinstance(outcome, _Failed):
            # a new one for each who is told: an exception that is raised twice grows
            raise TokenFailure(outcome.detail, outcome.cause)
        return outcome.token

    def drop(self, token: str) -> None:
        """The target does not take this token: the next probe fetches another."""
        if self._kept is not None and self._kept.token == token:
            self._kept = None

    def not_in_time(self, within: str, _failure: ProbeFailure) -> TokenFailure:
        """What a probe's deadline means that passes while it waits for its token."""
        where = self._service.where
        if self._holding:
            said = f"no token {within}: the token service {where} is asked every {SPACING:g} s"
            return TokenFailure(said, Cause.MONITOR)
        return TokenFailure(f"the token service {where}: no token {within}", Cause.DEPENDENCY)

    def too_late(self, within: str, _failure: ProbeFailure) -> TokenFailure:
        """What a deadline means that passes after the token took most of its time."""
        where = self._service.where
        said = (
            f"the token service {where} was slow: no answer from the target {within} that it left"
        )
        return TokenFailure(said, Cause.DEPENDENCY)

    def _begun(self, now: float, timeout: float) -> asyncio.Task[_Kept | _Failed] | _Failed:
        """The renewal under way, the failure that is still remembered, or a renewal that begins."""
        if self._renewal is not None:
            return self._renewal
        if self._failed is not None and now < self._failed.until:
            return self._failed
        wait = max(0.0, self._asked_at + SPACING - now)
        self._renewal = asyncio.create_task(self._fetch(wait, timeout), name="token")
        return self._renewal

    async def _fetch(self, wait: float, timeout: float) -> _Kept | _Failed:
        try:
            self._holding = True
            await asyncio.sleep(wait)
            self._holding = False
            self._asked_at = self._timer()
            try:
                issued = await self._service.fetch(timeout)
            except TokenFailure as failure:
                return self._fail(failure)
            # its life began when it was asked for, at the earliest
            self._kept = kept = _Kept.of(issued, self._asked_at)
            self._failed = None
            self.recent.append(kept.token)
            return kept
        finally:
            self._holding = False
            self._renewal = None

    def _fail(self, failure: TokenFailure) -> _Failed:
        until = self._timer() + max(PAUSE, failure.pause)
        self._failed = _Failed(detail=failure.detail, cause=failure.cause, until=until)
        return self._failed

    async def close(self) -> None:
        """Ends a fetch that is under way."""
        renewal = self._renewal
        if renewal is not None:
            renewal.cancel()
            await asyncio.wait([renewal])


class Tokens:
    """The sources of a process, one for each distinct setting."""

    def __init__(self, context: ProbeContext) -> None:
        self._context = context
        self._sources: dict[tuple[str, str, str | None], TokenSource] = {}

    def source(self, settings: HttpSettings) -> TokenSource | None:
        """Where a check's tokens come from; ``None`` without ``oauth2``."""
        asked = settings.oauth2
        if asked is None:
            return None
        tls = asked.towards_service(settings.tls)
        key = (asked.model_dump_json(exclude={"tls"}), tls.model_dump_json(), settings.proxy_url)
        source = self._sources.get(key)
        if source is None:
            client, proxy = Client(asked, self._context), Proxy.of(settings.proxy_url)
            service = TokenService(asked, tls, proxy, client, self._context)
            source = self._sources[key] = TokenSource(service, self._context)
        return source

    async def close(self) -> None:
        """Ends what is under way."""
        for source in self._sources.values():
            await source.close()
