"""Posts JSON with a total deadline, no redirects, and a bound on what is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp

from monitor.notify.sender import SendFailed
from monitor.support.exchange_faults import NO_ADDRESS, fault_of
from probes.net.retry_after import parse_retry_after
from probes.observation import clean

TIMEOUT = 10.0
"""Seconds for one attempt, everything included."""
MOST_OF_AN_ANSWER = 2_048
ANSWER_TIMEOUT = 1.0
"""Seconds for the words that come with a status: that says enough."""
_COME_BACK = frozenset((408, 425, 429))
"""Client errors that pass by themselves (RFC 9110, RFC 8470, RFC 6585)."""


class Poster:
    """Posts with one session; ``timeout`` in seconds is a total."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session = session
        self._timeout = timeout
        self.clock = clock

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Raises :class:`SendFailed` unless the answer is 2xx. The detail names no address."""
        try:
            async with asyncio.timeout(self._timeout):
                async with self._session.post(
                    url,
                    data=body,
                    headers={"Content-Type": "application/json", **headers},
                    allow_redirects=False,
                ) as response:
                    # also of a success: a server that is left in its answer logs a fault
                    said = await _words(response)
                    if 200 <= response.status < 300:
                        return
                    raise _refusal(response, said, self.clock())
        except TimeoutError:
            raise SendFailed(f"no answer within {self._timeout:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            fault = fault_of(error)
            raise SendFailed(fault, refused=fault == NO_ADDRESS) from None


async def _words(response: aiohttp.ClientResponse) -> str:
    """What an answer says, whole or with an end that says that it was cut: of a secret that was
    said back nothing may be left that is not known for one.
    """
    said = bytearray()
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            async for chunk in response.content.iter_chunked(MOST_OF_AN_ANSWER):
                said += chunk
                if len(said) > MOST_OF_AN_ANSWER:
                    return said[:MOST_OF_AN_ANSWER].decode("utf-8", "replace") + "…"
    except (TimeoutError, aiohttp.ClientError):
        return ""
    return said.decode("utf-8", "replace").strip()


def _refusal(response: aiohttp.ClientResponse, said: str, now: float) -> SendFailed:
    status = response.status
    detail = f"HTTP {status}" + (f": {clean(said)}" if said else "")
    if 300 <= status < 400:
        detail = f"HTTP {status}: redirects are not followed"
    return SendFailed(
        detail,
        refused=status < 500 and status not in _COME_BACK,
        retry_after=parse_retry_after(response.headers.get("Retry-After"), now),
    )


@asynccontextmanager
async def open_post_session(user_agent: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A session without cookies, proxies of the environment or ``.netrc``."""
    async with aiohttp.ClientSession(
        headers={"User-Agent": user_agent},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:
        yield session
