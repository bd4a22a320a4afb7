"""Bodies whose content coding lies: bombs that unpack to a gibibyte, codings that are none."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import brotli
from backports import zstd

from tests.support.servers.raw_server import Script, say

MEBIBYTE = 2**20


def coded(coding: str, *parts: bytes, times: int = 1) -> Script:
    """An answer of the parts, the last of them ``times`` times."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nConnection: close\r\n\r\n".encode()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"".join(parts[:-1]))
        block = parts[-1]
        together = max(1, 65_536 // max(len(block), 1))
        left = times
        while left > 0:
            writer.write(block * min(left, together))
            left -= together
            await writer.drain()
        writer.close()

    return script


def deflate_bomb(wbits: int) -> tuple[bytes, bytes]:
    """A stream's start, and a part that unpacks to a mebibyte however often it comes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(MEBIBYTE)
    start = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    return start, packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)


def zstd_bomb(window: int = 0x38) -> tuple[bytes, bytes]:
    """A frame's start (RFC 8878, 3.1.1), and a block of 4 bytes that unpacks to 128 KiB."""
    start = b"\x28\xb5\x2f\xfd" + bytes((0x00, window))
    block = (0 | 1 << 1 | 131_072 << 3).to_bytes(3, "little") + b"\0"
    return start, block


def brotli_bomb(window: int) -> tuple[bytes, bytes]:
    """A stream's start, and a part that unpacks to 16 MiB however often it comes."""
    packer = brotli.Compressor(quality=5, lgwin=window)
    zeros = bytes(16 * MEBIBYTE)
    start = packer.process(zeros) + packer.flush()
    return start, packer.process(zeros) + packer.flush()


def nested(levels: int, body: bytes) -> bytes:
    for _ in range(levels):
        body = gzip.compress(body, 9, mtime=0)
    return body


_GZIP = deflate_bomb(31)
_ZLIB = deflate_bomb(15)
_RAW = deflate_bomb(-15)
_ZSTD = zstd_bomb()
_TEXT = gzip.compress(b"hello" * 100)

SCRIPTS: dict[str, Script] = {
    "bomb: gzip": coded("gzip", *_GZIP, times=1023),
    "bomb: x-gzip": coded("x-gzip", *_GZIP, times=1023),
    "bomb: deflate": coded("deflate", *_ZLIB, times=1023),
    "bomb: raw deflate": coded("deflate", *_RAW, times=1023),
    "bomb: zstd": coded("zstd", *_ZSTD, times=8192),
    "bomb: zstd with a huge window": coded("zstd", *zstd_bomb(0x88), times=8192),
    "bomb: zstd with a window too large": coded("zstd", *zstd_bomb(0xF8), times=8192),
    "bomb: brotli": coded("br", *brotli_bomb(22), times=63),
    "bomb: brotli with a huge window": coded("br", *brotli_bomb(24), times=63),
    "bomb: gzip members": coded("gzip", gzip.compress(b"", mtime=0), times=200_000),
    "bomb: zstd frames": coded("zstd", zstd.compress(b""), times=200_000),
    "bomb: gzip with a long name": coded(
        "gzip", b"\x1f\x8b\x08\x08\0\0\0\0\0\3", b"a" * 65_536, times=1024
    ),
    "nested: gzip twice": coded("gzip, gzip", nested(2, bytes(16 * MEBIBYTE))),
    "nested: gzip ten times": coded("gzip, " * 9 + "gzip", nested(10, bytes(MEBIBYTE))),
    "nested: gzip within gzip unsaid": coded("gzip", nested(2, bytes(64 * MEBIBYTE))),
    "nested: br of gzip": coded("gzip, br", brotli.compress(nested(1, bytes(16 * MEBIBYTE)))),
    "nested: 2,000 names": coded(", ".join(["gzip"] * 1300), _TEXT),
    "coding: unknown": coded("rot13", b"uryyb"),
    "coding: empty": coded("", b"hello"),
    "coding: in capitals": coded("GZIP", _TEXT),
    "coding: gzip named br": coded("br", _TEXT),
    "coding: gzip named zstd": coded("zstd", _TEXT),
    "coding: plain text named gzip": coded("gzip", b"hello"),
    "coding: plain text named deflate": coded("deflate", b"hello"),
    "coding: gzip cut off": coded("gzip", _TEXT[:20]),
    "coding: deflate cut off": coded("deflate", zlib.compress(b"hello" * 100)[:10]),
    "coding: zstd cut off": coded("zstd", zstd.compress(b"hello" * 100)[:15]),
    "coding: br cut off": coded("br", brotli.compress(b"hello" * 100)[:10]),
    "coding: gzip with a wrong checksum": coded("gzip", _TEXT[:-8] + b"\0" * 8),
    "coding: garbage after gzip": coded("gzip", _TEXT + b"garbage"),
    "coding: gzip of a wrong length": say(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n" + _TEXT
    ),
    "coding: nothing named gzip": coded("gzip", b""),
}
