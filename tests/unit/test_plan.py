"""What is planned at an instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.estate import Estate
from monitor.plan import Window, announced, windows_of
from monitor.settings_sections import ServiceWindow


def window(**changes: Any) -> Window:
    values = {"id": "w", "start": 100.0, "end": 200.0, "changes_certificates": True}
    return Window(**{**values, **changes})


@pytest.mark.parametrize(
    ("at", "expected"), [(99.9, None), (100.0, "w"), (200.0, "w"), (200.1, None)]
)
def test_a_window_announces_from_its_start_to_its_end(at: float, expected: str | None) -> None:
    assert announced([window()], at, "ext5", "expo") == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"cancelled": True},
        {"changes_certificates": False},
        {"environments": frozenset({"ext6"})},
        {"services": frozenset({"ext5/nll", "ext6/expo"})},
    ],
)
def test_what_announces_nothing(changes: dict[str, Any]) -> None:
    """Cancelled, about something else, or of somebody else."""
    assert announced([window(**changes)], 150.0, "ext5", "expo") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"environments": frozenset({"ext5"})},
        {"services": frozenset({"ext5/expo"})},
        {"environments": frozenset({"ext6"}), "services": frozenset({"ext5/expo"})},
    ],
)
def test_whom_a_window_covers(changes: dict[str, Any]) -> None:
    assert announced([window(**changes)], 150.0, "ext5", "expo") == "w"


def configured(start: str, end: str) -> Window:
    section = ServiceWindow.model_validate(
        {
            "id": "w",
            "title": "Certifikatbyte",
            "impact": "none",
            "start": start,
            "end": end,
            "changes_certificates": True,
        }
    )
    [made] = windows_of(Estate(environments=(), later={"service_windows": [section]}))
    return made


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_times_are_local_to_the_time_zone() -> None:
    """In November Stockholm is an hour ahead; an offset that is written counts."""
    made = configured("2026-11-24T20:00", "2026-11-24T22:00Z")
    assert made.start == instant("2026-11-24T19:00+00:00")
    assert made.end == instant("2026-11-24T22:00+00:00")


def test_a_window_over_the_end_of_summer_time_is_an_hour_longer() -> None:
    made = configured("2026-10-25T01:00", "2026-10-25T04:00")
    assert made.end - made.start == 4 * 3600


def test_an_estate_without_windows_has_none() -> None:
    assert windows_of(Estate(environments=(), timezone=ZoneInfo("UTC"))) == ()
