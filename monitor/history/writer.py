"""What is to be kept, on its way to the database: from memory, or by the journal.

    record() ──▶ held ──▶ database              while it is there
                  └─────▶ journal ──▶ database   while it is away, and once it is back

Transitions, messages and what became of them go this way, in order, each once. Observations and
checkpoints wait in memory alone, within bounds: the oldest observations give way.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import Connection, update

from monitor.history.carried_over import CarriedOverQuery, Left, overlaid
from monitor.history.carried_over import read_carried_over as read_left
from monitor.history.commit_listener import Hearing
from monitor.history.compaction import IDLE, Upkeep
from monitor.history.database import Database
from monitor.history.deadline import WRITE
from monitor.history.errors import (
    CorruptError,
    HistoryTroubleError,
    RefusedError,
    UnwritableError,
    trouble_of,
)
from monitor.history.journal import MOST, NAME, Journal
from monitor.history.rows import (
    Operation,
    from_line,
    of_states,
    to_line,
)
from monitor.history.schema_version import HEAD, check_version, migrate
from monitor.history.statements import apply, number_series, write_seen
from monitor.history.tables import version
from monitor.history.write_queue import SLICE, Intake
from monitor.model.estate import Retention

log = structlog.get_logger("driftvakt")

T = TypeVar("T")

TICK = 1.0
"""Seconds between two writings of observations."""
SHORT = 3.0
"""Seconds within which somebody hears of an alarm while the database is away, kept or not: longer
than an attempt takes."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
REFUSED_PAUSE = 60.0
_ROWS = 2_000
_ITEMS = 200
_REPLAY = 256 * 1024
_LOOK = 5.0
"""Seconds between looks whether the file is still the one of that name."""
_CLOSING = 1.0
LEFT = 60.0
"""Seconds for all that an earlier process left: each question has a deadline of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the history is doing, for metrics."""

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


def _nobody() -> None:
    """Until somebody listens."""


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Made on the loop; ``step``, ``read`` and ``close`` belong to the worker."""

    store: str
    data_dir: Path
    retention: Retention
    clock: Callable[[], float]
    timer: Callable[[], float]
    """Monotonic seconds."""
    breathe: Callable[[], None]
    tell: Callable[[Callable[[], None]], None]
    wake: Callable[[], None]
    back: Callable[[], None] = _nobody
    away_since: float | None = None
    """Seconds since the epoch."""
    why: str = ""
    """Why it is away."""
    _numbers: dict[str, int] = field(default_factory=dict)
    _writes: int = 0
    _seconds: float = 0.0
    _replay_at: float = 0.0
    _ready: bool = False
    _reached: bool = False
    """Whether it was there at any time."""
    _retry_at: float = 0.0
    _pause: float = FIRST_PAUSE
    _looked_at: float = 0.0
    _upkeep_at: float = 0.0
    _journal_told: bool = False
    database: Database | None = None
    """In place of the one that ``store`` names: for a test that lets it fail."""
    _database: Database = field(init=False)
    _journal: Journal = field(init=False)
    upkeep: Upkeep = field(init=False)
    hearing: Hearing = field(init=False)
    intake: Intake = field(init=False)
    """What the loop gives."""
    _set_aside_of: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Raises :class:`HistoryTroubleError` for an address that is none."""
        self._database = self.database or Database(self.store, self.data_dir)
        self._journal = Journal(self.data_dir / NAME)
        self.hearing = Hearing(self.timer)
        self.intake = Intake(
            clock=self.clock, breathe=self.breathe, wake=self.wake, hearing=self.hearing
        )
        self.upkeep = Upkeep(self._database, self.retention, self.clock, self.breathe)
        self._upkeep_at = self.timer() + IDLE  # what a start asks comes first

    def figures(self) -> Figures:
        """On the loop."""
        given = self.intake
        return Figures(
            observations_waiting=given.observations_waiting,
            entries_waiting=given.entries_waiting,
            journal=self._journal.length,
            observations_dropped=given.observations_dropped,
            entries_lost=given.lost,
            away=self.away_since is not None,
            writes=self._writes,
            write_seconds=self._seconds,
            set_aside=Counter(self._set_aside_of) + Counter(self._database.damage.met),
        )

    def unreadable(self, what: str, number: int) -> None:
        """Counts what was given and is not understood."""
        self._set_aside_of[what] += number

    def look(self) -> None:
        """On the loop, a few times a second: whether the worker hangs. What can be broken off is;
        what cannot be is done without.
        """
        deadline = self._database.deadline
        if deadline.passed:
            self.break_off()
        self.intake.hangs = self.hangs
        if self.hangs and self.away_since is None:
            self.away_since, self.why = self.clock(), "it does not answer"
            log.error("history_away", store=self._database.shown, error=self.why)
        patience = 0.0 if self.hangs else WRITE if self.away_since is None else SHORT
        self.hearing.overdue(patience)

    @property
    def hangs(self) -> bool:
        """Whether the worker waits for what does not answer, and cannot be helped."""
        return self._database.deadline.hangs

    def break_off(self) -> None:
        """From any thread: what the worker waits for fails now."""
        self._database.break_off()

    # in the worker

    def step(self) -> float:
        """Writes what waits; seconds until it wants to be called again (sooner does no harm)."""
        self.intake.take()
        now = self.timer()
        if now < self._retry_at:
            self._keep_apart()
            return min(self._retry_at - now, TICK)
        if self.away_since is not None:
            self._keep_apart()  # nobody waits for an attempt
        try:
            self._write()
            if self._more():
                return 0.0
            if self.timer() >= self._upkeep_at:
                self._upkeep_at = self.timer() + self.upkeep.piece()
            return max(0.0, min(self._upkeep_at - self.timer(), TICK))
        except HistoryTroubleError as error:
            self._gone(error)
            self._keep_apart()
            return max(0.0, min(self._retry_at - self.timer(), TICK))

    def read(self, ask: Callable[[Connection], T]) -> T:
        """Everything that was given before is in the answer.

        Raises :class:`HistoryTroubleError`, at once while the database is away.
        """
        self.intake.take()
        if self.timer() < self._retry_at:
            raise HistoryTroubleError(self.why)
        try:
            self._write()
            while self._more():
                self._write()
            with self._database.reading() as connection:
                return ask(connection)
        except HistoryTroubleError as error:
            self._gone(error)
            raise

    def left(self, wanted: CarriedOverQuery) -> Left:
        """What an earlier process left, also in a database that can only be read.

        Raises :class:`HistoryTroubleError` when it cannot be read either.
        """
        try:
            return self._left_in(self._database, wanted)
        except (CorruptError, RefusedError):
            raise
        except HistoryTroubleError:
            if self.database is None and self._database.is_sqlite:
                for as_it_is in (False, True):
                    found = self._left_unwritten(wanted, as_it_is)
                    if found is not None:
                        return found
            raise

    def _left_in(self, database: Database, wanted: CarriedOverQuery) -> Left:
        self.intake.take()
        written = False
        if self.timer() >= self._retry_at:
            try:
                self._write()
                while self._more():
                    self._write()
                written = True
            except HistoryTroubleError as error:
                self._gone(error)
        if not self._reached and not database.is_sqlite:
            raise HistoryTroubleError(self.why)  # once is enough of not being let in
        page = partial(database.deadline.within, WRITE)
        with database.reading(within=LEFT) as connection:
            if not written and check_version(connection) != HEAD:
                raise HistoryTroubleError("its tables are to be made or changed first")
            found = read_left(connection, page, wanted)
        return found if written else overlaid(found, self._journalled(), wanted.before)

    def _left_unwritten(self, wanted: CarriedOverQuery, as_it_is: bool) -> Left | None:
        path = self._database.path
        if path is None or (as_it_is and _size(path.with_name(path.name + "-wal"))):
            return None
        database = Database(self.store, self.data_dir, read_only=True, as_it_is=as_it_is)
        try:
            return self._left_in(database, wanted)
        except HistoryTroubleError:
            return None
        finally:
            database.close()

    def _journalled(self) -> list[Operation]:
        """All that is in the journal and can be read; it stays there."""
        try:
            lines, _ = self._journal.read(MOST)
        except OSError:
            return []
        found: list[Operation] = []
        for line in lines:
            with contextlib.suppress(ValueError):
                found += from_line(line)
        return found

    def close(self) -> None:
        """Writes what waits, within a few seconds; what cannot be written goes to the journal."""
        end = self.timer() + _CLOSING
        self.intake.take()
        try:
            if self.timer() >= self._retry_at:
                self._write()
                while self._more() and self.timer() < end:
                    self._write()
        except HistoryTroubleError as error:
            self._gone(error)
        self._keep_apart()
        if self.intake.held or self.intake.seen:
            log.warning(
                "history_not_written",
                observations=len(self.intake.seen),
                entries=len(self.intake.held),
            )
        self._database.close()

    def _more(self) -> bool:
        given = self.intake
        return bool(given.held or given.seen or given.states or self._to_replay())

    def _to_replay(self) -> bool:
        return bool(self._journal.length) and self.timer() >= self._replay_at

    def _write(self) -> None:
        """Some of all that waits, in order."""
        self._open()
        began = self.timer()
        if self._replay():
            return
        if not (self.intake.held or self.intake.seen or self.intake.states):
            if self.away_since is not None:
                # that it can be read is not enough, nor that it begins a transaction
                with self._database.transaction() as connection:
                    same = update(version).values(version_num=version.c.version_num)
                    connection.execute(same)
                self._returned()
            return
        self._write_held()
        self._write_rest()
        if self.away_since is not None:
            self._returned()
        self._writes += 1
        self._seconds += max(0.0, self.timer() - began)

    def _open(self) -> None:
        now = self.timer()
        if self._ready:
            if now - self._looked_at >= _LOOK:
                self._looked_at = now
                if self._database.replaced():
                    raise HistoryTroubleError("its file was replaced or removed")
            return
        self._numbers.clear()
        migrate(self._database)
        self._ready, self._looked_at = True, now
        self._reached = True

    def _replay(self) -> bool:
        """A piece of the journal; whether there is more of it."""
        try:
            self._journal.open()
            if not self._to_replay():
                return False
            lines, end = self._journal.read(_REPLAY)
        except OSError as error:
            self._journal_fault(error)
            self._replay_at = self.timer() + LONGEST_PAUSE
            self._move_journal()
            return False
        operations: list[list[Operation]] = []
        refused = []
        for line in lines:
            try:
                operations.append(from_line(line))
            except ValueError:
                refused.append(line)
        self._write_all(operations)
        if unread := [*self._journal.broken, *refused]:
            self._lay_aside(unread)
        try:
            # damaged lines count too: all before `end` are done with
            self._journal.replayed(end)
        except OSError as error:
            self._journal_fault(error)
        return self._to_replay()

    def _lay_aside(self, lines: Sequence[bytes]) -> None:
        """Lines of the journal that nobody understands: for people to look at."""
        self.intake.lost += len(lines)
        self._set_aside_of["journal"] += len(lines)
        kept = ""
        try:
            kept = str(self._journal.lay_aside(lines, self._stamp()))
        except OSError as error:
            kept = f"nowhere: {trouble_of(error)}"
        self._journal.broken.clear()
        log.error("history_journal_damaged", lines=len(lines), moved_to=kept)

    def _move_journal(self) -> None:
        """What stands in the journal's place and cannot be read makes room for one that can."""
        try:
            kept = self._journal.move_aside(self._stamp())
        except OSError:
            return  # told already; it is tried again
        self._replay_at = 0.0
        self._set_aside_of["journal"] += 1
        log.error("history_journal_damaged", moved_to=str(kept))

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).strftime("%Y%m%dT%H%M%SZ")

    def _write_held(self) -> None:
        while self.intake.held:
            batch = list(islice(self.intake.held, _ITEMS))
            self._write_all([held.operations for held in batch])
            for _ in batch:
                self.intake.held.popleft()
            self._tell_kept(max(held.number for held in batch))
            self.breathe()

    def _write_all(self, items: Sequence[list[Operation]]) -> None:
        """In one transaction; what the database refuses is left out, told and counted."""
        try:
            with self._database.transaction(durable=True) as connection:
                apply(connection, [operation for item in items for operation in item])
        except UnwritableError as error:
            if len(items) == 1:
                log.error("history_entry_refused", error=str(error))
                self.intake.lost += 1
                return
            for item in items:
                self._write_all([item])

    def _write_rest(self) -> None:
        """Observations and checkpoints."""
        rows = list(islice(self.intake.seen, _ROWS))
        states = dict(islice(self.intake.states.items(), _ROWS))
        if not rows and not states:
            return
        try:
            with self._database.transaction() as connection:
                self._number(connection, {name for name, _ in rows} - self._numbers.keys())
                for begin in range(0, len(rows), SLICE):
                    some = rows[begin : begin + SLICE]
                    write_seen(connection, [(self._numbers[name], seen) for name, seen in some])
                    self.breathe()
                every = of_states(states, self.clock())
                for begin in range(0, len(every), SLICE):
                    apply(connection, every[begin : begin + SLICE])
                    self.breathe()
        except UnwritableError as error:
            log.error("history_observations_refused", error=str(error), number=len(rows))
            self.intake.dropped += len(rows)
        except HistoryTroubleError:
            self._numbers.clear()  # what was numbered in it was rolled back
            raise
        for _ in rows:
            self.intake.seen.popleft()
        for key in states:
            del self.intake.states[key]

    def _number(self, connection: Connection, names: set[str]) -> None:
        ordered = sorted(names)
        for begin in range(0, len(ordered), _ITEMS):
            self._numbers.update(number_series(connection, ordered[begin : begin + _ITEMS]))

    # away and back

    def _gone(self, error: HistoryTroubleError) -> None:
        self._ready = False
        self._database.close()
        now = self.timer()
        pause = self._pause
        if isinstance(error, CorruptError) and self._database.is_sqlite:
            self._set_aside(error)
        elif self.away_since is None or (
            str(error) != self.why and isinstance(error, RefusedError)
        ):
            log.error("history_away", store=self._database.shown, error=str(error))
        if isinstance(error, RefusedError):
            pause = REFUSED_PAUSE
        if self.away_since is None:
            self.away_since = self.clock()
        self.why = str(error)
        self._retry_at = now + pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _set_aside(self, error: HistoryTroubleError) -> None:
        try:
            kept = self._database.move_aside(self._stamp())
        except HistoryTroubleError as why:
            log.error("history_corrupt", error=str(error), not_moved=str(why))
            return
        self._set_aside_of["database"] += 1
        log.error("history_corrupt", error=str(error), moved_to=str(kept))

    def _returned(self) -> None:
        since = self.away_since or 0.0
        seconds = round(self.clock() - since, 1)
        log.info("history_back", store=self._database.shown, seconds=seconds)
        self.away_since, self.why = None, ""
        self._pause, self._retry_at = FIRST_PAUSE, 0.0
        self.tell(self._tell_back)

    def _keep_apart(self) -> None:
        """While the database is away: to the journal, or held within the bounds."""
        if not self.intake.held:
            return
        last = max(held.number for held in self.intake.held)
        try:
            with self._database.deadline.within(WRITE):
                self._journal.append([to_line(held.operations) for held in self.intake.held])
        except OSError as error:
            self._journal_fault(error)
            # nobody shall wait for an alarm because a disk is full
            self._tell_kept(last)
            self.intake.bound_held()
            return
        if self._journal_told:
            self._journal_told = False
            log.info("history_journal_written_again")
        self._tell_kept(last)
        self.intake.held.clear()

    def _journal_fault(self, error: OSError) -> None:
        if not self._journal_told:
            self._journal_told = True
            log.error("history_journal_fails", error=str(trouble_of(error)))

    def _tell_kept(self, number: int) -> None:
        if number:
            self.tell(partial(self.hearing.kept, number))

    def _tell_back(self) -> None:
        self.back()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
