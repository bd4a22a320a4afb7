"""``expect.jsonpath``: what the values that a path selects must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from probes.expect.json_body import ROOM, Document, NotAnswered, parse_json, same_json
from probes.expect.patterns import compile_pattern
from probes.expect.settings import JsonPathExpectation
from probes.observation import clean

QUOTED = 60
"""Characters of a server's text that a detail quotes."""

Demand = Callable[[Any], str | None]
"""What is wrong with a value, ``None`` when nothing is."""


class JsonRules:
    """Several expectations of one body, which is parsed once."""

    def __init__(self, expectations: list[JsonPathExpectation], room: int = ROOM) -> None:
        self._room = room
        self._rules = tuple(_Rule(expectation) for expectation in expectations)

    def shortfall(self, body: bytes) -> str | None:
        """The first expectation that does not hold, in words."""
        try:
            document = parse_json(body, self._room)
        except NotAnswered as trouble:
            return str(trouble)
        for rule in self._rules:
            detail = rule.shortfall(document)
            if detail is not None:
                return detail
        return None


class _Rule:
    """One path. All that it selects must satisfy all demands, and it must select something."""

    def __init__(self, expectation: JsonPathExpectation) -> None:
        # the settings have imported it already
        from probes.expect.jsonpath import JsonPathQuery

        self._query = JsonPathQuery(expectation.path)
        self._path = clean(expectation.path, QUOTED)
        self._absent = expectation.exists is False
        self._demands = tuple(_demands(expectation))

    def shortfall(self, document: Document) -> str | None:
        try:
            selected = self._query.select(document)
        except NotAnswered as trouble:
            return f"{self._path}: {trouble}"
        if self._absent:
            return (
                f"{self._path} is {shown_value(selected[0])}, expected none" if selected else None
            )
        if not selected:
            return f"{self._path} selects nothing"
        for value in selected:
            for demand in self._demands:
                fault = demand(value)
                if fault is not None:
                    return f"{self._path} is {shown_value(value)}, {fault}"
        return None


def _demands(expectation: JsonPathExpectation) -> list[Demand]:
    asked = expectation.model_fields_set
    demands: list[Demand] = []
    if "equals" in asked:
        demands.append(_equals(expectation.equals))
    if expectation.matches is not None:
        demands.append(_matches(expectation.matches))
    if expectation.at_least is not None:
        least = expectation.at_least
        demands.append(_number(lambda value: bool(value >= least), f"at least {least:.15g}"))
    if expectation.at_most is not None:
        most = expectation.at_most
        demands.append(_number(lambda value: bool(value <= most), f"at most {most:.15g}"))
    return demands


def _equals(wanted: Any) -> Demand:
    fault = f"expected {shown_value(wanted)}"
    return lambda value: None if same_json(value, wanted) else fault


def _matches(source: str) -> Demand:
    pattern = compile_pattern(source)
    fault = f'expected a match of "{clean(source, QUOTED)}"'

    def demand(value: Any) -> str | None:
        if not isinstance(value, str):
            return f"not a text: {fault}"
        return None if pattern.search(value.encode("utf-8", "replace")) is not None else fault

    return demand


def _number(holds: Callable[[float], bool], wanted: str) -> Demand:
    def demand(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"not a number: expected {wanted}"
        return None if holds(value) else f"expected {wanted}"

    return demand


def shown_value(value: Any) -> str:
    """A JSON value in a few words: its text when that is short."""
    match value:
        case str():
            return f'"{clean(value, QUOTED)}"'
        case dict() if len(value) > 3:
            return f"an object of {len(value)} members"
        case list() if len(value) > 5:
            return f"an array of {len(value)}"
        case dict() | list():
            return _short(value)
    return clean(orjson.dumps(value).decode() if not _big(value) else value, QUOTED)


def _short(value: dict[str, Any] | list[Any]) -> str:
    parts = value.values() if isinstance(value, dict) else value
    if any(isinstance(part, (dict, list)) for part in parts):
        return f"an {'object' if isinstance(value, dict) else 'array'} of {len(value)}"
    cut = [part[:QUOTED] if isinstance(part, str) else part for part in parts]
    if any(_big(part) for part in cut):
        return clean(value, QUOTED)
    whole = dict(zip(value, cut, strict=True)) if isinstance(value, dict) else cut
    return clean(orjson.dumps(whole).decode(), QUOTED)


def _big(value: Any) -> bool:
    # a number of the configuration may be larger than orjson writes
    return isinstance(value, int) and abs(value) >= 2**63
