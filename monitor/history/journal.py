"""Keeps transitions on disk while the database is away: one file, a line for each, in order.

A line is a CRC-32 in hexadecimal, a space and the text. What was written whole is there after the
process or the machine has died; the beginning of a line that was not is cut off when the next one
is written.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

NAME = "driftvakt.journal"
MOST = 256 * 2**20
"""Bytes: more than that is a database that nobody misses."""
_READ = 2**20


class JournalPosition(NamedTuple):
    """How far the journal was read."""

    end: int
    """Bytes from the file's beginning."""
    lines: int


class JournalFullError(OSError):
    """The journal has reached its bound."""


class Journal:
    """Appends entries and reads them back. All methods raise ``OSError``; used by one thread."""

    def __init__(self, path: Path, *, most: int = MOST) -> None:
        self._path = path
        self._most = most
        self._opened = False
        self._size = 0
        self._read_to = 0
        self.length = 0
        """Lines that have not been replayed."""
        self.broken: list[bytes] = []
        """Lines that were read and are damaged, until somebody has dealt with them."""

    def open(self) -> None:
        """Counts what an earlier process left. To be called before the other methods; again does
        nothing.
        """
        if self._opened:
            return
        self.length = self._size = self._read_to = 0
        if self._path.exists():
            lines, end = 0, 0
            with self._path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n"):
                        lines, end = lines + 1, end + len(line)
            # a line that was not written to its end is cut off before the next one is written
            self.length, self._size = lines, end
        self._opened = True

    def append(self, lines: Sequence[bytes]) -> None:
        """On the disk when it returns. All of them, or none."""
        self.open()
        data = b"".join(b"%08x %s\n" % (zlib.crc32(line), line) for line in lines)
        if self._size + len(data) > self._most:
            raise JournalFullError("the journal is full")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = not self._path.exists()
        if new and self._size:  # somebody has removed it: nothing of ours is in it any more
            self._size = self._read_to = self.length = 0
        file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640)
        try:
            try:
                os.ftruncate(file, self._size)
                _write(file, data, self._size)
                os.fsync(file)
            except OSError:
                os.ftruncate(file, self._size)
                raise
        finally:
            os.close(file)
        if new:
            _sync_folder(self._path.parent)
        self._size += len(data)
        self.length += len(lines)

    def read(self, most: int) -> tuple[list[bytes], JournalPosition]:
        """The oldest lines that were not replayed, about ``most`` bytes of them, and where they
        end: for :meth:`replayed`. Lines that are damaged are left out and counted.
        """
        self.open()
        found: list[bytes] = []
        end, lines = self._read_to, 0
        with self._path.open("rb") as file:
            file.seek(end)
            while end < self._size and end - self._read_to < most:
                line = file.readline()
                if not line:
                    break
                end, lines = end + len(line), lines + 1
                checksum, _, text = line.rstrip(b"\n").partition(b" ")
                if checksum == b"%08x" % zlib.crc32(text):
                    found.append(text)
                else:
                    self.broken.append(line.rstrip(b"\n"))
        return found, JournalPosition(end, lines)

    def replayed(self, place: JournalPosition) -> None:
        """Everything before ``place`` is in the database. The file is removed once all of it is."""
        self._read_to = place.end
        self.length = max(0, self.length - place.lines)
        if place.end >= self._size:
            self._path.unlink(missing_ok=True)
            _sync_folder(self._path.parent)
            self._size = self._read_to = self.length = 0

    def lay_aside(self, lines: Sequence[bytes], now: str) -> Path:
        """Appends lines to a file beside it, as they are. Gives its name."""
        kept = self._beside("damaged", now)
        with kept.open("ab") as file:
            file.writelines(line + b"\n" for line in lines)
        return kept

    def move_aside(self, now: str) -> Path:
        """Gives what has its name another one. Gives that."""
        kept = self._beside("unreadable", now)
        self._path.rename(kept)
        self._opened = False
        return kept

    def _beside(self, why: str, now: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{why}-{now}")


def _write(file: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(file, rest[:_READ], at)
        rest, at = rest[written:], at + written


def _sync_folder(folder: Path) -> None:
    """So that the name of a new file outlives a power cut too."""
    found = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(found)
    finally:
        os.close(found)
