"""Asks for the documents of ``http_sd`` sources, and tells how it goes with all sources.

Politely: one request every ``refresh``, at most, with ``If-None-Match`` when there was an ETag; two more
when the first fails, seconds apart. Who answers is bounded in time and size. A new document is put
where the configuration is read, and the configuration is read again: a target comes and goes as it
would by an operator's edit.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path

import aiohttp
import structlog
from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from monitor.configuration.discovery.store import Documents
from monitor.configuration.discovery.targets import MAX_BYTES, DiscoveryError, read_targets
from monitor.model.estate import DiscoverySource
from monitor.model.reload_outcome import Ended, ReloadOutcome
from monitor.polling.poller import Poller
from monitor.support.exchange_faults import fault_of
from monitor.support.threads import run_in_daemon_thread
from probes.net.watched_file import text_in
from probes.observation import clean

log = structlog.get_logger("driftvakt")

TIMEOUT = 10.0
"""Seconds for one request, everything included."""
ATTEMPTS = 3
MOST_REDIRECTS = 3
_CHUNK = 65_536


class UnansweredError(DiscoveryError):
    """No usable answer now: worth another attempt."""


class Discoverer:
    """Belongs to one event loop. ``reload`` reads the configuration again."""

    def __init__(
        self,
        documents: Documents,
        reload: Callable[[str], asyncio.Future[ReloadOutcome]],
        user_agent: str,
    ) -> None:
        self._documents = documents
        self._reload = reload
        self._user_agent = user_agent
        self._poller = Poller[DiscoverySource](
            "discovery",
            poll=self._poll,
            failed=self._failed,
            pause=lambda source: source.refresh,
        )
        self._etags: dict[DiscoverySource, str] = {}
        self._refused: dict[DiscoverySource, str] = {}
        """Why the list that was last read in vain is not used."""
        self._told: dict[str, str] = {}
        """What was said of each source that is in trouble."""

    def follow(self, sources: Iterable[DiscoverySource], user_agent: str) -> None:
        """These are the sources from now on."""
        self._user_agent = user_agent
        for gone in self._poller.follow({one for one in sources if one.url is not None}):
            self._etags.pop(gone, None)
            self._refused.pop(gone, None)
        self.tell()

    async def close(self) -> None:
        """Ends all requests."""
        await self._poller.close()

    def tell(self) -> None:
        """Logs what has become of each source since the last time."""
        outcomes = self._documents.outcomes
        for name, outcome in outcomes.items():
            before = self._told.get(name, "")
            if outcome.error and outcome.error != before:
                log.error("discovery_failed", source=name, error=outcome.error)
            elif before and not outcome.error:
                log.info("discovery_recovered", source=name, targets=outcome.targets)
        self._told = {name: one.error for name, one in outcomes.items()}

    async def _poll(self, source: DiscoverySource) -> None:
        try:
            self._etags[source] = await self._look(source, self._etags.get(source, ""))
        except DiscoveryError as error:
            self._documents.failed(source, str(error))
        self.tell()

    def _failed(self, source: DiscoverySource, trouble: str) -> None:
        self._documents.failed(source, trouble)
        self.tell()

    async def _look(self, source: DiscoverySource, etag: str) -> str:
        """One round; gives the new ETag. Raises :class:`DiscoveryError`."""
        documents = self._documents
        body, etag = await self._fetch(source, etag)
        if body is None or documents.used(source) == (body,):
            documents.put_back(source)
            documents.confirmed(source)
            return etag
        if documents.fetched(source) != (body,) or source not in self._refused:
            await run_in_daemon_thread(
                lambda: read_targets((body,), source.max_targets), "discovery"
            )
            documents.put(source, body)
            outcome = await asyncio.shield(self._reload(f"discovery {source.name}"))
            if documents.used(source) == (body,) and outcome.ended is Ended.RELOADED:
                self._refused.pop(source, None)
                documents.confirmed(source)
                return etag
            self._refused[source] = (
                documents.outcomes[source.name].error
                if outcome.ended is Ended.RELOADED
                else clean(f"the configuration cannot be read: {outcome.error}", 300)
            )
        # it is used as soon as it fits: whatever mends that is a reload of its own
        raise DiscoveryError(self._refused[source])

    async def _fetch(self, source: DiscoverySource, etag: str) -> tuple[bytes | None, str]:
        """The body, ``None`` when it is the same as before, and its ETag."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(UnansweredError),
                stop=stop_after_attempt(ATTEMPTS),
                wait=wait_exponential_jitter(initial=1, max=min(10.0, source.refresh), jitter=1),
            ):
                with attempt:
                    return await self._ask(source, etag)
        except RetryError as error:
            raise DiscoveryError(str(error.last_attempt.exception())) from None
        raise AssertionError("an attempt gives or raises")

    async def _ask(self, source: DiscoverySource, etag: str) -> tuple[bytes | None, str]:
        headers = {
            "Accept": "application/json",
            "User-Agent": self._user_agent,
            "X-Prometheus-Refresh-Interval-Seconds": f"{source.refresh:g}",
        }
        if etag:
            headers["If-None-Match"] = etag
        tls, token = await run_in_daemon_thread(
            lambda: (_tls(source.ca_file), _token(source.bearer_token_file))
        )
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.get(
                    source.url or "",
                    headers=headers,
                    ssl=tls,
                    max_redirects=MOST_REDIRECTS,
                ) as response,
            ):
                if response.status == 304 and etag:
                    return None, etag
                if response.status != 200:
                    raise UnansweredError(f"its address answers HTTP {response.status}")
                return await _body(response), response.headers.get("ETag", "")
        except TimeoutError:
            raise UnansweredError(f"no answer within {TIMEOUT:g} s") from None
        except aiohttp.TooManyRedirects:
            raise UnansweredError(f"more than {MOST_REDIRECTS} redirects") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UnansweredError(fault_of(error)) from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """All of it, after decompression. Raises :class:`DiscoveryError` for one that is too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise DiscoveryError(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    return bytes(body)


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Raises :class:`DiscoveryError` when the file is no bundle of authorities."""
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    except (OSError, ssl.SSLError):
        raise DiscoveryError(f"its ca_file {ca_file} cannot be used") from None


def _token(path: Path | None) -> str:
    if path is None:
        return ""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        with path.open("rb") as file:
            token = text_in(file.read(65_536)).strip()
        if token.isascii() and token.isprintable():
            return token
    raise DiscoveryError(f"its bearer_token_file {path} cannot be used")
