"""Pure: a check's status at an instant: the fold, overlaid with staleness and our own trouble."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.judging.fold import Fold
from monitor.model.status import Rule, Status
from probes.observation import Cause, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A check's status at an instant: the fold, overlaid with staleness and our own trouble."""

    status: Status
    rule: Rule
    since: float | None
    reason: Reason | None
    cause: Cause | None


def standing(fold: Fold, now: float, stale_after: float, started_at: float) -> Standing:
    """What is known at ``now``. ``stale_after`` is 3 × interval + timeout, in seconds.

    ``started_at`` is when the check began to be watched: since then it is unknown.
    """
    if fold.trouble is not None:
        return Standing(
            status=Status.UNKNOWN,
            rule=Rule.MONITOR,
            since=fold.trouble_since,
            reason=fold.trouble.reason,
            cause=Cause.MONITOR,
        )
    verdict = fold.verdict
    if fold.at is None or verdict is None:
        return Standing(
            status=Status.UNKNOWN,
            rule=Rule.UNMEASURED,
            since=started_at,
            reason=None,
            cause=None,
        )
    if now - fold.at > stale_after:
        return Standing(
            status=Status.UNKNOWN,
            rule=Rule.STALE,
            since=fold.at + stale_after,
            reason=Reason.INTERNAL,
            cause=Cause.MONITOR,
        )
    bad = fold.bad if fold.status is not Status.GREEN else None
    return Standing(
        status=fold.status,
        rule=fold.rule,
        since=fold.since if fold.since is not None else started_at,
        reason=bad.reason if bad else None,
        cause=bad.cause if bad else None,
    )
