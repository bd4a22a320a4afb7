"""The series of service windows: what is under way for which service, and when each is."""

from __future__ import annotations

from monitor.judging.snapshot import Snapshot
from monitor.model.estate import Estate
from monitor.plan import Agenda, Impact, Occurrence
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
            self._lines = _lines(snapshot, active) if snapshot.agenda.occurrences else b""
        return self._lines


def _lines(snapshot: Snapshot, active: tuple[Occurrence, ...]) -> bytes:
    pieces = [f.WINDOW_ACTIVE.header()]
    for view in snapshot.services():
        environment, name = view.service.environment, view.service.name
        impacts = {one.window.impact for one in active if one.window.covers(environment, name)}
        for impact in Impact:
            at = labels(environment=environment, service=name, impact=impact)
            pieces.append(f"{f.WINDOW_ACTIVE.name}{{{at}}} {int(impact in impacts)}\n".encode())
    told = _told(snapshot.agenda, snapshot.at)
    pieces += _instants(f.WINDOW_START, [(one, one.start) for one in told])
    pieces += _instants(f.WINDOW_END, [(one, one.end) for one in told])
    return b"".join(pieces)


def _instants(family: Family, told: list[tuple[Occurrence, float]]) -> list[bytes]:
    lines = [
        f"{family.name}{{{labels(id=one.window.id, impact=one.window.impact)}}} {number(at)}\n"
        for one, at in told
    ]
    return [family.header(), *(line.encode() for line in lines)] if lines else []


def _told(agenda: Agenda, at: float) -> list[Occurrence]:
    """Of each window that is not cancelled its time under way, else its next, else its last."""
    chosen: dict[str, Occurrence] = {}
    for one in agenda.occurrences:
        if one.window.cancelled:
            continue
        known = chosen.get(one.window.id)
        if known is None or known.end <= at:
            chosen[one.window.id] = one
    return list(chosen.values())
