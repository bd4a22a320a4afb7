"""A transition on its way out: its sentences, its evidence, its messages, its line
of the log.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from monitor import __version__
from monitor.board import Board
from monitor.estate import Estate, Text
from monitor.evidence import Shelf, evidence
from monitor.record import Entry, Outgoing
from monitor.secrets import Masker
from monitor.snapshot import Transition
from monitor.telling import tell_transition
from monitor.wording import message_of

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
        messages: Callable[[Transition, Text], tuple[Outgoing, ...]],
    ) -> Entry:
        """To be called before anything else is published. ``messages`` are those that it causes."""
        now = self._clock()
        environment, view = self._board.view_of(transition, now)
        message = message_of(transition, environment, view, self._estate.timezone)
        tell_transition(transition, message, self._estate.language)
        bundle = self._evidence(transition, message, now) if transition.worsening else None
        return Entry(
            transition=transition,
            message=message,
            evidence=bundle,
            outgoing=messages(transition, message),
        )

    def _evidence(self, transition: Transition, message: Text, now: float) -> bytes | None:
        decided_by = transition.decided_by
        try:
            case = self._board.case(decided_by, now) if decided_by is not None else None
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
