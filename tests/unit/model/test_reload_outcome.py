"""What is told of a configuration that was read."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from monitor.configuration.loader import Fault
from monitor.configuration.reloader import warn_of
from monitor.model.reload_outcome import NAMED


def advice(number: int) -> list[Fault]:
    return [Fault("driftvakt.yaml", line + 1, 1, "", "unwise") for line in range(number)]


@pytest.mark.parametrize("number", [0, 1, NAMED])
def test_a_few_warnings_are_all_written(number: int) -> None:
    with capture_logs() as written:
        warn_of(advice(number))
    assert [one["event"] for one in written] == ["configuration_warning"] * number


def test_ten_thousand_warnings_are_a_hundred_lines_and_their_number() -> None:
    """A start is not held up by lines that nobody reads; who wants all of them is told where."""
    with capture_logs() as written:
        warn_of(advice(10_000))
    assert len(written) == NAMED + 1
    assert written[-1] == {
        "event": "configuration_warnings_more",
        "number": 10_000 - NAMED,
        "see": "driftvakt check",
        "log_level": "warning",
    }
