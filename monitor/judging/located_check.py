"""What is tracked of one check that is measured from declared locations: a tracker for each of them, and
the view made of theirs. For the board it is one check like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.judging import part_rollup
from monitor.judging.check_tracker import CheckTracker
from monitor.judging.part_rollup import Part
from monitor.judging.persisted_state import AnyCheckState, CheckState, LocatedState, identity
from monitor.judging.snapshot import CheckView
from monitor.judging.standing import Standing
from monitor.judging.transition_context import TransitionContext
from monitor.model.estate import Check
from monitor.model.records import Seen
from monitor.model.status import Rule, Status
from monitor.model.text import Text


class LocatedCheck:
    """Tracks one check at its locations."""

    __slots__ = ("check", "retired", "rows", "standing", "view")

    def __init__(self, check: Check, started_at: float) -> None:
        self.check = check
        self.rows = tuple(CheckTracker(one, started_at) for one in check.at_each())
        """Its locations, in the order in which they are declared."""
        for row in self.rows:
            row.elsewhere = row.check.location != check.location
        self.retired = ""
        self.view: CheckView | None = None
        self.standing: Standing = self.rows[0].standing

    def row(self, location: str | None = None) -> CheckTracker:
        """What is tracked of it at a location; at our own without one. Raises ``KeyError`` for one
        that it is not measured from.
        """
        wanted = location or self.check.location
        for row in self.rows:
            if row.check.location == wanted:
                return row
        raise KeyError(wanted)

    @property
    def untouched(self) -> bool:
        """Whether nothing was observed yet."""
        return all(row.untouched for row in self.rows)

    def retire(self, package: str) -> bool:
        """It belongs to ``package``, which is retired; to none that is, when empty. Whether that is
        new.
        """
        if package == self.retired:
            return False
        self.retired = package
        self.view = None
        return True

    def stand(self, now: float, row: CheckTracker | None = None) -> Standing:
        """The check's status at ``now``, by all of its locations anew or by one ``row``: what became
        stale meanwhile, and is excused, is not looked at for the others' sake.
        """
        for one in self.rows if row is None else (row,):
            standing = one.stand(now)
            if standing != one.standing:
                one.standing = standing
                one.view = self.view = None
        return self.rolled_up()

    def stood(self, standing: Standing) -> Standing:
        """Its status when our own location stands so."""
        self.row().standing = standing
        return self.rolled_up()

    def rolled_up(self) -> Standing:
        """Its status as its locations stand."""
        return part_rollup.stand_by_locations(self._parts(), self.check.majority, self.standing)

    def _parts(self) -> list[Part]:
        return [
            Part(row.standing, place.weight, place.critical)
            for row, place in zip(self.rows, self.check.locations, strict=True)
        ]

    def unsettled(self) -> bool:
        """Whether a change is in the air here: elsewhere others look."""
        return self.row().unsettled()

    def state(self) -> LocatedState:
        """Everything that must outlive the process."""
        own = self.row()
        others = (row for row in self.rows if row is not own)
        rows = tuple(row.state() for row in (own, *others))
        return LocatedState(standing=self.standing, rows=rows)

    def restore(self, state: AnyCheckState | None, later: Iterable[Seen]) -> None:
        """Takes up where an earlier process ended: its last state, and what our own location saw
        after that, oldest first.
        """
        kept: dict[str, CheckState] = {}
        if isinstance(state, LocatedState):
            self.standing = state.standing
            kept = {one.of: one for one in state.rows}
        own = self.row()
        for row in self.rows:
            row.restore(kept.get(identity(row.check)), later if row is own else ())
        self.view = None

    def adopt(self, check: Check) -> None:
        """It is weighed by other numbers from the next observation on. Its locations are the same."""
        self.check = check
        for row, one in zip(self.rows, check.at_each(), strict=True):
            row.adopt(one)
        self.view = None

    def take(self, known: Mapping[str, CheckTracker]) -> None:
        """Goes on with what is ``known`` of some of its locations."""
        for row in self.rows:
            if row.check.location in known:
                known[row.check.location].adopt(row.check)
        self.rows = tuple(known.get(row.check.location, row) for row in self.rows)
        self.standing = self.rolled_up()

    def transition_context(self, now: float, environment: Text, service: Text) -> TransitionContext:
        """What a transition's evidence is made of: what the location saw that speaks for all."""
        speaks = self.rows[part_rollup.speaking(self._parts())]
        return replace(speaks.transition_context(now, environment, service), view=self.look(now))

    def look(self, now: float) -> CheckView:
        """The view, the same object as long as nothing has changed."""
        places = tuple(row.look(now) for row in self.rows)
        view = self.view
        if view is None or any(
            one is not was for one, was in zip(places, view.locations, strict=True)
        ):
            view = self.view = self._view(places)
        return view

    def _view(self, places: tuple[CheckView, ...]) -> CheckView:
        """That of the location that speaks for all, with the standing of all."""
        standing = self.standing
        said = places[part_rollup.speaking(self._parts())]
        rule = said.why.rule if standing.rule is not Rule.QUORUM else Rule.QUORUM
        return replace(
            said,
            check=self.check,
            status=standing.status,
            since=standing.since if standing.since is not None else said.since,
            reason=standing.reason,
            cause=standing.cause,
            why=replace(said.why, rule=rule),
            evidence=said.evidence if standing.status is not Status.UNKNOWN else None,
            retired=self.retired,
            locations=places,
        )


Tracker = CheckTracker | LocatedCheck
"""What a board holds of a check."""


def tracker_of(check: Check, started_at: float) -> Tracker:
    """What a board holds of a check of which nothing was observed."""
    kind = LocatedCheck if check.locations else CheckTracker
    return kind(check, started_at)


def handed_on(known: Tracker, fresh: Tracker) -> Tracker:
    """What goes on of a check that was ``known`` and is now configured as ``fresh`` is: what every
    location has seen, whether or not it was declared.
    """
    check = fresh.check
    if _places(known.check) == _places(check):
        known.adopt(check)
        return known
    had = {row.check.location: row for row in known.rows}
    if isinstance(fresh, CheckTracker):
        went_on = had.get(check.location, fresh)
        went_on.adopt(check)
        return went_on
    fresh.take(had)
    return fresh


def _places(check: Check) -> list[str]:
    return [one.name for one in check.locations]
