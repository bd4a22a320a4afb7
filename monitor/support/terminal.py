"""Standard output and standard error, whatever reads them.

A terminal may have any encoding or none, a pipe may be closed early, a disk be full, a stream not be
there at all. None of it is a traceback, and none of it changes what an exit code says. What a file or
a server has said is shown without what a terminal would obey.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import re
import select
import sys
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

STAND_INS = "driftvakt-stand-ins"
"""The name of how characters are encoded that an encoding does not have."""
PATIENCE = 10_000
"""Milliseconds for which a full pipe that does not block is waited for."""
WIDTH = 160
"""Columns where there is no terminal."""
_SIGNS = {
    "●": "*", "▲": "^", "■": "#", "○": "o", "–": "-", "—": "-", "…": ".", "→": ">", "←": "<",
    "”": '"', "“": '"', "’": "'", "‘": "'", "•": "*", "×": "x", "≥": ">", "≤": "<", "·": ".",
    **dict.fromkeys("─━┄┅┈┉╌╍═", "-"), **dict.fromkeys("│┃┆┇┊┋╎╏║╵╷", "|"),
    **dict.fromkeys("█▉▊▋▌▍▎▏▐▕", "#"),
}  # fmt: skip
_OBEYED = re.compile(r"[^\n -~]")


class Unwritten:
    """What became of a stream: the first error of writing it, if there was one."""

    def __init__(self) -> None:
        self.error: OSError | None = None
        self.raises = False
        """Whether a reader that has gone is told at once, to end what would go on for long."""

    @property
    def lost(self) -> bool:
        """Whether what was written did not arrive, and the reader did not go away by itself."""
        return self.error is not None and not isinstance(self.error, BrokenPipeError)


output = Unwritten()
"""Of standard output, in the one process that :func:`prepare_streams` was called in."""


class _Stream(io.RawIOBase):
    """A descriptor that never fails. With ``latch`` nothing more is written after the first error."""

    def __init__(self, descriptor: int, fate: Unwritten, *, latch: bool) -> None:
        self._descriptor = descriptor
        self._fate = fate
        self._latch = latch

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: ReadableBuffer, /) -> int:
        """All of it, or none: who cannot be told is not told."""
        left = memoryview(data).cast("B")
        size = len(left)
        if self._latch and self._fate.error is not None:
            return size
        try:
            while left:
                left = left[self._some(left) :]
        except OSError as error:
            self._fate.error = self._fate.error or error
            if self._fate.raises and isinstance(error, BrokenPipeError):
                raise
        return size

    def _some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLOUT)
            if not self._latch or not poll.poll(PATIENCE):
                raise
            return 0


def prepare_streams() -> None:
    """Makes the streams of this process so. For a program's first instants, once."""
    codecs.register_error(STAND_INS, _stand_in)
    for number, flags in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:  # else the next file that is opened would be taken for it
            os.set_inheritable(os.open(os.devnull, flags), True)
    sys.stdout = _wrapped(sys.stdout, 1, output, latch=True)
    sys.stderr = _wrapped(sys.stderr, 2, Unwritten(), latch=False)


def _wrapped(given: TextIO | None, number: int, fate: Unwritten, *, latch: bool) -> TextIO:
    if given is not None and not isinstance(given, io.TextIOWrapper):
        return given  # somebody has put something of their own there
    encoding, lines = "utf-8", number == 2
    if given is not None:
        given.flush()
        encoding, lines = given.encoding, given.line_buffering
    return io.TextIOWrapper(
        io.BufferedWriter(_Stream(number, fate, latch=latch)),
        encoding=encoding,
        errors=STAND_INS,
        line_buffering=lines,
    )


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    refused = error.object[error.start : error.end]
    return "".join(map(plain_sign, refused)), error.end


def plain_sign(character: str) -> str:
    """One character of ASCII that stands for it: its own sign, its letter without accents, or ``?``."""
    if character in _SIGNS:
        return _SIGNS[character]
    if "\u2500" <= character <= "\u257f":
        return "+"  # corners and crossings of lines
    bare = unicodedata.normalize("NFKD", character)[:1]
    return bare if bare.isascii() and bare.isprintable() else "?"


def printable(text: str) -> str:
    """The text without what a terminal would obey; its lines stay, and its width."""
    return _OBEYED.sub(lambda found: found[0] if found[0].isprintable() else "\N{REPLACEMENT CHARACTER}", text)  # fmt: skip


def json_text(value: Any) -> str:
    """JSON for standard output, with a line break: letters as they are where its encoding has them,
    and nothing that a terminal would obey. It says the same in every encoding.
    """
    import orjson  # few commands write any, and Python's own takes five times as long to indent

    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # halves of surrogate pairs, numbers of any length: whatever others have said
        text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    return _OBEYED.sub(lambda found: _escaped(found[0]), text) + "\n"


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


def write_document(text: str) -> None:
    """Writes a file's text, on a terminal to be read, elsewhere in UTF-8, as its readers want it."""
    if sys.stdout.isatty() or not hasattr(sys.stdout, "buffer"):
        sys.stdout.write(printable(text))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def console(*, error: bool = False) -> Console:
    """Where tables are printed, with :class:`Shown` around what others have said."""
    from rich.console import Console as RichConsole

    class Ours(RichConsole):
        def on_broken_pipe(self) -> None:
            raise  # whoever goes on for long ends by it; rich's own is exit 1  # noqa: PLE0704

    stream = sys.stderr if error else sys.stdout
    there = stream is not None and stream.isatty()
    # given the stream itself, rich asks for its encoding, and draws lines that it has
    return Ours(file=stream, width=None if there else _columns())


def _columns() -> int:
    """Of what is no terminal: what ``$COLUMNS`` says (POSIX), or :data:`WIDTH`."""
    given = os.environ.get("COLUMNS", "")
    return int(given) if re.fullmatch(r"[1-9][0-9]{1,3}", given) else WIDTH


class Shown:
    """Anything that rich renders, without what a terminal would obey of the texts in it."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for segment in console.render(self._inner, options):
            text, style, control = segment
            yield segment if control else type(segment)(printable(text), style)


def finish(code: int, otherwise: int = 1) -> int:
    """The exit code, after all is written: ``otherwise`` in place of it where standard output could
    not be written. A reader that went away early changes nothing.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if not output.lost:
        return code
    assert output.error is not None  # noqa: S101 - it is lost
    why = output.error.strerror or errno.errorcode.get(output.error.errno or 0, "an error")
    sys.stderr.write(f"driftvakt: standard output cannot be written: {why}\n")
    sys.stderr.flush()
    return otherwise
