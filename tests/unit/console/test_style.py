"""Instants and lengths of time in tables."""

from __future__ import annotations

import pytest

from monitor.console.style import clock_time, length, milliseconds
from tests.support.views import SINCE, STOCKHOLM


@pytest.mark.parametrize(
    ("seconds", "en", "sv"),
    [
        (None, "–", "–"),
        (0.0004, "0.4 ms", "0,4 ms"),
        (0.0412, "41 ms", "41 ms"),
        (1.254, "1.25 s", "1,25 s"),
    ],
)
def test_a_measured_time_has_three_figures_at_most(seconds: float | None, en: str, sv: str) -> None:
    assert (milliseconds(seconds, "en"), milliseconds(seconds, "sv")) == (en, sv)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.5, "500ms"), (1, "1s"), (30, "30s"), (90, "90s"), (300, "5m"), (93_600, "26h"),
     (2_592_000, "30d"), (5.5, "5.5s")],
)  # fmt: skip
def test_a_duration_is_written_as_in_the_configuration(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_an_instant_beyond_the_calendar_is_a_dash() -> None:
    assert clock_time(1e18, SINCE, STOCKHOLM, "en") == "–"
