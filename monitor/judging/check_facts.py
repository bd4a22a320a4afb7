"""Pure: the facts of a check's view that have to be worked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.judging.fold import Fold, RecentOutcomes
from monitor.judging.snapshot import AddressView, Quantiles, Why
from monitor.judging.standing import Standing
from monitor.model.certificate_changes import CertificateChange, Known, change_of
from monitor.model.status import Rule, Status, Thresholds
from probes.observation import Observation


def address_views(
    parts: Mapping[str, tuple[Fold, Observation | None]],
    standings: Iterable[Standing],
    certificates: Known,
) -> tuple[AddressView, ...]:
    """The addresses of a check with ``address: all``, with the standing of each, in order."""
    return tuple(
        AddressView(
            address=address,
            status=standing.status,
            since=standing.since,
            reason=standing.reason,
            cause=standing.cause,
            last=last,
            last_grade=fold.verdict.grade if fold.verdict else None,
            changed=change_of(certificates, last, address) if last else None,
        )
        for (address, (fold, last)), standing in zip(parts.items(), standings, strict=True)
    )


def shown_change(certificates: Known, last: Observation | None) -> CertificateChange | None:
    """How the certificate shown came to be there; of several addresses the newest change."""
    if last is None:
        return None
    if not last.parts:
        return change_of(certificates, last)
    found = [
        change for part in last.parts if (change := change_of(certificates, part, part.address))
    ]
    return max(found, key=lambda change: change.at, default=None)


def why(standing: Standing, recent: RecentOutcomes, thresholds: Thresholds) -> Why:
    """The rule that decided a status, with its numbers."""
    rule, status, threshold = standing.rule, standing.status, 0.0
    run, first_bad_at = recent.failed_run, recent.failed_run.since
    match rule:
        case Rule.RED_AFTER:
            threshold = thresholds.red_after
        case Rule.YELLOW_AFTER:
            threshold = thresholds.yellow_after
        case Rule.DEGRADED_AFTER:
            run, threshold = recent.bad_run, thresholds.degraded_after
            first_bad_at = run.since
        case Rule.WINDOW:
            red = status is Status.RED
            threshold = thresholds.window_red if red else thresholds.window_yellow
            first_bad_at = recent.first_failed_at
        case Rule.GREEN_AFTER | Rule.GOOD:
            threshold = thresholds.green_after
    if first_bad_at is None and status is not Status.GREEN:
        first_bad_at = recent.first_failed_at
    return Why(
        rule=rule,
        failed=recent.failed,
        of=recent.seen,
        consecutive=run.length,
        threshold=threshold,
        first_bad_at=first_bad_at,
    )


def quantiles(latencies: Iterable[float]) -> Quantiles | None:
    """Nearest-rank quantiles of latencies in seconds; ``None`` of none."""
    ordered = sorted(latencies)
    if not ordered:
        return None
    last = len(ordered) - 1
    return Quantiles(
        p50=ordered[round(last * 0.5)],
        p95=ordered[round(last * 0.95)],
        p99=ordered[round(last * 0.99)],
    )
