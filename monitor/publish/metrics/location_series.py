"""Where locations are declared, every check has its series from each of them."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.judging.snapshot import CheckView, ServiceView, Snapshot
from monitor.model.estate import Check, CheckId
from monitor.model.status import Status
from monitor.publish.metrics import families as f
from monitor.publish.metrics.columns import FamilyColumn, Rows, counts
from monitor.publish.metrics.exposition import labels


def place_by_place(service: ServiceView) -> Sequence[CheckView]:
    """Its checks as each of their locations sees them; where none are declared, as they are."""
    if not any([view.locations for view in service.checks]):  # noqa: C419 - of few, the quicker
        return service.checks
    return [place for view in service.checks for place in view.locations or (view,)]


def series_id(check: Check) -> CheckId:
    """What the series of a check are kept under, as it is measured from its location. No name of a
    check has an ``@``.
    """
    return CheckId(f"{check.id}@{check.location}") if check.locations else check.id


def location_column(snapshot: Snapshot) -> FamilyColumn[int]:
    """Of every declared location, whether anything is known from there."""
    declared = snapshot.estate.locations
    known = {
        place.check.location
        for view in (snapshot.checks() if declared else ())
        for place in view.locations
        if place.status is not Status.UNKNOWN
    }
    names = [labels(location=one.name) for one in declared]
    measured = [int(one.name in known) for one in declared]
    return FamilyColumn(f.LOCATION_MEASURED, Rows(names, measured), list, counts)
