"""Families of lines, made from values some rows at a time.

A body of ten thousand checks is tens of megabytes. Nothing of it is kept plain: its lines are made
whenever somebody reads them, and go out piece by piece. For readers of gzip the pieces that seldom
change are kept packed, each with the labels and values that it was made of: while those are equal
it is the same piece. Families that are dear to write are kept so for readers of plain text, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from monitor.model.status import Status
from monitor.publish.metrics.exposition import Family, numbers
from monitor.publish.rendering.compression import IN_THREAD, Deflated, GzipStream, deflate
from monitor.publish.rendering.pacer import Pacer

T = TypeVar("T")

BATCH = 131_072
"""Bytes of text that are packed in a thread in one go: half a millisecond. They are still in the
processor's cache then.
"""

Write: TypeAlias = Callable[[str, Sequence[str], Sequence[Any]], str]
"""The lines of a family of that name: of each row its labels, and its value."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """What some families are made of, row by row."""

    labels: list[str] = field(default_factory=list)
    """As they stand within the braces."""
    sources: list[T] = field(default_factory=list)

    def add(self, labels: str, source: T) -> None:
        self.labels.append(labels)
        self.sources.append(source)

    def extend(self, labels: Sequence[str], sources: Sequence[T]) -> None:
        self.labels.extend(labels)
        self.sources.extend(sources)


class Cut(NamedTuple):
    """Some rows of a family, and all that their lines say: of equal ones the lines are equal."""

    family: str
    begin: int
    labels: list[str]
    values: list[Any]

    @property
    def place(self) -> tuple[str, int]:
        return self.family, self.begin


@dataclass(frozen=True, slots=True)
class FamilyColumn(Generic[T]):
    """One family."""

    family: Family
    rows: Rows[T]
    values: Callable[[list[T]], list[Any]]
    """All that the lines of these rows say."""
    write: Write
    together: int = 256
    """Rows that are written in one go: less than 128 kB, more than that takes memory that the C
    library has to ask the system for, and half a millisecond.
    """
    kept: bool = True
    """Whether its values mostly stay as they are from one scrape to the next."""

    dear: bool = False
    """Whether unpacking its lines is much quicker than writing them."""

    def cuts(self) -> Iterator[Cut]:
        """The rows that are written in one go."""
        name, labels, sources = self.family.name, self.rows.labels, self.rows.sources
        for begin in range(0, len(labels), self.together):
            some = slice(begin, begin + self.together)
            yield Cut(name, begin, labels[some], self.values(sources[some]))

    def lines(self, cut: Cut) -> bytes:
        """Without the header; empty where nothing is to be said."""
        return self.write(cut.family, cut.labels, cut.values).encode()


class Pieces:
    """The pieces of a body that is made again and again, as far as they are kept."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], tuple[Cut, Deflated]] = {}

    def plain(self, columns: Sequence[FamilyColumn[Any]]) -> Iterator[bytes]:
        """Everything, family by family; those without lines are left out, header and all. Some
        pieces are empty.
        """
        for column in columns:
            header = column.family.header()
            for cut in column.cuts():
                text = self._unpacked(column, cut) if column.dear else column.lines(cut)
                yield header + text if text else b""
                header = b"" if text else header

    def _unpacked(self, column: FamilyColumn[Any], cut: Cut) -> bytes:
        known = self._find(cut)
        if known is not None:
            return known.plain()
        if text := column.lines(cut):
            self._kept[cut.place] = cut, deflate(text)
        return text

    def _find(self, cut: Cut) -> Deflated | None:
        """The piece that was made of the same."""
        made_of, piece = self._kept.get(cut.place, (None, None))
        return piece if made_of == cut else None

    async def gzip(
        self, columns: Sequence[FamilyColumn[Any]], rest: Callable[[], bytes], pacer: Pacer
    ) -> bytes:
        """The same and then ``rest`` as one gzip stream. Gives way to the event loop, and packs in a
        thread.
        """
        packing = _Packing()
        for column in columns:
            header = column.family.header()
            for cut in column.cuts():
                known = self._find(cut) if column.kept else None
                text = b"" if known is not None else column.lines(cut)
                if known is not None or text:
                    packing.text(header)
                    header = b""
                    if column.kept:
                        packing.piece(cut, known or text)
                    else:
                        packing.text(text)
                await packing.give_way(pacer)
        await pacer.rest()
        packing.text(rest())
        await packing.pack()
        self._kept = packing.kept
        return packing.stream.end()


class _Packing:
    """Texts and pieces on their way into a stream."""

    def __init__(self) -> None:
        self.stream = GzipStream()
        self.kept: dict[tuple[str, int], tuple[Cut, Deflated]] = {}
        self._waiting: list[bytes | tuple[Cut, bytes | Deflated]] = []
        self._size = 0

    def text(self, text: bytes) -> None:
        self._waiting.append(text)
        self._size += len(text)

    def piece(self, cut: Cut, body: bytes | Deflated) -> None:
        """It is kept."""
        self._waiting.append((cut, body))
        self._size += len(body) if isinstance(body, bytes) else body.size // 8

    async def give_way(self, pacer: Pacer) -> None:
        """To whoever wants the loop, if it is time."""
        if self._size >= BATCH:
            await self.pack()
        if pacer.due():
            await pacer.rest()

    async def pack(self) -> None:
        waiting, size = self._waiting, self._size
        self._waiting, self._size = [], 0
        if size < IN_THREAD:
            self._put(waiting)
        else:
            await asyncio.to_thread(self._put, waiting)

    def _put(self, waiting: Sequence[bytes | tuple[Cut, bytes | Deflated]]) -> None:
        for one in waiting:
            if isinstance(one, bytes):
                self.stream.text(one)
                continue
            cut, body = one
            piece = deflate(body) if isinstance(body, bytes) else body
            self.stream.piece(piece)
            self.kept[cut.place] = cut, piece


def counts(name: str, labels: Sequence[str], values: Sequence[int | str | None]) -> str:
    """A line a row with a whole number, or what is written already; no line where there is none."""
    return "".join(
        [
            f"{name}{{{at}}} {value}\n"
            for at, value in zip(labels, values, strict=True)
            if value is not None
        ]
    )


def measures(name: str, labels: Sequence[str], values: Sequence[float | None]) -> str:
    """The same of any number."""
    return counts(name, labels, numbers(values))


def state_sets(name: str, labels: Sequence[str], values: Sequence[Status]) -> str:
    """State sets: of each row a line a status, 1 for the one that holds."""
    return "".join(
        [
            f'{name}{{{at},status="'.join(_STATES[status])
            for at, status in zip(labels, values, strict=True)
        ]
    )


_STATES = {
    status: ["", *(f'{each}"}} {1 if each is status else 0}\n' for each in Status)]
    for status in Status
}
"""What stands between the beginnings of the lines."""
