"""The rules of ``expect`` that know no kind of content: headers, freshness, size, patterns."""

from __future__ import annotations

from probes.expect.charsets import as_utf8
from probes.expect.patterns import Pattern, compile_pattern
from probes.expect.response import QUOTED, Response, Rule, Shortfall, quoted, span
from probes.expect.settings import Range
from probes.net.http_date import parse_http_date
from probes.observation import Reason, clean

FUTURE_TOLERATED = 300.0
"""Seconds that a Last-Modified may lie ahead of our clock before the two clocks disagree."""


def header_rule(name: str, source: str) -> Rule:
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
            detail=f"{shown} is {quoted(values[0])}, expected a match of {quoted(source)}",
            regex=True,
        )

    return judge


def freshness_rule(within: float) -> Rule:
    def judge(response: Response) -> Shortfall | None:
        text = response.headers.get("Last-Modified")
        if text is None:
            return Shortfall(reason=Reason.STALE, detail="no Last-Modified header")
        modified = parse_http_date(text)
        if modified is None:
            return Shortfall(
                reason=Reason.STALE, detail=f"Last-Modified is no HTTP date: {quoted(text)}"
            )
        age = response.at - modified
        if age > within:
            return Shortfall(
                reason=Reason.STALE,
                detail=f"last modified {span(age)} ago, expected within {span(within)}",
            )
        if age < -FUTURE_TOLERATED:
            return Shortfall(
                reason=Reason.STALE, detail=f"last modified {span(-age)} in the future"
            )
        return None

    return judge


def size_rule(bounds: Range) -> Rule:
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


def length_rule(limit: int, *, declared_is_enough: bool) -> Rule:
    too_large = Shortfall(reason=Reason.TOO_LARGE, detail=f"the body is larger than {limit} bytes")

    def judge(response: Response) -> Shortfall | None:
        if not response.truncated:
            return None
        if declared_is_enough and response.declared_bytes is not None:
            return None
        return too_large

    return judge


def body_rule(wanted: list[str], unwanted: list[str]) -> Rule:
    must = [(source, compile_pattern(source)) for source in wanted]
    must_not = [(source, compile_pattern(source)) for source in unwanted]

    def judge(response: Response) -> Shortfall | None:
        text = as_utf8(response.body, response.charset)
        for source, pattern in must:
            if pattern.search(text) is None:
                return Shortfall(
                    reason=Reason.BODY,
                    detail=f"the body has no match of {quoted(source)}: it {_start(text)}",
                    regex=True,
                )
        for source, pattern in must_not:
            if pattern.search(text) is not None:
                return Shortfall(
                    reason=Reason.BODY,
                    detail=f"the body has a match of {quoted(source)}",
                    regex=True,
                )
        return None

    return judge


def _found(pattern: Pattern, text: str) -> bool:
    # aiohttp keeps header bytes that are not UTF-8 as surrogates, which RE2 does not take
    return pattern.search(text.encode("utf-8", "replace")) is not None


def _start(text: bytes) -> str:
    start = text[: 4 * (QUOTED + 1)].decode("utf-8", "ignore").strip()
    return f"starts {quoted(start)}" if start else "is empty"
