"""A sheet of plain text in one language: what every line of a mail must keep to.

At most 100 columns, no tabs, no line that begins with ``>`` or ``From`` (which mail programs change),
nothing that is not printable.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.evidence import words
from monitor.model.text import Text
from probes.observation import clean

COLUMNS = 100
INDENT = "  "
_PLAIN = str.maketrans({"…": "...", "→": "->", "–": "-", "—": "-", "”": '"', "“": '"', "’": "'"})
_LINE_LIMIT = 20_000


class TextWriter:
    """The lines so far."""

    def __init__(self, language: str, zone: str) -> None:
        self._swedish = language != "en"
        self._zone = _zone(zone)
        self._lines: list[str] = []
        self._heads: list[int] = []
        """Which lines begin a section."""

    @property
    def zone(self) -> str:
        return self._zone.key

    def text(self) -> str:
        return "\n".join(self._lines).strip() + "\n"

    def say(self, text: Text) -> str:
        return text.sv if self._swedish else text.en

    def pick(self, texts: Mapping[str, str]) -> str:
        """Of a text as JSON has it."""
        return texts["sv" if self._swedish else "en"]

    def titled(self, title: dict[str, str] | None, name: str) -> str:
        said = self.pick(title) if title else ""
        return f"{said} ({name})" if said and said != name else name

    def ms(self, milliseconds: float) -> str:
        number = f"{milliseconds:.1f}"
        return f"{number.replace('.', ',') if self._swedish else number} ms"

    def phases(self, seen: dict[str, Any]) -> str:
        """How long each part of an observation took, and all of it."""
        times = [
            f"{self.say(words.PHASE_NAMES[name])} {self.ms(took)}"
            for name, took in seen["phases_ms"].items()
        ]
        return ", ".join([*times, f"{self.say(words.DURATION)} {self.ms(seen['duration_ms'])}"])

    def instant(self, text: str) -> str:
        try:
            local = datetime.fromisoformat(text).astimezone(self._zone)
        except OverflowError:  # a certificate may say the end of time
            return text
        return local.isoformat(" ", "milliseconds")

    def sections(self) -> list[tuple[str, str]]:
        """The same in sections: of each the heading, and its lines without their common indent."""
        ends = [*self._heads[1:], len(self._lines)]
        return [
            (self._lines[begin], textwrap.dedent("\n".join(self._lines[begin + 1 : end])).strip())
            for begin, end in zip(self._heads, ends, strict=True)
        ]

    def head(self, label: Text, more: str = "") -> None:
        self.space()
        self._heads.append(len(self._lines))
        self.line(self.say(label) + more, "")

    def space(self) -> None:
        self._lines.append("")

    def pair(self, label: Text, value: str, indent: str = INDENT) -> None:
        said = self.say(label)
        self.line(f"{said[:1].upper()}{said[1:]}: {value}", indent)

    def line(self, text: str, indent: str = INDENT, after: str = INDENT) -> None:
        """One line, or as many as it needs, those from the second on indented by ``after`` more."""
        plain = clean(text, _LINE_LIMIT).translate(_PLAIN)
        self._lines += textwrap.wrap(
            plain,
            COLUMNS,
            initial_indent=indent,
            subsequent_indent=indent + after,
            break_on_hyphens=False,
        )

    def quoted(self, line: str) -> None:
        """A line of a body, with its spaces."""
        plain = clean(line, _LINE_LIMIT).translate(_PLAIN)
        mark = f"{INDENT}| "
        width = COLUMNS - len(mark)
        for start in range(0, max(1, len(plain)), width):
            self._lines.append((mark + plain[start : start + width]).rstrip())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
