"""Bodies compressed, for readers who take them so (RFC 9110, 12.5.3), and to be kept in little room."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Self

from monitor.publish.rendering.pacer import Pacer

PIECE = 65_536
"""Bytes that are packed out in one go: a fifth of a millisecond."""
FED = 4_096
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


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A body of tens of megabytes, kept in a few; it is plain only piece by piece."""

    gzip: bytes
    size: int
    """Bytes of it plain."""

    @classmethod
    async def of(cls, pieces: Iterable[bytes], pacer: Pacer) -> Self:
        """All pieces one after the other; gives way to the event loop between two of them."""
        zipper = zlib.compressobj(LEVEL, wbits=GZIP)
        whole, size = BytesIO(), 0
        for piece in pieces:
            size += len(piece)
            whole.write(zipper.compress(piece))
            if pacer.due():
                await pacer.rest()
        whole.write(zipper.flush())
        return cls(whole.getvalue(), size)

    def pieces(self) -> Iterator[bytes]:
        """The body plain, in pieces of at most :data:`PIECE` bytes."""
        unzipper = zlib.decompressobj(GZIP)
        for start in range(0, len(self.gzip), FED):
            fed = self.gzip[start : start + FED]
            while fed:
                if piece := unzipper.decompress(fed, PIECE):
                    yield piece
                fed = unzipper.unconsumed_tail
        if piece := unzipper.flush():
            yield piece

    def plain(self) -> bytes:
        """The whole of it, for one who has room for that."""
        return b"".join(self.pieces())


def _compress(body: bytes) -> bytes:
    return zlib.compress(body, LEVEL, GZIP)


async def gzip(body: bytes) -> bytes:
    """Compressed; the work on a large body is done in a thread, without the interpreter lock."""
    if len(body) < IN_THREAD:
        return _compress(body)
    return await asyncio.to_thread(_compress, body)
