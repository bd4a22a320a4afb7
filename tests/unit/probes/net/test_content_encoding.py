"""Content codings, undone piece by piece."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd

from probes.failure import ProbeFailure
from probes.net.content_encoding import MAX_MEMBERS, PIECE, decoder
from probes.observation import Reason

RANDOM = random.Random(1)
TEXTS = (
    b"a",
    RANDOM.randbytes(100_000),
    b"x" * 1_000_000,
    bytes(RANDOM.choice(b"abc") for _ in range(50_000)),
)


def raw_deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(text) + packer.flush()


def two_members(text: bytes) -> bytes:
    half = len(text) // 2
    return gzip.compress(text[:half]) + gzip.compress(text[half:])


def unpack(coding: str, packed: bytes, step: int = 1000) -> list[bytes]:
    made = decoder(coding)
    assert made is not None
    pieces = [
        piece for at in range(0, len(packed), step) for piece in made.feed(packed[at : at + step])
    ]
    made.close()
    return pieces


CODINGS = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("x-gzip", gzip.compress, id="x-gzip"),
    pytest.param("GZIP", gzip.compress, id="GZIP"),
    pytest.param("gzip", two_members, id="gzip of two members"),
    pytest.param("deflate", zlib.compress, id="deflate"),
    pytest.param("deflate", raw_deflate, id="deflate without zlib's header"),
    pytest.param("br", brotli.compress, id="br"),
    pytest.param("zstd", zstd.compress, id="zstd"),
]


@pytest.mark.parametrize(("coding", "pack"), CODINGS)
@pytest.mark.parametrize("step", [7, 1000, 2**20])
def test_what_was_packed_comes_out(coding: str, pack: Callable[[bytes], bytes], step: int) -> None:
    """However it is cut on its way, and in pieces that are bounded."""
    for text in TEXTS:
        pieces = unpack(coding, pack(text), step)
        assert b"".join(pieces) == text
        # brotli gives what it holds ready, which is more than it is asked for
        assert max(map(len, pieces)) <= 8 * PIECE


@pytest.mark.parametrize(("coding", "pack"), CODINGS)
def test_an_end_that_is_missing_is_told(coding: str, pack: Callable[[bytes], bytes]) -> None:
    """One byte less, and the body is cut off."""
    for text in TEXTS:
        with pytest.raises(ProbeFailure, match="is cut off") as failed:
            unpack(coding, pack(text)[:-1])
        assert failed.value.reason is Reason.PROTOCOL


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_another_thing_under_its_name_is_told(coding: str) -> None:
    """Text that was not packed at all."""
    with pytest.raises(ProbeFailure, match=f"the body is not {coding}, as Content-Encoding says"):
        unpack(coding, b"\x00hello, this is text" * 10)


@pytest.mark.parametrize("header", [None, "", "identity", "rot13", "UTF-8", "gzip2"])
def test_what_is_no_coding_is_left_as_it_is(header: str | None) -> None:
    """Old servers name character sets there."""
    assert decoder(header) is None


@pytest.mark.parametrize("header", ["gzip, gzip", "gzip,br", ", ".join(["gzip"] * 1000)])
def test_codings_within_codings_are_refused(header: str) -> None:
    """They were not asked for, and are how bombs multiply."""
    with pytest.raises(ProbeFailure, match="codings within codings"):
        decoder(header)


@pytest.mark.parametrize(
    ("coding", "member"), [("gzip", gzip.compress(b"", mtime=0)), ("zstd", zstd.compress(b""))]
)
def test_members_are_counted(coding: str, member: bytes) -> None:
    """A hundred are many, more are an attack."""
    assert unpack(coding, member * MAX_MEMBERS) == []
    with pytest.raises(ProbeFailure, match="has more than 100 members"):
        unpack(coding, member * (MAX_MEMBERS + 1))


@pytest.mark.parametrize(
    ("window", "taken"), [(10, True), (16, True), (17, True), (22, True), (23, False), (24, False)]
)
def test_the_window_of_brotli_is_bounded(window: int, taken: bool) -> None:
    """It fills its window before it gives anything: 4 MiB, its default, is let in."""
    packed = brotli.compress(b"hello" * 20_000, lgwin=window)
    if taken:
        assert b"".join(unpack("br", packed)) == b"hello" * 20_000
    else:
        with pytest.raises(ProbeFailure, match="asks for a window") as failed:
            unpack("br", packed)
        assert failed.value.reason is Reason.TOO_LARGE
