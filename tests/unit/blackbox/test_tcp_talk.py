"""Lines of a dialogue."""

from __future__ import annotations

import pytest

from monitor.blackbox.tcp_talk import LINE, Lines, filled
from probes.expect.patterns import compile_pattern


class Pieces:
    """Gives one piece after another, then the end."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    async def more(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    async def send(self, data: bytes) -> None:
        raise AssertionError(data)


async def test_lines_come_whole() -> None:
    """However they were cut; the last one without an end, too."""
    lines = Lines(Pieces(b"on", b"e\r\ntw", b"o\n\nla", b"st"))
    assert [await lines.next() for _ in range(6)] == [b"one", b"two", b"", b"last", None, None]
    assert not lines.pending


async def test_a_line_without_an_end() -> None:
    """Is not kept for ever."""
    lines = Lines(Pieces(b"x" * LINE, b"x"))
    with pytest.raises(ValueError, match="longer than"):
        await lines.next()


async def test_the_first_line_that_matches() -> None:
    """Bytes that are no text are no trouble; what comes after waits."""
    lines = Lines(Pieces(b"\xff\xfe\nSSH-2.0-x\nmore\n"))
    found = await lines.expect("^SSH-(?P<version>[0-9.]+)-(.*)$")
    assert filled("${version} $2 $$1 ${3} $nobody.", found) == b"2.0 x $1  ."
    assert lines.pending
    assert await lines.expect("never") is None


def test_nothing_is_put_in_without_a_match() -> None:
    """The text is said as it stands."""
    assert filled("PRIVMSG ${1}", None) == b"PRIVMSG ${1}"
    group = compile_pattern("a(b)?").search(b"a")
    assert filled("<$1>", group) == b"<>"
