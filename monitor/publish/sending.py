"""Sending a body: whole when small, in pieces at the reader's pace when large, or while it is made."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping
from typing import Self

from aiohttp import hdrs, web

PIECE = 131_072
STREAMED = 65_536
"""Bytes that are compressed in one go on the event loop: less than a millisecond."""
SLOWEST = 30.0
"""Seconds that a reader may take for one piece."""
_COMPRESS_IN_THREAD = 32_768
_GZIP = 31
_LEVEL = 1


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the ``Accept-Encoding`` header names gzip, and not with ``q=0``."""
    for part in accept_encoding.split(","):
        name, _, parameters = part.partition(";")
        if name.strip().lower() in ("gzip", "x-gzip"):
            return parameters.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _compress(body: bytes) -> bytes:
    return zlib.compress(body, _LEVEL, _GZIP)


async def gzip(body: bytes) -> bytes:
    """Compressed; the work on a large body is done in a thread, without the interpreter lock."""
    if len(body) < _COMPRESS_IN_THREAD:
        return _compress(body)
    return await asyncio.to_thread(_compress, body)


async def send(request: web.Request, body: bytes, headers: Mapping[str, str]) -> web.StreamResponse:
    """Answers 200 with ``body``. A reader that stops reading is dropped."""
    if len(body) <= PIECE:
        return web.Response(body=body, headers=headers)
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    if request.method != hdrs.METH_HEAD:
        view = memoryview(body)
        for start in range(0, len(view), PIECE):
            await _write(request, response, view[start : start + PIECE])
            await asyncio.sleep(0)
    await response.write_eof()
    return response


async def _write(
    request: web.Request, response: web.StreamResponse, piece: bytes | memoryview
) -> None:
    try:
        async with asyncio.timeout(SLOWEST):
            await response.write(piece)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the reader is too slow") from None


class Stream:
    """A body that is sent while it is still being made. What is written comes at once the first
    time; later pieces should have about :data:`STREAMED` bytes. A reader that stops is dropped.
    """

    def __init__(self, request: web.Request, response: web.StreamResponse, *, zipped: bool) -> None:
        self._request, self._response = request, response
        self._zip = zlib.compressobj(_LEVEL, wbits=_GZIP) if zipped else None
        self._begun = False

    @classmethod
    async def begin(cls, request: web.Request, headers: Mapping[str, str]) -> Self:
        zipped = takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, ""))
        response = web.StreamResponse(headers=headers)
        if zipped:
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
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
