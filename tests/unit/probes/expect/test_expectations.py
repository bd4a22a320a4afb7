"""What a response must be: contract, section 3, ``expect``."""

from __future__ import annotations

import timeit
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.expect.expectations import Expectations, Response, Shortfall
from probes.expect.settings import ExpectSettings
from probes.net.http_date import parse_http_date
from probes.observation import Reason
from tests.support.responses import answer, judge, told


@pytest.mark.parametrize(
    ("patterns", "good", "bad"),
    [
        (["2xx"], [200, 204, 299], [199, 300, 404, 503]),
        (["2xx", 301], [200, 301], [302, 300]),
        ("404", [404], [200, 400]),
        (401, [401], [200]),
    ],
)
def test_status(patterns: object, good: list[int], bad: list[int]) -> None:
    """A class or a number, one or several."""
    for status in good:
        assert judge(answer(status=status), status=patterns) is None
    for status in bad:
        found = judge(answer(status=status), status=patterns)
        assert found is not None
        assert found.reason is Reason.STATUS


def test_the_status_is_told_with_what_was_expected() -> None:
    """And it comes first: nothing else of a wrong answer is looked at."""
    response = answer(b"<html>", status=503)
    assert told(response, status=["2xx", 301], body_matches=["UP"]) == (
        Reason.STATUS,
        "HTTP 503, expected 2xx or 301",
    )


def test_headers_match_in_any_case_and_on_any_line() -> None:
    """Of several lines of a header one is enough."""
    response = answer(headers=[("X-Node", "a"), ("x-node", "b")])
    assert judge(response, headers={"X-NODE": "^b$"}) is None
    found = judge(response, headers={"X-Node": "^c$"})
    assert found == Shortfall(
        reason=Reason.HEADER, detail='X-Node is "a", expected a match of "^c$"', regex=True
    )


def test_a_missing_header_is_no_fault_of_the_pattern() -> None:
    """The metric of failed patterns counts patterns."""
    assert judge(answer(), headers={"X-Node": ""}) == Shortfall(
        reason=Reason.HEADER, detail="no X-Node header", regex=False
    )


def test_a_header_of_odd_bytes_is_judged() -> None:
    """Bytes that are no UTF-8 reach us as surrogates and stop nobody."""
    response = answer(headers=[("X", "\udcff\x1b[31m")])
    reason, detail = told(response, headers={"X": "ok"})
    assert reason is Reason.HEADER
    assert "\x1b" not in detail


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (None, "no Last-Modified header"),
        ("yesterday", 'Last-Modified is no HTTP date: "yesterday"'),
        ("Sat, 21 Nov 2026 18:00:00 GMT", "last modified 30 h ago, expected within 26 h"),
        ("Mon, 23 Nov 2026 00:10:00 GMT", "last modified 10 min in the future"),
        ("Sun, 22 Nov 2026 00:00:00 GMT", None),
        ("Mon, 23 Nov 2026 00:04:59 GMT", None),
        ("Sunday, 22-Nov-26 00:00:00 GMT", None),
        ("Sun Nov 22 00:00:00 2026", None),
    ],
)
def test_freshness(value: str | None, detail: str | None) -> None:
    """An export file must be young; a clock that is a little ahead is forgiven."""
    headers = [] if value is None else [("Last-Modified", value)]
    found = judge(answer(headers=headers), last_modified_within="26h")
    assert (found.detail if found else None) == detail
    assert found is None or found.reason is Reason.STALE


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777.0),
        ("Sun Nov  6 08:49:37 1994", 784111777.0),
        ("", None),
        ("0", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999 08:49:37 GMT", None),
        ("x" * 100_000, None),
    ],
)
def test_http_dates(text: str, seconds: float | None) -> None:
    """The three forms of RFC 9110, 5.6.7; anything else is no date."""
    assert parse_http_date(text) == seconds


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    """No header stops the probe."""
    parsed = parse_http_date(text)
    assert parsed is None or isinstance(parsed, float)


@pytest.mark.parametrize(
    ("response", "bounds", "outcome"),
    [
        (answer(b"x" * 10), {"at_least": 10, "at_most": 10}, None),
        (answer(b"x" * 9), {"at_least": 10}, (Reason.SIZE, "9 bytes, expected at least 10")),
        (answer(b"x" * 11), {"at_most": 10}, (Reason.SIZE, "11 bytes, expected at most 10")),
        # larger than we read, but the server said how large
        (answer(b"x" * 1000, truncated=True, declared=5000), {"at_least": 2000}, None),
        (
            answer(b"x" * 1000, truncated=True, declared=5000),
            {"at_most": 2000},
            (Reason.SIZE, "5000 bytes, expected at most 2000"),
        ),
        # larger than we read, and nobody said how large
        (
            answer(b"x" * 1000, truncated=True),
            {"at_least": 10},
            (Reason.TOO_LARGE, "the body is larger than 1000 bytes"),
        ),
        (
            answer(b"x" * 1000, truncated=True),
            {"at_most": 500},
            (Reason.SIZE, "1001 or more bytes, expected at most 500"),
        ),
        # the answer to HEAD
        (answer(declared=5000), {"at_least": 2000}, None),
        (answer(declared=0), {"at_least": 1}, (Reason.SIZE, "0 bytes, expected at least 1")),
    ],
)
def test_size(
    response: Response, bounds: dict[str, int], outcome: tuple[Reason, str] | None
) -> None:
    """The size that was read, or the size that was declared when not all was read."""
    found = judge(response, body_bytes=bounds)
    assert ((found.reason, found.detail) if found else None) == outcome


def test_too_large_comes_before_what_needs_the_whole_body() -> None:
    """Half a document is not judged; without other wishes the limit alone speaks."""
    response = answer(b"x" * 1000, truncated=True, declared=5000)
    assert told(response)[0] is Reason.TOO_LARGE
    assert told(response, body_bytes={"at_least": 1}, body_matches=["x"])[0] is Reason.TOO_LARGE
    assert judge(response, body_bytes={"at_least": 1}) is None


def test_bodies() -> None:
    """All of the wanted patterns, none of the unwanted, told with the body's beginning."""
    response = answer("Status: Ändrad\nall well".encode())
    assert judge(response, body_matches=["Ändrad", "(?s)Status.*well"]) is None
    found = judge(response, body_matches=["Status", "DOWN"])
    assert found == Shortfall(
        reason=Reason.BODY,
        detail='the body has no match of "DOWN": it starts "Status: Ändrad\\nall well"',
        regex=True,
    )
    assert told(response, body_not_matches=["all w"]) == (
        Reason.BODY,
        'the body has a match of "all w"',
    )
    assert told(answer(b""), body_matches=["x"])[1].endswith("it is empty")


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("åäö".encode(), None),
        ("åäö".encode(), "utf-8"),
        (b"\xef\xbb\xbf" + "åäö".encode(), "UTF-8"),
        ("åäö".encode("latin-1"), "ISO-8859-1"),
        ("åäö".encode("utf-16"), "utf-16"),
        ("åäö".encode("cp1252"), "windows-1252"),
        ("åäö".encode(), "no-such-charset"),
        (b"\xff\xfe" + "åäö".encode(), "utf-8"),
    ],
)
def test_charsets(body: bytes, charset: str | None) -> None:
    """The declared charset is used, and what cannot be decoded is replaced."""
    assert judge(answer(body, charset=charset), body_matches=["åäö"]) is None


@pytest.mark.parametrize("charset", ["punycode", "idna", "zip", "unicode_escape", "x" * 9999])
def test_a_server_does_not_choose_our_codecs(charset: str) -> None:
    """A codec that is slow, or none at all, is not what a header can ask for."""
    body = b"a" * 200_000
    seconds = timeit.timeit(
        lambda: judge(answer(body, charset=charset), body_matches=["b"]), number=1
    )
    assert seconds < 0.5


def test_a_pattern_that_backtracks_elsewhere_is_linear() -> None:
    """RE2 decides ``(a+)+$`` in no time."""
    body = b"a" * 100_000 + b"!"
    seconds = timeit.timeit(lambda: judge(answer(body), body_matches=["^(a+)+$"]), number=1)
    assert seconds < 0.5


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16", None, "x"]))
def test_any_body_is_judged(body: bytes, charset: str | None) -> None:
    """Whatever a server sends, there is a verdict, short and printable."""
    found = judge(
        answer(body, charset=charset),
        body_not_matches=["a{3}"],
        jsonpath=[{"path": "$..a", "exists": True}],
    )
    assert found is not None
    assert len(found.detail) < 300
    assert found.detail.isprintable()


def test_needs_body() -> None:
    """Whether any expectation reads the body."""

    def needs(**expect: Any) -> bool:
        return Expectations(ExpectSettings.model_validate(expect), 1).needs_body

    assert not needs()
    assert not needs(status=[200], headers={"X": "."}, last_modified_within="1h")
    assert needs(body_matches=["x"])
    assert needs(body_not_matches=["x"])
    assert needs(body_bytes={"at_least": 1})
    assert needs(jsonpath=[{"path": "$", "exists": True}])


def test_the_common_case_costs_next_to_nothing() -> None:
    """Status alone: well under two microseconds (the bound here is for a busy machine)."""
    expectations, response = Expectations(ExpectSettings(), 1000), answer(b"ok")
    best = min(timeit.repeat(lambda: expectations.judge(response), number=10_000, repeat=5))
    assert best / 10_000 < 5e-6
