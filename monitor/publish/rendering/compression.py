"""Bodies compressed, for readers who take them so (RFC 9110, 12.5.3)."""

from __future__ import annotations

import asyncio
import struct
import zlib
from io import BytesIO
from typing import NamedTuple

PIECE = 65_536
"""Bytes that are sent in one go."""
IN_THREAD = 32_768
GZIP = 31
LEVEL = 1
MEMORY = 6
"""Of zlib's nine steps: more room makes lines that are much alike no shorter, and takes longer."""

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""Of a gzip stream without a name or a time, packed fast, of no particular system (RFC 1952, 2.3)."""


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the ``Accept-Encoding`` header names gzip, and not with ``q=0``."""
    for part in accept_encoding.split(","):
        name, _, parameters = part.partition(";")
        if name.strip().lower() in ("gzip", "x-gzip"):
            return parameters.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


class Deflated(NamedTuple):
    """A piece of a body, packed by itself: it may be kept and be part of many bodies."""

    data: bytes
    size: int
    """Bytes of it plain."""
    crc: int
    """Its checksum and that of as many zeros, one taken from the other (exclusive or)."""

    def plain(self) -> bytes:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.data)


def deflate(text: bytes) -> Deflated:
    """Packs one piece."""
    zipper = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS, memLevel=MEMORY)
    data = zipper.compress(text) + zipper.flush(zlib.Z_SYNC_FLUSH)
    return Deflated(data, len(text), zlib.crc32(text) ^ zlib.crc32(bytes(len(text))))


class GzipStream:
    """One gzip stream (RFC 1952), put together of plain texts and of pieces that are packed already."""

    def __init__(self) -> None:
        self._whole = BytesIO()
        self._whole.write(_HEAD)
        self._zipper = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS, memLevel=MEMORY)
        self._crc = self._size = 0

    def text(self, text: bytes) -> None:
        """Packs it. The interpreter lock is not held meanwhile."""
        self._whole.write(self._zipper.compress(text))
        self._crc = zlib.crc32(text, self._crc)
        self._size += len(text)

    def piece(self, piece: Deflated) -> None:
        """Takes it as it is. A checksum of this kind is linear: what has gone before is carried past
        a piece as past so many zeros, and the piece's own is added.
        """
        self._whole.write(self._zipper.flush(zlib.Z_FULL_FLUSH))  # later text never refers back
        self._whole.write(piece.data)
        self._crc = zlib.crc32(bytes(piece.size), self._crc) ^ piece.crc
        self._size += piece.size

    def end(self) -> bytes:
        """The whole of it."""
        self._whole.write(self._zipper.flush())
        self._whole.write(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))
        return self._whole.getvalue()


def _compress(body: bytes) -> bytes:
    return zlib.compress(body, LEVEL, GZIP)


async def gzip(body: bytes) -> bytes:
    """Compressed; the work on a large body is done in a thread, without the interpreter lock."""
    if len(body) < IN_THREAD:
        return _compress(body)
    return await asyncio.to_thread(_compress, body)
