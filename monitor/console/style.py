"""Colours, symbols, words, instants and lengths of time, the same in every table.

A status has a colour, a shape and a word: it never shows by its colour alone.
Text is put into ``rich.text.Text``, where square brackets are only square brackets.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.text import Text as RichText

from monitor.model.status import Status
from monitor.model.text import Text
from probes.observation import Grade

_LOOK = {
    Status.GREEN: ("●", "green", Text(sv="grön", en="green")),
    Status.YELLOW: ("▲", "yellow", Text(sv="gul", en="yellow")),
    Status.RED: ("■", "bold red", Text(sv="röd", en="red")),
    Status.UNKNOWN: ("○", "bright_black", Text(sv="okänd", en="unknown")),
}
_GRADES = {
    Grade.GOOD: (Status.GREEN, Text(sv="bra", en="good")),
    Grade.DEGRADED: (Status.YELLOW, Text(sv="anmärkning", en="degraded")),
    Grade.FAILED: (Status.RED, Text(sv="misslyckad", en="failed")),
}
NOTHING = "–"


def style(status: Status) -> str:
    """The colour of a status, as rich names it."""
    return _LOOK[status][1]


def status_mark(status: Status, language: str) -> RichText:
    """``● green``, in its colour."""
    symbol, colour, word = _LOOK[status]
    return RichText(f"{symbol} {word.pick(language)}", style=colour, no_wrap=True)


def grade_mark(grade: Grade, language: str) -> RichText:
    """``■ failed``, in the colour of what it leads to."""
    status, word = _GRADES[grade]
    symbol, colour, _ = _LOOK[status]
    return RichText(f"{symbol} {word.pick(language)}", style=colour)


def clock_time(at: float, now: float, zone: ZoneInfo, language: str) -> str:
    """The time of day with seconds; with its date when that is not today's."""
    try:
        local, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    except (OverflowError, ValueError, OSError):
        return NOTHING
    shown = f"{local:%H:%M:%S}" if language == "en" else f"{local:%H.%M.%S}"
    return shown if local.date() == today.date() else f"{local:%Y-%m-%d} {shown}"


def milliseconds(seconds: float | None, language: str) -> str:
    """``0.4 ms``, ``12 ms``, ``1.25 s``; the decimal sign is the language's."""
    if seconds is None:
        return NOTHING
    if seconds >= 1:
        shown = f"{seconds:.2f} s"
    elif seconds >= 0.01:
        shown = f"{seconds * 1000:.0f} ms"
    else:
        shown = f"{seconds * 1000:.1f} ms"
    return shown if language == "en" else shown.replace(".", ",")


def length(seconds: float) -> str:
    """A configured duration the way that the configuration writes it: ``500ms``, ``30s``, ``5m``."""
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    if seconds >= 1:
        return f"{seconds:g}s"
    return f"{seconds * 1000:g}ms"
