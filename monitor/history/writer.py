"""Writes to the database, from memory or by way of the journal.

    record() ──▶ held ──▶ database              while it is there
                  └─────▶ journal ──▶ database   while it is away, and once it is back

Transitions, messages and what became of them go this way, in order, each once. Observations and
checkpoints wait in memory alone, within bounds: the oldest observations give way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection, update

from monitor.history.batch_writer import BatchWriter
from monitor.history.carried_over import CarriedOver, CarriedOverQuery, overlaid, read_carried_over
from monitor.history.commit_listener import CommitListener
from monitor.history.compaction import IDLE, Upkeep
from monitor.history.database import Database
from monitor.history.deadline import WRITE
from monitor.history.errors import CorruptError, HistoryTroubleError, RefusedError
from monitor.history.journal import NAME
from monitor.history.journal_replay import JournalReplay, stamp
from monitor.history.outage import Outage
from monitor.history.rows import Operation
from monitor.history.schema_version import HEAD, check_version, migrate
from monitor.history.statements import apply
from monitor.history.tables import version
from monitor.history.write_queue import WriteQueue
from monitor.model.estate import Retention

log = structlog.get_logger("driftvakt")

T = TypeVar("T")

TICK = 1.0
"""Seconds between two writings of observations."""
SHORT = 3.0
"""Seconds within which somebody hears of an alarm while the database is away, kept or not: longer
than an attempt takes."""
_LOOK = 5.0
"""Seconds between looks whether the file is still the one of that name."""
_CLOSING = 1.0
CARRIED_OVER = 60.0
"""Seconds for all that an earlier process left: each question has a deadline of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of the history, for metrics."""

    observations_waiting: int
    entries_waiting: int
    """Transitions, messages and marks in memory."""
    journal: int
    """The same on disk, until the database is back."""
    observations_dropped: int
    entries_lost: int
    """Beyond every bound, or refused by the database."""
    away: bool
    writes: int
    write_seconds: float
    """Of all writes together."""
    set_aside: Mapping[str, int] = field(default_factory=dict)
    """What could not be read and was left out: ``database``, ``journal`` (lines of it) and the
    names of tables (rows of them)."""


class Recorder:
    """Writes what the loop gives, and reads for it. Made on the loop, as is what :meth:`figures` and
    :meth:`look` are called from; ``step``, ``read``, ``carried_over`` and ``close`` belong to the worker.
    """

    def __init__(
        self,
        *,
        store: str,
        data_dir: Path,
        retention: Retention,
        clock: Callable[[], float],
        timer: Callable[[], float],
        breathe: Callable[[], None],
        tell: Callable[[Callable[[], None]], None],
        wake: Callable[[], None],
        database: Database | None = None,
    ) -> None:
        """``timer`` gives monotonic seconds. A ``database`` takes the place of the one that ``store``
        names: for a test that lets it fail. Raises :class:`HistoryTroubleError` for an address that is
        none.
        """
        self._store = store
        self._data_dir = data_dir
        self._given_database = database
        self._clock = clock
        self._timer = timer
        self._tell = tell
        self._database = database or Database(store, data_dir)
        self.commits = CommitListener(timer)
        self.queue = WriteQueue(clock=clock, breathe=breathe, wake=wake, commits=self.commits)
        self.outage = Outage(clock, timer)
        self.back: Callable[[], None] = lambda: None
        """Called on the loop when the database is back."""
        self._journal = JournalReplay(
            data_dir / NAME, clock=clock, timer=timer, deadline=self._database.deadline
        )
        self._batches = BatchWriter(
            self._database, self.queue, clock=clock, breathe=breathe, kept=self._tell_kept
        )
        self.upkeep = Upkeep(self._database, retention, clock, breathe)
        self._upkeep_at = timer() + IDLE  # what a start asks comes first
        self._ready = False
        self._reached = False
        """Whether it was there at any time."""
        self._looked_at = 0.0
        self._writes = 0
        self._seconds = 0.0
        self._damaged: Counter[str] = Counter()

    # on the loop

    def figures(self) -> Figures:
        """How the history is doing now."""
        queue, journal = self.queue, self._journal
        damaged = Counter(self._damaged) + Counter({"journal": journal.damaged})
        return Figures(
            observations_waiting=queue.observations_waiting,
            entries_waiting=queue.entries_waiting,
            journal=journal.length,
            observations_dropped=queue.observations_dropped,
            entries_lost=queue.lost + journal.lost,
            away=self.outage.lasts,
            writes=self._writes,
            write_seconds=self._seconds,
            set_aside=damaged + Counter(self._database.damage.met),
        )

    def unreadable(self, what: str, number: int) -> None:
        """Counts what was given and is not understood."""
        self._damaged[what] += number

    def look(self) -> None:
        """Looks, a few times a second, whether the worker hangs. What can be broken off is; what
        cannot be is done without.
        """
        if self._database.deadline.passed:
            self.break_off()
        self.queue.hangs = self.hangs
        if self.hangs and not self.outage.lasts:
            self.outage.begin("it does not answer")
            log.error("history_away", store=self._database.shown, error=self.outage.why)
        patience = 0.0 if self.hangs else SHORT if self.outage.lasts else WRITE
        self.commits.overdue(patience)

    @property
    def hangs(self) -> bool:
        """Whether the worker waits for what does not answer, and cannot be helped."""
        return self._database.deadline.hangs

    def break_off(self) -> None:
        """Makes what the worker waits for fail now. From any thread."""
        self._database.break_off()

    # in the worker

    def step(self) -> float:
        """Writes what waits; seconds until it wants to be called again (sooner does no harm)."""
        self.queue.take()
        remaining = self.outage.remaining()
        if self.outage.lasts:
            self._spool()  # nobody waits for an attempt
        if remaining > 0:
            return min(remaining, TICK)
        try:
            self._write()
            return 0.0 if self._more() else self._compact()
        except HistoryTroubleError as error:
            self._gone(error)
            self._spool()
            return min(self.outage.remaining(), TICK)

    def read(self, ask: Callable[[Connection], T]) -> T:
        """Everything that was given before is in the answer.

        Raises :class:`HistoryTroubleError`, at once while the database is away.
        """
        self.queue.take()
        if self.outage.remaining() > 0:
            raise HistoryTroubleError(self.outage.why)
        try:
            self._write_all()
            with self._database.reading() as connection:
                return ask(connection)
        except HistoryTroubleError as error:
            self._gone(error)
            raise

    def write_now(self, operations: Sequence[Operation], wanted: Callable[[], bool]) -> None:
        """Writes in a transaction of its own, or raises :class:`HistoryTroubleError` and keeps nothing;
        nothing either where it is not ``wanted`` any more. What was given before comes before it.
        """
        self.queue.take()
        if self.outage.remaining() > 0:
            raise HistoryTroubleError(self.outage.why)
        try:
            self._write_all()
            if wanted():
                with self._database.transaction(durable=True) as connection:
                    apply(connection, operations)
        except HistoryTroubleError as error:
            self._gone(error)
            raise

    def carried_over(self, wanted: CarriedOverQuery) -> CarriedOver:
        """What an earlier process left, also in a database that can only be read.

        Raises :class:`HistoryTroubleError` when it cannot be read either.
        """
        try:
            return self._carried_over_in(self._database, wanted)
        except (CorruptError, RefusedError):
            raise
        except HistoryTroubleError:
            if self._given_database is None and self._database.is_sqlite:
                for as_it_is in (False, True):
                    found = self._carried_over_unwritten(wanted, as_it_is)
                    if found is not None:
                        return found
            raise

    def close(self) -> None:
        """Writes what waits, within a few seconds; what cannot be written goes to the journal."""
        end = self._timer() + _CLOSING
        self.queue.take()
        try:
            if not self.outage.remaining():
                self._write_all(until=end)
        except HistoryTroubleError as error:
            self._gone(error)
        self._spool()
        if self.queue.held or self.queue.seen:
            log.warning(
                "history_not_written",
                observations=len(self.queue.seen),
                entries=len(self.queue.held),
            )
        self._database.close()

    # writing

    def _write_all(self, until: float = inf) -> None:
        self._write()
        while self._more() and self._timer() < until:
            self._write()

    def _more(self) -> bool:
        return self.queue.waits or self._journal.due

    def _write(self) -> None:
        """Some of all that waits, in order."""
        self._open()
        began = self._timer()
        if self._journal.replay(self._batches.write_entries):
            return
        if not self.queue.waits:
            if self.outage.lasts:
                self._touch()
                self._returned()
            return
        self._batches.write_held()
        self._batches.write_seen()
        if self.outage.lasts:
            self._returned()
        self._writes += 1
        self._seconds += max(0.0, self._timer() - began)

    def _open(self) -> None:
        now = self._timer()
        if self._ready:
            if now - self._looked_at >= _LOOK:
                self._looked_at = now
                if self._database.replaced():
                    raise HistoryTroubleError("its file was replaced or removed")
            return
        self._batches.forget_numbers()
        migrate(self._database)
        self._ready, self._looked_at = True, now
        self._reached = True

    def _touch(self) -> None:
        """Writes nothing new: that it can be read is not enough, nor that it begins a transaction."""
        with self._database.transaction() as connection:
            connection.execute(update(version).values(version_num=version.c.version_num))

    def _compact(self) -> float:
        """A piece of upkeep where it is due; gives the seconds until the next step."""
        if self._timer() >= self._upkeep_at:
            self._upkeep_at = self._timer() + self.upkeep.piece()
        return max(0.0, min(self._upkeep_at - self._timer(), TICK))

    # away and back

    def _gone(self, error: HistoryTroubleError) -> None:
        self._ready = False
        self._database.close()
        if isinstance(error, CorruptError) and self._database.is_sqlite:
            self._set_aside(error)
        elif self.outage.is_news(error):
            log.error("history_away", store=self._database.shown, error=str(error))
        self.outage.failed(error)

    def _set_aside(self, error: HistoryTroubleError) -> None:
        try:
            kept = self._database.move_aside(stamp(self._clock()))
        except HistoryTroubleError as why:
            log.error("history_corrupt", error=str(error), not_moved=str(why))
            return
        self._damaged["database"] += 1
        log.error("history_corrupt", error=str(error), moved_to=str(kept))

    def _returned(self) -> None:
        seconds = round(self.outage.end(), 1)
        log.info("history_back", store=self._database.shown, seconds=seconds)
        self._tell(self._tell_back)

    def _tell_back(self) -> None:
        self.back()

    def _spool(self) -> None:
        """While the database is away: to the journal, or held within the bounds."""
        held = self.queue.held
        if not held:
            return
        last = max(one.number for one in held)
        if self._journal.spool(held):
            held.clear()
        else:
            self.queue.bound_held()
        self._tell_kept(last)  # nobody shall wait for an alarm because a disk is full

    def _tell_kept(self, number: int) -> None:
        if number:
            self._tell(partial(self.commits.kept, number))

    # what an earlier process left

    def _carried_over_in(self, database: Database, wanted: CarriedOverQuery) -> CarriedOver:
        self.queue.take()
        written = False
        if not self.outage.remaining():
            try:
                self._write_all()
                written = True
            except HistoryTroubleError as error:
                self._gone(error)
        if not self._reached and not database.is_sqlite:
            raise HistoryTroubleError(self.outage.why)  # once is enough of not being let in
        page = partial(database.deadline.within, WRITE)
        with database.reading(within=CARRIED_OVER) as connection:
            if not written and check_version(connection) != HEAD:
                raise HistoryTroubleError("its tables are to be made or changed first")
            found = read_carried_over(connection, page, wanted)
        return found if written else overlaid(found, self._journal.operations(), wanted.before)

    def _carried_over_unwritten(
        self, wanted: CarriedOverQuery, as_it_is: bool
    ) -> CarriedOver | None:
        path = self._database.path
        if path is None or (as_it_is and _size(path.with_name(path.name + "-wal"))):
            return None
        database = Database(self._store, self._data_dir, read_only=True, as_it_is=as_it_is)
        try:
            return self._carried_over_in(database, wanted)
        except HistoryTroubleError:
            return None
        finally:
            database.close()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
