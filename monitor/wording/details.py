"""What a probe saw, in both languages: probes write English, and a table has it in Swedish."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from monitor.model.text import Text
from monitor.wording.details_sv import PHRASES
from monitor.wording.grammar import one_line

_HOLE = re.compile(r"\{[n*a]?\}")
_FILLING = {
    "{}": r"(.+?)",
    "{*}": r"(.+?)",
    "{n}": r"([0-9][0-9.,e+^]*(?: ?[a-z]{1,2}(?: [0-9]+ ?[a-z]{1,3})*)?)",
    "{a}": r"([0-9a-fA-F:.\[\]]*[.:][0-9a-fA-F:.\[\]]*[0-9a-fA-F\]])",
}
"""A text, a detail of its own, a number with or without its unit, an IP address."""
_DEEPEST = 4
_LONGEST = 500
"""Characters of a detail that are looked at: a plug-in may write more."""


def detail_text(detail: str) -> Text:
    """A probe's detail; a plug-in's own words are the same in both languages."""
    return _text(one_line(detail))


@lru_cache(2_048)
def _text(detail: str) -> Text:
    return Text(sv=_swedish(detail, 0) or detail, en=detail)


def _swedish(detail: str, depth: int) -> str | None:
    if depth == _DEEPEST or not 0 < len(detail) <= _LONGEST:
        return None
    for start, number in _starts():
        if detail.startswith(start):
            found = _pattern(number).fullmatch(detail)
            if found is not None:
                return _filled(number, found.groups(), depth)
    parts = detail.split("; ")
    if len(parts) == 1:
        return None
    said = [_swedish(part, depth + 1) for part in parts]
    if all(each is None for each in said):
        return None
    return "; ".join(each or part for each, part in zip(said, parts, strict=True))


def _filled(number: int, found: tuple[str, ...], depth: int) -> str:
    swedish, left = PHRASES[number][1], iter(found)

    def fill(hole: re.Match[str]) -> str:
        said = next(left)
        if hole[0] == "{*}":
            return _swedish(said, depth + 1) or said
        return said.replace(".", ",") if hole[0] == "{n}" else said

    return _HOLE.sub(fill, swedish)


@cache
def _starts() -> tuple[tuple[str, int], ...]:
    """What each phrase begins with: most of them need no pattern."""
    return tuple(
        (_HOLE.split(english, maxsplit=1)[0], at) for at, (english, _) in enumerate(PHRASES)
    )


@cache
def _pattern(number: int) -> re.Pattern[str]:
    english, parts, at = PHRASES[number][0], [], 0
    for hole in _HOLE.finditer(english):
        parts += [re.escape(english[at : hole.start()]), _FILLING[hole[0]]]
        at = hole.end()
    parts.append(re.escape(english[at:]))
    return re.compile("".join(parts), re.DOTALL)
