"""Pure: the bytes of a calendar → its events and time zones, as lines (RFC 5545, section 3.1 and 3.4).

A stream holds one calendar or several, one after the other. Lines are folded after 75 octets, within a
letter too, so that bytes are unfolded before they are letters. Line breaks are those that are met:
CR LF, either alone, a CR too many. Of all that a calendar may hold only what a service window needs is
looked at: what is unknown, or written in an odd way elsewhere, takes nothing away.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FOLD = re.compile(rb"(?:\r*\n|\r)[ \t]")
_FOLD_TEXT = re.compile(r"(?:\r*\n|\r)[ \t]")
_BREAK = re.compile(r"\r*\n|\r")
_DELIMITER = re.compile(r"(BEGIN|END)\s*(?:;[^:]*)?:\s*([A-Z0-9-]+)\s*", re.IGNORECASE)
_AROUND = "\ufeff\0\x1a \t\r\n"
"""What may stand before a calendar and after it: marks of encodings and of ends of files."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LATIN = frozenset(("iso8859-1", "cp1252", "ascii"))
"""Servers name these by habit: what is UTF-8 is read so, the rest as Windows' own, which has more."""
_NAME = re.compile(r"[A-Za-z0-9-]+")


class NotACalendarError(ValueError):
    """The text says why, in words of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPart:
    """One calendar of a stream. Blocks are lines between their BEGIN and END, unfolded."""

    method: str = ""
    events: list[list[str]] = field(default_factory=list)
    zones: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyLine:
    """One property. Names are in capitals; of parameters those that are read, without quotes."""

    name: str
    value: str
    params: dict[str, str] = field(default_factory=dict)


def utf8_of(data: bytes, charset: str) -> bytes:
    """The same calendar in UTF-8, of the ``charset`` that its transport names (RFC 5545, 3.1.4).

    A mark at its beginning counts before that. Raises :class:`NotACalendarError`.
    """
    if any(data.startswith(mark) for mark, _ in _BOMS) or not charset:
        return data
    try:
        name = codecs.lookup(charset.strip("\"' ")).name
    except (LookupError, ValueError):
        name = ""
    unfolded = _FOLD.sub(b"", data)
    if name in _LATIN or not name:
        try:
            unfolded.decode("utf-8")
        except UnicodeDecodeError:
            if not name:
                raise NotACalendarError("its charset is not known, and it is not UTF-8") from None
        else:
            return data
        # the five bytes that Windows' has not are controls in ISO 8859-1
        read = (_latin(bytes((byte,))) for byte in unfolded)
        return "".join(read).encode()
    try:
        wide = name.startswith(("utf-16", "utf-32"))
        return (data if wide else unfolded).decode(name).encode("utf-8")
    except (LookupError, ValueError):
        raise NotACalendarError(f"it is not {name}, which its server calls it") from None


def _latin(byte: bytes) -> str:
    try:
        return byte.decode("cp1252")
    except UnicodeDecodeError:
        return byte.decode("latin-1")


def parts_of(data: bytes) -> list[CalendarPart]:
    """The calendars of a stream in UTF-8, or with the mark of another encoding at its beginning.

    Raises :class:`NotACalendarError`.
    """
    lines = [line.lstrip("\ufeff") for line in _BREAK.split(_text(data))]
    found: list[CalendarPart] = []
    stack: list[str] = []
    block: list[str] | None = None
    for line in lines:
        mark = _DELIMITER.fullmatch(line)
        if mark is None:
            if stack == ["VCALENDAR"]:
                _calendar_line(found, line)
            elif block is not None and (len(stack) == 2 or stack[1] == "VTIMEZONE"):
                block.append(line)
            continue
        begins, name = mark[1].upper() == "BEGIN", mark[2].upper()
        if begins and name == "VCALENDAR":
            if stack:
                raise NotACalendarError("it is cut off in the middle")
            found.append(CalendarPart())
            stack, block = [name], None
        elif begins and stack:
            stack.append(name)
            if len(stack) == 2:
                block = []
                if name == "VEVENT":
                    found[-1].events.append(block)
                elif name == "VTIMEZONE":
                    found[-1].zones.append(block)
            elif block is not None and stack[1] == "VTIMEZONE":
                block.append(f"BEGIN:{name}")
        elif not begins and name in stack:
            if block is not None and stack[1:2] == ["VTIMEZONE"] and len(stack) > 2:
                block.append(f"END:{name}")
            while (ended := stack.pop()) != name:
                if ended == "VEVENT":
                    raise NotACalendarError("it cannot be read: an event in it has no end")
    return found


def _text(data: bytes) -> str:
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    try:
        if encoding == "utf-8":
            text = _FOLD.sub(b"", data).decode()
        else:
            text = _FOLD_TEXT.sub("", data.decode(encoding))
    except UnicodeDecodeError:
        _whole(data.decode("latin-1"))
        raise NotACalendarError(f"it is not {encoding.upper()}") from None
    return _whole(text)


def _whole(text: str) -> str:
    """Raises :class:`NotACalendarError` for what does not begin and end as a calendar."""
    text = text.strip(_AROUND)
    lines = _BREAK.split(text)
    first, last = (_DELIMITER.fullmatch(line.strip(_AROUND)) for line in (lines[0], lines[-1]))
    if first is None or first[0].upper().replace(" ", "") != "BEGIN:VCALENDAR":
        raise NotACalendarError("it does not begin as a calendar")
    if last is None or last[0].upper().replace(" ", "") != "END:VCALENDAR":
        raise NotACalendarError("it is cut off")
    return text


def _calendar_line(found: list[CalendarPart], line: str) -> None:
    one = read_line(line)
    if one is not None and one.name == "METHOD":
        last = found[-1]
        found[-1] = CalendarPart(
            method=one.value.strip().upper(), events=last.events, zones=last.zones
        )


def read_line(line: str, *, dates: bool = False) -> PropertyLine | None:
    """A property of a line, ``None`` where it is none. ``dates``: its value holds no colon, as dates
    do not, so that a parameter may hold one without quotes, as Outlook's names of zones do.
    """
    named = _NAME.match(line)
    rest = line[named.end() :] if named is not None else ""
    if named is None or rest[:1] not in (";", ":"):
        return None
    colon = rest.rfind(":") if dates else _colon(rest)
    if colon < 0:
        return None
    params: dict[str, str] = {}
    for written in _split(rest[1:colon]):
        key, equals, value = written.partition("=")
        if equals:
            params.setdefault(key.strip().upper(), unquoted(value))
    return PropertyLine(name=named[0].upper(), value=rest[colon + 1 :], params=params)


def _colon(rest: str) -> int:
    """Where the value begins: after the first colon that is not in quotes, or else the first."""
    quoted = False
    for place, character in enumerate(rest):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            return place
    return rest.find(":")


def _split(written: str) -> Iterator[str]:
    begin, quoted = 0, False
    for place, character in enumerate(written):
        if character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            yield written[begin:place]
            begin = place + 1
    yield written[begin:]


def unquoted(value: str) -> str:
    """A parameter's value, or a zone's name, without quotes and escapes (RFC 6868 too)."""
    unescaped = value.replace("^n", " ").replace("^'", "").replace("^^", "^")
    return unescaped.replace("\\", "").replace('"', "").strip()
