"""What outlives the process: hands all that happens to the history, and takes up where it ended.

A check's whole state goes to the history every five minutes and with each transition that it
causes, its observations always. A start takes the newest state and folds in what was seen after it.
The instant at which the daemon was last alive is kept too: nobody measured from then to the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import structlog

from monitor.availability import Timelines
from monitor.board import Board
from monitor.check_state import (
    CheckState,
    PublishedState,
    packed,
    unpacked,
    unpacked_published,
)
from monitor.estate import CheckId, Estate, ServiceId
from monitor.history.history import History
from monitor.history.trouble import HistoryTroubleError
from monitor.record import Entry, Past, Seen
from monitor.snapshot import Transition
from monitor.transition_id import span_of

log = structlog.get_logger("driftvakt")

ALIVE = "/alive"
"""The key of the instant at which the daemon last was alive; no check or service is so named."""
REVISIONS = "/revisions"
"""The key of what is known of the changes of windows and notices."""
CHECKPOINT = 300.0
"""Seconds within which the state of every check is kept anew."""
PAST = 100 * 86_400.0
"""Seconds for which transitions are read at a start."""
MOST = 100_000
"""Transitions that are read at most."""
SHOWN, SHOWN_TRANSITIONS = 86_400.0, 50
"""Seconds of observations, and transitions, that a service's page shows."""
GAP = 60.0
"""Seconds between the end of one process and the start of the next that count as not measured;
less is what may lie between two probes.
"""
PATIENCE = 10.0
"""Seconds that a start waits for a history that does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a start has found."""

    changes: list[Transition] = field(default_factory=list)
    """What is published otherwise than before, for not having been measured meanwhile."""
    alive_at: float | None = None
    """When the process before was last alive; ``None`` when none is known."""
    published: Mapping[str, PublishedState] = field(default_factory=dict)
    """What was published then, by ``ENV/SERVICE``."""
    past: Sequence[Transition] = ()
    """What is recorded, oldest first."""
    revisions: bytes | None = None
    """What was kept of windows' and notices' changes; ``None`` when the history did not say."""


class Keeper:
    """Keeps the states of one board. Belongs to one event loop."""

    def __init__(self, history: History, board: Board, estate: Estate) -> None:
        self._history = history
        self._board = board
        self.observed = history.observed
        self._watch(estate)

    def follow(self, estate: Estate) -> None:
        """From now on the states of this configuration's checks are kept, for as long as it says.
        To be called when the board has taken it.
        """
        self._watch(estate)
        self._begin()

    def _watch(self, estate: Estate) -> None:
        self._estate = estate
        self._history.keep(estate.retention)
        self._order = [check.id for check in estate.checks()]
        self._next = 0

    async def restore(self, now: float) -> Restored:
        """Gives the board what is known. Without a history it begins with nothing known."""
        try:
            async with asyncio.timeout(PATIENCE):
                kept = await self._history.states()
                checks = self._checks(kept)
                later = await self._later(checks)
                recorded = await self._history.transitions(since=now - PAST, limit=MOST)
        except (HistoryTroubleError, TimeoutError) as error:
            log.warning(
                "not_restored",
                error=str(error) or f"no answer in {PATIENCE:g} s",
                consequence="every status is unknown until it is measured",
            )
            return Restored()
        published = {
            key: state
            for key, data in kept.items()
            if key != REVISIONS and (state := unpacked_published(data)) is not None
        }
        changes = self._board.restore(checks, later, published, now)
        self._begin()
        if checks:
            log.info("restored", checks=len(checks), observations=sum(map(len, later.values())))
        return Restored(
            changes=changes,
            alive_at=_instant(kept.get(ALIVE)),
            published=published,
            past=[entry.transition for entry in recorded],
            revisions=kept.get(REVISIONS, b""),
        )

    def _begin(self) -> None:
        """Keeps the states of checks that begin, so that all they will have seen is told from what
        earlier ones of the same name saw, and none of it is lost with the process.
        """
        if begin := self._board.unmeasured():
            self._history.checkpoint(self._states(begin))

    def _checks(self, kept: dict[str, bytes]) -> dict[CheckId, CheckState]:
        found = {}
        for check in self._estate.checks():
            data = kept.get(check.id)
            state = unpacked(data, check) if data is not None else None
            if state is not None:
                found[check.id] = state
        return found

    async def _later(self, checks: dict[CheckId, CheckState]) -> dict[CheckId, list[Seen]]:
        """What each check saw after its state was kept."""
        later = {}
        for check_id, state in checks.items():
            seen = await self._history.seen(check_id, state.at)
            newer = [one for one in seen if one.at > state.at]
            if newer:
                later[check_id] = newer
        return later

    def record(self, entries: Sequence[Entry], published: Mapping[str, PublishedState]) -> None:
        """Keeps transitions, and in one with them what was ``published`` then and the states that
        their checks are in.
        """
        transitions = [entry.transition for entry in entries]
        checks = {
            CheckId(f"{one.environment}/{one.service}/{one.check}")
            for one in transitions
            if one.service is not None and one.check is not None
        }
        states = {key: packed(state) for key, state in published.items()}
        self._history.record(entries, self._states(checks) | states)

    async def past(self, service: ServiceId, now: float) -> Past | None:
        """What the page tells of a service; ``None`` when the history is away. Raises ``KeyError``
        for a service that is not watched.
        """
        found = {one.id: one for one in self._estate.services()}[service]
        try:
            seen = {
                str(one.id): await self._history.seen(one.id, now - SHOWN, now + 1.0)
                for one in found.checks
            }
            entries = await self._history.transitions(service, limit=SHOWN_TRANSITIONS)
        except HistoryTroubleError:
            return None
        return Past(seen=seen, entries=entries)

    async def evidence(self, id_: str) -> bytes | None:
        """The bundle of the one transition whose id is, or begins with, ``id_``; ``None`` when
        there is none, or when the history is away.
        """
        since, until = span_of(id_)
        try:
            entries = await self._history.transitions(since=since, until=until, limit=MOST)
            found = {entry.id for entry in entries if entry.id.startswith(id_)}
            return await self._history.evidence(found.pop()) if len(found) == 1 else None
        except HistoryTroubleError:
            return None

    async def transitions(
        self,
        *,
        service: str | None,
        environment: str | None,
        since: float,
        until: float | None,
        limit: int | None,
    ) -> list[Entry] | None:
        """As the history has them; ``None`` when it is away."""
        try:
            return await self._history.transitions(service, environment, since, until, limit)
        except HistoryTroubleError:
            return None

    def keep_revisions(self, data: bytes) -> None:
        """Keeps what is known of the changes of windows and notices."""
        self._history.checkpoint({REVISIONS: data})

    def tick(self, now: float) -> None:
        """To be called about once a second: keeps the states of the checks whose turn it is."""
        turn = ceil(len(self._order) / CHECKPOINT)
        begin, self._next = self._next, self._next + turn
        if self._next >= len(self._order):
            self._next = 0
        self._keep(self._order[begin : begin + turn], now)

    def keep_all(self, now: float) -> None:
        """To be called at the end, when nothing is observed any more."""
        self._keep(self._order, now)
        self._history.checkpoint({key: packed(one) for key, one in self._board.published()})

    def _keep(self, checks: Sequence[CheckId], now: float) -> None:
        self._history.checkpoint(self._states(checks) | {ALIVE: repr(now).encode()})

    def _states(self, checks: Iterable[CheckId]) -> dict[str, bytes]:
        return {str(check): packed(self._board.check_state(check)) for check in checks}


def take_up(
    timelines: Timelines, restored: Restored, published: Mapping[str, PublishedState], now: float
) -> None:
    """Fills timelines with what is recorded, and with what is ``published`` from ``now`` on. A gap in
    which nobody measured is unknown time.
    """
    timelines.load(restored.past)
    alive_at = restored.alive_at
    if alive_at is not None:
        for subject, state in restored.published.items():
            timelines.hold(
                ServiceId(subject),
                state.status,
                planned=state.planned,
                since=state.since,
                at=alive_at,
            )
        if now - alive_at > GAP:
            timelines.lose(alive_at)
    for subject, state in published.items():
        timelines.hold(ServiceId(subject), state.status, planned=state.planned, since=now, at=now)


def _instant(kept: bytes | None) -> float | None:
    try:
        return float(kept) if kept is not None else None
    except ValueError:
        return None
