"""Fetches one document over HTTP: conditionally, within one total time and one size, and again when
the trouble may pass by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_exponential_jitter

from monitor.support.exchange_faults import NO_ADDRESS, fault_of
from probes.net.retry_after import parse_retry_after

if TYPE_CHECKING:
    import aiohttp

TIMEOUT = 20.0
"""Seconds for one attempt, redirects and all."""
MOST_BYTES = 1 << 20
ATTEMPTS = 3
REDIRECTS = 5
_COME_BACK = frozenset((408, 425, 429))
WAIT = wait_exponential_jitter(multiplier=2, max=30, jitter=2)


class FetchError(Exception):
    """Why a source cannot be read, in words of ours that name no address."""

    def __init__(self, detail: str, *, passing: bool = True, stay_away: float = 0.0) -> None:
        super().__init__(detail)
        self.passing = passing
        """Whether it may be over by itself in a moment."""
        self.stay_away = stay_away
        """Seconds for which the server has asked us not to come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One document, with what its server needs to be asked whether it has changed."""

    body: bytes
    etag: str = ""
    last_modified: str = ""
    charset: str = ""
    """As Content-Type names it."""


class Fetcher:
    """``timeout`` in seconds is a total; ``wait`` is tenacity's, between ``attempts``. To be closed."""

    def __init__(
        self,
        user_agent: str,
        clock: Callable[[], float],
        *,
        timeout: float = TIMEOUT,
        wait: wait_base = WAIT,
        attempts: int = ATTEMPTS,
        accept: str = "text/calendar, */*;q=0.1",
    ) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._user_agent = user_agent
        self._clock = clock
        self._timeout = timeout
        self._wait = wait
        self._attempts = attempts
        self._accept = accept

    async def close(self) -> None:
        """Ends all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def fetch(self, url: str, known: Fetched | None) -> Fetched:
        """The document, which is ``known`` itself when the server says that it has not changed.

        Raises :class:`FetchError`, after several attempts where that may help.
        """
        if self._session is None:
            self._session = _session(self._user_agent)
        headers = {"Accept": self._accept, "Accept-Encoding": "identity"}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            retry=retry_if_exception(_worth_it),
            reraise=True,
        )
        return await attempts(self._once, self._session, url, headers, known)

    async def _once(
        self,
        session: aiohttp.ClientSession,
        url: str,
        headers: dict[str, str],
        known: Fetched | None,
    ) -> Fetched:
        import aiohttp  # later than the first probes: it takes as long to import as a tenth of the rest

        try:
            async with (
                asyncio.timeout(self._timeout),
                session.get(url, headers=headers, max_redirects=REDIRECTS) as response,
            ):
                return await self._answer(response, known)
        except TimeoutError:
            raise FetchError(f"no answer within {self._timeout:g} s") from None
        except aiohttp.TooManyRedirects:
            raise FetchError(f"more than {REDIRECTS} redirects", passing=False) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            fault = fault_of(error)
            raise FetchError(fault, passing=fault != NO_ADDRESS) from None

    async def _answer(self, response: aiohttp.ClientResponse, known: Fetched | None) -> Fetched:
        status = response.status
        if status == 304 and known is not None:
            return known
        if status != 200:
            asked = parse_retry_after(response.headers.get("Retry-After"), self._clock())
            passing = status >= 500 or status in _COME_BACK
            raise FetchError(f"HTTP {status}", passing=passing, stay_away=asked or 0.0)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchError("it is compressed, which was not asked for", passing=False)
        body = bytearray()
        async for chunk in response.content.iter_chunked(1 << 16):
            body += chunk
            if len(body) > MOST_BYTES:
                raise FetchError(f"it is larger than {MOST_BYTES} bytes", passing=False)
        return Fetched(
            body=bytes(body),
            etag=response.headers.get("ETag", "")[:500],
            last_modified=response.headers.get("Last-Modified", "")[:100],
            charset=(response.charset or "")[:100],
        )


def _worth_it(error: BaseException) -> bool:
    """Whoever asks to be left alone is."""
    return isinstance(error, FetchError) and error.passing and not error.stay_away


def _session(user_agent: str) -> aiohttp.ClientSession:
    """Without cookies, proxies of the environment or ``.netrc``; nothing is decompressed."""
    import aiohttp

    return aiohttp.ClientSession(
        headers={"User-Agent": user_agent},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
    )
