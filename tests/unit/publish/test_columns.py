"""Lines that are kept packed, and bodies that go out so."""

from __future__ import annotations

import asyncio
import gzip
import random

from monitor.publish.metrics.columns import ROWS, FamilyRows
from monitor.publish.metrics.exposition import Family
from monitor.publish.rendering.compression import PIECE, Packed
from monitor.publish.rendering.pacer import Pacer

FAMILIES = [Family(name, "gauge", "x") for name in ("one", "two", "three")]
NUMBER = 2 * ROWS + 7
"""Of rows: three blocks, the last of them short."""


def in_a_hurry() -> Pacer:
    """One that rests after every step."""
    return Pacer(stretch=0.0)


async def with_rows(number: int) -> FamilyRows:
    """Empty rows."""
    columns = FamilyRows(FAMILIES)
    columns.take(await columns.arranged([None] * number, in_a_hurry()))
    return columns


def expected(lines: dict[tuple[int, int], str]) -> bytes:
    """All families that have lines, their rows in order."""
    text = b""
    for number, family in enumerate(FAMILIES):
        rows = "".join(lines.get((number, row), "") for row in range(NUMBER)).encode()
        text += family.header() + rows if rows else b""
    return text


async def test_rows_change_one_by_one() -> None:
    """Whatever is put, changed and taken away, the lines are those that were put last."""
    draw = random.Random(7)
    columns = await with_rows(NUMBER)
    lines: dict[tuple[int, int], str] = {}
    for _ in range(12):
        for _ in range(draw.choice((1, 40, 900))):
            place = draw.randrange(2), draw.randrange(NUMBER)
            lines[place] = draw.choice(("", f"one å {draw.random()}\n", "two 1\nthree 2\n"))
            columns.put(*place, lines[place])
        await columns.settle(in_a_hurry())
        assert b"".join(columns.blocks()) == expected(lines)


async def test_rows_are_arranged_anew() -> None:
    """Whatever goes, comes and changes places, each row keeps its lines."""
    draw = random.Random(13)
    columns = await with_rows(NUMBER)
    lines = {(family, row): f"x {family} {row}\n" for family in (0, 2) for row in range(NUMBER)}
    for place, text in lines.items():
        columns.put(*place, text)
    fewer = NUMBER - ROWS - 2
    orders: list[list[int | None]] = [
        [*range(NUMBER)],
        [*range(ROWS + 3, NUMBER), None],
        [*draw.sample(range(fewer), fewer)],
    ]
    for rows in orders:
        columns.take(await columns.arranged(rows, in_a_hurry()))
        lines = {
            (family, place): lines.get((family, row), "")
            for family in range(3)
            for place, row in enumerate(rows)
            if row is not None
        }
        assert b"".join(columns.blocks()) == expected(lines)


async def test_what_did_not_come_to_be_packed_waits() -> None:
    """A rendering that is given up half way leaves nothing as it was before."""
    columns = await with_rows(NUMBER)
    lines = {(family, row): f"x {row}\n" for family in range(3) for row in range(NUMBER)}
    for place, text in lines.items():
        columns.put(*place, text)
    given_up = asyncio.create_task(columns.settle(in_a_hurry()))
    for _ in range(3):
        await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait([given_up])
    assert given_up.cancelled()
    await columns.settle(in_a_hurry())
    assert b"".join(columns.blocks()) == expected(lines)


async def test_a_body_is_plain_only_piece_by_piece() -> None:
    """Its pieces are small, however it was put together; they are the whole of it, as is what a
    reader of gzip gets.
    """
    draw = random.Random(11)
    for body in (b"", b"x", b"metric 1\n" * 900_000, draw.randbytes(300_000)):
        cuts = [body[:5], body[5:70_000], body[70_000:]]
        packed = await Packed.of(cuts, in_a_hurry())
        pieces = list(packed.pieces())
        assert b"".join(pieces) == packed.plain() == gzip.decompress(packed.gzip) == body
        assert packed.size == len(body)
        assert all(len(piece) <= PIECE for piece in pieces)
