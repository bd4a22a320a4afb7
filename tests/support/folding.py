"""The fold over a whole course of observations at once."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.judging.fold import START, Fold, observe
from monitor.judging.grade import Verdict
from monitor.model.status import Thresholds


def fold_all(
    observations: Iterable[tuple[float, Verdict]], thresholds: Thresholds, start: Fold = START
) -> Fold:
    """What :func:`~monitor.judging.fold.observe` gives one by one, oldest first."""
    fold = start
    for at, verdict in observations:
        fold = observe(fold, at, verdict, thresholds)
    return fold
