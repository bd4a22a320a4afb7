"""The series of what is planned: service windows, the retirement of version packages, and the calendars
that plans are read from.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate
from monitor.plan import Agenda, Impact, Occurrence, UpgradeView, covering
from monitor.publish.metrics import families as f
from monitor.publish.metrics.exposition import Family, labels, number


class WindowSeries:
    """Lines that are made anew only when a window begins or ends, or the plan is another."""

    def __init__(self) -> None:
        self._made_of: tuple[Estate, Agenda, tuple[Occurrence, ...]] | None = None
        self._lines = b""

    def render(self, snapshot: Snapshot) -> bytes:
        """All of them; nothing where no window is configured."""
        active = snapshot.agenda.active(snapshot.at)
        made_of = (snapshot.estate, snapshot.agenda, active)
        known = self._made_of
        if (
            known is None
            or known[0] is not made_of[0]
            or known[1] is not made_of[1]
            or known[2] != active
        ):
            self._made_of = made_of
            self._lines = _window_lines(snapshot, active) if snapshot.agenda.occurrences else b""
        return self._lines


def _window_lines(snapshot: Snapshot, active: tuple[Occurrence, ...]) -> bytes:
    pieces = [f.WINDOW_ACTIVE.header()]
    for view in snapshot.services():
        environment, name = view.service.environment, view.service.name
        impacts = {one.window.impact for one in active if one.window.covers(environment, name)}
        for impact in Impact:
            at = labels(environment=environment, service=name, impact=impact)
            pieces.append(f"{f.WINDOW_ACTIVE.name}{{{at}}} {int(impact in impacts)}\n".encode())
    shown = _shown(snapshot.agenda, snapshot.at)
    pieces += _instants(f.WINDOW_START, [(one, one.start) for one in shown])
    pieces += _instants(f.WINDOW_END, [(one, one.end) for one in shown])
    return b"".join(pieces)


def by_hand_lines(snapshot: Snapshot) -> bytes:
    """Who is at what, and what is silent; nothing where nobody has written either."""
    agenda, at = snapshot.agenda, snapshot.at
    pieces: list[bytes] = []
    for family, some in (
        (f.ACKNOWLEDGED, agenda.acknowledgements),
        (f.SILENCED, agenda.silences),
    ):
        if not any(one.active(at) for one in some):
            continue
        pieces.append(family.header())
        services = [(one.service.environment, one.service.name) for one in snapshot.services()]
        covered = covering(some, services, at)
        for environment, name in services:
            where = labels(environment=environment, service=name)
            holds = int(f"{environment}/{name}" in covered)
            pieces.append(f"{family.name}{{{where}}} {holds}\n".encode())
    return b"".join(pieces)


def _instants(family: Family, instants: list[tuple[Occurrence, float]]) -> list[bytes]:
    lines = [
        f"{family.name}{{{labels(id=one.window.id, impact=one.window.impact)}}} {number(at)}\n"
        for one, at in instants
    ]
    return [family.header(), *(line.encode() for line in lines)] if lines else []


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


def upgrade_lines(snapshot: Snapshot) -> bytes:
    """All of them; nothing where no version package is configured."""
    dated = [one for one in snapshot.upgrades if one.upgrade.retires_at is not None]
    if not dated:
        return b""
    pieces = [f.PACKAGE_RETIREMENT.header()]
    pieces += [_retirement(one) for one in dated]
    findings = [
        _answers(one, check) for one in dated if one.retired for check in sorted(one.upgrade.absent)
    ]
    if findings:
        pieces += [f.PACKAGE_ANSWERS.header(), *findings]
    return b"".join(pieces)


def _retirement(view: UpgradeView) -> bytes:
    upgrade = view.upgrade
    at = labels(package=upgrade.package, replaced_by=upgrade.replaced_by or "")
    return f"{f.PACKAGE_RETIREMENT.name}{{{at}}} {number(upgrade.retires_at or 0.0)}\n".encode()


def _answers(view: UpgradeView, check: str) -> bytes:
    environment, service, name = check.split("/")
    at = labels(package=view.upgrade.package, environment=environment, service=service, check=name)
    return f"{f.PACKAGE_ANSWERS.name}{{{at}}} {int(check in view.answering)}\n".encode()


def calendar_lines(snapshot: Snapshot) -> bytes:
    """All of them; nothing where none is configured, and no instant of one that was never read."""
    found = snapshot.calendars
    return b"".join(
        (
            _block(f.CALENDAR_SUCCESSFUL, [(one.name, one.successful) for one in found]),
            _block(f.CALENDAR_READ, [(one.name, one.last_success) for one in found]),
            _block(
                f.CALENDAR_UNKNOWN_ZONES,
                [(one.name, len(one.unknown_zones)) for one in found if one.last_success],
            ),
        )
    )


def _block(family: Family, values: Iterable[tuple[str, float | None]]) -> bytes:
    lines = [
        f"{family.name}{{{labels(calendar=name)}}} {number(float(value))}\n"
        for name, value in values
        if value is not None
    ]
    return family.header() + "".join(lines).encode() if lines else b""
