"""Pure: where the body of an answer ends (RFC 9112, 6 and 7). The first whole message counts: what comes
after it is somebody else's word, and is not looked at.
"""

from __future__ import annotations

import re
from typing import Protocol

from multidict import MultiMapping

from probes.failure import ProbeFailure
from probes.net.http1_head import HEAD_LIMIT, Head, malformed
from probes.observation import Reason, clean

LONGEST = 2**64 - 1
"""Bytes of a body or a chunk: a larger number is no length."""
SIZE_LINE = 16_384
"""Bytes of a chunk's size and extensions."""
_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,16})[ \t\r]*(?:;[^\0]*)?")
_SIZE_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,32}[ \t\r]?(?:;[^\0\n]{0,99})?")
_SIZE_LINE = re.compile(rb"[0-9A-Fa-f]{1,32}[ \t\r]*(?:;[^\0\n]*)?\n")
_LINE_END = (b"\r", b"")
_NO_CONTENT = frozenset({204, 304})


class Framing(Protocol):
    """Takes the bytes after a head, and knows when the body is over."""

    done: bool
    """Whether all of it has come."""

    def feed(self, data: bytes) -> bytes:
        """What of the data is of the body. Raises :class:`ProbeFailure`."""
        ...

    def end(self) -> None:
        """The peer says no more. Raises :class:`ProbeFailure` where the body is not whole."""
        ...


def framing_of(head: Head, method: str) -> Framing:
    """RFC 9112, 6.3, in its order. Raises :class:`ProbeFailure` for a length or a coding that says
    nothing that can be followed.
    """
    if method == "HEAD" or head.status in _NO_CONTENT or 100 <= head.status <= 199:
        return _Sized(0)
    codings = _codings(head.headers)
    if codings == ["chunked"]:
        return _Chunked() if head.version >= (1, 1) else _Doubtful(_told(head))
    if codings:
        shown = ", ".join(head.headers.getall("Transfer-Encoding"))
        raise ProbeFailure(
            Reason.PROTOCOL, f"the transfer coding {clean(shown, 60)} is not understood"
        )
    return _told(head)


def _told(head: Head) -> Framing:
    length = content_length(head.headers)
    return _UntilClose() if length is None else _Sized(length)


def content_length(headers: MultiMapping[str]) -> int | None:
    """What Content-Length says, several times the same counting as once (RFC 9110, 8.6). Raises
    :class:`ProbeFailure`.
    """
    if "Content-Length" not in headers:
        return None
    lines = headers.getall("Content-Length")
    if len(lines) == 1 and len(lines[0]) < 19 and lines[0].isascii() and lines[0].isdigit():
        return int(lines[0])
    values = {one.strip(" \t") for line in lines for one in line.split(",", 8)}
    [first, *others] = values
    if others or not re.fullmatch("[0-9]+", first, re.ASCII):
        raise malformed(f"Content-Length: {', '.join(lines)}")
    digits = first.lstrip("0")
    if len(digits) > 20 or int(digits or "0") > LONGEST:
        raise malformed(f"Content-Length: {first}")
    return int(digits or "0")


def _codings(headers: MultiMapping[str]) -> list[str]:
    """Of Transfer-Encoding, in small letters; identity was one until 2014, and meant none."""
    if "Transfer-Encoding" not in headers:
        return []
    codings = (one for line in headers.getall("Transfer-Encoding") for one in line.split(",", 8))
    names = [one.strip(" \t").lower() for one in codings]
    return [name for name in names if name not in ("", "identity")]


class _Sized:
    """So many bytes."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = not length

    def feed(self, data: bytes) -> bytes:
        if len(data) > self._left:
            data = data[: self._left]
        self._left -= len(data)
        self.done = not self._left
        return data

    def end(self) -> None:
        if self._left:
            raise malformed(f"it ends {self._left} bytes before Content-Length says")


class _UntilClose:
    """All that comes."""

    done = False

    def feed(self, data: bytes) -> bytes:
        return data

    def end(self) -> None:
        """It ends where the connection does."""


class _Doubtful:
    """Chunked, of HTTP/1.0, which does not know it (RFC 9112, 6.1): Go and browsers do not believe it,
    curl does. What begins with a chunk's size is chunked.
    """

    def __init__(self, otherwise: Framing) -> None:
        self.done = False
        self._otherwise = otherwise
        self._held = b""
        self._decided: Framing | None = None

    def feed(self, data: bytes) -> bytes:
        if self._decided is None:
            data = self._held + data
            if _SIZE_BEGUN.fullmatch(data):
                self._held = data
                return b""
            self._decided = _Chunked() if _SIZE_LINE.match(data) else self._otherwise
            self._held = b""
        body = self._decided.feed(data)
        self.done = self._decided.done
        return body

    def end(self) -> None:
        (self._decided or _Chunked()).end()


class _Chunked:
    """RFC 9112, 7.1: pieces with their sizes, and fields behind the last one, which are passed over."""

    def __init__(self) -> None:
        self.done = False
        self._held = b""
        self._left = 0
        """Bytes of the chunk that are still to come; -1: the line end behind it."""
        self._trailing = -1
        """Bytes of fields behind the last chunk; negative before it."""

    def feed(self, data: bytes) -> bytes:
        body: list[bytes] = []
        data = self._held + data
        at = 0
        while at < len(data) and not self.done:
            if self._left > 0:
                piece = data[at : at + self._left]
                body.append(piece)
                at += len(piece)
                self._left = self._left - len(piece) or -1
                continue
            end = data.find(b"\n", at)
            if end < 0:
                break
            if self._left < 0 and end - at <= 1 and data[at:end] in _LINE_END:
                self._left = 0
            else:
                self._line(data[at:end])
            at = end + 1
        self._held = data[at:]
        if self._held and not self.done:
            self._check_begun(self._held)
        return b"".join(body)

    def end(self) -> None:
        if not self.done:
            raise malformed("its chunks do not end")

    def _line(self, line: bytes) -> None:
        if self._left < 0:
            raise malformed("a chunk is longer than it says")
        if self._trailing < 0:
            found = _SIZE.fullmatch(line)
            if found is None or len(line) > SIZE_LINE:
                raise malformed(f"a chunk's size is {line[:40]!r}")
            self._left = int(found[1], 16)
            if not self._left:
                self._trailing = 0
        else:
            self._trailing += len(line) + 1
            self.done = not line.rstrip(b"\r")
            if not self.done and b":" not in line and line[:1] not in (b" ", b"\t"):
                raise malformed(f"a line behind the last chunk has no colon: {line[:60]!r}")

    def _check_begun(self, line: bytes) -> None:
        """A line whose end has not come must be one that can come to be right."""
        if self._left < 0 and line != b"\r":
            raise malformed("a chunk is longer than it says")
        if self._trailing < 0 and len(line) > SIZE_LINE:
            raise malformed("a chunk's size is a line without end")
        if self._trailing + len(line) > HEAD_LIMIT:
            raise malformed("fields without end behind the last chunk")
