"""A transition on its way out: its sentences, its evidence, its messages, its line
of the log.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from monitor import __version__
from monitor.board import Board
from monitor.estate import CheckId, Estate, Text
from monitor.evidence import Shelf, evidence
from monitor.record import Entry, Outgoing
from monitor.secrets import Masker
from monitor.snapshot import Snapshot, Transition
from monitor.telling import tell_transition
from monitor.wording import transition_message

log = structlog.get_logger("driftvakt")


class Announcer:
    """Makes entries of transitions; the newest evidence stays at hand on its shelf."""

    def __init__(
        self, estate: Estate, board: Board, masker: Masker, clock: Callable[[], float]
    ) -> None:
        self._estate = estate
        self._board = board
        self._masker = masker
        self._clock = clock
        self.shelf = Shelf()

    def follow(self, estate: Estate) -> None:
        """From now on the board's transitions are those of this configuration."""
        self._estate = estate

    def entry(
        self,
        transition: Transition,
        snapshot: Snapshot,
        decided_by: CheckId | None,
        messages: Callable[[Transition, Text], tuple[Outgoing, ...]],
    ) -> Entry:
        """``snapshot`` is of the moment after it, ``decided_by`` the check whose observation has
        decided it; ``None`` where time has. ``messages`` are those that it causes.
        """
        message = transition_message(transition, snapshot)
        tell_transition(transition, message, self._estate.language)
        bundle = None
        if transition.worsening:
            bundle = self._evidence(transition, message, decided_by)
        return Entry(
            transition=transition,
            message=message,
            evidence=bundle,
            outgoing=messages(transition, message),
        )

    def _evidence(
        self, transition: Transition, message: Text, decided_by: CheckId | None
    ) -> bytes | None:
        now = self._clock()
        try:
            case = (
                self._board.case(decided_by, now)
                if decided_by is not None
                else self._board.case_of(transition, now)
            )
            bundle = evidence(
                transition,
                message,
                case,
                estate=self._estate,
                masker=self._masker,
                version=__version__,
                made_at=now,
            )
        except Exception:  # a bug of ours: the transition is told all the same
            log.exception("evidence_not_made", transition=transition.id)
            return None
        self.shelf.put(transition.id, bundle)
        return bundle
