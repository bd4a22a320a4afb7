"""YAML text → a tree of nodes that know their place. Nothing is given a meaning here.

The tree is made of the parser's events, not by a YAML loader: that keeps every position, finds
duplicate keys, and bounds what an attacker's or a script's file could cost. Scalars follow the core
schema of YAML 1.2 (``off`` and ``yes`` are text). Merge keys (``<<``) are followed, as operators
share settings by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from monitor.settings_faults import ConfigurationError, Fault, Mark

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 40
MAX_ALIASED = 1_000_000
"""Values that all aliases of a file together may stand for."""

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
    size: int = 1
    depth: int = 0


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
_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"


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


def compose(data: bytes, file: str) -> Node | None:
    """The tree of one YAML document, ``None`` where there is none (only comments, or nothing).

    ``file`` is what faults call it. Raises :class:`ConfigurationError`, with every duplicate key of
    the file, or else with the first thing that makes the rest unreadable.
    """
    if len(data) > MAX_BYTES:
        raise _error(Mark(file, 1, 1), f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise _error(_place(file, before), "the file is not UTF-8 text") from None
    composer = _Composer(file)
    try:
        tree = composer.document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = composer.mark(mark) if mark else composer.last
        raise _error(place, _syntax_message(error, text, place)) from None
    except ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        raise _error(
            _place(file, text[:position]), "a control character that YAML does not allow"
        ) from None
    except ConfigurationError:
        raise
    except Exception:  # noqa: BLE001 - a parser that trips over odd text must not take the monitor with it
        raise _error(composer.last, "this cannot be read as YAML") from None
    if composer.faults:
        raise ConfigurationError(composer.faults)
    return tree


def _error(mark: Mark, message: str) -> ConfigurationError:
    return ConfigurationError([Fault(*mark, "", message)])


def _place(file: str, before: str) -> Mark:
    return Mark(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


def _syntax_message(error: MarkedYAMLError, text: str, place: Mark) -> str:
    problem = str(error.problem or error.context or "it cannot be read")
    if "'\\t'" in problem or "tab character" in problem:
        return "not YAML: a tab; indent with spaces"
    line = text.splitlines()[place.line - 1 : place.line]
    quote = '; inside { } or [ ], write "${NAME}" in quotes' if line and "${" in line[0] else ""
    return f"not YAML: {problem.splitlines()[0]}{quote}"


class _Composer:
    """Builds the tree of one document. Only :func:`compose` uses it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.last = Mark(file, 1, 1)
        self.faults: list[Fault] = []
        self.anchors: dict[str, Node | None] = {}
        self.aliased = 0

    def mark(self, mark: Any) -> Mark:
        return Mark(self.file, mark.line + 1, mark.column + 1)

    def document(self, events: Iterator[Any]) -> Node | None:
        """The first document; a second one is a fault."""
        tree: Node | None = None
        seen = False
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if seen:
                    raise _error(self.mark(event.start_mark), "a second YAML document: write one")
                seen = True
                tree = self.node(next(events), events, 0)
        empty = isinstance(tree, Scalar) and tree.text == "" and not tree.quoted
        return None if empty else tree

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mark = self.last = self.mark(event.start_mark)
        if depth > MAX_DEPTH:
            raise _error(mark, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, AliasEvent):
            return self.alias(event, mark, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        node: Node
        if isinstance(event, ScalarEvent):
            node = self.scalar(event, mark)
        elif isinstance(event, SequenceStartEvent):
            self.expect_tag(event, mark, "seq")
            node = self.sequence(mark, events, depth)
        elif isinstance(event, MappingStartEvent):
            self.expect_tag(event, mark, "map")
            node = self.mapping(mark, events, depth)
        else:
            raise _error(mark, "this cannot be read as YAML")
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, mark: Mark, depth: int) -> Node:
        if event.anchor not in self.anchors:
            raise _error(mark, f"the alias *{event.anchor} has no anchor &{event.anchor} above it")
        node = self.anchors[event.anchor]
        if node is None:
            raise _error(mark, f"the alias *{event.anchor} stands inside its own anchor")
        if depth + node.depth > MAX_DEPTH:
            raise _error(mark, f"nested deeper than {MAX_DEPTH} levels")
        self.aliased += node.size
        if self.aliased > MAX_ALIASED:
            raise _error(mark, f"the aliases stand for more than {MAX_ALIASED} values")
        return node

    def expect_tag(self, event: Any, mark: Mark, allowed: str) -> None:
        tag = str(event.tag) if event.tag is not None else None
        if tag not in (None, "!", _TAG + allowed):
            raise _error(mark, f"the YAML tag {tag} is not known here")

    def scalar(self, event: Any, mark: Mark) -> Scalar:
        text = event.value
        quoted = event.style is not None
        if event.style == '"' and not is_text(text):
            raise _error(mark, "half of a surrogate pair: write the character itself")
        tag = str(event.tag) if event.tag is not None else None
        if tag is None:
            value = text if quoted else plain_value(text)
            return Scalar(mark, text, value, quoted)
        if tag in ("!", _TAG + "str"):
            return Scalar(mark, text, text, quoted, tagged=True)
        value = plain_value(text)
        names = {type(None): "null", bool: "bool", int: "int", float: "float"}
        if tag == _TAG + "float" and type(value) is int:
            value = float(value)
        if tag != _TAG + names.get(type(value), "str"):
            raise _error(mark, f"the YAML tag {tag} does not fit this value or is not known here")
        return Scalar(mark, text, value, quoted, tagged=True)

    def sequence(self, mark: Mark, events: Iterator[Any], depth: int) -> Sequence:
        node = Sequence(mark)
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            item = self.node(event, events, depth + 1)
            node.items.append(item)
            node.size += item.size
            node.depth = max(node.depth, item.depth + 1)
        return node

    def mapping(self, mark: Mark, events: Iterator[Any], depth: int) -> Mapping:
        node = Mapping(mark)
        merged: list[tuple[Mark, Node]] = []
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self.node(event, events, depth + 1)
            if not isinstance(key, Scalar):
                raise _error(key.mark, "a key must be a word, not a list or a mapping")
            value = self.node(next(events), events, depth + 1)
            if isinstance(value, Scalar) and value.text == "" and not value.quoted:
                value.mark = key.mark  # an empty value stands nowhere: blame its key
            if key.text == _MERGE and not key.quoted and not key.tagged:
                merged.append((key.mark, value))
                continue
            if key.text in node.entries:
                first = node.keys[key.text]
                self.faults.append(
                    Fault(
                        *key.mark,
                        "",
                        f'the key "{key.text}" is here twice: first on line {first.line}',
                    )
                )
                continue
            node.entries[key.text] = value
            node.keys[key.text] = key.mark
            node.size += value.size
            node.depth = max(node.depth, value.depth + 1)
        for place, source in merged:
            self.merge(node, place, source)
        return node

    def merge(self, node: Mapping, mark: Mark, source: Node) -> None:
        """Takes over the keys of ``<<``'s mappings that the mapping itself does not have."""
        sources = source.items if isinstance(source, Sequence) else [source]
        for one in sources:
            if not isinstance(one, Mapping):
                raise _error(mark, "<< takes a mapping, or a list of mappings")
            for key, value in one.entries.items():
                if key not in node.entries:
                    node.entries[key] = value
                    node.keys[key] = one.keys[key]
                    node.size += value.size
                    node.depth = max(node.depth, value.depth + 1)
