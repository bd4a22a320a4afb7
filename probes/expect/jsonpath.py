"""RFC 9535 queries into JSON that a stranger sent: bounded in depth and in work.

The library evaluates a query well but trusts the document: it follows it as deep and as wide as
it goes, builds a path for every node, and matches with backtracking expressions. Here its nodes
are counted, its expressions are RE2's, and its comparison is JSON's (``true`` is not ``1``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError, JSONPathMatch
from jsonpath.exceptions import JSONPathTypeError
from jsonpath.filter import (
    UNDEFINED,
    BaseExpression,
    RelativeFilterQuery,
    RootFilterQuery,
    StringLiteral,
)
from jsonpath.function_extensions import ExpressionType, FilterFunction
from jsonpath.match import NodeList
from jsonpath.parse import Parser
from jsonpath.selectors import FilterContext
from jsonpath.stream import TokenStream
from jsonpath.token import TOKEN_ROOT, TOKEN_SELF, Token

from probes.expect.json_body import Document, NotAnswered, same_json
from probes.expect.patterns import PATH_LIMIT, PATTERN_LIMIT, Pattern, compile_pattern
from probes.observation import clean

MAX_DEPTH = 100
"""Levels that ``..`` descends."""
MAX_VALUES = 40_000
"""A document with more values is open to plain paths (``$.a[0].b``) only."""
MAX_STEPS = 40_000
"""Nodes that one query may visit."""


class JsonPathQuery:
    """One compiled RFC 9535 query."""

    def __init__(self, source: str) -> None:
        """Raises ``ValueError`` that says what is wrong with the query."""
        if len(source) > PATH_LIMIT:
            raise ValueError(f"it has more than {PATH_LIMIT} characters")
        if not source.startswith("$"):
            raise ValueError("it does not begin with $")
        try:
            path = _ENVIRONMENT.compile(source)
        except RecursionError:
            raise ValueError("it is nested too deep") from None
        except JSONPathError as error:
            raise ValueError(_fault(error)) from None
        except (ValueError, OverflowError):
            raise ValueError("it holds a number that is out of range") from None
        if not isinstance(path, JSONPath):
            raise ValueError("RFC 9535 knows no union or intersection of paths")
        self._plain = path.singular_query()
        self._path = _Path(env=_ENVIRONMENT, segments=path.segments)

    def select(self, document: Document) -> list[Any]:
        """The values selected, in order. Raises :class:`NotAnswered` beyond the bounds."""
        if not self._plain and document.values > MAX_VALUES:
            raise NotAnswered(f"the document has more than {MAX_VALUES} values")
        try:
            return self._path.findall(document.value, filter_context={"work": _Work()})
        except RecursionError:
            raise NotAnswered(f"the document is nested deeper than {MAX_DEPTH} levels") from None


def _fault(error: JSONPathError) -> str:
    message = str(error.message).replace("TOKEN_", "")
    if error.token is None:
        return message
    index = error.token.index
    return f"{message} at its end" if index < 0 else f"{message} at character {index + 1}"


@lru_cache(maxsize=256)
def _expression(source: str, *, whole: bool) -> Pattern | None:
    """RE2 of an I-Regexp (RFC 9485); ``None`` when it is none, which matches nothing."""
    if len(source) > PATTERN_LIMIT:
        return None
    try:
        return compile_pattern(rf"\A(?:{source})\z" if whole else source)
    except ValueError:
        return None


class _Regexp(FilterFunction):
    """``match()`` (the whole text) or ``search()`` (anywhere in it), by RE2."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - as the library's
    return_type = ExpressionType.LOGICAL

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole

    def __call__(self, value: object, pattern: object) -> bool:
        if not isinstance(value, str) or not isinstance(pattern, str):
            return False
        compiled = _expression(pattern, whole=self.whole)
        return compiled is not None and compiled.search(value) is not None


class _Environment(JSONPathEnvironment):
    """The strict language, with safe functions and JSON's equality."""

    max_recursion_depth = MAX_DEPTH

    def __init__(self) -> None:
        self.parser_class = _Parser
        super().__init__(strict=True)

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        self.function_extensions["match"] = _Regexp(whole=True)
        self.function_extensions["search"] = _Regexp(whole=False)

    def validate_function_extension_signature(self, token: Token, args: list[Any]) -> list[Any]:
        checked = super().validate_function_extension_signature(token, args)
        function = self.function_extensions[token.value]
        if isinstance(function, _Regexp) and isinstance(checked[1], StringLiteral):
            source = checked[1].value
            if _expression(source, whole=function.whole) is None:
                raise JSONPathTypeError(
                    f"{clean(source, 60)!r} is not a regular expression that RE2 takes",
                    token=token,
                )
        return checked

    def getitem(self, obj: Any, key: Any) -> Any:
        # the library takes a string for an array and would slice it
        return [] if isinstance(obj, str) else super().getitem(obj, key)

    def compare(self, left: object, operator: str, right: object) -> bool:
        match operator:
            case "==":
                return _equal(left, right)
            case "!=":
                return not _equal(left, right)
            case "<=":
                return self.compare(left, "<", right) or _equal(left, right)
            case ">=":
                return self.compare(right, "<", left) or _equal(left, right)
        if operator in ("<", ">") and (isinstance(left, bool) or isinstance(right, bool)):
            return False
        return super().compare(left, operator, right)


def _equal(left: object, right: object) -> bool:
    """Equality within a filter, where a query may have selected nothing."""
    one, other = _selected(left), _selected(right)
    if one is UNDEFINED or other is UNDEFINED:
        return one is other
    return same_json(one, other)


def _selected(value: object) -> object:
    if isinstance(value, NodeList):
        return value[0].obj if value else UNDEFINED
    return value


class _Work:
    """What is left of the steps that a query may take."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_STEPS


class _Node(JSONPathMatch):
    """A node that is counted, and that keeps neither its path nor its children."""

    __slots__ = ()

    def new_child(self, obj: object, key: int | str) -> _Node:
        work = self._filter_context["work"]
        work.left -= 1
        if work.left < 0:
            raise NotAnswered(f"the path visits more than {MAX_STEPS} nodes")
        return _Node(
            filter_context=self._filter_context,
            obj=obj,
            parent=None,
            path="",
            parts=(),
            root=self.root,
        )

    def add_child(self, *children: JSONPathMatch) -> None:
        pass


class _Path(JSONPath):
    """A path over counted nodes; a text at the root stays a text."""

    __slots__ = ()

    def finditer(
        self, data: Any, *, filter_context: Mapping[str, Any] | None = None
    ) -> Iterable[JSONPathMatch]:
        root = _Node(
            filter_context=filter_context or {"work": _Work()},
            obj=data,
            parent=None,
            path="",
            parts=(),
            root=data,
        )
        nodes: Iterable[JSONPathMatch] = [root]
        for segment in self.segments:
            nodes = segment.resolve(nodes)
        return nodes


class _Current(RelativeFilterQuery):
    """A query from the current value; ``@`` itself exists also when it is ``0`` or ``false``."""

    def evaluate(self, context: FilterContext) -> object:
        return NodeList(
            self.path.finditer(
                context.current,  # type: ignore[arg-type]
                filter_context=context.extra_context,
            )
        )


class _Parser(Parser):
    """Makes counted paths of a filter's queries."""

    def parse_relative_query(self, stream: TokenStream) -> BaseExpression:
        stream.eat(TOKEN_SELF)
        return _Current(_Path(env=self.env, segments=self.parse_query(stream)))

    def parse_absolute_query(self, stream: TokenStream) -> BaseExpression:
        stream.eat(TOKEN_ROOT)
        return RootFilterQuery(_Path(env=self.env, segments=self.parse_query(stream)))


_ENVIRONMENT = _Environment()
