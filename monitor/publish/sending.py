"""Sending a body: whole when small, in pieces at the reader's pace when large."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping

from aiohttp import hdrs, web

PIECE = 131_072
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
            try:
                async with asyncio.timeout(SLOWEST):
                    await response.write(view[start : start + PIECE])
            except TimeoutError:
                if request.transport is not None:
                    request.transport.abort()
                raise ConnectionResetError("the reader is too slow") from None
            await asyncio.sleep(0)
    await response.write_eof()
    return response
