"""Servers that ask us to stay away: issue 3, point 4."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.model.estate import Check
from monitor.scheduling.retry_after import RetryAfterHolds
from probes.observation import Cause, Grade, Observation, Reason
from tests.support.factories import make_check, make_http, make_observation


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return 1_000_000.0 + self.now

    def timer(self) -> float:
        return self.now


def answer(status: int, retry_after: float | None, **changes: Any) -> Observation:
    failed: dict[str, Any] = {
        "grade": Grade.FAILED,
        "reason": Reason.STATUS,
        "cause": Cause.MONITOR if status == 429 else Cause.TARGET,
    }
    http = make_http(status=status, retry_after=retry_after)
    return make_observation(**{"http": http, **failed, **changes})


def held_for(seen: Observation, check: Check | None = None, other: Check | None = None) -> float:
    """How long ``other`` (or the check itself) stays away after what the check was told."""
    time, check = Time(), check or make_check()
    holds = RetryAfterHolds(time.clock, time.timer)
    holds.take(check, seen)
    until = holds.until(other or check)
    return 0.0 if until is None else until - time.clock()


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (429, 120.0, 120.0),
        (429, None, 30.0),
        (429, 0.0, 30.0),
        (429, 86_400.0, 3600.0),
        (503, 45.0, 45.0),
        (503, 5.0, 5.0),
        (503, None, 0.0),
        (503, 86_400.0, 60.0),
        (500, 120.0, 0.0),
        (200, 120.0, 0.0),
    ],
)
def test_how_long(status: int, retry_after: float | None, seconds: float) -> None:
    """429: as asked, an interval at least, an hour at most. 503: as asked, two intervals at most."""
    assert held_for(answer(status, retry_after)) == seconds


@pytest.mark.parametrize(
    ("interval", "seconds"), [(1.0, 60.0), (30.0, 60.0), (60.0, 120.0), (3600.0, 300.0)]
)
def test_a_503_silences_no_check_for_long(interval: float, seconds: float) -> None:
    """Two intervals, but a minute at least and five at most: what is measured at the defaults never
    becomes stale for it.
    """
    check = make_check(interval=interval)
    assert held_for(answer(503, 86_400.0), check) == seconds
    default = make_check()
    assert held_for(answer(503, 86_400.0), default) + default.interval < default.stale_after


def test_an_expected_429_is_honoured_as_it_says() -> None:
    good = {"grade": Grade.GOOD, "reason": None, "cause": None}
    assert held_for(answer(429, 10.0, **good)) == 10.0
    assert held_for(answer(429, None, **good)) == 0.0


def test_all_checks_of_the_host_and_port_stay_away() -> None:
    """Whatever their kind and service, and however they write the host; no others do."""
    check = make_check(host="expo.example.se", port=443)
    seen = answer(429, 120.0)
    same = make_check("port", service="nll", kind="tcp", host="EXPO.example.se.", port=443)
    assert held_for(seen, check, same) == 120.0
    for other in (
        make_check("other", host="expo.example.se", port=8443),
        make_check("other", host="nll.example.se", port=443),
    ):
        assert held_for(seen, check, other) == 0.0


def test_what_was_asked_after_a_redirect_binds_the_redirected_alone() -> None:
    check, other = make_check(), make_check("other")
    moved = answer(429, 120.0, http=make_http(status=429, retry_after=120.0, redirects=1))
    assert held_for(moved, check) == 120.0
    assert held_for(moved, check, other) == 0.0


def test_one_address_of_many_may_ask() -> None:
    parts = (make_observation(address="192.0.2.1"), answer(429, 120.0, address="192.0.2.2"))
    assert held_for(make_observation(parts=parts)) == 120.0


def test_it_ends_by_itself() -> None:
    time, check = Time(), make_check()
    holds = RetryAfterHolds(time.clock, time.timer)
    hold = holds.take(check, answer(429, 120.0))
    assert hold is not None
    time.now = 119.9
    assert holds.until(check) == 1_000_120.0
    time.now = 120.0
    assert holds.until(check) is None


def test_the_longer_wish_stands() -> None:
    """A 503 with a shorter one does not cut a 429's short."""
    time, check = Time(), make_check()
    holds = RetryAfterHolds(time.clock, time.timer)
    holds.take(check, answer(429, 600.0))
    holds.take(check, answer(503, 5.0))
    assert holds.until(check) == 1_000_600.0


def test_every_new_wish_is_honoured() -> None:
    """Also after one that was longer than is allowed."""
    time, check = Time(), make_check()
    holds = RetryAfterHolds(time.clock, time.timer)
    holds.take(check, answer(503, 86_400.0))
    time.now = 61.0
    assert holds.until(check) is None
    holds.take(check, answer(503, 20.0))
    assert holds.until(check) == 1_000_081.0


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_clock_that_is_set_moves_no_end(jump: float) -> None:
    """A minute is a minute: the end is told by the clock as it is now, never one that is past."""
    time, check = Time(), make_check()
    shown = 1_000_000.0
    holds = RetryAfterHolds(lambda: shown + time.now, time.timer)
    holds.take(check, answer(429, 60.0))
    time.now += 20.0
    shown += jump
    assert holds.until(check) == pytest.approx(shown + 60.0)
    time.now += 40.0
    assert holds.until(check) is None
