"""One HTTP/1.1 request over a new connection, and its answer.

A probe needs no pool, no cookies and no retries. What a client library adds costs more than the
exchange itself, its second try of a request whose connection broke would hide what is measured, and its
parser is made for servers that keep the rules. The instants of the first and the last byte are taken
where bytes arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.failure import ProbeFailure
from probes.net.captured_response import HEAD_KEPT, PHRASE_KEPT, kept_head
from probes.net.content_encoding import decoder
from probes.net.content_type import charset_of
from probes.net.hop import broken, closed_without_answer
from probes.net.http1_connection import Connection, connected
from probes.net.http1_framing import Framing, content_length, framing_of
from probes.net.http1_head import HEAD_LIMIT, Head, HeadReader, malformed, too_large
from probes.observation import HttpAnswer, Phase, Reason

if TYPE_CHECKING:
    from yarl import URL

    from probes.net.hop import Hop

FRAMING_LIMIT = 262_144
"""Bytes behind a head that are no body: chunk sizes, trailers. A large body may have more."""
EMPTY_LIMIT = 262_144
"""Bytes of a coded body that may come without anything to unpack: names in gzip's head, empty
blocks."""
MAX_INTERIM = 20
"""Interim answers (1xx; RFC 9110, 15.2) that a server may send before the real one."""
ACCEPTED_CODINGS = "gzip, deflate, br, zstd"
_MEANS_CONTENT = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a probe; the redirects make the next ones."""

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None
    hop: Hop

    def serialized(self, user_agent: str) -> bytes:
        """Its bytes (RFC 9112, 3): the headers given, and those that every request needs. A proxy
        of plain HTTP is told the whole address, and who we are there.
        """
        proxy = self.hop.proxy if self.hop.tls is None else None
        host = self.url.host_subcomponent or ""
        added = {
            "Host": host if self.url.is_default_port() else f"{host}:{self.url.port}",
            "User-Agent": user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPTED_CODINGS,
            "Connection": "close",
            **(proxy.headers() if proxy is not None else {}),
        }
        given = {name.lower() for name in self.headers}
        if self.body is not None:
            added["Content-Type"] = "application/octet-stream"
        if self.body is not None or self.method in _MEANS_CONTENT:
            added["Content-Length"] = str(len(self.body or b""))
        origin = f"http://{added['Host']}" if proxy is not None else ""
        head = [
            f"{self.method} {origin}{self.url.raw_path_qs} HTTP/1.1",
            *(f"{name}: {value}" for name, value in added.items() if name.lower() not in given),
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join((*head, "", "")).encode() + (self.body or b"")


class Serializer:
    """The bytes of requests; the last one's are kept for the next that is made of the same parts."""

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent
        self._last: tuple[Request, bytes] | None = None

    def __call__(self, request: Request) -> bytes:
        if self._last is not None:
            last, raw = self._last
            if (
                request.headers is last.headers
                and request.body is last.body
                and request.url is last.url
                and request.method is last.method
            ):
                return raw
        raw = request.serialized(self._user_agent)
        self._last = request, raw
        return raw


class ResponseStream:
    """The head of an answer, and its body as it comes."""

    def __init__(
        self, head: Head, framing: Framing, begun: bytes, handler: Connection, hop: Hop
    ) -> None:
        self.status = head.status
        self.version = head.version
        self.headers = head.headers
        self._head = head
        self._framing = framing
        self._handler = handler
        self._hop = hop
        self._decoder = decoder(head.headers.get("Content-Encoding"))
        self._unpacked: Iterator[bytes] = iter(())
        self._empty_bytes = 0
        self._begun = begun
        self._body_bytes = 0
        self._head_bytes = handler.received - len(begun)

    @property
    def charset(self) -> str | None:
        """The charset that Content-Type names."""
        return charset_of(self.headers.get("Content-Type"))

    @property
    def content_length(self) -> int | None:
        """Content-Length, where it says where the body ends."""
        return None if "Transfer-Encoding" in self.headers else content_length(self.headers)

    async def read(self) -> bytes:
        """What has come of the body after decompression; empty at its end. Raises
        :class:`ProbeFailure` when it is broken off, is not well-formed or cannot be unpacked.
        """
        if self._decoder is None:
            return await self._read_as_sent()
        while (piece := next(self._unpacked, b"")) == b"":
            packed = await self._read_as_sent()
            if not packed:
                self._decoder.close()
                return b""
            self._empty_bytes += len(packed)
            if self._empty_bytes > EMPTY_LIMIT:
                raise ProbeFailure(Reason.PROTOCOL, "a coded body that holds next to nothing")
            self._unpacked = self._decoder.feed(packed)
        self._empty_bytes = max(0, self._empty_bytes - 4 * len(piece))
        return piece

    async def _read_as_sent(self) -> bytes:
        """Some bytes of the body; none at its end. Raises :class:`ProbeFailure`."""
        while not self._framing.done:
            data, self._begun = self._begun, b""
            if not data:
                data = await self._more()
                if not data:
                    self._framing.end()
                    break
            body = self._framing.feed(data)
            self._body_bytes += len(body)
            if not self._framing.done:
                self._check_framing()
            if body:
                return body
        return b""

    async def _more(self) -> bytes:
        try:
            data = await self._handler.more()
        except OSError as error:
            raise broken(error, self._hop) from None
        # what has come already is given without waiting: other probes have their turn here
        await asyncio.sleep(0)
        return data

    def _check_framing(self) -> None:
        body = self._body_bytes
        if self._handler.received - self._head_bytes - body > FRAMING_LIMIT + body // 4:
            raise malformed("more bytes of framing than of a body")

    def kept(self, body_start: bytes, *, body_cut: bool, url: str | None) -> HttpAnswer:
        """What is kept of it: evidence. ``body_start`` is at most ``BODY_KEPT`` bytes."""
        head, head_cut = self._head.raw, False
        if self._handler.received > HEAD_KEPT:
            head, head_cut = kept_head(head)
        return HttpAnswer(
            self.status,
            self.version,
            self._head.phrase[:PHRASE_KEPT],
            head,
            head_cut,
            body_start,
            body_cut,
            url,
        )

    def close(self) -> None:
        """Ends the connection, whatever is still to come."""
        self._handler.finish()


async def exchange(request: Request, raw: bytes) -> ResponseStream:
    """Sends a request, whose bytes are ``raw``; gives the answer when its head is there. Raises
    :class:`ProbeFailure`.
    """
    trace = request.hop.trace
    handler = await connected(request.hop)
    try:
        trace.ready_at = trace.begin(Phase.PROCESSING)
        if trace.first_byte_at is not None:
            # it came unasked: no time was spent on it
            trace.first_byte_at = trace.last_byte_at = trace.ready_at
        if handler.transport is not None:
            handler.transport.write(raw)
            sent_at = handler.transport.get_extra_info("sent_at")
            if sent_at is not None and sent_at > trace.ready_at:
                trace.ready_at = trace.begin(Phase.PROCESSING, sent_at)
        head, rest = await _head(handler, request.hop)
        if head.status < 100:  # RFC 9110, 15
            raise ProbeFailure(Reason.PROTOCOL, f"{head.status:03d} is no status")
        return ResponseStream(head, framing_of(head, request.method), rest, handler, request.hop)
    except BaseException:
        handler.finish()
        raise


async def _head(handler: Connection, hop: Hop) -> tuple[Head, bytes]:
    """The first that is not interim, and what has come behind it. Raises :class:`ProbeFailure`."""
    reader = HeadReader()
    data, interim = b"", 0
    while True:
        try:
            data = data or await handler.more()
        except OSError as error:
            raise broken(error, hop) from None
        if not data:
            raise closed_without_answer(hop)
        found = reader.feed(data)
        data = b""
        if found is None:
            if handler.received > HEAD_LIMIT:
                raise too_large()
            continue
        head, data = found
        if not 100 <= head.status <= 199 or head.status == 101:
            return found
        interim += 1
        if interim > MAX_INTERIM:
            raise ProbeFailure(Reason.PROTOCOL, f"more than {MAX_INTERIM} interim answers (1xx)")
