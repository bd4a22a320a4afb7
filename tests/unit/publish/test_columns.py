"""Lines that are made when they are read, and pieces that are kept packed."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable, Sequence

import pytest

from monitor.publish.metrics.columns import FamilyColumn, Pieces, Rows, counts, measures
from monitor.publish.metrics.exposition import Family, number, numbers
from monitor.publish.rendering.compression import GzipStream, deflate
from monitor.publish.rendering.pacer import Pacer

FAMILIES = [Family(name, "gauge", "x") for name in ("one", "two", "three")]
TOGETHER = 16
NUMBER = 2 * TOGETHER + 7
"""Of rows: three pieces, the last of them short."""


def in_a_hurry() -> Pacer:
    """One that rests after every step."""
    return Pacer(stretch=0.0)


def in_columns(
    values: Sequence[Sequence[float | None]], *, kept: bool = True, dear: bool = False
) -> list[FamilyColumn[float | None]]:
    """A family for each of ``values``."""
    return [
        FamilyColumn(
            family,
            Rows([f'row="{at}"' for at in range(len(some))], list(some)),
            list,
            measures,
            TOGETHER,
            kept=kept,
            dear=dear,
        )
        for family, some in zip(FAMILIES, values, strict=True)
    ]


def expected(values: Sequence[Sequence[float | None]]) -> bytes:
    """All families that have lines, their rows in order."""
    text = b""
    for family, some in zip(FAMILIES, values, strict=True):
        rows = "".join(
            f'{family.name}{{row="{at}"}} {number(value)}\n'
            for at, value in enumerate(some)
            if value is not None
        ).encode()
        text += family.header() + rows if rows else b""
    return text


@pytest.mark.parametrize(("kept", "dear"), [(True, True), (True, False), (False, False)])
async def test_gzip_says_what_plain_says(kept: bool, dear: bool) -> None:
    """Whatever comes, changes and goes between two readings, both are what was there last."""
    draw = random.Random(7)
    pieces = Pieces()
    values: list[list[float | None]] = [[None] * NUMBER for _ in FAMILIES]
    for _ in range(12):
        for _ in range(draw.choice((1, 10, 90))):
            some = draw.choice(values[:2])
            some[draw.randrange(len(some))] = draw.choice((None, 1, draw.random()))
        if draw.random() < 0.3:
            del values[draw.randrange(2)][draw.randrange(20) :: 5]
        made = in_columns(values, kept=kept, dear=dear)
        assert b"".join(pieces.plain(made)) == expected(values)
        body = await pieces.gzip(made, lambda: b"rest 1\n", in_a_hurry())
        assert gzip.decompress(body) == expected(values) + b"rest 1\n"


async def test_what_is_kept_is_written_when_it_has_changed() -> None:
    """Of a kept family the piece with the row that changed; of another every one, every time."""
    written: list[Sequence[str]] = []

    def write(name: str, labels: Sequence[str], values: Sequence[float | None]) -> str:
        written.append(labels)
        return measures(name, labels, values)

    async def times(pieces: Pieces, values: list[float], *, kept: bool) -> int:
        labels = [f'row="{at}"' for at in range(len(values))]
        column = FamilyColumn(FAMILIES[0], Rows(labels, values), list, write, TOGETHER, kept=kept)
        before = len(written)
        await pieces.gzip([column], lambda: b"", in_a_hurry())
        return len(written) - before

    for kept, expected_times in ((True, [3, 0, 1]), (False, [3, 3, 3])):
        pieces, values = Pieces(), [1.5] * NUMBER
        found = [await times(pieces, values, kept=kept) for _ in range(2)]
        values[TOGETHER] = 2.5
        assert [*found, await times(pieces, values, kept=kept)] == expected_times


def test_dear_lines_are_written_once_for_readers_of_plain_text() -> None:
    """Until one of the values is another."""
    written: list[Sequence[str]] = []

    def write(name: str, labels: Sequence[str], values: Sequence[float | None]) -> str:
        written.append(labels)
        return measures(name, labels, values)

    pieces, rows = Pieces(), Rows(["a", "b"], [0.25, 0.5])
    column = FamilyColumn(FAMILIES[0], rows, list, write, dear=True)
    texts = [b"".join(pieces.plain([column])) for _ in range(3)]
    assert texts == [FAMILIES[0].header() + b"one{a} 0.25\none{b} 0.5\n"] * 3
    assert len(written) == 1
    rows.sources[1] = 0.75
    assert b"".join(pieces.plain([column])).endswith(b"one{b} 0.75\n")


def test_texts_and_pieces_of_any_size_are_one_stream() -> None:
    """Its length and checksum are those of the whole, in whatever order they are put together."""
    draw = random.Random(11)
    texts = [b"", b"x", b"metric 1\n" * 90_000, draw.randbytes(300_000), b"\0" * 5_000, b"\xff"]
    pieces = {text: deflate(text) for text in texts}
    for _ in range(20):
        draw.shuffle(texts)
        stream = GzipStream()
        for text in texts:
            if draw.random() < 0.5:
                stream.piece(pieces[text])
            else:
                stream.text(text)
        assert gzip.decompress(stream.end()) == b"".join(texts)
    assert gzip.decompress(GzipStream().end()) == b""
    assert [piece.plain() for piece in pieces.values()] == list(pieces)


def drawn_numbers() -> Iterable[float]:
    draw = random.Random(3)
    yield from (0.0, -0.0, 1.0, -1.5, 7, 1e-4, 9.99e-5, 1e15, 1e16, 5e-324, 1.7e308, 0.1 + 0.2)
    yield from (float("inf"), float("-inf"), float("nan"), 12345678901234567890.0, 2**53)
    for _ in range(20_000):
        yield draw.random() * 10.0 ** draw.randint(-12, 18)
        yield draw.randrange(10**9) / 1000


def test_many_numbers_are_written_as_one_is() -> None:
    """To the last digit, whatever their size; of what there is not, nothing is written."""
    values = list(drawn_numbers())
    assert numbers(values) == [number(value) for value in values]
    assert numbers([None, 1.5, None]) == [None, "1.5", None]
    assert numbers([]) == []


def test_whole_numbers_of_any_size_are_written() -> None:
    """As a server may claim them."""
    assert counts("x", ["a", "b", "c"], [10**30, None, 0]) == f"x{{a}} {10**30}\nx{{c}} 0\n"
