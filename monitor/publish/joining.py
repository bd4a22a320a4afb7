"""Putting a large body together without stopping the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from monitor.publish.pacer import Pacer

IN_THREAD_FROM = 1_048_576
"""Bytes from which CPython's ``bytes.join`` lets go of the interpreter lock while it copies."""

PIECE = 262_144
"""Bytes that are joined in one go on the event loop."""


async def join(pieces: Sequence[bytes], pacer: Pacer, separator: bytes = b"") -> bytes:
    """``separator.join(pieces)``; the copying of a large result is done in a thread.

    Small pieces are first joined to middling ones, so that the thread has few of them to count.
    """
    middling: list[bytes] = []
    start = size = total = 0
    for i, piece in enumerate(pieces):
        size += len(piece)
        if size >= PIECE:
            middling.append(separator.join(pieces[start : i + 1]))
            total += size
            start, size = i + 1, 0
            if pacer.due():
                await pacer.rest()
    if start < len(pieces):
        middling.append(separator.join(pieces[start:]))
    if total + size < IN_THREAD_FROM:
        return separator.join(middling)
    return await asyncio.to_thread(separator.join, middling)
