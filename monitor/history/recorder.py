"""What is to be kept, on its way to the database: in memory, in the journal, written.

    record() ──▶ held ──▶ database              while it is there
                  └─────▶ journal ──▶ database   while it is away, and once it is back

Transitions, messages and what became of them go this way, in order, each once. Observations and
checkpoints wait in memory alone, within bounds: the oldest observations give way.

Called from two sides: the loop appends to queues, :meth:`Recorder.step` takes from them in the
worker. Neither waits for the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog
from sqlalchemy import Connection, select

from monitor.estate import Retention
from monitor.history.database import Database
from monitor.history.journal import NAME, Journal
from monitor.history.rows import (
    Operation,
    from_line,
    of_entry,
    of_outgoing,
    of_postponed,
    of_settled,
    of_states,
    to_line,
    without_evidence,
)
from monitor.history.trouble import (
    CorruptError,
    HistoryTroubleError,
    RefusedError,
    UnwritableError,
    trouble_of,
)
from monitor.history.upkeep import Upkeep
from monitor.history.versions import migrate
from monitor.history.writing import apply, number_series, write_seen
from monitor.record import Entry, Outgoing, Seen, seen_of
from probes.observation import Observation

log = structlog.get_logger("driftvakt")

T = TypeVar("T")

TICK = 1.0
"""Seconds between two writings of observations."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
REFUSED_PAUSE = 60.0
OBSERVED = 20_000
"""Observations as the probes gave them, until the worker's next step."""
WAITING = 100_000
"""Observations that wait for the database."""
HELD_WHOLE = 1_000
"""Transitions and messages in memory with their evidence, when not even the journal can be
written."""
HELD = 20_000
_SLICE = 50
_ROWS = 2_000
_ITEMS = 200
_REPLAY = 256 * 1024
_LOOK = 5.0
"""Seconds between looks whether the file is still the one of that name."""
_CLOSING = 5.0

Recorded = Callable[[Sequence[Entry], Sequence[Outgoing]], None]


class _Item(NamedTuple):
    """From the loop: what is to be kept, not converted yet."""

    make: Callable[[], list[Operation]]
    entries: tuple[Entry, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    states: Mapping[str, bytes] | None = None
    checkpoint: bool = False


@dataclass(slots=True)
class _Held:
    """Converted; ``told`` when those who send know of it."""

    operations: list[Operation]
    entries: tuple[Entry, ...]
    outgoing: tuple[Outgoing, ...]
    told: bool = False


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


@dataclass(slots=True)
class _Count:
    writes: int = 0
    seconds: float = 0.0
    dropped: int = 0
    lost: int = 0
    taken: int = 0
    observed: int = 0


def _nobody(*_: object) -> None:
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
    recorded: Recorded = _nobody
    back: Callable[[], None] = _nobody
    away_since: float | None = None
    """Seconds since the epoch."""
    why: str = ""
    """Why it is away."""
    _observed: deque[tuple[str, Observation]] = field(
        default_factory=lambda: deque(maxlen=OBSERVED)
    )
    _incoming: deque[_Item] = field(default_factory=deque)
    _seen: deque[tuple[str, Seen]] = field(default_factory=deque)
    _held: deque[_Held] = field(default_factory=deque)
    _states: dict[str, bytes] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _count: _Count = field(default_factory=_Count)
    _ready: bool = False
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

    def __post_init__(self) -> None:
        """Raises :class:`HistoryTroubleError` for an address that is none."""
        self._database = self.database or Database(self.store, self.data_dir)
        self._journal = Journal(self.data_dir / NAME)
        self.upkeep = Upkeep(self._database, self.retention, self.clock, self.breathe)

    # on the loop

    def observed(self, check_id: str, observation: Observation) -> None:
        self._observed.append((check_id, observation))
        self._count.observed += 1

    def record(self, entries: Sequence[Entry], states: Mapping[str, bytes]) -> None:
        at = self.clock()

        def make() -> list[Operation]:
            found = [operation for entry in entries for operation in of_entry(entry)]
            return found + of_states(states, at)

        outgoing = tuple(one for entry in entries for one in entry.outgoing)
        self._add(_Item(make, tuple(entries), outgoing, states))

    def enqueue(self, outgoing: Sequence[Outgoing]) -> None:
        self._add(_Item(lambda: [of_outgoing(one) for one in outgoing], (), tuple(outgoing)))

    def settle(self, outgoing_id: str, at: float, error: str | None) -> None:
        self._add(_Item(lambda: [of_settled(outgoing_id, at, error)]))

    def postpone(self, outgoing_id: str, attempts: int, next_attempt_at: float) -> None:
        self._add(_Item(lambda: [of_postponed(outgoing_id, attempts, next_attempt_at)]))

    def checkpoint(self, states: Mapping[str, bytes]) -> None:
        self._incoming.append(_Item(list, states=states, checkpoint=True))

    def figures(self) -> Figures:
        count = self._count
        fresh = len(self._observed)
        overflown = max(0, count.observed - count.taken - fresh)
        return Figures(
            observations_waiting=fresh + len(self._seen),
            entries_waiting=len(self._incoming) + len(self._held),
            journal=self._journal.length,
            observations_dropped=count.dropped + overflown,
            entries_lost=count.lost,
            away=self.away_since is not None,
            writes=count.writes,
            write_seconds=count.seconds,
        )

    def _add(self, item: _Item) -> None:
        if len(self._incoming) >= HELD:  # the worker hangs, and has for thousands of transitions
            self._count.lost += 1
            return
        self._incoming.append(item)
        self.wake()

    # in the worker

    def step(self) -> float:
        """Writes what waits; seconds until it wants to be called again (sooner does no harm)."""
        self._take()
        now = self.timer()
        if now < self._retry_at:
            self._keep_apart()
            return min(self._retry_at - now, TICK)
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
        self._take()
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

    def close(self) -> None:
        """Writes what waits, within a few seconds; what cannot be written goes to the journal."""
        end = self.timer() + _CLOSING
        self._take()
        try:
            if self.timer() >= self._retry_at:
                self._write()
                while self._more() and self.timer() < end:
                    self._write()
        except HistoryTroubleError as error:
            self._gone(error)
        self._keep_apart()
        if self._held or self._seen:
            log.warning(
                "history_not_written", observations=len(self._seen), entries=len(self._held)
            )
        self._database.close()

    def _more(self) -> bool:
        return bool(self._journal.length or self._held or self._seen or self._states)

    def _take(self) -> None:
        """From the loop's queues: converted, and within the bounds."""
        for number in range(len(self._observed)):
            try:
                check_id, observation = self._observed.popleft()
            except IndexError:  # the queue has overflown meanwhile
                break
            self._count.taken += 1
            self._seen.append((check_id, seen_of(observation)))
            if number % _SLICE == _SLICE - 1:
                self.breathe()
        while len(self._seen) > WAITING:
            self._seen.popleft()
            self._count.dropped += 1
        while self._incoming:
            item = self._incoming.popleft()
            if item.checkpoint:
                self._states.update(item.states or {})
                continue
            for key in item.states or ():
                self._states.pop(key, None)  # an older one: it must not be written after this
            try:
                operations = item.make()
            except Exception:
                log.exception("history_fault")  # ours; those that wait behind it are not to suffer
                self._count.lost += 1
            else:
                self._held.append(_Held(operations, item.entries, item.outgoing))

    def _write(self) -> None:
        """Some of all that waits, in order."""
        self._open()
        began = self.timer()
        if self._replay():
            return
        if not (self._held or self._seen or self._states):
            if self.away_since is not None:
                with (
                    self._database.transaction() as connection
                ):  # that it can be read is not enough
                    connection.execute(select(1))
                self._returned()
            return
        self._write_held()
        self._write_rest()
        if self.away_since is not None:
            self._returned()
        self._count.writes += 1
        self._count.seconds += max(0.0, self.timer() - began)

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

    def _replay(self) -> bool:
        """A piece of the journal; whether there is more of it."""
        try:
            self._journal.open()
            if not self._journal.length:
                return False
            lines, end = self._journal.read(_REPLAY)
        except OSError as error:
            self._journal_fault(error)
            return False
        operations: list[list[Operation]] = []
        for line in lines:
            try:
                operations.append(from_line(line))
            except ValueError:
                self._journal.broken += 1
        self._write_all(operations)
        if self._journal.broken:
            log.error("history_journal_damaged", lines=self._journal.broken)
            self._count.lost += self._journal.broken
            self._journal.broken = 0
        try:
            # damaged lines count too: all before `end` are done with
            self._journal.replayed(end)
        except OSError as error:
            self._journal_fault(error)
        return self._journal.length > 0

    def _write_held(self) -> None:
        while self._held:
            batch = list(islice(self._held, _ITEMS))
            self._write_all([held.operations for held in batch])
            for _ in batch:
                self._held.popleft()
            self._tell_recorded(batch)
            self.breathe()

    def _write_all(self, items: Sequence[list[Operation]]) -> None:
        """In one transaction; what the database refuses is left out, told and counted."""
        try:
            with self._database.transaction(durable=True) as connection:
                apply(connection, [operation for item in items for operation in item])
        except UnwritableError as error:
            if len(items) == 1:
                log.error("history_entry_refused", error=str(error))
                self._count.lost += 1
                return
            for item in items:
                self._write_all([item])

    def _write_rest(self) -> None:
        """Observations and checkpoints."""
        rows = list(islice(self._seen, _ROWS))
        states = dict(islice(self._states.items(), _ROWS))
        if not rows and not states:
            return
        try:
            with self._database.transaction() as connection:
                self._number(connection, {name for name, _ in rows} - self._numbers.keys())
                for begin in range(0, len(rows), _SLICE):
                    some = rows[begin : begin + _SLICE]
                    write_seen(connection, [(self._numbers[name], seen) for name, seen in some])
                    self.breathe()
                every = of_states(states, self.clock())
                for begin in range(0, len(every), _SLICE):
                    apply(connection, every[begin : begin + _SLICE])
                    self.breathe()
        except UnwritableError as error:
            log.error("history_observations_refused", error=str(error), number=len(rows))
            self._count.dropped += len(rows)
        except HistoryTroubleError:
            self._numbers.clear()  # what was numbered in it was rolled back
            raise
        for _ in rows:
            self._seen.popleft()
        for key in states:
            del self._states[key]

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
        now = datetime.fromtimestamp(self.clock(), UTC).strftime("%Y%m%dT%H%M%SZ")
        try:
            kept = self._database.move_aside(now)
        except HistoryTroubleError as why:
            log.error("history_corrupt", error=str(error), not_moved=str(why))
            return
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
        if not self._held:
            return
        try:
            self._journal.append([to_line(held.operations) for held in self._held])
        except OSError as error:
            self._journal_fault(error)
            # nobody shall wait for an alarm because a disk is full
            self._tell_recorded(self._held)
            self._bound_held()
            return
        if self._journal_told:
            self._journal_told = False
            log.info("history_journal_written_again")
        self._tell_recorded(self._held)
        self._held.clear()

    def _bound_held(self) -> None:
        while len(self._held) > HELD:
            self._held.popleft()
            self._count.lost += 1
        for held in islice(self._held, HELD_WHOLE, None):
            held.operations = without_evidence(held.operations)
            held.entries = held.outgoing = ()  # they have been told

    def _journal_fault(self, error: OSError) -> None:
        if not self._journal_told:
            self._journal_told = True
            log.error("history_journal_fails", error=str(trouble_of(error)))

    def _tell_recorded(self, batch: Sequence[_Held] | deque[_Held]) -> None:
        fresh = [held for held in batch if not held.told]
        for held in fresh:
            held.told = True
        entries = tuple(entry for held in fresh for entry in held.entries)
        outgoing = tuple(one for held in fresh for one in held.outgoing)
        if entries or outgoing:
            self.tell(partial(self._tell, entries, outgoing))

    def _tell_back(self) -> None:
        self.back()

    def _tell(self, entries: Sequence[Entry], outgoing: Sequence[Outgoing]) -> None:
        self.recorded(entries, outgoing)
