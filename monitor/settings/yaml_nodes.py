"""What a configuration is made of: scalars, lists and mappings that know their place in a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from monitor.settings.errors import Mark

Plain = str | int | float | bool | None
"""What a scalar can mean."""


@dataclass(slots=True, eq=False)
class Scalar:
    """One value. ``text`` is what stands in the file, ``value`` what it means."""

    mark: Mark
    text: str
    value: Plain
    quoted: bool = False
    tagged: bool = False
    other: Plain = None
    """The other reading of a value that a placeholder gave: text, or a number of YAML's."""
    placeholder: bool = False
    """Whether the value came from the environment: it is then never shown, ``text`` is."""
    broken: bool = False
    """Whether a fault is reported already."""
    size: ClassVar[int] = 1
    depth: ClassVar[int] = 0


@dataclass(slots=True, eq=False)
class Sequence:
    """A list."""

    mark: Mark
    items: list[Node] = field(default_factory=list)
    size: int = 1
    depth: int = 1


@dataclass(slots=True, eq=False)
class Mapping:
    """Keys and values, in the order of the file; ``keys`` has the place of each key."""

    mark: Mark
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Mark] = field(default_factory=dict)
    size: int = 1
    depth: int = 1


Node = Scalar | Sequence | Mapping

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?[0-9]{1,100}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]{1,100}|[0-9]{1,100}(\.[0-9]{0,100})?)([eE][-+]?[0-9]{1,10})?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


def plain_value(text: str) -> Plain:
    """What an unquoted scalar means in YAML 1.2's core schema."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: no half of a surrogate pair is left in it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
