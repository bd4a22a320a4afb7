"""Fetching from an address that a certificate names: one request over plain HTTP, one DER object.

The address is a stranger's, and so is the answer: no credentials, no redirects, bounds on all. Any
address of the network may be named; which of them matter cannot be told here, for the authorities
of test environments are on private networks themselves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from yarl import URL

from probes.certificate.revocation.cache import RevocationCache
from probes.certificate.revocation.der import SEQUENCE, Octets, head, head_size
from probes.certificate.revocation.verdict import SHORTEST_KEPT, Unclear
from probes.failure import ProbeFailure
from probes.net.hop import Hop
from probes.net.http1 import Request, ResponseStream, exchange
from probes.net.retry_after import parse_retry_after
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route
from probes.net.urls import redact_url, split_url
from probes.observation import Cause, clean

if TYPE_CHECKING:
    from probes.net.context import ProbeContext

FETCH_LIMIT = 30.0
"""Seconds for a whole request, whoever still waits for it."""
LONGEST_PAUSE = 3600.0
"""Seconds: a longer ``Retry-After`` is not honoured."""
LONGEST_URL = 1000
LARGE = 262_144
"""Bytes from which an answer waits for others that are as large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to fetch, and how much of it."""

    url: str
    limit: int
    """Bytes."""
    headers: dict[str, str]
    body: bytes | None = None


def usable(url: str) -> bool:
    """Whether an address from a certificate is one that is asked."""
    if len(url) > LONGEST_URL or not url.isascii():
        return False
    split, _ = split_url(url)
    return split is not None and split.scheme == "http"


def shown_url(url: str) -> str:
    """A usable address for people."""
    return clean(redact_url(url), 80)


async def fetch_der(context: ProbeContext, question: Question) -> Octets:
    """The DER object that is answered. Raises :class:`Unclear`."""
    try:
        trace = ProbeTrace(context)
        async with deadline(trace, FETCH_LIMIT):
            return await _fetch(trace, question)
    except ProbeFailure as failure:
        cause = Cause.MONITOR if failure.cause is Cause.MONITOR else Cause.DEPENDENCY
        raise Unclear(f"gave no answer: {failure.detail}", cause=cause) from None


async def _fetch(trace: ProbeTrace, question: Question) -> Octets:
    split = urlsplit(question.url)
    hop = Hop(trace, Route(split.hostname or "", split.port or 80), None)
    request = Request(
        "GET" if question.body is None else "POST",
        URL(question.url, encoded=True),
        {"Accept-Encoding": "identity", **question.headers},
        question.body,
        hop,
    )
    answer = await exchange(request, request.serialized(trace.context.user_agent))
    try:
        if answer.status != 200:
            raise _refused(answer, trace.context.clock())
        return await _read(
            answer, question.limit, trace.context.shared(RevocationCache.of).large_places
        )
    finally:
        answer.close()


def _refused(answer: ResponseStream, now: float) -> Unclear:
    words = f"is HTTP {answer.status}"
    if 300 <= answer.status <= 399:
        words += ", and redirects are not followed"
    asked = parse_retry_after(answer.headers.get("Retry-After"), now)
    return Unclear(words, kept=min(max(asked or 0.0, SHORTEST_KEPT), LONGEST_PAUSE))


async def _read(answer: ResponseStream, limit: int, large_places: asyncio.Semaphore) -> Octets:
    """As many bytes as the object says that it has: none of a flood is waited for or kept."""
    data = bytearray()
    await _fill(data, 2, answer)
    await _fill(data, head_size(data[1]), answer)
    wanted = _size(data, limit)
    if wanted <= LARGE:
        await _fill(data, wanted, answer)
    else:
        async with large_places:
            await _fill(data, wanted, answer)
    del data[wanted:]
    return data


async def _fill(data: bytearray, wanted: int, answer: ResponseStream) -> None:
    while len(data) < wanted:
        chunk = await answer.read()
        if not chunk:
            raise Unclear("ends too early")
        data += chunk


def _size(data: bytearray, limit: int) -> int:
    try:
        tag, _, size = head(data)
    except ValueError:
        tag = size = 0
    if tag != SEQUENCE:
        raise Unclear("is not DER")
    if size > limit:
        raise Unclear(f"is larger than {limit} bytes")
    return size
