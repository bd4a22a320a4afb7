"""Pure: the roll-ups of an environment's services, kept up to date service by service."""

from __future__ import annotations

from typing import NamedTuple

from monitor.judging.running_rollup import RunningRollup
from monitor.model.estate import Service
from monitor.model.status import Status
from monitor.plan import Occurrence


class ServiceShare(NamedTuple):
    """What an environment's status depends on of one of its services."""

    gone: bool
    """Whether all its checks belonged to version packages that are retired."""
    status: Status
    measured: Status
    declared: Status
    planned: bool
    window: Occurrence | None


class RolledUp(NamedTuple):
    """The statuses of all services together."""

    measured: Status
    declared: Status
    status: Status
    """Published."""
    planned: bool
    """Whether it would be better without what is planned."""


class ServiceRollups:
    """The roll-ups of what is published, measured, declared, and published without what is planned.

    Services that are gone for good leave the rest as it is: they count where there are no others.
    """

    __slots__ = ("_counting", "_gone", "_windows")

    def __init__(self) -> None:
        self._counting, self._gone = _Rollups(), _Rollups()
        self._windows: dict[Occurrence, int] = {}
        """How many services each window declares something for."""

    def add(self, share: ServiceShare, service: Service) -> None:
        """Counts a service in."""
        self._shift(share, service, 1)

    def remove(self, share: ServiceShare, service: Service) -> None:
        """Counts a service out; it must have been added with this share."""
        self._shift(share, service, -1)

    @property
    def window(self) -> Occurrence | None:
        """The window that ends last, of all that declare something."""
        return max(self._windows, key=lambda one: (one.end, one.window.id), default=None)

    def roll_up(self, majority: float) -> RolledUp:
        """The statuses of the whole."""
        deciding = self._counting if len(self._counting.published) else self._gone
        status, planned = deciding.published.status(majority), False
        if self._counting.planned or self._gone.planned:
            planned = deciding.unplanned.status(majority).severity < status.severity
        measured, declared = deciding.measured, deciding.declared
        return RolledUp(measured.status(majority), declared.status(majority), status, planned)

    def _shift(self, share: ServiceShare, service: Service, by: int) -> None:
        (self._gone if share.gone else self._counting).count(share, service, by)
        if share.window is not None:
            number = self._windows.get(share.window, 0) + by
            if number:
                self._windows[share.window] = number
            else:
                del self._windows[share.window]


class _Rollups:
    """Those of the services that are gone, or of the others."""

    __slots__ = ("declared", "measured", "planned", "published", "unplanned")

    def __init__(self) -> None:
        self.published, self.measured = RunningRollup(), RunningRollup()
        self.declared, self.unplanned = RunningRollup(), RunningRollup()
        self.planned = 0

    def count(self, share: ServiceShare, service: Service, by: int) -> None:
        weight, critical = service.weight, service.critical
        for rollup, status in (
            (self.published, share.status),
            (self.measured, share.measured),
            (self.declared, share.declared),
            (self.unplanned, Status.GREEN if share.planned else share.status),
        ):
            (rollup.add if by > 0 else rollup.remove)(status, weight, critical)
        self.planned += by if share.planned else 0
