"""Observations are packed and unpacked: nothing is lost but what is said to be."""

from __future__ import annotations

import math
import zlib
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.history.codec.blocks import PackingError, columns, pack, unpack
from monitor.model.records import Seen
from probes.observation import Cause, Grade, Phases, Reason

NOW = 1_795_438_931.0
INSTANTS = st.integers(-(10**9), 10**9).map(lambda ticks: NOW + ticks / 2**22) | st.floats(
    NOW - 7 * 86_400, NOW
)
LENGTHS = st.none() | st.floats(0, 100)


def seen(parts: st.SearchStrategy[tuple[Seen, ...]]) -> st.SearchStrategy[Seen]:
    return st.builds(
        Seen,
        INSTANTS,
        st.floats(0, 100),
        st.sampled_from(Grade),
        st.none() | st.sampled_from(Reason),
        st.none() | st.sampled_from(Cause),
        st.builds(
            Phases,
            resolve=LENGTHS,
            connect=LENGTHS,
            tls=LENGTHS,
            processing=LENGTHS,
            transfer=LENGTHS,
        ),
        st.none() | st.sampled_from(["192.0.2.10", "2001:db8::1"]),
        st.none() | st.integers(100, 599),
        st.text(max_size=20),
        parts,
    )


NOTHING: st.SearchStrategy[tuple[Seen, ...]] = st.just(())
ROWS = st.lists(seen(NOTHING | st.lists(seen(NOTHING), max_size=3).map(tuple)), max_size=30)


def near(one: float | None, other: float | None, within: float) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=0, abs_tol=within)


def check(before: Seen, after: Seen) -> None:
    assert after.at == before.at
    assert before.duration - 1.1e-6 <= after.duration <= before.duration + 2e-9
    assert after[2:5] == before[2:5]
    assert after[6:9] == before[6:9]
    for phase in ("resolve", "connect", "tls", "processing", "transfer"):
        was, is_now = getattr(before.phases, phase), getattr(after.phases, phase)
        assert near(was, is_now, 6.1e-6), phase
    assert len(after.parts) == len(before.parts)
    for was_part, is_part in zip(before.parts, after.parts, strict=True):
        check(was_part, is_part)


@given(ROWS)
def test_what_is_unpacked_is_what_was_packed(rows: list[Seen]) -> None:
    """Instants as they are, durations to the microsecond, phases to a few."""
    unpacked = unpack(pack(rows))
    assert len(unpacked) == len(rows)
    for before, after in zip(rows, unpacked, strict=True):
        check(before, after)


@given(ROWS)
def test_packing_what_was_unpacked_changes_nothing(rows: list[Seen]) -> None:
    """An hour that is unpacked and packed again, because something came late, stays the same."""
    once = unpack(pack(rows))
    assert unpack(pack(once)) == once


@given(ROWS)
def test_columns_tell_the_same_as_the_rows(rows: list[Seen]) -> None:
    """Reading by columns is a shorter way to the same numbers."""
    data = pack(rows)
    read, unpacked = columns(data), unpack(data)
    assert len(read) == len(unpacked)
    if not unpacked:
        return
    ats = [row.at for row in unpacked]
    assert read.ats() == ats
    assert (read.first_at, read.last_at) == (ats[0], ats[-1])
    steps = [after - before for before, after in pairwise(ats)] or [0.0]
    assert (read.shortest_step(), read.longest_step()) == (min(steps), max(steps))
    assert read.durations() == [row.duration for row in unpacked]
    assert read.longest() == max(row.duration for row in unpacked)
    assert [read.kinds[kind].grade for kind in read.kind] == [row.grade for row in unpacked]


@given(ROWS, st.data())
def test_what_is_corrupt_is_an_error(rows: list[Seen], data: st.DataObject) -> None:
    """Cut, lengthened or with one byte changed: never a crash, never other observations."""
    whole = pack(rows)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    for spoilt in (whole[:at], whole + b"x", whole[:at] + changed + whole[at + 1 :]):
        try:
            assert unpack(spoilt) == unpack(whole)
        except PackingError:
            continue


@given(st.binary(max_size=200))
def test_a_table_that_says_anything_is_read_within_bounds(table: bytes) -> None:
    """Even one that decompresses well is only ever refused by the one error."""
    data = b"\x01" + zlib.compress(table)
    try:
        unpack(data)
    except PackingError:
        return
