"""Lines of metrics that are kept, in a tenth of their room.

Five kilobytes of text a check would be the largest part of the memory of a daemon that watches ten
thousand. So they lie compressed, some rows of a family together, and are unpacked to be read and
where something has changed.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator, Sequence

from monitor.publish.exposition import Family
from monitor.publish.pacer import Pacer
from monitor.publish.packed import LEVEL

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

    def write(self, lines: dict[int, bytes]) -> None:
        """Replaces those of some rows."""
        whole, lengths = self.read(), self._lengths
        cells: list[bytes] = []
        begin = 0
        for row, length in enumerate(lengths):
            end = begin + length
            cells.append(lines.get(row, whole[begin:end]))
            begin = end
        self._lengths = array("I", map(len, cells))
        text = b"".join(cells)
        self._packed = zlib.compress(text, LEVEL) if text else b""


class Columns:
    """Lines by family and row, so that families come out whole while rows change one by one."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._headers = [family.header() for family in families]
        self._blocks: list[list[_Block]] = [[] for _ in families]
        self._waiting: dict[tuple[int, int], dict[int, bytes]] = {}
        """What was put and is not packed, by family and block, and by row therein."""

    def resize(self, rows: int) -> None:
        """Starts over with ``rows`` empty rows."""
        self._waiting = {}
        self._blocks = [[_Block() for _ in range(0, rows, ROWS)] for _ in self._headers]

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
