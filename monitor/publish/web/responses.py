"""Sending a body: whole when small, in pieces at the reader's pace when large, or while it is made."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Self

from aiohttp import HttpVersion11, hdrs, web

from monitor.publish.rendering.compression import GZIP, LEVEL, PIECE, gzip, takes_gzip
from monitor.publish.web.shared_bodies import READERS

__all__ = ["STREAMED", "ReaderGoneError", "Stream", "gzip", "send", "send_made", "takes_gzip"]

STREAMED = 65_536
"""Bytes that are compressed in one go on the event loop: less than a millisecond."""
SLOWEST = 10.0
"""Seconds that a reader may take for one piece."""
LONGEST = 300.0
"""Seconds that it may take for a whole body."""


class ReaderGoneError(ConnectionResetError):
    """Whom we were sending something was let go."""


async def send(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.StreamResponse:
    """Answers 200 with ``body``. A reader that stops reading is dropped. Raises
    ``HTTPServiceUnavailable`` when too many large bodies are on their way.
    """
    if len(body) <= PIECE:
        return web.Response(body=body, headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    view = memoryview(body)
    pieces = (view[start : start + PIECE] for start in range(0, len(view), PIECE))
    return await _send(request, response, pieces, body, len(body))


async def send_made(
    request: web.Request,
    pieces: Iterator[bytes],
    held: object,
    size: int,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    """The same of a body that is made while it is sent, out of what is ``held`` for it: ``size``
    bytes. How long it is, is told where it is short.
    """
    gathered = _gathered(pieces)
    first = next(gathered, b"")
    if len(first) < PIECE:
        return web.Response(body=first, headers=headers)
    return await _send(
        request, web.StreamResponse(headers=headers), chain((first,), gathered), held, size
    )


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same in pieces of :data:`PIECE` bytes at least, but for the last."""
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(some)
            some, size = [], 0
    if size:
        yield b"".join(some)


def _end_by_closing(request: web.Request, response: web.StreamResponse) -> None:
    """Before HTTP/1.1 nothing but the connection's end says where a body of unknown length ends."""
    if response.content_length is None and request.version < HttpVersion11:
        response.force_close()


async def _send(
    request: web.Request,
    response: web.StreamResponse,
    pieces: Iterable[bytes | memoryview],
    held: object,
    size: int,
) -> web.StreamResponse:
    _end_by_closing(request, response)
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        await response.write_eof()
        return response
    readers = request.config_dict[READERS]
    if not readers.knows(held):
        await readers.wait_for_room(size)
    with readers.reading(held, size, lambda: _drop(request)) as reader:
        await response.prepare(request)
        try:
            async with asyncio.timeout(LONGEST):
                for piece in pieces:
                    await _write(request, response, piece)
                    readers.moved(reader)
                    await asyncio.sleep(0)
        except TimeoutError:
            raise _too_slow(request) from None
    await response.write_eof()
    return response


async def _write(
    request: web.Request, response: web.StreamResponse, piece: bytes | memoryview
) -> None:
    try:
        async with asyncio.timeout(SLOWEST):
            await response.write(piece)
    except TimeoutError:
        raise _too_slow(request) from None
    except ConnectionError as error:
        raise ReaderGoneError("the reader has gone") from error


def _too_slow(request: web.Request) -> ReaderGoneError:
    _drop(request)
    return ReaderGoneError("the reader is too slow")


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


class Stream:
    """A body that is sent while it is still being made. What is written comes at once the first
    time; later pieces should have about :data:`STREAMED` bytes. A reader that stops is dropped.
    """

    def __init__(self, request: web.Request, response: web.StreamResponse, *, zipped: bool) -> None:
        self._request, self._response = request, response
        self._zip = zlib.compressobj(LEVEL, wbits=GZIP) if zipped else None
        self._begun = False

    @classmethod
    async def begin(cls, request: web.Request, headers: Mapping[str, str]) -> Self:
        zipped = takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        response = web.StreamResponse(headers=headers)
        if zipped:
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
        _end_by_closing(request, response)
        await response.prepare(request)
        return cls(request, response, zipped=zipped)

    async def write(self, piece: bytes) -> None:
        if self._zip is not None:
            piece = self._zip.compress(piece)
            if not self._begun:
                piece += self._zip.flush(zlib.Z_SYNC_FLUSH)
        self._begun = True
        if piece:
            await _write(self._request, self._response, piece)

    async def end_without_body(self) -> web.StreamResponse:
        """For HEAD; nothing may have been written."""
        await self._response.write_eof()
        return self._response

    async def end(self, piece: bytes) -> web.StreamResponse:
        """The last piece."""
        await self.write(piece)
        if self._zip is not None:
            await _write(self._request, self._response, self._zip.flush())
        await self._response.write_eof()
        return self._response
