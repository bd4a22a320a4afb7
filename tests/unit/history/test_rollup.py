"""What remains of observations when they are gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.history.rollup import joined, packed_latency, rolled_up, unpacked_latency
from tests.support.factories_record import make_seen

DURATIONS = st.lists(st.floats(0.0, 3000.0, allow_nan=False), min_size=1, max_size=60)


@given(DURATIONS, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_a_twentieth_of_the_true_one(
    durations: list[float], share: float
) -> None:
    """Above a tenth of a millisecond."""
    rollup = rolled_up(0.0, [make_seen(n, duration=d) for n, d in enumerate(durations)])
    ordered = sorted(durations)
    rank = share * len(ordered)
    true = next(d for n, d in enumerate(ordered, 1) if n >= rank)
    found = rollup.quantile(share)
    assert found is not None
    assert found == pytest.approx(true, rel=0.05, abs=1e-4)


@given(DURATIONS, DURATIONS)
def test_two_of_them_together_are_that_of_all(first: list[float], second: list[float]) -> None:
    """An hour that is packed in two pieces, and a day of its hours."""
    parts = [
        rolled_up(0.0, [make_seen(n, duration=d) for n, d in enumerate(some)])
        for some in (first, second)
    ]
    whole = rolled_up(0.0, [make_seen(n, duration=d) for n, d in enumerate(first + second)])
    both = joined(0.0, parts)
    assert both.buckets == whole.buckets
    assert both.good == whole.good
    assert both.duration_sum == pytest.approx(whole.duration_sum)
    assert both.duration_max == whole.duration_max


@given(DURATIONS)
def test_latencies_come_back_to_the_microsecond(durations: list[float]) -> None:
    rollup = rolled_up(0.0, [make_seen(n, duration=d) for n, d in enumerate(durations)])
    total, longest, buckets = unpacked_latency(packed_latency(rollup))
    assert total == pytest.approx(rollup.duration_sum, abs=1e-6)
    assert longest == pytest.approx(rollup.duration_max, abs=1e-6)
    assert buckets == rollup.buckets


def test_nothing_has_no_quantile() -> None:
    assert rolled_up(0.0, []).quantile(0.5) is None
