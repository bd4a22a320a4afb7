"""``Retry-After``: RFC 9110, section 10.2.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.net.retry_after import LONGEST, parse_retry_after

NOW = 1_795_392_000.0
"""Monday 23 November 2026 00:00 UTC."""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("0000000000000120", 120.0),
        ("9" * 5000, LONGEST),
        ("Mon, 23 Nov 2026 00:02:00 GMT", 120.0),
        ("Monday, 23-Nov-26 00:02:00 GMT", 120.0),
        ("Mon Nov 23 00:02:00 2026", 120.0),
        ("Sun, 22 Nov 2026 00:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2099 00:00:00 GMT", LONGEST),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("١٢٠", None),
        ("", None),
    ],
)
def test_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    """Bounded by a day; what cannot be read says nothing."""
    assert parse_retry_after(text, NOW) == seconds


@given(st.text())
def test_nothing_that_a_server_writes_breaks_it(text: str) -> None:
    found = parse_retry_after(text, NOW)
    assert found is None or 0 <= found <= LONGEST
