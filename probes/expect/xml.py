"""``expect.xpath``: what the values that a path selects must be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from lxml import etree

from probes.expect.content_settings import XPathExpectation
from probes.expect.json_body import NotAnswered
from probes.expect.patterns import compile_pattern
from probes.expect.response import QUOTED, quoted, span
from probes.expect.timestamps import offset_from
from probes.expect.xpath import Value, XPathQuery
from probes.observation import clean

NUMBER_LIMIT = 100
# xs:double (XML Schema 1.0, 3.2.5) without the words
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

Demand = Callable[[Value, float], str | None]
"""What is wrong with a value at an instant, ``None`` when nothing is."""


class XPathRule:
    """One path. All that it selects must satisfy all demands, and it must select something."""

    def __init__(self, expectation: XPathExpectation) -> None:
        self._query = XPathQuery(expectation.path, expectation.namespaces)
        self._path = clean(expectation.path, QUOTED)
        self._absent = expectation.exists is False
        self._demands = tuple(_demands(expectation))

    def shortfall(self, root: etree._Element, now: float) -> str | None:
        """What does not hold, in words."""
        try:
            selected = self._query.select(root)
            return self._presence(selected) if self._absent else self._fault(selected, now)
        except NotAnswered as trouble:
            return f"{self._path}: {trouble}"

    def _presence(self, selected: Iterator[Value]) -> str | None:
        for value in selected:
            if _holds(value):
                return f"{self._path} is {_shown(value)}, expected none"
        return None

    def _fault(self, selected: Iterator[Value], now: float) -> str | None:
        empty = True
        for value in selected:
            empty = False
            for demand in self._demands:
                fault = demand(value, now)
                if fault is not None:
                    return f"{self._path} is {_shown(value)}{fault}"
        return f"{self._path} selects nothing" if empty else None


def _demands(expectation: XPathExpectation) -> list[Demand]:
    demands: list[Demand] = []
    if expectation.exists:
        demands.append(_exists)
    if expectation.equals is not None:
        demands.append(_equals(expectation.equals))
    if expectation.matches is not None:
        demands.append(_matches(expectation.matches))
    if expectation.at_least is not None:
        least = expectation.at_least
        demands.append(_number(lambda number: number >= least, f"at least {least:.15g}"))
    if expectation.at_most is not None:
        most = expectation.at_most
        demands.append(_number(lambda number: number <= most, f"at most {most:.15g}"))
    if expectation.within is not None:
        zone = ZoneInfo(expectation.timezone) if expectation.timezone else None
        demands.append(_within(expectation.within, zone))
    return demands


def _holds(value: Value) -> bool:
    """As XPath's ``boolean()``; a text is that of a node, which is there also when it is empty."""
    return isinstance(value, str) or not (value == 0 or math.isnan(value))


def _exists(value: Value, _now: float) -> str | None:
    if _holds(value):
        return None
    return f", expected {'true' if isinstance(value, bool) else 'something'}"


def _equals(wanted: Value | int) -> Demand:
    fault = f", expected {_shown(wanted)}"

    def demand(value: Value, _now: float) -> str | None:
        return None if _same(value, wanted) else fault

    return demand


def _same(value: Value, wanted: Value | int) -> bool:
    """Texts are read as what is wanted: ``1`` is ``1.0`` and ``true`` (XML Schema's boolean)."""
    if isinstance(wanted, bool):
        text = value if isinstance(value, (str, bool)) else None
        return text in ((True, "true", "1") if wanted else (False, "false", "0"))
    if isinstance(wanted, (int, float)):
        number = _as_number(value)
        return number is not None and number == wanted
    return _as_text(value) == wanted.strip()


def _matches(source: str) -> Demand:
    pattern = compile_pattern(source)
    fault = f", expected a match of {quoted(source)}"

    def demand(value: Value, _now: float) -> str | None:
        found = pattern.search(_as_text(value).encode("utf-8", "replace"))
        return None if found is not None else fault

    return demand


def _number(holds: Callable[[float], bool], wanted: str) -> Demand:
    def demand(value: Value, _now: float) -> str | None:
        number = _as_number(value)
        if number is None:
            return f", not a number: expected {wanted}"
        return None if holds(number) else f", expected {wanted}"

    return demand


def _within(limit: float, zone: ZoneInfo | None) -> Demand:
    wanted = f"expected within {span(limit)}"

    def demand(value: Value, now: float) -> str | None:
        offset = offset_from(now, _as_text(value), zone)
        if offset is None:
            return f", not a date and time: {wanted}"
        if offset > limit:
            return f", {span(offset)} in the future, {wanted}"
        if -offset > limit:
            return f", {span(-offset)} ago, {wanted}"
        return None

    return demand


def _as_number(value: Value) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and not (len(value) <= NUMBER_LIMIT and _NUMBER.fullmatch(value)):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.15g}" if isinstance(value, float) else value


def _shown(value: Value | int) -> str:
    if isinstance(value, str):
        # indented XML: the space within a text says nothing
        return quoted(" ".join(value[: 8 * QUOTED].split()))
    return _as_text(value if isinstance(value, bool) else float(value))
