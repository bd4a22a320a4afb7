"""The roll-up that is kept up to date child by child, against the one that walks all children."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.judging.rollup import Child, roll_up
from monitor.judging.running_rollup import RunningRollup
from monitor.model.status import Status

CHILD = st.builds(
    Child,
    status=st.sampled_from(Status),
    weight=st.sampled_from([0.0, 0.1, 0.2, 0.3, 1.0, 1 / 3, 7.5, 1e16]),
    critical=st.booleans(),
)


@given(
    children=st.lists(CHILD, max_size=30),
    gone=st.lists(CHILD, max_size=10),
    majority=st.sampled_from([0.0, 0.3, 1 / 3, 0.5, 0.9, 1.0]),
)
def test_it_says_what_a_walk_over_all_children_says(
    children: list[Child], gone: list[Child], majority: float
) -> None:
    """To the last bit of the weights, in whatever order children came and others went."""
    running = RunningRollup()
    for child in gone + children:
        running.add(child.status, child.weight, child.critical)
    for child in reversed(gone):
        running.remove(child.status, child.weight, child.critical)
    assert len(running) == len(children)
    assert running.status(majority) is roll_up(children, majority)
