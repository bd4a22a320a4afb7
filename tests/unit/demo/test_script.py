"""The demo's play: what is wrong when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monitor.demo.script import (
    HEALTHY,
    LENGTH,
    SCRIPT,
    SERVICES,
    Behaviour,
    behaviour,
    next_change,
)

Fault = Callable[[Behaviour], bool]

PLAY: dict[str, list[tuple[float, float, Fault]]] = {
    "ext5/expo": [(4, 10, lambda b: b.status == 503), (26, 32, lambda b: b.fault)],
    "ext5/nll": [(1.5, 9, lambda b: b.delay > 0.5), (28, 33, lambda b: b.fhir_version != "4.0.1")],
    "ext5/vara": [(16, 22, lambda b: b.export_age > 26 * 3600)],
    "ext6/expo": [(5.5, 12, lambda b: not b.listening)],
    "ext6/nll": [(18, 24, lambda b: b.drops)],
    "ext6/vara": [(0, 21, lambda b: not b.new_certificate)],
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("second", [half / 2 for half in range(int(LENGTH) * 2)])
def test_every_service_behaves_as_the_play_says(service: str, second: float) -> None:
    """Inside its hours of trouble it has that trouble, and outside it is healthy."""
    now = behaviour(service, second)
    trouble = [fault for begin, end, fault in PLAY[service] if begin <= second < end]
    if trouble:
        assert now != HEALTHY
        assert all(fault(now) for fault in trouble)
    else:
        assert now == HEALTHY


@pytest.mark.parametrize("service", SERVICES)
def test_the_play_begins_again(service: str) -> None:
    for second in (0.0, 5.0, 17.0, 30.0):
        assert behaviour(service, second + 3 * LENGTH) == behaviour(service, second)


def test_all_is_well_at_the_end_of_a_round() -> None:
    """So that every round begins with green."""
    assert all(behaviour(service, LENGTH - 1) == HEALTHY for service in SERVICES)


def test_every_line_names_a_service_and_a_second_of_the_round() -> None:
    assert {step.service for step in SCRIPT} == set(SERVICES)
    assert all(0 <= step.at < LENGTH for step in SCRIPT)


def test_the_first_impression_comes_in_time() -> None:
    """Slow by 2 s, broken by 6 s with time to turn red, and healed by 12 s with time for green."""
    assert any(behaviour(service, 2).delay for service in SERVICES)
    assert sum(behaviour(service, 6) != HEALTHY for service in SERVICES) >= 3
    broken = [s for s in SERVICES if behaviour(s, 6) != HEALTHY]
    assert any(behaviour(service, 12) == HEALTHY for service in broken)


@pytest.mark.parametrize(
    ("elapsed", "seconds"), [(0.0, 1.5), (1.5, 2.5), (3.0, 1.0), (33.0, 7.0), (43.0, 1.0)]
)
def test_the_next_change_is_the_next_line(elapsed: float, seconds: float) -> None:
    """After the last line it is the beginning of the next round."""
    assert next_change(elapsed) == pytest.approx(seconds)


def test_a_service_that_no_line_names_is_healthy() -> None:
    assert behaviour("ext7/arko", 5.0) == HEALTHY
