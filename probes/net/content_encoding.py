"""Content codings (RFC 9110, 8.4.1) undone within bounds: a few bytes at a time, with the memory
that a coding asks for limited, and an end that must be there.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Any, Final, Protocol

import brotli

from probes.failure import ProbeFailure
from probes.observation import Reason, clean

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 32_768
"""Bytes that are unpacked at a time, about: none is unpacked that nobody reads."""
MAX_MEMBERS = 100
"""Members of one gzip body (RFC 1952, 2.2), frames of one zstd body (RFC 8878, 3)."""
MAX_BROTLI_WINDOW = 22
"""Bits, as brotli's own default: it fills its window, 16 MiB at most, before it gives anything."""
MAX_ZSTD_WINDOW = 23
"""Bits: the 8 MiB that RFC 9659 allows."""


class Decoder(Protocol):
    """Undoes one coding of one body."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the data unpack to, in pieces. Raises :class:`ProbeFailure`."""
        ...

    def close(self) -> None:
        """The body has ended. Raises :class:`ProbeFailure` when its coding has not."""
        ...


def decoder(header: str | None) -> Decoder | None:
    """What undoes a ``Content-Encoding``; ``None`` where the body is judged as it was sent: with no
    coding, or with one that is no coding of HTTP's.

    Raises :class:`ProbeFailure` for codings within codings, which nobody has asked for.
    """
    if header is None:
        return None
    names = [name.strip().lower() for name in header.split(",", 8)]
    applied = [name for name in names if name not in ("", "identity")]
    if len(applied) > 1:
        raise ProbeFailure(
            Reason.PROTOCOL, f"codings within codings are not unpacked: {clean(header, 60)}"
        )
    match applied:
        case ["gzip" | "x-gzip"]:
            return _Zlib("gzip", 16 + zlib.MAX_WBITS)
        case ["deflate"]:
            return _Zlib("deflate", zlib.MAX_WBITS)
        case ["br"]:
            return _Brotli()
        case ["zstd"]:
            return _Zstd()
    return None


def _malformed(coding: str) -> ProbeFailure:
    return ProbeFailure(Reason.PROTOCOL, f"the body is not {coding}, as Content-Encoding says")


def _cut_off(coding: str) -> ProbeFailure:
    return ProbeFailure(Reason.PROTOCOL, f"the {coding} body is cut off")


def _too_many(coding: str) -> ProbeFailure:
    return ProbeFailure(Reason.PROTOCOL, f"the {coding} body has more than {MAX_MEMBERS} members")


class _Zlib:
    """gzip (RFC 1952), and deflate with zlib's header (RFC 1950) or, as some send it, without."""

    def __init__(self, coding: str, wbits: int) -> None:
        self._coding = coding
        self._wbits = wbits
        self._unpacking: Any = None
        self._members = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or self._unpacking is not None:
            if self._unpacking is None:
                self._begin(data)
            try:
                piece = self._unpacking.decompress(data, PIECE)
            except zlib.error:
                raise _malformed(self._coding) from None
            if self._unpacking.eof:
                data, self._unpacking = self._unpacking.unused_data, None
            else:
                data = self._unpacking.unconsumed_tail
            if piece:
                yield piece
            if not data and len(piece) < PIECE:
                return

    def _begin(self, data: bytes) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise _too_many(self._coding)
        # RFC 1950, 2.2: the compression method in the low bits is 8
        if self._coding == "deflate" and data[0] & 0x0F != 8:
            self._wbits = -zlib.MAX_WBITS
        self._unpacking = zlib.decompressobj(self._wbits)

    def close(self) -> None:
        if self._unpacking is not None:
            raise _cut_off(self._coding)


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._unpacking: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._unpacking is None:
            if _brotli_window(data[0]) > MAX_BROTLI_WINDOW:
                raise ProbeFailure(
                    Reason.TOO_LARGE,
                    f"the br body asks for a window of 2^{_brotli_window(data[0])} bytes,"
                    f" at most 2^{MAX_BROTLI_WINDOW} is unpacked",
                )
            self._unpacking = brotli.Decompressor()
        try:
            while True:
                piece = self._unpacking.process(data, output_buffer_limit=PIECE)
                data = b""
                if not piece:  # ``can_accept_more_data`` does not tell of what is still to come
                    return
                yield piece
        except brotli.error:
            raise _malformed("br") from None

    def close(self) -> None:
        if self._unpacking is not None and not self._unpacking.is_finished():
            raise _cut_off("br")


def _brotli_window(first: int) -> int:
    """The window's bits, out of a stream's first byte (RFC 7932, 9.1)."""
    if not first & 1:
        return 16
    high = first >> 1 & 7
    if high:
        return 17 + high
    low = first >> 4 & 7
    return 8 + low if low > 1 else 17


_ZSTD_OPTIONS: Final[dict[int, int]] = {zstd.DecompressionParameter.window_log_max: MAX_ZSTD_WINDOW}


class _Zstd:
    """RFC 8878."""

    def __init__(self) -> None:
        self._unpacking: Any = None
        self._frames = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._unpacking is None:
                self._frames += 1
                if self._frames > MAX_MEMBERS:
                    raise _too_many("zstd")
                self._unpacking = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
            try:
                while True:
                    piece = self._unpacking.decompress(data, PIECE)
                    data = b""
                    if piece:
                        yield piece
                    if self._unpacking.eof or self._unpacking.needs_input:
                        break
            except zstd.ZstdError:
                raise _malformed("zstd") from None
            if self._unpacking.eof:
                data, self._unpacking = self._unpacking.unused_data, None

    def close(self) -> None:
        if self._unpacking is not None:
            raise _cut_off("zstd")
