"""What a response must be: the settings under ``expect``, compiled once, judged often.

Pure: a response and the instant it was received go in, the first shortfall comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from multidict import CIMultiDict, CIMultiDictProxy, MultiMapping

from probes.expect_json import JsonRules
from probes.expect_settings import ExpectSettings, Range
from probes.observation import Reason, clean
from probes.patterns import Pattern, compile_pattern

FUTURE_TOLERATED = 300.0
"""Seconds that a Last-Modified may lie ahead of our clock before the two clocks disagree."""
QUOTED = 60
"""Characters of a server's text that a detail quotes."""
DATE_LIMIT = 80
_UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
# never whatever a server names: Python also has codecs (punycode) that a long text stops
_OTHER_CHARSETS = frozenset(
    {
        *(f"iso-8859-{part}" for part in (*range(1, 12), *range(13, 17))),
        *(f"windows-{page}" for page in range(1250, 1259)),
        "utf-16",
        "utf-16le",
        "utf-16be",
        "latin1",
        "cp1252",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What there is of a response to judge."""

    status: int
    headers: CIMultiDict[str] | CIMultiDictProxy[str] | MultiMapping[str]
    """By name in any case, several lines of a name kept apart."""
    body: bytes
    truncated: bool
    """The body went on past ``max_body_bytes``."""
    declared_bytes: int | None
    """Content-Length, when the body is not content-encoded."""
    at: float
    """When it was received, seconds since the epoch: "now" for freshness."""
    charset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """One expectation that did not hold."""

    reason: Reason
    detail: str
    regex: bool = False
    """Whether a regular expression was what did not hold."""


Rule = Callable[[Response], Shortfall | None]


class Expectations:
    """Everything that a response must be; judged in order, and the first that fails is told."""

    __slots__ = ("_plain", "_rules", "_statuses", "_wanted", "needs_body")

    def __init__(self, settings: ExpectSettings, max_body_bytes: int) -> None:
        self._statuses = frozenset(code for pattern in settings.status for code in _codes(pattern))
        self._wanted = " or ".join(settings.status)
        reads_content = bool(
            settings.body_matches or settings.body_not_matches or settings.jsonpath
        )
        self.needs_body = reads_content or settings.body_bytes is not None
        """Whether any expectation reads the body."""
        rules: list[Rule] = [
            _header_rule(name, pattern) for name, pattern in settings.headers.items()
        ]
        if settings.last_modified_within is not None:
            rules.append(_freshness_rule(settings.last_modified_within))
        if settings.body_bytes is not None:
            rules.append(_size_rule(settings.body_bytes))
        self._plain = not rules and not reads_content
        rules.append(
            _length_rule(
                max_body_bytes,
                declared_is_enough=settings.body_bytes is not None and not reads_content,
            )
        )
        if settings.body_matches or settings.body_not_matches:
            rules.append(_body_rule(settings.body_matches, settings.body_not_matches))
        if settings.jsonpath:
            rules.append(_json_rule(JsonRules(settings.jsonpath)))
        self._rules = tuple(rules)

    def judge(self, response: Response) -> Shortfall | None:
        """The first expectation that does not hold, ``None`` when all do."""
        if response.status not in self._statuses:
            return Shortfall(
                reason=Reason.STATUS, detail=f"HTTP {response.status}, expected {self._wanted}"
            )
        if self._plain and not response.truncated:
            return None
        for rule in self._rules:
            shortfall = rule(response)
            if shortfall is not None:
                return shortfall
        return None


@lru_cache(maxsize=1024)
def parse_http_date(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date (RFC 9110, 5.6.7, all three forms), if it is one."""
    if len(text) > DATE_LIMIT:
        return None
    try:
        parsed = parsedate_to_datetime(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _codes(pattern: str) -> range:
    first = int(pattern[0]) * 100
    return (
        range(first, first + 100)
        if pattern.endswith("xx")
        else range(int(pattern), int(pattern) + 1)
    )


def _header_rule(name: str, source: str) -> Rule:
    """Any of the header's lines may match."""
    pattern = compile_pattern(source)
    shown = f"{clean(name, QUOTED)}"
    missing = Shortfall(reason=Reason.HEADER, detail=f"no {shown} header")

    def judge(response: Response) -> Shortfall | None:
        values = response.headers.getall(name, ())
        if not values:
            return missing
        if any(_found(pattern, value) for value in values):
            return None
        return Shortfall(
            reason=Reason.HEADER,
            detail=f"{shown} is {_quoted(values[0])}, expected a match of {_quoted(source)}",
            regex=True,
        )

    return judge


def _freshness_rule(within: float) -> Rule:
    def judge(response: Response) -> Shortfall | None:
        text = response.headers.get("Last-Modified")
        if text is None:
            return Shortfall(reason=Reason.STALE, detail="no Last-Modified header")
        modified = parse_http_date(text)
        if modified is None:
            return Shortfall(
                reason=Reason.STALE, detail=f"Last-Modified is no HTTP date: {_quoted(text)}"
            )
        age = response.at - modified
        if age > within:
            return Shortfall(
                reason=Reason.STALE,
                detail=f"last modified {_span(age)} ago, expected within {_span(within)}",
            )
        if age < -FUTURE_TOLERATED:
            return Shortfall(
                reason=Reason.STALE, detail=f"last modified {_span(-age)} in the future"
            )
        return None

    return judge


def _size_rule(bounds: Range) -> Rule:
    least = bounds.at_least if bounds.at_least is not None else 0
    most = bounds.at_most

    def judge(response: Response) -> Shortfall | None:
        size, more = len(response.body), ""
        if response.declared_bytes is not None and (response.truncated or not size):
            # not read to its end, or announced without a body, as the answer to HEAD is
            size = response.declared_bytes
        elif response.truncated:
            size, more = size + 1, " or more"  # enough to exceed a bound, never to fall below
        if size < least and not more:
            return Shortfall(reason=Reason.SIZE, detail=f"{size} bytes, expected at least {least}")
        if most is not None and size > most:
            return Shortfall(
                reason=Reason.SIZE, detail=f"{size}{more} bytes, expected at most {most}"
            )
        return None

    return judge


def _length_rule(limit: int, *, declared_is_enough: bool) -> Rule:
    too_large = Shortfall(reason=Reason.TOO_LARGE, detail=f"the body is larger than {limit} bytes")

    def judge(response: Response) -> Shortfall | None:
        if not response.truncated:
            return None
        if declared_is_enough and response.declared_bytes is not None:
            return None
        return too_large

    return judge


def _body_rule(wanted: list[str], unwanted: list[str]) -> Rule:
    must = [(source, compile_pattern(source)) for source in wanted]
    must_not = [(source, compile_pattern(source)) for source in unwanted]

    def judge(response: Response) -> Shortfall | None:
        text = _as_utf8(response.body, response.charset)
        for source, pattern in must:
            if pattern.search(text) is None:
                return Shortfall(
                    reason=Reason.BODY,
                    detail=f"the body has no match of {_quoted(source)}: it {_start(text)}",
                    regex=True,
                )
        for source, pattern in must_not:
            if pattern.search(text) is not None:
                return Shortfall(
                    reason=Reason.BODY,
                    detail=f"the body has a match of {_quoted(source)}",
                    regex=True,
                )
        return None

    return judge


def _json_rule(rules: JsonRules) -> Rule:
    def judge(response: Response) -> Shortfall | None:
        detail = rules.shortfall(response.body)
        return None if detail is None else Shortfall(reason=Reason.JSONPATH, detail=detail)

    return judge


def _found(pattern: Pattern, text: str) -> bool:
    # aiohttp keeps header bytes that are not UTF-8 as surrogates, which RE2 does not take
    return pattern.search(text.encode("utf-8", "replace")) is not None


def _as_utf8(body: bytes, charset: str | None) -> bytes:
    """The text of the body as UTF-8; what cannot be decoded is replaced."""
    name = (charset or "utf-8").lower()
    if name in _OTHER_CHARSETS:
        return body.decode(name, "replace").encode("utf-8", "replace")
    text = body.removeprefix(b"\xef\xbb\xbf")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text


def _quoted(text: str) -> str:
    return f'"{clean(text, QUOTED)}"'


def _start(text: bytes) -> str:
    start = text[: 4 * (QUOTED + 1)].decode("utf-8", "ignore").strip()
    return f"starts {_quoted(start)}" if start else "is empty"


def _span(seconds: float) -> str:
    """A length of time in the largest unit that leaves a number above one."""
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.1f}".removesuffix(".0") + " s"
