"""The series of what is planned: service windows, the retirement of version packages, and the calendars
that plans are read from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.judging.snapshot import Snapshot
from monitor.plan import Agenda, CalendarView, Impact, Occurrence, covering
from monitor.publish.metrics import families as f
from monitor.publish.metrics.columns import FamilyColumn, Rows, counts, measures
from monitor.publish.metrics.exposition import labels
from monitor.publish.metrics.service_series import Told


def window_columns(snapshot: Snapshot, services: Rows[Told]) -> Sequence[FamilyColumn[Any]]:
    """Of the windows that cover any of the services; nothing where no window is configured."""
    agenda = snapshot.agenda
    if not agenda.occurrences:
        return ()
    active = agenda.active(snapshot.at)

    def impacts(some: Sequence[Told]) -> list[frozenset[Impact]]:
        return [
            frozenset(
                one.window.impact
                for one in active
                if one.window.covers(told.view.service.environment, told.view.service.name)
            )
            for told in some
        ]

    shown: Rows[Occurrence] = Rows()
    for one in _shown(agenda, snapshot.at):
        shown.add(labels(id=one.window.id, impact=one.window.impact), one)
    return (
        FamilyColumn(f.WINDOW_ACTIVE, services, impacts, _active),
        FamilyColumn(f.WINDOW_START, shown, lambda some: [one.start for one in some], measures),
        FamilyColumn(f.WINDOW_END, shown, lambda some: [one.end for one in some], measures),
    )


def _active(name: str, at: Sequence[str], values: Sequence[frozenset[Impact]]) -> str:
    return "".join(
        [
            f'{name}{{{each},impact="{impact}"}} {int(impact in impacts)}\n'
            for each, impacts in zip(at, values, strict=True)
            for impact in Impact
        ]
    )


def by_hand_columns(snapshot: Snapshot, services: Rows[Told]) -> Sequence[FamilyColumn[Any]]:
    """Who is at what, and what is silent; nothing where nobody has written either."""
    agenda, at = snapshot.agenda, snapshot.at
    columns: list[FamilyColumn[Any]] = []
    for family, some in (
        (f.ACKNOWLEDGED, agenda.acknowledgements),
        (f.SILENCED, agenda.silences),
    ):
        if any(one.active(at) for one in some):
            names = [(x.view.service.environment, x.view.service.name) for x in services.sources]
            covered = covering(some, names, at)
            holds = [int(f"{environment}/{name}" in covered) for environment, name in names]
            columns.append(FamilyColumn(family, Rows(services.labels, holds), list, counts))
    return columns


def _shown(agenda: Agenda, at: float) -> list[Occurrence]:
    """Of each window that is not cancelled its time under way, else its next, else its last."""
    chosen: dict[str, Occurrence] = {}
    for one in agenda.occurrences:
        if one.window.cancelled:
            continue
        known = chosen.get(one.window.id)
        if known is None or known.end <= at:
            chosen[one.window.id] = one
    return list(chosen.values())


def upgrade_columns(snapshot: Snapshot) -> Sequence[FamilyColumn[Any]]:
    """Of the version packages that have a date."""
    retirements: Rows[float] = Rows()
    answers: Rows[int] = Rows()
    for view in snapshot.upgrades:
        upgrade = view.upgrade
        if upgrade.retires_at is None:
            continue
        replaced_by = upgrade.replaced_by or ""
        retirements.add(
            labels(package=upgrade.package, replaced_by=replaced_by), upgrade.retires_at
        )
        for check in sorted(upgrade.absent) if view.retired else ():
            environment, service, name = check.split("/")
            at = labels(
                package=upgrade.package, environment=environment, service=service, check=name
            )
            answers.add(at, int(check in view.answering))
    return (
        FamilyColumn(f.PACKAGE_RETIREMENT, retirements, list, measures),
        FamilyColumn(f.PACKAGE_ANSWERS, answers, list, counts),
    )


def calendar_columns(snapshot: Snapshot) -> Sequence[FamilyColumn[Any]]:
    """Of each calendar; no instant of one that was never read."""
    rows: Rows[CalendarView] = Rows()
    for one in snapshot.calendars:
        rows.add(labels(calendar=one.name), one)
    return (
        FamilyColumn(f.CALENDAR_SUCCESSFUL, rows, _successful, counts),
        FamilyColumn(
            f.CALENDAR_READ, rows, lambda some: [one.last_success for one in some], measures
        ),
        FamilyColumn(f.CALENDAR_UNKNOWN_ZONES, rows, _unknown_zones, counts),
    )


def _successful(calendars: Sequence[CalendarView]) -> list[int | None]:
    return [None if one.successful is None else int(one.successful) for one in calendars]


def _unknown_zones(calendars: Sequence[CalendarView]) -> list[int | None]:
    return [len(one.unknown_zones) if one.last_success else None for one in calendars]
