"""Pure: the head of an HTTP/1 answer (RFC 9112, 2 to 5), taken as curl, Go and browsers take it.

A client that measures for others must not be stricter than theirs: lines may end without CR, names may
hold what no token may, lines may be folded. What two of them would read differently, or would not read,
is refused: NUL, a line without a colon, another protocol.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from multidict import CIMultiDict, CIMultiDictProxy

from probes.failure import ProbeFailure
from probes.observation import RawHeaders, Reason, clean

HEAD_LIMIT = 524_288
"""Bytes of all heads of an answer, interim ones too. RFC 9110, 5.4 sets none; curl takes 300 KiB, browsers
256 KiB, Go 10 MiB."""
MAX_FIELDS = 10_000
"""Lines of a head: reading more would hold up the loop."""
_LINE_ENDS = b"\r\n"
_END = re.compile(rb"\n\r*\n")
_STATUS = re.compile(rb"HTTP/([0-2])\.([0-9])[ \t]+([0-9]{3})(?:[ \t]+([^\n]*))?")
_START = b"HTTP/"
_SPACE = b" \t"


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a body."""

    status: int
    version: tuple[int, int]
    phrase: str
    headers: CIMultiDictProxy[str]
    """Bytes that are no UTF-8 as surrogates."""
    raw: RawHeaders


def malformed(what: str) -> ProbeFailure:
    """An answer that cannot be read."""
    return ProbeFailure(Reason.PROTOCOL, f"not a well-formed HTTP answer: {clean(what, 120)}")


def too_large(than: str = f"{HEAD_LIMIT} bytes") -> ProbeFailure:
    """An answer whose head does not end, or might as well not."""
    return ProbeFailure(Reason.PROTOCOL, f"its head is too large: more than {than}")


class HeadReader:
    """Takes what comes until a head is whole."""

    __slots__ = ("_data", "_looked")

    def __init__(self) -> None:
        self._data = bytearray()
        self._looked = 0

    def feed(self, data: bytes) -> tuple[Head, bytes] | None:
        """The head and what follows it, when its end has come. Raises :class:`ProbeFailure`."""
        held = self._data
        held += data
        if not self._looked:
            # a line end of a message before; RFC 9112, 2.2 says it of requests
            stripped = held.lstrip(_LINE_ENDS)
            del held[: len(held) - len(stripped)]
        if not held.startswith(_START[: len(held)]):
            raise malformed(f"it begins with {bytes(held[:20])!r}")
        found = _END.search(held, max(0, self._looked - 3))
        size = found.end() if found is not None else len(held)
        if size > HEAD_LIMIT:
            raise too_large()
        if found is None:
            self._looked = len(held)
            return None
        head, rest = bytes(held[: found.start()]), bytes(held[found.end() :])
        held.clear()
        self._looked = 0
        return parse_head(head), rest


def parse_head(data: bytes) -> Head:
    """Of everything before the empty line. Raises :class:`ProbeFailure`."""
    lines = data.split(b"\n")
    if len(lines) > MAX_FIELDS:
        raise too_large(f"{MAX_FIELDS} lines")
    status = _STATUS.fullmatch(lines[0].rstrip(b"\r"))
    if status is None:
        raise malformed(f"its first line is {lines[0][:60]!r}")
    if b"\0" in data and b"\0" in data[len(lines[0]) :]:
        raise malformed("its headers hold a NUL")
    raw = _fields(lines)
    headers = CIMultiDict(
        [
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in raw
        ]
    )
    return Head(
        int(status[3]),
        (int(status[1]), int(status[2])),
        (status[4] or b"").decode("utf-8", "surrogateescape"),
        CIMultiDictProxy(headers),
        tuple(raw),
    )


def _fields(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    fields: list[tuple[bytes, bytes]] = []
    folded: list[bytes] = []
    for ended in lines[1:]:
        line = ended.rstrip(b"\r")
        if line[:1] in (b" ", b"\t"):
            # obs-fold; before the first field such a line is passed over (RFC 9112, 2.2 and 5.2)
            if fields:
                folded.append(line.strip(_SPACE))
            continue
        if folded:
            _unfold(fields, folded)
        name, colon, value = line.partition(b":")
        if not colon:
            raise malformed(f"a line of its head has no colon: {line[:60]!r}")
        if b"\r" in value:
            value = value.replace(b"\r", b" ")  # RFC 9112, 2.2
        fields.append((name.rstrip(_SPACE), value.strip(_SPACE)))
    if folded:
        _unfold(fields, folded)
    return fields


def _unfold(fields: list[tuple[bytes, bytes]], folded: list[bytes]) -> None:
    name, value = fields[-1]
    whole = b" ".join((value, *folded)).replace(b"\r", b" ")
    fields[-1] = name, whole.strip(_SPACE)
    folded.clear()
