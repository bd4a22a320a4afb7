"""Pure: version packages (versionspaket) with the dates on which they are retired."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from monitor.model.estate import Estate
from monitor.model.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """A version package. It counts as retired from the first moment, local time, of its date."""

    package: str
    title: Text | None = None
    message: Text | None = None
    replaced_by: str | None = None
    retires: date | None = None
    was: tuple[date, ...] = ()
    """Earlier dates of its retirement, as they were announced."""
    absent: frozenset[str] = frozenset()
    """``ENV/SERVICE/CHECK`` of what must fail once it is retired."""
    zone: ZoneInfo

    @property
    def retires_at(self) -> float | None:
        """The first moment of its date, in seconds since the epoch."""
        if self.retires is None:
            return None
        return datetime.combine(self.retires, time(), self.zone).timestamp()

    @property
    def moved(self) -> tuple[date, ...]:
        """The dates that do not hold any more."""
        return tuple(day for day in self.was if day != self.retires)

    def retired(self, at: float) -> bool:
        retires = self.retires_at
        return retires is not None and retires <= at

    def days_left(self, at: float) -> int | None:
        """From one calendar day to the other: 0 on its date, less than 0 after it."""
        if self.retires is None:
            return None
        return (self.retires - datetime.fromtimestamp(at, self.zone).date()).days


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeView:
    """A version package at an instant."""

    upgrade: Upgrade
    retired: bool
    days_left: int | None
    answering: tuple[str, ...] = ()
    """Checks that still answer although it is retired: a finding, not an outage. By their ids."""


def view(upgrade: Upgrade, at: float, answers: Callable[[str], bool]) -> UpgradeView:
    """``upgrade`` at ``at``; ``answers`` tells of a check's id whether it answers."""
    retired = upgrade.retired(at)
    return UpgradeView(
        upgrade=upgrade,
        retired=retired,
        days_left=upgrade.days_left(at),
        answering=tuple(one for one in sorted(upgrade.absent) if answers(one)) if retired else (),
    )


def retired_checks(upgrades: Iterable[Upgrade], at: float) -> dict[str, Upgrade]:
    """By their ids the checks that must fail at ``at``, with the package that they belong to."""
    return {check: one for one in upgrades if one.retired(at) for check in one.absent}


def upgrades_of(estate: Estate) -> tuple[Upgrade, ...]:
    """The configured version packages, in their order."""
    return tuple(
        Upgrade(
            package=one.package,
            title=one.title.text() if one.title is not None else None,
            message=one.message.text() if one.message is not None else None,
            replaced_by=one.replaced_by,
            retires=one.retires,
            was=tuple(one.was),
            absent=frozenset(one.absent_after_retirement),
            zone=estate.timezone,
        )
        for one in estate.later.get("upgrades", ())
    )
