"""Instants as programs read them: the same text of the same instant wherever it is told."""

from __future__ import annotations

import pytest

from monitor.model.timestamps import iso_timestamp
from tests.support.outbox import make_message

HALVES = (1_795_000_000.119_5, 1_795_000_000.119_9, 1_795_000_000.999_7)
"""What is nearer to the next millisecond than to the one begun."""


@pytest.mark.parametrize("at", HALVES)
def test_a_webhook_and_the_api_tell_the_same_instant(at: float) -> None:
    assert make_message(at=at).document()["at"] == iso_timestamp(at)


def test_it_is_the_nearest_millisecond() -> None:
    assert [iso_timestamp(at)[17:] for at in HALVES] == ["40.120Z", "40.120Z", "41.000Z"]
