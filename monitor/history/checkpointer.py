"""Persists the state of every check, and restores it at a start.

A check's whole state goes to the history every five minutes and with each transition that it
causes, its observations always. A start takes the newest state and folds in what was seen after it.
The instant at which the daemon was last alive is kept too: nobody measured from then to the start.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, isfinite

import structlog

from monitor.history.carried_over import CarriedOver, CarriedOverQuery
from monitor.history.errors import HistoryTroubleError
from monitor.history.history import History
from monitor.history.restored import Restored, disturbances, take_up
from monitor.judging.availability import Timelines
from monitor.judging.board import OVERALL, Board
from monitor.judging.persisted_state import (
    AnyCheckState,
    PublishedState,
    packed_state,
    unpacked_published,
    unpacked_state,
)
from monitor.model.estate import CheckId, Estate, ServiceId
from monitor.model.records import Entry, Past
from monitor.model.transition import Transition, span_of

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
AT_ONCE = 60
"""Checks that are taken up in one turn of the loop: about two milliseconds."""
NAMED = 20
"""States that cannot be read of which the log gives the names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Late:
    """What was left, as a daemon needs it that has run for a while."""

    published: Mapping[str, PublishedState]
    past: Sequence[Transition]
    meanwhile: Sequence[Transition]
    began: Mapping[str, float]


class Checkpointer:
    """Persists and restores the states of one board. Belongs to one event loop."""

    def __init__(self, history: History, board: Board, estate: Estate) -> None:
        self._history = history
        self._board = board
        self.restored = False
        """Whether the history has said what an earlier process knew."""
        self._started_at = 0.0
        self.observed = history.observed
        self._watch(estate)

    def follow(self, estate: Estate, begun: Mapping[str, bytes]) -> None:
        """From now on the states of this configuration's checks are kept, for as long as it says;
        those of checks that begin with it, ``begun``, at once.
        """
        self._watch(estate)
        if begun:
            self._history.checkpoint(begun)

    def _watch(self, estate: Estate) -> None:
        self._estate = estate
        self._history.keep(estate.retention)
        self._order = [check.id for check in estate.checks()]
        self._next = 0

    async def restore(self, now: float) -> Restored:
        """Gives the board what is known. Without a history it begins with nothing known, and
        :meth:`restore_late` may be tried until the history is there.
        """
        self._started_at = now
        with _no_collection():
            try:
                checks, left = await self._carried_over(now)
            except HistoryTroubleError as error:
                log.warning(
                    "not_restored",
                    error=str(error),
                    consequence="every status is unknown until it is measured",
                )
                return Restored()
            published = self._published_in(left)
            changes = self._board.restore(checks, left.seen, published, now)  # type: ignore[arg-type]
            restored = self._restored(checks, left, published, changes, left.transitions)
            await self.begin()
            return restored

    async def restore_late(self, now: Callable[[], float]) -> Restored:
        """The same once the daemon has run for a while: what it has measured since stands. Tries
        once, and holds the loop for some milliseconds at a time. ``now`` is called when the history
        has said what it knows.
        """
        with _no_collection():
            return await self._restore_late(now)

    async def _restore_late(self, now: Callable[[], float]) -> Restored:
        estate = self._estate
        try:
            checks, left = await self._carried_over(self._started_at)
            late = await self._history.beside(partial(self._sorted, left))
        except HistoryTroubleError:
            return Restored()
        taking_up = self._board.restore_late(checks, left.seen, late.published, late.began, now)  # type: ignore[arg-type]
        taken = 0
        try:
            while self._estate is estate:  # of another configuration it says nothing
                taken += next(taking_up)
                if taken >= AT_ONCE:
                    taken = 0
                    await asyncio.sleep(0)
        except StopIteration as end:
            changes: list[Transition] = end.value
            return self._restored(checks, left, late.published, changes, late.past, late.meanwhile)
        return Restored()

    def _sorted(self, left: CarriedOver) -> _Late:
        """In the history's thread."""
        past = [one for one in left.transitions if one.at < self._started_at]
        return _Late(
            published=self._published_in(left),
            past=past,
            meanwhile=[one for one in left.transitions if one.at >= self._started_at],
            began=disturbances(past),
        )

    async def timelines(self, services: Sequence[ServiceId], restored: Restored) -> Timelines:
        """What is ``restored`` as timelines, made beside the loop."""

        def make() -> Timelines:
            found = Timelines(services)
            take_up(found, restored, {}, 0.0)
            return found

        try:
            return await self._history.beside(make)
        except HistoryTroubleError:  # the thread hangs again
            return make()

    async def _carried_over(self, now: float) -> tuple[dict[CheckId, AnyCheckState], CarriedOver]:
        """Raises :class:`HistoryTroubleError`."""
        checks: dict[CheckId, AnyCheckState] = {}

        def floors(kept: Mapping[str, bytes]) -> dict[str, float]:
            checks.update(self._checks(kept))
            return {str(name): state.at for name, state in checks.items()}

        wanted = CarriedOverQuery(floors=floors, since=now - PAST, most=MOST, before=now)
        left = await self._history.carried_over(wanted)
        return checks, left

    def _restored(
        self,
        checks: Mapping[CheckId, AnyCheckState],
        left: CarriedOver,
        published: Mapping[str, PublishedState],
        changes: list[Transition],
        past: Sequence[Transition],
        meanwhile: Sequence[Transition] = (),
    ) -> Restored:
        self.restored = True
        if checks:
            observations = sum(map(len, left.seen.values()))
            log.info("restored", checks=len(checks), observations=observations)
        return Restored(
            changes=changes,
            alive_at=_instant(left.states.get(ALIVE)),
            published=published,
            past=past,
            meanwhile=meanwhile,
            started_at=self._started_at,
            told=left.told,
            revisions=left.states.get(REVISIONS, b""),
        )

    def _published_in(self, left: CarriedOver) -> dict[str, PublishedState]:
        found: dict[str, PublishedState] = {}
        unread = 0
        subjects = [OVERALL, *(one.name for one in self._estate.environments)]
        for key in (*subjects, *(one.id for one in self._estate.services())):
            data = left.states.get(key)
            state = unpacked_published(data) if data is not None else None
            if state is not None:
                found[key] = state
            else:
                unread += data is not None
        if unread:
            self._history.unreadable("state", unread)
            log.error("states_unreadable", number=unread)
        return found

    async def begin(self) -> None:
        """Keeps the states of checks that begin, so that all they will have seen is told from what
        earlier ones of the same name saw, and none of it is lost with the process. A few at a time;
        to be called when what was restored late has been told.
        """
        left = self._board.unmeasured()
        while left:
            watched = [one for one in left[:AT_ONCE] if self._board.watches(one)]
            self._history.checkpoint(self._states(watched))
            del left[:AT_ONCE]
            await asyncio.sleep(0)

    def _checks(self, kept: Mapping[str, bytes]) -> dict[CheckId, AnyCheckState]:
        """In the history's thread."""
        found = {}
        unread: list[str] = []
        for check in self._estate.checks():
            data = kept.get(check.id)
            if data is None:
                continue
            try:
                state = unpacked_state(data, check)
            except ValueError:
                unread.append(check.id)
                continue
            if state is not None:
                found[check.id] = state
        if unread:
            self._history.unreadable("state", len(unread))
            log.error("states_unreadable", number=len(unread), checks=unread[:NAMED])
        return found

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
        states = {key: packed_state(state) for key, state in published.items()}
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
        if not self.restored:
            return  # what an earlier process knew is not to be written over
        turn = ceil(len(self._order) / CHECKPOINT)
        begin, self._next = self._next, self._next + turn
        if self._next >= len(self._order):
            self._next = 0
        self._keep(self._order[begin : begin + turn], now)

    def keep_all(self, now: float) -> None:
        """To be called at the end, when nothing is observed any more."""
        if not self.restored:
            new = set(self._board.unmeasured())
            self._history.checkpoint(self._states(c for c in self._order if c not in new))
            return
        self._keep(self._order, now)
        self._history.checkpoint({key: packed_state(one) for key, one in self._board.published()})

    def _keep(self, checks: Sequence[CheckId], now: float) -> None:
        self._history.checkpoint(self._states(checks) | {ALIVE: repr(now).encode()})

    def _states(self, checks: Iterable[CheckId]) -> dict[str, bytes]:
        return {str(check): packed_state(self._board.check_state(check)) for check in checks}


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Nothing of what a start reads is garbage, and looking for it takes as long as the reading."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _instant(kept: bytes | None) -> float | None:
    try:
        found = float(kept) if kept is not None else None
    except ValueError:
        return None
    return found if found is not None and isfinite(found) else None
