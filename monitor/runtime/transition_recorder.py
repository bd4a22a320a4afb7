"""Turns a transition into a history entry: message, evidence, notifications, log line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from monitor import __version__
from monitor.evidence import BundleCache, evidence_bundle, evidence_document, first_lines
from monitor.judging.board import OVERALL, Board
from monitor.judging.persisted_state import PublishedState
from monitor.judging.snapshot import EnvironmentView, ServiceView
from monitor.judging.transition_context import TransitionContext
from monitor.model.estate import Environment, Estate
from monitor.model.records import Entry, Outgoing
from monitor.model.text import Text
from monitor.model.transition import Transition
from monitor.notify.routing import Observed
from monitor.runtime.event_log import log_transition
from monitor.support.redaction import Masker
from monitor.wording import message_of

log = structlog.get_logger("driftvakt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Holds what a transition's entry is made of, as it was when it was published: what has come since
    then belongs to the next.
    """

    transition: Transition
    at: float
    environment: Environment
    view: ServiceView | EnvironmentView
    case: TransitionContext | None
    """Of the check that decided it, for a worsening."""
    published: Mapping[str, PublishedState]
    """What was published of its subject, and of everything. Its environment's own is kept with the
    environment's transition, which may be told a turn later: a kill may come between."""


class TransitionRecorder:
    """Makes the entries; the newest evidence stays at hand on its shelf."""

    def __init__(
        self, estate: Estate, board: Board, masker: Masker, clock: Callable[[], float]
    ) -> None:
        self._estate = estate
        self._board = board
        self._masker = masker
        self._clock = clock
        self.shelf = BundleCache()

    def follow(self, estate: Estate) -> None:
        """From now on the board's transitions are those of this configuration."""
        self._estate = estate

    def facts(self, transition: Transition) -> Facts:
        """Gathers the facts; to be called before anything else is published."""
        now, board = self._clock(), self._board
        environment, view = board.view_of(transition, now)
        decided_by = transition.decided_by if transition.worsening else None
        own = transition.environment
        if transition.service is not None:
            own = f"{own}/{transition.service}"
        return Facts(
            transition=transition,
            at=now,
            environment=environment,
            view=view,
            case=board.transition_context(decided_by, now) if decided_by is not None else None,
            published={
                key: state
                for key in (OVERALL, own)
                if (state := board.published_of(key)) is not None
            },
        )

    def entry(
        self,
        facts: Facts,
        messages: Callable[[Transition, Text, Observed], tuple[Outgoing, ...]],
    ) -> Entry:
        """Makes the entry; ``messages`` plans the notifications that it causes, and may ask for the
        first lines of its evidence.
        """
        transition = facts.transition
        message = message_of(transition, facts.environment, facts.view, self._estate.timezone)
        log_transition(transition, message, self._estate.language)
        document, bundle = None, None
        if transition.worsening:
            document, bundle = self._evidence(facts, message)
        return Entry(
            transition=transition,
            message=message,
            evidence=bundle,
            outgoing=messages(transition, message, partial(first_lines, document)),
        )

    def sentences(self, transition: Transition) -> Text:
        """Says what it means to a reader, as things stand."""
        environment, view = self._board.view_of(transition, self._clock())
        return message_of(transition, environment, view, self._estate.timezone)

    def _evidence(
        self, facts: Facts, message: Text
    ) -> tuple[dict[str, Any], bytes] | tuple[None, None]:
        """What is kept, read and packed."""
        transition = facts.transition
        try:
            document = evidence_document(
                transition,
                message,
                facts.case,
                estate=self._estate,
                masker=self._masker,
                version=__version__,
                made_at=facts.at,
            )
            bundle = evidence_bundle(document)
        except Exception:  # a bug of ours: the transition is told all the same
            log.exception("evidence_not_made", transition=transition.id)
            return None, None
        self.shelf.put(transition.id, bundle)
        return document, bundle
