"""One HTTP/1.1 request over a new connection, and its answer.

A probe needs no pool, no cookies and no retries. What aiohttp's session adds costs more than the
exchange itself, and its second try of a request whose connection broke would hide what is measured.
So aiohttp's protocol (``ResponseHandler``: its bounded parser and content codings) is driven
directly, and the instants of the first and the last byte are taken where bytes arrive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import HeadersMixin, TimerNoop
from aiohttp.http_exceptions import HttpProcessingError

from probes.arrivals import carry
from probes.codings import decoder
from probes.connector import ALPN, MAX_HEADERS, MAX_LINE_SIZE, broken, closed_without_answer
from probes.failure import ProbeFailure
from probes.http_answer import HEAD_KEPT, PHRASE_KEPT, HttpAnswer, kept_head
from probes.observation import Phase, Reason, clean
from probes.proxy import dial
from probes.transport import over_tls

if TYPE_CHECKING:
    from aiohttp.http_parser import RawResponseMessage
    from aiohttp.streams import StreamReader
    from multidict import CIMultiDictProxy
    from yarl import URL

    from probes.attempt import Attempt
    from probes.connector import Hop

READ_BUFFER = 65_536
FRAMING_LIMIT = 524_288
"""Bytes of an answer that are no body: headers, interim answers, chunk sizes, trailers. Twice what
is read at once, for what the parser has not got to yet counts too; a large body may have more."""
FULL_READ = 65_536
"""Where as much as this comes at once, more waits; other probes have a turn before it is read."""
EMPTY_LIMIT = 262_144
"""Bytes of a coded body that may come without anything to unpack: names in gzip's head, empty
blocks."""
MAX_INTERIM = 20
"""Interim answers (1xx; RFC 9110, 15.2) that a server may send before the real one."""
ACCEPTED_CODINGS = "gzip, deflate, br, zstd"
_MEANS_CONTENT = frozenset({"POST", "PUT", "PATCH"})
_UNTIMED = TimerNoop()


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


class _Handler(ResponseHandler):
    """aiohttp's protocol, which also notes when bytes arrive, and bounds what a peer may send."""

    def __init__(self, loop: asyncio.AbstractEventLoop, attempt: Attempt) -> None:
        super().__init__(loop)
        self._attempt = attempt
        self.received = 0
        """Bytes of all that came."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # aiohttp's would set TCP_NODELAY again: the loop has done so
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not data:  # aiohttp's own way to go on after a pause
            super().data_received(data)
            return
        at = self.transport.get_extra_info("arrived_at") if self.transport is not None else None
        self._attempt.received(at)
        self.received += len(data)
        super().data_received(data)
        if len(data) < FULL_READ and self.received <= FRAMING_LIMIT:
            return
        body = self._payload.total_bytes if self._payload is not None else 0
        if self.received - body > FRAMING_LIMIT + body // 4:
            self._fail("more bytes of framing than of a body")
        else:
            self._take_turns()

    def _fail(self, complaint: str) -> None:
        self.set_exception(HttpProcessingError(message=complaint))
        if self._payload is not None:
            self._payload.set_exception(aiohttp.ClientPayloadError(complaint))
        if self.transport is not None:
            self.transport.abort()

    def _take_turns(self) -> None:
        if not self._reading_paused and not self._buffer_paused:
            self._pause_transport_reading()
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        if not self._reading_paused and not self._buffer_paused:
            self._resume_transport_reading()

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        # the first fault is the true one; that the connection then ends is its consequence
        if self._exception is None:
            super().set_exception(exc, *cause)

    def finish(self) -> None:
        """Closes, and at once when the peer does not read what it was sent: a transport would
        otherwise keep the connection until the peer does.
        """
        if self.transport is not None and self.transport.get_write_buffer_size():
            self.abort()
        else:
            self.close()


class Answer(HeadersMixin):
    """The head of an answer, and the stream of its body."""

    def __init__(
        self, message: RawResponseMessage, content: StreamReader, handler: _Handler
    ) -> None:
        self.status = message.code
        self.version = message.version
        self.headers: CIMultiDictProxy[str] = message.headers
        self._headers = message.headers
        self._message = message
        self._content = content
        self._handler = handler
        self._decoder = decoder(message.headers.get("Content-Encoding"))
        self._unpacked: Iterator[bytes] = iter(())
        self._empty_bytes = 0
        self._begun = False

    async def read(self) -> bytes:
        """What has come of the body after decompression; empty at its end. Raises
        ``aiohttp.ClientError`` when it is broken off or is not well-formed, :class:`ProbeFailure`
        when it cannot be unpacked.
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
        data = await self._content.readany()
        if data and self._begun:
            # what has come already is given without waiting: other probes have their turn here
            await asyncio.sleep(0)
        self._begun = True
        return data

    def kept(self, body_start: bytes, *, body_cut: bool, url: str | None) -> HttpAnswer:
        """What is kept of it: evidence. ``body_start`` is at most ``BODY_KEPT`` bytes."""
        message = self._message
        head, head_cut = message.raw_headers, False
        if self._handler.received > HEAD_KEPT:
            head, head_cut = kept_head(head)
        return HttpAnswer(
            message.code,
            message.version,
            message.reason[:PHRASE_KEPT],
            head,
            head_cut,
            body_start,
            body_cut,
            url,
        )

    def close(self) -> None:
        """Ends the connection, whatever is still to come."""
        self._handler.finish()


async def exchange(request: Request, raw: bytes) -> Answer:
    """Sends a request, whose bytes are ``raw``; gives the answer when its head is there.

    Raises :class:`ProbeFailure`, and ``aiohttp.http_exceptions.HttpProcessingError`` for an answer
    that is not well-formed.
    """
    attempt = request.hop.attempt
    handler = await _connected(request.hop)
    try:
        handler.set_response_params(
            timer=_UNTIMED,
            skip_payload=request.method == "HEAD",
            read_until_eof=True,
            auto_decompress=False,
            read_bufsize=READ_BUFFER,
            max_line_size=MAX_LINE_SIZE,
            max_field_size=MAX_LINE_SIZE,
            max_headers=MAX_HEADERS,
        )
        attempt.ready_at = attempt.begin(Phase.PROCESSING)
        if attempt.first_byte_at is not None:
            # it came unasked: no time was spent on it
            attempt.first_byte_at = attempt.last_byte_at = attempt.ready_at
        if handler.transport is not None:
            handler.transport.write(raw)
        for _ in range(MAX_INTERIM + 1):
            message, content = await handler.read()
            if not 100 <= message.code <= 199 or message.code == 101:
                _check_head(message)
                return Answer(message, content, handler)
        raise ProbeFailure(Reason.PROTOCOL, f"more than {MAX_INTERIM} interim answers (1xx)")
    except aiohttp.ServerDisconnectedError:
        handler.finish()
        raise closed_without_answer(request.hop) from None
    except aiohttp.ClientOSError as error:
        handler.finish()
        raise broken(error, request.hop) from None
    except BaseException:
        handler.finish()
        raise


def _check_head(message: RawResponseMessage) -> None:
    """No status is below 100 (RFC 9110, 15). A transfer coding that is not understood is an error
    (RFC 9112, 6.1); aiohttp would take what is so coded for the body.
    """
    if message.code < 100:
        raise ProbeFailure(Reason.PROTOCOL, f"{message.code:03d} is no status")
    if "Transfer-Encoding" in message.headers:
        codings = ", ".join(message.headers.getall("Transfer-Encoding"))
        if codings.strip().lower() != "chunked":
            raise ProbeFailure(
                Reason.PROTOCOL, f"the transfer coding {clean(codings, 60)} is not understood"
            )


async def _connected(hop: Hop) -> _Handler:
    """A connection as the hop says."""
    attempt, loop = hop.attempt, asyncio.get_running_loop()
    if hop.tls is None:
        connected = await dial(hop)
        handler = _Handler(loop, attempt)
        await carry(connected, handler, attempt.tools.timer)
        return handler
    context = attempt.tools.tls.get(hop.tls, ALPN)
    connected = await dial(hop)
    name = hop.tls.server_name or hop.route.host
    return await over_tls(connected, lambda: _Handler(loop, attempt), context, name, attempt)
