"""Lines of metrics that are kept, in a tenth of their room.

Five kilobytes of text a check would be the largest part of the memory of a daemon that watches ten
thousand. So they lie compressed, some rows of a family together, and are unpacked to be read and
where something has changed.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Sequence

from monitor.publish.metrics.exposition import Family
from monitor.publish.rendering.compression import LEVEL
from monitor.publish.rendering.pacer import Pacer

ROWS = 256
"""Rows that lie together: some tens of kilobytes, packed in a fifth of a millisecond."""


class _Block:
    """The lines of some rows of one family."""

    __slots__ = ("_lengths", "_packed")

    def __init__(self) -> None:
        self._packed = b""
        self._lengths = array("I", bytes(4 * ROWS))

    def __len__(self) -> int:
        return len(self._packed)

    def read(self) -> bytes:
        """All lines."""
        return zlib.decompress(self._packed) if self._packed else b""

    def cells(self) -> list[bytes]:
        """The lines of each row."""
        whole, found, begin = self.read(), list[bytes](), 0
        for length in self._lengths:
            found.append(whole[begin : begin + length])
            begin += length
        return found

    def write(self, lines: dict[int, bytes]) -> None:
        """Replaces those of some rows."""
        cells = self.cells()
        for row, text in lines.items():
            cells[row] = text
        self._lengths = array("I", map(len, cells))
        text = b"".join(cells)
        self._packed = zlib.compress(text, LEVEL) if text else b""


class _Cells:
    """The lines of one family by row, for one who reads them mostly in their order."""

    def __init__(self, blocks: Sequence[_Block]) -> None:
        self._blocks = blocks
        self._at = -1
        self._cells: list[bytes] = []

    def block(self, begin: int, rows: Sequence[int | None]) -> _Block:
        """A block of these rows; what stays as it is, is the same block."""
        whole = len(rows) == ROWS and begin // ROWS < len(self._blocks)
        if whole and rows[0] == begin and list(rows) == list(range(begin, begin + ROWS)):
            return self._blocks[begin // ROWS]
        made = _Block()
        lines = {place: self._cell(row) for place, row in enumerate(rows) if row is not None}
        if any(lines.values()):
            made.write(lines)
        return made

    def _cell(self, row: int) -> bytes:
        at, place = divmod(row, ROWS)
        if at != self._at:
            self._at, self._cells = at, self._blocks[at].cells()
        return self._cells[place]


class FamilyRows:
    """Lines by family and row, so that families come out whole while rows change one by one."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._headers = [family.header() for family in families]
        self._blocks: list[list[_Block]] = [[] for _ in families]
        self._waiting: dict[tuple[int, int], dict[int, bytes]] = {}
        """What was put and is not packed, by family and block, and by row therein."""

    async def arranged(self, rows: Sequence[int | None], pacer: Pacer) -> list[list[_Block]]:
        """The blocks as they are when the rows are these of before; ``None`` stands for an empty one.
        To be handed to :meth:`take`.
        """
        await self.settle(pacer)
        found: list[list[_Block]] = []
        for before in self._blocks:
            cells, blocks = _Cells(before), list[_Block]()
            for begin in range(0, len(rows), ROWS):
                blocks.append(cells.block(begin, rows[begin : begin + ROWS]))
                if pacer.due():
                    await pacer.rest()
            found.append(blocks)
        return found

    def take(self, blocks: list[list[_Block]]) -> None:
        """From now on these are the lines of each family."""
        self._waiting, self._blocks = {}, blocks

    def put(self, family: int, row: int, lines: str) -> None:
        """Replaces the lines of one row in one family; empty when it has none."""
        block, row = divmod(row, ROWS)
        place = family, block
        if lines or self._blocks[family][block] or place in self._waiting:
            self._waiting.setdefault(place, {})[row] = lines.encode()

    async def settle(self, pacer: Pacer) -> None:
        """Packs what was put. To be called every :data:`ROWS` rows, that little has to wait."""
        while self._waiting:
            (family, block), lines = self._waiting.popitem()
            self._blocks[family][block].write(lines)
            if pacer.due():
                await pacer.rest()

    def blocks(self) -> Iterator[bytes]:
        """Everything that has settled in the order of the families, some rows of a family at a time.

        A family without lines is left out, header and all.
        """
        for header, blocks in zip(self._headers, self._blocks, strict=True):
            pending = header
            for block in blocks:
                if block:
                    yield pending + block.read()
                    pending = b""
