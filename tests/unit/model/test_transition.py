"""Names of transitions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.transition import ID_PATTERN, SHORTEST_PREFIX, read_id, span_of, transition_id

INSTANTS = st.floats(min_value=0, max_value=30_000_000_000, allow_nan=False)


@given(at=INSTANTS, service=st.none() | st.just("expo"))
def test_an_id_is_sixteen_characters_that_can_be_read_aloud(at: float, service: str | None) -> None:
    """No capitals, no letters that look like digits."""
    assert re.fullmatch(ID_PATTERN, transition_id("ext5", service, "green", "red", at))


@given(one=INSTANTS, other=INSTANTS)
def test_ids_sort_by_time(one: float, other: float) -> None:
    """Of two milliseconds the later has the greater id."""
    earlier, later = sorted((one, other))
    ids = [transition_id("ext5", "expo", "green", "red", at)[:9] for at in (earlier, later)]
    assert ids == sorted(ids)


def test_every_part_of_a_transition_counts() -> None:
    """Two transitions of the same instant have different ids, the same transition the same."""
    one = ("ext5", "expo", "green", "red", 1_800_000_000.25)
    others = [
        ("ext6", "expo", "green", "red", 1_800_000_000.25),
        ("ext5", None, "green", "red", 1_800_000_000.25),
        ("ext5", "expo", "yellow", "red", 1_800_000_000.25),
        ("ext5", "expo", "green", "yellow", 1_800_000_000.25),
        ("ext5", "expo", "green", "red", 1_800_000_000.2504),
    ]
    assert len({transition_id(*it) for it in [one, *others]}) == 6
    assert transition_id(*one) == transition_id(*one)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1m84hq26zcz6fggb", "1m84hq26zcz6fggb"),
        (" 1M84HQ26ZCZ6FGGB\n", "1m84hq26zcz6fggb"),
        ("lm84hqO", "1m84hq0"),
        ("1m84h", None),
        ("1m84hq26zcz6fggb0", None),
        ("../../etc", None),
        ("1m84hu", None),
        ("", None),
    ],
)
def test_what_somebody_types_is_read_kindly(typed: str, read: str | None) -> None:
    """Capitals and letters that look like digits are no fault; what is no id is refused."""
    assert read_id(typed) == read


@given(at=INSTANTS, length=st.integers(SHORTEST_PREFIX, 16))
def test_the_beginning_of_an_id_tells_when(at: float, length: int) -> None:
    """Six characters to half a minute: a history need not be searched whole."""
    since, until = span_of(transition_id("ext5", None, "green", "red", at)[:length])
    assert since <= at < until
    assert until - since < 33
