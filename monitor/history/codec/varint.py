"""Pure: whole numbers as bytes. Reading is bounded: what is corrupt is an error, never a crash.

A single number is a varint: seven bits a byte, lowest first. A column of numbers is its least
value and what each is above it, as planes: all lowest bytes, then all second bytes and so on. The
upper planes are nearly constant and are compressed to next to nothing.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Final

_MAX_BITS = 64
_WIDE: Final = ("B", "H", "I", "I", "Q", "Q", "Q", "Q")
"""The array type that holds numbers of 1 to 8 bytes."""


class PackingError(ValueError):
    """These bytes are not what was packed. The text says what is wrong, in a clause."""


class Writer:
    """Collects bytes."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data = bytearray()

    def natural(self, number: int) -> None:
        """A number from 0 on. Raises ``OverflowError`` for one that the reader would refuse."""
        if number.bit_length() > _MAX_BITS:
            raise OverflowError("a number too large to be packed")
        while number > 0x7F:
            self.data.append(number & 0x7F | 0x80)
            number >>= 7
        self.data.append(number)

    def whole(self, number: int) -> None:
        """A number of either sign: zigzag, so that small ones are short."""
        self.natural(number << 1 if number >= 0 else (-number << 1) - 1)

    def text(self, text: bytes) -> None:
        self.natural(len(text))
        self.data += text

    def column(self, numbers: Sequence[int]) -> None:
        """Numbers, the count of which the reader knows.

        Raises ``OverflowError`` when they are more than 64 bits apart.
        """
        if not numbers:
            return
        base = min(numbers)
        width = ((max(numbers) - base).bit_length() + 7) // 8
        if width > _MAX_BITS // 8:
            raise OverflowError("numbers too far apart to be packed")
        self.whole(base)
        self.natural(width)
        if not width:
            return
        above = array(_WIDE[width - 1], [number - base for number in numbers])
        size = above.itemsize
        if sys.byteorder == "big":  # pragma: no cover
            above.byteswap()
        raw = above.tobytes()
        for plane in range(width):
            self.data += raw[plane::size]


class Column:
    """A column as it was read: its planes are joined when they are asked for."""

    __slots__ = ("_joined", "_planes", "base", "count", "width")

    def __init__(self, base: int, width: int, count: int, planes: bytes) -> None:
        self.base = base
        self.width = width
        self.count = count
        self._planes = planes
        self._joined: Sequence[int] | None = None

    def above(self) -> Sequence[int]:
        """What each number is above :attr:`base`."""
        if self._joined is None:
            self._joined = self._join()
        return self._joined

    def _join(self) -> Sequence[int]:
        count, width = self.count, self.width
        if not width:
            return bytes(count)
        if width == 1:
            return self._planes
        wide = _WIDE[width - 1]
        size = array(wide).itemsize
        raw = bytearray(count * size)
        for plane in range(width):
            raw[plane::size] = self._planes[plane * count : (plane + 1) * count]
        above = array(wide)
        above.frombytes(raw)
        if sys.byteorder == "big":  # pragma: no cover
            above.byteswap()
        return above

    def numbers(self) -> list[int]:
        base = self.base
        return [base + number for number in self.above()]


EMPTY = Column(0, 0, 0, b"")


class VarintReader:
    """Takes the same things out again, in the same order. Raises :class:`PackingError`."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def natural(self) -> int:
        number = shift = 0
        while True:
            if self._at >= len(self._data) or shift > _MAX_BITS:
                raise PackingError("it ends within a number")
            byte = self._data[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte <= 0x7F:
                return number
            shift += 7

    def whole(self) -> int:
        number = self.natural()
        return -((number + 1) >> 1) if number & 1 else number >> 1

    def text(self) -> bytes:
        return self._take(self.natural())

    def column(self, count: int) -> Column:
        if not count:
            return EMPTY
        base = self.whole()
        width = self.natural()
        if width > _MAX_BITS // 8:
            raise PackingError(f"numbers of {width} bytes")
        return Column(base, width, count, self._take(width * count))

    def end(self) -> None:
        if self._at != len(self._data):
            raise PackingError("there is more than belongs to it")

    def _take(self, length: int) -> bytes:
        if length > len(self._data) - self._at:
            raise PackingError("it is cut short")
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken
