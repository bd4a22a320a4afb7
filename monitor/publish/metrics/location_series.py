"""Where locations are declared, every check has its series from each of them."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.judging.snapshot import CheckView, ServiceView, Snapshot
from monitor.model.estate import Check, CheckId
from monitor.model.status import Status
from monitor.publish.metrics import families as f
from monitor.publish.metrics.exposition import labels


def place_by_place(service: ServiceView) -> Iterator[CheckView]:
    """Its checks as each of their locations sees them; where none are declared, as they are."""
    for view in service.checks:
        if view.locations:
            yield from view.locations
        else:
            yield view


def series_id(check: Check) -> CheckId:
    """What the series of a check are kept under, as it is measured from its location. No name of a
    check has an ``@``.
    """
    return CheckId(f"{check.id}@{check.location}") if check.locations else check.id


def location_lines(snapshot: Snapshot) -> bytes:
    """Of every declared location, whether anything is known from there; nothing where none are."""
    declared = snapshot.estate.locations
    if not declared:
        return b""
    known = {
        place.check.location
        for view in snapshot.checks()
        for place in view.locations
        if place.status is not Status.UNKNOWN
    }
    name = f.LOCATION_MEASURED.name
    lines = [
        f"{name}{{{labels(location=one.name)}}} {int(one.name in known)}\n" for one in declared
    ]
    return f.LOCATION_MEASURED.header() + "".join(lines).encode()
