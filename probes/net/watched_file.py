"""Small files that settings name (a password, a token, a body), read again when replaced."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

from probes.failure import MonitorTrouble

CHECKED_EVERY = 5.0
"""Seconds between looks at whether the file was replaced."""
LIMIT = 1_048_576


_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


def text_in(data: bytes) -> str:
    """The text of a file of one secret: UTF-8, or as a mark at its beginning says, and without that,
    which editors put there and nobody sees. Raises ``UnicodeDecodeError``.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    return data.decode(encoding)


class WatchedFile:
    """The content of one file. What it holds never stands in an error."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._looked_at: float | None = None
        self._stamp: tuple[int, int] | None = None
        self._content = b""

    def read(self) -> bytes:
        """Its bytes. Raises :class:`MonitorTrouble` when it is missing, unreadable or too large."""
        now = self._clock()
        if self._looked_at is None or abs(now - self._looked_at) >= CHECKED_EVERY:
            self._look()
            self._looked_at = now
        return self._content

    def secret(self) -> str:
        """Its text without the line break at the end, fit for a header."""
        try:
            text = text_in(self.read()).rstrip("\r\n")
        except UnicodeDecodeError:
            raise MonitorTrouble(f"{self._path.name} is not UTF-8 text") from None
        if any(c in text for c in "\r\n\0"):
            raise MonitorTrouble(f"{self._path.name} holds more than one line")
        return text

    def _look(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp == self._stamp:
                return
            if found.st_size > LIMIT:
                raise MonitorTrouble(f"{self._path.name} is larger than {LIMIT} bytes")
            self._content = self._path.read_bytes()
        except OSError as error:
            raise MonitorTrouble(
                f"cannot read {self._path.name}: {error.strerror or error}"
            ) from None
        self._stamp = stamp
