"""Bodies compressed, for readers who take them so (RFC 9110, 12.5.3)."""

from __future__ import annotations

import asyncio
import zlib

IN_THREAD = 32_768
GZIP = 31
LEVEL = 1


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the ``Accept-Encoding`` header names gzip, and not with ``q=0``."""
    for part in accept_encoding.split(","):
        name, _, parameters = part.partition(";")
        if name.strip().lower() in ("gzip", "x-gzip"):
            return parameters.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _compress(body: bytes) -> bytes:
    return zlib.compress(body, LEVEL, GZIP)


async def gzip(body: bytes) -> bytes:
    """Compressed; the work on a large body is done in a thread, without the interpreter lock."""
    if len(body) < IN_THREAD:
        return _compress(body)
    return await asyncio.to_thread(_compress, body)
