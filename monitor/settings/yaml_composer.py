"""A parser's events → the tree of one document.

The tree is made of events, not by a YAML loader: that keeps every position, finds duplicate keys,
and bounds what an attacker's or a script's file could cost. Merge keys (``<<``) are followed, as
operators share settings by them.
"""

from __future__ import annotations

from typing import Any

from monitor.settings.errors import ConfigurationError, Fault, Mark
from monitor.settings.yaml_events import Events
from monitor.settings.yaml_nodes import Mapping, Node, Scalar, Sequence, is_text, plain_value

MAX_DEPTH = 40
MAX_ALIASED = 1_000_000
"""Values that all aliases of a file together may stand for."""
_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"
_new = tuple.__new__
"""A named tuple's own way takes twice as long, and every value and every key has a place."""


class Unsure(Exception):
    """The parser may have placed something otherwise than the other one does."""


class Composer:
    """Builds the tree of one document of ``file``. ``faults`` are duplicate keys."""

    __slots__ = (
        "_aliased", "_anchors", "_events", "_file", "_mapping_end", "_mapping_start", "_places_empty",
        "_scalar", "_take",
        "faults", "last",
    )  # fmt: skip

    def __init__(self, file: str, events: Events) -> None:
        self.last = Mark(file, 1, 1)
        """Where the newest node begins."""
        self.faults: list[Fault] = []
        self._file = file
        self._events = events
        self._take = events.take
        self._scalar = events.scalar
        self._mapping_start = events.mapping
        self._mapping_end = events.mapping_end
        self._places_empty = events.places_empty
        self._anchors: dict[str, Node | None] = {}
        self._aliased = 0

    def document(self) -> Node | None:
        """The first document; a second one is a fault. ``None`` where there is nothing in it.

        Raises :class:`ConfigurationError`, the parser's own errors, and :class:`Unsure`.
        """
        tree: Node | None = None
        seen = False
        while type(event := self._take()) is not self._events.stream_end:
            if type(event) is self._events.document:
                if seen:
                    raise self._error(self._mark(event), "a second YAML document: write one")
                seen = True
                tree = self._node(self._take(), 0)
        empty = isinstance(tree, Scalar) and tree.text == "" and not tree.quoted
        return None if empty else tree

    def _mark(self, event: Any) -> Mark:
        place = event.start_mark
        return _new(Mark, (self._file, place.line + 1, place.column + 1))

    def _error(self, mark: Mark, message: str) -> ConfigurationError:
        return ConfigurationError([Fault(*mark, "", message)])

    def _node(self, event: Any, depth: int, *, may_be_empty: bool = False) -> Node:
        if type(event) is self._scalar and event.anchor is None and depth <= MAX_DEPTH:
            return self._of_scalar(event, may_be_empty=may_be_empty)
        mark = self.last = self._mark(event)
        if depth > MAX_DEPTH:
            raise self._error(mark, f"nested deeper than {MAX_DEPTH} levels")
        kind = type(event)
        if kind is self._events.alias:
            return self._alias(event, mark, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node: Node
        if kind is self._scalar:
            node = self._of_scalar(event, may_be_empty=may_be_empty)
        elif kind is self._events.sequence:
            self._expect_tag(event, mark, "seq")
            node = self._sequence(mark, depth)
        elif kind is self._mapping_start:
            self._expect_tag(event, mark, "map")
            node = self._mapping(mark, depth)
        else:
            raise self._error(mark, "this cannot be read as YAML")
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, mark: Mark, depth: int) -> Node:
        name = event.anchor
        if name not in self._anchors:
            raise self._error(mark, f"the alias *{name} has no anchor &{name} above it")
        node = self._anchors[name]
        if node is None:
            raise self._error(mark, f"the alias *{name} stands inside its own anchor")
        if depth + node.depth > MAX_DEPTH:
            raise self._error(mark, f"nested deeper than {MAX_DEPTH} levels")
        self._aliased += node.size
        if self._aliased > MAX_ALIASED:
            raise self._error(mark, f"the aliases stand for more than {MAX_ALIASED} values")
        return node

    def _expect_tag(self, event: Any, mark: Mark, allowed: str) -> None:
        tag = event.tag
        if tag not in (None, "!", _TAG + allowed):
            raise self._error(mark, f"the YAML tag {tag} is not known here")

    def _of_scalar(self, event: Any, *, may_be_empty: bool) -> Scalar:
        place = event.start_mark
        mark = self.last = _new(Mark, (self._file, place.line + 1, place.column + 1))
        text, style = event.value, event.style
        if not text and not style and not (may_be_empty or self._places_empty):
            raise Unsure
        if style == '"' and not (text.isascii() or is_text(text)):
            raise self._error(mark, "half of a surrogate pair: write the character itself")
        if event.tag is not None:
            return self._tagged(event.tag, mark, text, quoted=bool(style))
        if style:
            return Scalar(mark, text, text, quoted=True)
        return Scalar(mark, text, plain_value(text))

    def _tagged(self, tag: str, mark: Mark, text: str, *, quoted: bool) -> Scalar:
        if tag in ("!", _TAG + "str"):
            return Scalar(mark, text, text, quoted, tagged=True)
        value = plain_value(text)
        names = {type(None): "null", bool: "bool", int: "int", float: "float"}
        if tag == _TAG + "float" and type(value) is int:
            value = float(value)
        if tag != _TAG + names.get(type(value), "str"):
            said = f"the YAML tag {tag} does not fit this value or is not known here"
            raise self._error(mark, said)
        return Scalar(mark, text, value, quoted, tagged=True)

    def _sequence(self, mark: Mark, depth: int) -> Sequence:
        items: list[Node] = []
        size = deepest = 1
        while type(event := self._take()) is not self._events.sequence_end:
            item = self._node(event, depth + 1)
            items.append(item)
            size += item.size
            if item.depth >= deepest:
                deepest = item.depth + 1
        return Sequence(mark, items, size, deepest)

    def _mapping(self, mark: Mark, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        node = Mapping(mark, entries, keys)
        merged: list[tuple[Mark, Node]] = []
        while type(event := self._take()) is not self._mapping_end:
            name, at, merges = self._key(event, depth + 1)
            value = self._node(self._take(), depth + 1, may_be_empty=True)
            if isinstance(value, Scalar) and value.text == "" and not value.quoted:
                value.mark = at  # an empty value stands nowhere: blame its key
            if merges:
                merged.append((at, value))
                continue
            if name in entries:
                said = f'the key "{name}" is here twice: first on line {keys[name].line}'
                self.faults.append(Fault(*at, "", said))
                continue
            entries[name] = value
            keys[name] = at
            node.size += value.size
            if value.depth >= node.depth:
                node.depth = value.depth + 1
        for place, source in merged:
            self._merge(node, place, source)
        return node

    def _key(self, event: Any, depth: int) -> tuple[str, Mark, bool]:
        """Its text, its place, and whether it is a merge key."""
        name = event.value if type(event) is self._scalar else ""
        if (
            name
            and event.anchor is None
            and event.tag is None
            and depth <= MAX_DEPTH
            and name.isascii()
        ):
            place = event.start_mark
            mark = self.last = _new(Mark, (self._file, place.line + 1, place.column + 1))
            return name, mark, name == _MERGE and not event.style
        key = self._node(event, depth)
        if not isinstance(key, Scalar):
            raise self._error(key.mark, "a key must be a word, not a list or a mapping")
        return key.text, key.mark, key.text == _MERGE and not key.quoted and not key.tagged

    def _merge(self, node: Mapping, mark: Mark, source: Node) -> None:
        """Takes over the keys of ``<<``'s mappings that the mapping itself does not have."""
        sources = source.items if isinstance(source, Sequence) else [source]
        for one in sources:
            if not isinstance(one, Mapping):
                raise self._error(mark, "<< takes a mapping, or a list of mappings")
            for key, value in one.entries.items():
                if key not in node.entries:
                    node.entries[key] = value
                    node.keys[key] = one.keys[key]
                    node.size += value.size
                    node.depth = max(node.depth, value.depth + 1)
