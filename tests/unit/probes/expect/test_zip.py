"""Export files: ``expect.zip``."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect.expectations import Expectations, Shortfall
from probes.expect.settings import ExpectSettings
from probes.expect.zip import MAX_MEMBERS
from probes.observation import Reason
from tests.support.responses import answer, judge, told

LIMIT = 100_000_000
ARTICLES = b"<articles>" + b"<article id='1'>Alvedon</article>" * 2000 + b"</articles>"


def packed(
    *members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.comment = comment
        for name, content in members:
            archive.writestr(name, content)
    return made.getvalue()


EXPORT = packed(("vara/articles.xml", ARTICLES), ("vara/", b""), ("vara/readme.txt", b"hello"))


def of(body: bytes, **settings: Any) -> Shortfall | None:
    return judge(answer(body), limit=LIMIT, zip=settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"contains": ["*.xml"]},
        {"contains": ["vara/articles.xml", "*.txt", "vara/*"]},
        {"contains": ["*.xml"], "max_bytes": len(ARTICLES) + 5},
    ],
)
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_an_export_that_is_whole(settings: dict[str, Any], method: int) -> None:
    """Every member is read, and every pattern met."""
    body = packed(("vara/articles.xml", ARTICLES), ("vara/readme.txt", b"hello"), method=method)
    assert of(body, **settings) is None
    assert of(EXPORT, **settings) is None


def damaged(body: bytes, at: bytes, by: bytes) -> bytes:
    assert at in body
    return body.replace(at, by)


STORED = packed(("a.xml", b"<a>content</a>"), ("b.txt", b"text"), method=zipfile.ZIP_STORED)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body is no zip file, or its end is missing"),
        (b"<html>", "the body is no zip file, or its end is missing"),
        (EXPORT[:-30], "the body is no zip file, or its end is missing"),
        (EXPORT[200:], "vara/articles.xml in the zip file begins before the file does"),
        (
            damaged(STORED, b"content", b"contort"),
            "a.xml in the zip file is broken: bad CRC-32 for file 'a.xml'",
        ),
        (
            packed(("a.xml", b"<a>")),
            (
                "a.xml in the zip file is not well-formed: "
                "not XML at line 1, column 4: Premature end of data in tag a line 1"
            ),
        ),
        (
            packed(("a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")),
            (
                "a.xml in the zip file is not well-formed: "
                "the document has a DOCTYPE, which is not read"
            ),
        ),
        (packed(("a.XML", b"")), 'no member of the zip file matches "*.xml"'),
        (packed(("dir.xml/", b"")), 'no member of the zip file matches "*.xml"'),
        (packed(), 'no member of the zip file matches "*.xml"'),
    ],
)
def test_an_export_that_is_not(body: bytes, detail: str) -> None:
    """The detail says which member, and why."""
    assert of(body, contains=["*.xml"]) == Shortfall(reason=Reason.BODY, detail=detail)


def test_only_xml_that_is_asked_for_is_parsed() -> None:
    """Other members need only be whole."""
    body = packed(("a.xml", b"<a>"), ("b.txt", b"<b>"), ("c/C.XML", b"<c/>"))
    assert of(body) is None
    assert of(body, contains=["*.txt", "c/*"]) is None
    found = of(body, contains=["*"])
    assert found is not None
    assert found.detail.startswith("a.xml in the zip file is not well-formed")


def test_an_encrypted_member_is_told() -> None:
    """We have no password, and ask for none."""
    flag = struct.pack("<H", 1)
    body = bytearray(STORED)
    body[6:8] = flag
    entry = body.index(b"PK\x01\x02")
    body[entry + 8 : entry + 10] = flag
    found = of(bytes(body))
    assert found is not None
    assert found.detail == "a.xml in the zip file is encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_are_not_read(method: int) -> None:
    """Their decompression cannot be bounded."""
    found = of(packed(("a.xml", ARTICLES), method=method))
    assert found is not None
    assert (
        found.detail == f"a.xml in the zip file is compressed by method {method}, which is not read"
    )


def test_a_bomb_is_too_large() -> None:
    """A gigabyte that comes in a megabyte: found out after a few of them, in little memory."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b"".join(deflater.compress(b"\0" * 1_048_576) for _ in range(200)) + deflater.flush()
    body = _zip_of(b"bomb.bin", content, 200 * 1_048_576)
    tracemalloc.start()
    begun = time.process_time()
    found = of(body)
    took = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == Shortfall(
        reason=Reason.TOO_LARGE,
        detail="the members of the zip file are over 250 times its size",
    )
    assert took < 2.0
    assert peak < 4_000_000


def test_the_operators_bound_holds() -> None:
    """Over all members together."""
    body = packed(("a", b"x" * 600), ("b", b"y" * 600))
    assert of(body, max_bytes=1200) is None
    assert of(body, max_bytes=1199) == Shortfall(
        reason=Reason.TOO_LARGE, detail="the members of the zip file have more than 1199 bytes"
    )


def _zip_of(name: bytes, content: bytes, size: int, entries: int = 1) -> bytes:
    """One deflated member, named by the directory as often as is asked for."""
    sizes = struct.pack("<III", 0, len(content), size)
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes
    local += struct.pack("<HH", len(name), 0) + name
    entry = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
    entry += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    begin = len(local) + len(content)
    end = b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, entries & 0xFFFF, entries & 0xFFFF, len(entry) * entries, begin, 0
    )
    return local + content + entry * entries + end


def test_members_that_overlap_are_told() -> None:
    """Many names for one content would make a small file endless."""
    content = zlib.compress(b"\0" * 1000, 9)[2:-4]
    found = of(_zip_of(b"a", content, 1000, entries=3))
    assert found == Shortfall(
        reason=Reason.BODY, detail="a in the zip file overlaps what follows it"
    )


def test_too_many_members() -> None:
    """Before the library makes an object of each."""
    content = zlib.compress(b"", 9)[2:-4]
    tracemalloc.start()
    assert of(_zip_of(b"a", content, 0, entries=MAX_MEMBERS + 1)) == Shortfall(
        reason=Reason.BODY, detail="the zip file has more than 10000 members"
    )
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


def test_thousands_of_members_are_read_in_little_memory() -> None:
    """Nothing is kept of one when the next is read."""
    body = packed(*((f"{number}.xml", b"<a><b>text</b></a>") for number in range(5000)))
    assert of(packed(("a.xml", b"<a/>")), contains=["*.xml"]) is None
    before = resident()
    assert of(body, contains=["*.xml"]) is None
    assert resident() - before < 12_000_000


def test_sizes_that_lie_are_not_believed() -> None:
    """A member that holds less or more than it says is broken."""
    content = zlib.compress(b"\0" * 1000, 9)[2:-4]
    for size in (10, 5000):
        found = of(_zip_of(b"a", content, size))
        assert found is not None
        assert found.reason is Reason.BODY
        assert found.detail.startswith("a in the zip file is broken: ")


def test_a_zip_in_a_zip_stays_closed() -> None:
    """It is a member like any other."""
    assert of(packed(("inner.zip", EXPORT[:-30]), ("a.xml", b"<a/>")), contains=["*.xml"]) is None


def test_freshness_and_size_come_first() -> None:
    """Together they are what an export file must be."""
    expect: dict[str, Any] = {
        "last_modified_within": "26h",
        "body_bytes": {"at_least": 100},
        "zip": {"contains": ["*.xml"]},
    }
    fresh = [("Last-Modified", "Sun, 22 Nov 2026 20:00:00 GMT")]
    stale = [("Last-Modified", "Sat, 21 Nov 2026 20:00:00 GMT")]
    assert judge(answer(EXPORT, headers=fresh), limit=LIMIT, **expect) is None
    assert told(answer(EXPORT, headers=stale), limit=LIMIT, **expect)[0] is Reason.STALE
    assert told(answer(b"", headers=fresh), limit=LIMIT, **expect)[0] is Reason.SIZE
    assert told(answer(b"x" * 200, headers=fresh), limit=LIMIT, **expect)[0] is Reason.BODY
    cut = answer(EXPORT[:100], headers=fresh, truncated=True, declared=len(EXPORT))
    assert told(cut, limit=100, **expect)[0] is Reason.TOO_LARGE


def test_reading_ends_when_nobody_waits() -> None:
    """The deadline has passed: the thread ends with the next part."""
    body = packed(("a", b"x" * 10_000_000))
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    rules = Expectations(ExpectSettings.model_validate({"zip": {}}), LIMIT)
    assert rules.heavy(answer(body))
    assert rules.judge(answer(body), stop) is None
    assert asked == 4


def test_a_hostile_name_is_quoted_short_and_clean() -> None:
    """It may hold anything, and be very long."""
    found = of(packed(("\x1b[31m\n" + "x" * 5000 + ".xml", b"<a>")), contains=["*.xml"])
    assert found is not None
    assert found.detail.isprintable()
    assert len(found.detail) < 300


def test_a_pattern_that_could_backtrack_does_not() -> None:
    """Against ten thousand long names."""
    body = packed(*((f"{number}{'a' * 200}", b"") for number in range(1000)))
    begun = time.process_time()
    found = of(body, contains=["*a*a*a*a*a*a*a*a*a*a*b"])
    assert found is not None
    assert time.process_time() - begun < 2.0


@pytest.mark.parametrize(
    "settings", [{"contains": [""]}, {"contains": "*.xml"}, {"max_bytes": 0}, {"extract": "/tmp"}]
)
def test_settings_that_are_refused(settings: dict[str, Any]) -> None:
    """Before anything starts."""
    with pytest.raises(ValueError, match="validation error"):
        ExpectSettings.model_validate({"zip": settings})


def test_a_member_without_a_name_is_one_like_others() -> None:
    """Whoever writes such a file: it is read, and matches what matches nothing."""
    body = bytearray(packed(("a", b"1")))
    for mark, length, name in ((b"PK\x03\x04", 26, 30), (b"PK\x01\x02", 28, 46)):
        start = body.index(mark)
        body[start + length : start + length + 2] = b"\0\0"
        del body[start + name]
    end = body.index(b"PK\x05\x06")
    directory = body.index(b"PK\x01\x02")
    body[end + 12 : end + 20] = struct.pack("<II", end - directory, directory)
    assert of(bytes(body)) is None
    assert of(bytes(body), contains=["*"]) is None
    found = of(bytes(body), contains=["?*"])
    assert found is not None
    assert "no member" in found.detail


@given(
    st.binary(max_size=200),
    st.lists(st.tuples(st.integers(0, len(EXPORT) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(EXPORT)),
)
def test_any_bytes_are_judged(junk: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    """No file stops the probe."""
    body = bytearray(EXPORT)
    for place, value in changes:
        body[place] = value
    for one in (junk, bytes(body), bytes(body[cut:]), bytes(body[:cut]) + junk):
        found = of(one, contains=["*.xml"])
        assert found is None or found.detail.isprintable()
