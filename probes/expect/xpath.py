"""XPath 1.0 queries into XML that a stranger sent: bounded in work.

libxml2 evaluates a query to its end, however long that takes, and nothing can stop it. So a query
is weighed when it is loaded: how the time grows with the document. A plain one (``//s:Fault``,
``/s:Envelope/s:Body/x:version``) looks at each node once. Each further ``//``, ``..``, ``|``,
comparison of two node sets or the like may look at all nodes again for each: such queries are
answered for small documents only. A few things that no size makes safe are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, cast

from lxml import etree
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from probes.expect.json_body import NotAnswered
from probes.observation import clean

PATH_LIMIT = 1000
MAX_WORK = 25_000_000.0
"""Visits of a node that one query may take; at worst some 40 ns each."""
MAX_TEXT = 16 * 1024 * 1024
"""Characters that the selected nodes may have in all."""

Value = str | float | bool
"""What a query selects: the text of a node, or what a function gives."""

_NODE_TYPES = frozenset({"node", "text", "comment", "processing-instruction"})
# fmt: off
_FUNCTIONS = frozenset({
    "boolean", "ceiling", "concat", "contains", "count", "false", "floor", "id", "lang", "last",
    "local-name", "name", "namespace-uri", "normalize-space", "not", "number", "position",
    "round", "starts-with", "string", "string-length", "substring", "substring-after",
    "substring-before", "sum", "translate", "true",
})
# fmt: on
_SEARCHES = frozenset({"contains", "substring-before", "substring-after", "translate"})
_PLAIN_AXES = frozenset({"child", "attribute", "self"})
_AGAIN_AXES = frozenset({"descendant", "descendant-or-self", "parent", "ancestor"}) | {
    "ancestor-or-self"
}
# for these the library also compares all that it found with all that it finds
_WIDE_AXES = frozenset({"following", "preceding", "following-sibling", "preceding-sibling"})
_AGAIN, _WIDE = 1.0, 1.5

_NAME = r"[^\W\d][\w.\-]*"
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<literal>"[^"]*"|'[^']*')
  | (?P<number>\d+(?:\.\d*)?|\.\d+)
  | (?P<variable>\$)
  | (?P<axis>{_NAME})\s*::
  | (?P<call>{_NAME}(?::{_NAME})?)\s*\(
  | (?P<prefix>{_NAME}):(?:{_NAME}|\*)
  | (?P<name>{_NAME})
  | (?P<sign>//|::|\.\.|!=|<=|>=|[/@|=<>+\-*,.()\[\]])
)""",
    re.VERBOSE,
)
_WORDS = frozenset({"and", "or", "div", "mod"})
_COMPARISONS = frozenset({"=", "!=", "<", ">", "<=", ">="})
_OPENS = frozenset({"(", "[", ",", "|", "+", "-", "/", "//", "@"}) | _COMPARISONS
"""Signs after which an operand or a step begins."""


class XPathQuery:
    """One compiled query."""

    def __init__(self, source: str, namespaces: Mapping[str, str] | None = None) -> None:
        """Raises ``ValueError`` that says what is wrong with the query."""
        if len(source) > PATH_LIMIT:
            raise ValueError(f"it has more than {PATH_LIMIT} characters")
        try:
            self._path = etree.XPath(
                source, namespaces=dict(namespaces or {}), regexp=False, smart_strings=False
            )
        except etree.XPathError as error:
            raise ValueError(str(error)[:1].lower() + str(error)[1:]) from None
        reading = _Reading(source)
        self.prefixes = frozenset(reading.prefixes - {"xml"})
        """The prefixes that it uses."""
        self.power = 1.0 + reading.weight
        """With which the work grows in the number of nodes."""

    def select(self, root: etree._Element) -> Iterator[Value]:
        """The values selected, in order and one at a time: the texts of nodes without the space around them, or what
        a function gives, an empty text left out. Raises :class:`NotAnswered` beyond the bounds.
        """
        if self.power > 1.0:
            nodes = _size(root)
            if nodes**self.power > MAX_WORK:
                raise NotAnswered(f"the document has {nodes} nodes, too many for such a path")
        try:
            found = self._path(root.getroottree())
        except etree.XPathError as error:
            raise NotAnswered(f"no answer: {clean(error, 80)}") from None
        if isinstance(found, list):
            yield from _texts(found)
        elif isinstance(found, bool):
            yield found
        elif not isinstance(found, str):
            yield float(cast("float", found))
        elif found:
            yield found.strip()


def _size(root: etree._Element) -> int:
    return int(cast("float", _COUNT(root)))


_COUNT = etree.XPath("count(//node()) + count(//@*)")
_TEXT = etree.XPath("string()", smart_strings=False)


def _texts(found: Sequence[object]) -> Iterator[str]:
    left = MAX_TEXT
    for one in found:
        text = one if isinstance(one, str) else str(_TEXT(cast("etree._Element", one)))
        left -= len(text)
        if left < 0:
            raise NotAnswered(f"the selected nodes have more than {MAX_TEXT} characters")
        yield text.strip()


class _Reading:
    """What a query uses, and how heavy it weighs. Raises ``ValueError`` for what is refused."""

    def __init__(self, source: str) -> None:
        self.prefixes: set[str] = set()
        self.weight = 0.0
        self._predicates = 0
        """How many are open."""
        self._calls: list[tuple[str, int]] = []
        """The open brackets: what was called, and the place of the argument."""
        self._operand_ended = False
        self._scalar_ended = False
        """Whether the operand that ended is no node set."""
        tokens = list(_tokens(source))
        for place, (kind, text) in enumerate(tokens):
            self._take(kind, text, tokens[place + 1 : place + 3])

    def _take(self, kind: str, text: str, following: list[tuple[str, str]]) -> None:
        match kind:
            case "literal" | "number":
                self._ended(scalar=True)
            case "variable":
                raise ValueError("it has a variable, and there are none")
            case "axis":
                self._axis(text)
            case "call":
                self._call(text)
            case "prefix":
                self.prefixes.add(text)
                self._ended()
            case "name" if self._operand_ended and text in _WORDS:
                self._operand_ended = False
            case "name":
                self._ended()
            case _:
                self._sign(text, following)

    def _ended(self, *, scalar: bool = False) -> None:
        self._operand_ended, self._scalar_ended = True, scalar

    def _axis(self, name: str) -> None:
        if name in _WIDE_AXES:
            self.weight += _WIDE
        elif name in _AGAIN_AXES:
            self.weight += _AGAIN
        elif name not in _PLAIN_AXES:
            raise ValueError(f"the axis {name} cannot be used")
        self._operand_ended = False

    def _call(self, name: str) -> None:
        if name not in _FUNCTIONS and name not in _NODE_TYPES:
            raise ValueError(f"there is no function {name}()")
        self._calls.append((name, 0))
        self._operand_ended = False

    def _sign(self, sign: str, following: list[tuple[str, str]]) -> None:
        if sign == "(":
            self._calls.append(("", 0))
        elif sign == ")":
            self._ended(scalar=_gives_scalar(self._calls.pop()[0]))
            return
        elif sign == ",":
            self._argument(following)
        elif sign in _COMPARISONS:
            if not self._scalar_ended and not _scalar(following):
                self.weight += _AGAIN
        elif sign in ("//", "/"):
            self._step(sign)
        elif sign in ("..", "|"):
            self.weight += _AGAIN
        elif sign in ("[", "]"):
            self._predicates += 1 if sign == "[" else -1
        if sign in _OPENS or (sign == "*" and self._operand_ended):
            self._operand_ended = False
        else:  # the end of a step: `.`, `..`, `*`, `]`
            self._ended()

    def _step(self, sign: str) -> None:
        """A path from the root is free where it is walked once, not for each node; a ``//`` that
        goes on from many nodes is not.
        """
        from_root = not self._operand_ended
        if self._predicates if from_root else sign == "//":
            self.weight += _AGAIN

    def _argument(self, following: list[tuple[str, str]]) -> None:
        name, place = self._calls[-1]
        self._calls[-1] = (name, place + 1)
        if name in _SEARCHES and place == 0:
            kinds = [kind for kind, _ in following]
            ends = len(following) == 2 and following[1][1] in (",", ")")
            if kinds[:1] != ["literal"] or not ends:
                raise ValueError(f"what {name}() looks for must be a text in quotes")


def _scalar(following: list[tuple[str, str]]) -> bool:
    if not following:
        return False
    kind, text = following[0]
    return kind in ("literal", "number") or text == "-" or (kind == "call" and _gives_scalar(text))


def _gives_scalar(function: str) -> bool:
    return function in _FUNCTIONS and function != "id"


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    """Kind and text of each token (XPath 1.0, 3.7) of a query that is known to compile."""
    place = 0
    end = len(source.rstrip())
    while place < end:
        match = _TOKEN.match(source, place)
        if match is None or match.lastgroup is None:
            raise ValueError(f"it cannot be read at character {place + 1}")
        place = match.end()
        yield match.lastgroup, match[match.lastgroup]


def _checked(source: str) -> str:
    try:
        XPathQuery(source)
    except ValueError as error:
        raise PydanticCustomError(
            "xpath",
            "{shown} is not an XPath 1.0 that can be used: {error}",
            {"shown": repr(source), "error": str(error)},
        ) from None
    return source


XPathText = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": PATH_LIMIT}),
]
"""The source of a query, known to compile."""
