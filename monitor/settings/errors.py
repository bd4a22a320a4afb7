"""Faults of a configuration: where, on which key, what is wrong, and the nearest right word.

A fault never holds a value that could be a secret: see :mod:`monitor.settings.messages`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

SHORT_LIST = 12
"""Allowed words are listed in a message when none is near and there are at most this many."""

Step = str | int
Path = tuple[Step, ...]
"""The steps from the top to a value: names of keys and indexes of lists."""


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong. ``str()`` gives ``file:line:column: path: message``.

    Line and column count from 1. ``path`` is such as ``environments[0].services[1].name``; it is
    empty, and left out, where the fault is the whole file's. In a folder, indexes count
    in the merged list.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        key = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {key}{self.message}"


class ConfigurationError(Exception):
    """The configuration cannot be used. ``faults`` holds all of them, in the order of the files."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__(*self.faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


@dataclass(slots=True)
class Report:
    """Gathers faults and warnings while a configuration is read."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)
    """Values that were taken from the environment."""

    def fault(self, mark: Mark, path: Path, message: str) -> None:
        """Something that refuses the configuration."""
        self.faults.append(Fault(*mark, show_path(path), message))

    def warn(self, mark: Mark, path: Path, message: str) -> None:
        """Something that a person should know, and that does not refuse the configuration."""
        self.warnings.append(Fault(*mark, show_path(path), message))


def show_path(path: Path) -> str:
    """``environments[0].headers.Accept``; a key that is not a plain word is quoted in brackets."""
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z0-9_-]+", step):
            shown += f".{step}" if shown else step
        else:
            shown += f"[{json.dumps(step[:80], ensure_ascii=True)}]"
    return shown


def nearest(word: str, allowed: Collection[str]) -> str | None:
    """The word of ``allowed`` that ``word`` was most likely meant to be, if one is near."""
    simple = {_simplified(right): right for right in sorted(allowed)}
    found = get_close_matches(_simplified(word[:100]), simple, n=1, cutoff=0.6)
    return simple[found[0]] if found else None


def _simplified(word: str) -> str:
    return word.lower().replace("-", "_")


def hint(word: str, allowed: Collection[str]) -> str:
    """What to add to a message about a wrong word: the nearest right one, or a short list.

    Empty when nothing is near and the list would be long.
    """
    near = nearest(word, allowed)
    if near is not None:
        return f' - did you mean "{near}"?'
    if 0 < len(allowed) <= SHORT_LIST:
        return f" - allowed: {', '.join(sorted(allowed))}"
    return ""
