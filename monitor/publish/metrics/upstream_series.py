"""The series of what agencies state themselves, and of how long that has differed from ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.judging.snapshot import Snapshot
from monitor.publish.metrics import families as f
from monitor.publish.metrics.columns import FamilyColumn, Rows, measures, state_sets
from monitor.publish.metrics.exposition import labels


def stated_columns(snapshot: Snapshot) -> Sequence[FamilyColumn[Any]]:
    """Of whatever has a ``stated_url``. ``service`` is empty for an environment."""
    rows: Rows[tuple[Any, float]] = Rows()
    for subject, view in snapshot.stated.items():
        environment, _, service = subject.partition("/")
        since = view.differs_since
        seconds = max(0.0, snapshot.at - since) if since is not None else 0.0
        rows.add(labels(environment=environment, service=service), (view.status, seconds))
    return (
        FamilyColumn(
            f.STATED_STATUS, rows, lambda some: [status for status, _ in some], state_sets
        ),
        FamilyColumn(
            f.STATED_DIFFERS, rows, lambda some: [seconds for _, seconds in some], measures
        ),
    )
