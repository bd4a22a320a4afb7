"""Batches from memory to a database that is open: a batch a transaction.

What leaves memory is in the database; what the database refuses for its values is logged and counted
as lost, so that it holds up nothing behind it. Anything else that fails raises
:class:`~monitor.history.errors.HistoryTroubleError` and stays in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

import structlog
from sqlalchemy import Connection

from monitor.history.database import Database
from monitor.history.errors import HistoryTroubleError, UnwritableError
from monitor.history.rows import Operation, of_states
from monitor.history.statements import apply, number_series, write_seen
from monitor.history.write_queue import SLICE, WriteQueue

log = structlog.get_logger("driftvakt")

_ROWS = 2_000
"""Observations, and states, of one transaction."""
_ITEMS = 200
"""Entries of one transaction, and names of one question."""


class BatchWriter:
    """Writes what the intake holds. Belongs to the worker."""

    def __init__(
        self,
        database: Database,
        queue: WriteQueue,
        *,
        clock: Callable[[], float],
        breathe: Callable[[], None],
        kept: Callable[[int], None],
    ) -> None:
        """``kept`` is called with the number of the newest entry that is in the database."""
        self._database = database
        self._queue = queue
        self._clock = clock
        self._breathe = breathe
        self._kept = kept
        self._numbers: dict[str, int] = {}

    def forget_numbers(self) -> None:
        """Asks the database anew which number each check has."""
        self._numbers.clear()

    def write_held(self) -> None:
        """Writes all transitions, messages and what became of them, in order."""
        held = self._queue.held
        while held:
            batch = list(islice(held, _ITEMS))
            self.write_entries([one.operations for one in batch])
            for _ in batch:
                held.popleft()
            self._kept(max(one.number for one in batch))
            self._breathe()

    def write_entries(self, entries: Sequence[list[Operation]]) -> None:
        """Writes entries in one transaction, or each by itself where the database refuses one."""
        try:
            with self._database.transaction(durable=True) as connection:
                apply(connection, [operation for entry in entries for operation in entry])
        except UnwritableError as error:
            if len(entries) == 1:
                log.error("history_entry_refused", error=str(error))
                self._queue.lost += 1
                return
            for entry in entries:
                self.write_entries([entry])

    def write_seen(self) -> None:
        """Writes some observations and states, the oldest first."""
        queue = self._queue
        rows = list(islice(queue.seen, _ROWS))
        states = dict(islice(queue.states.items(), _ROWS))
        if not rows and not states:
            return
        try:
            with self._database.transaction() as connection:
                self._number(connection, {name for name, _ in rows} - self._numbers.keys())
                for begin in range(0, len(rows), SLICE):
                    some = rows[begin : begin + SLICE]
                    write_seen(connection, [(self._numbers[name], seen) for name, seen in some])
                    self._breathe()
                every = of_states(states, self._clock())
                for begin in range(0, len(every), SLICE):
                    apply(connection, every[begin : begin + SLICE])
                    self._breathe()
        except UnwritableError as error:
            log.error("history_observations_refused", error=str(error), number=len(rows))
            queue.dropped += len(rows)
        except HistoryTroubleError:
            self._numbers.clear()  # what was numbered in it was rolled back
            raise
        for _ in rows:
            queue.seen.popleft()
        for key in states:
            del queue.states[key]

    def _number(self, connection: Connection, names: set[str]) -> None:
        ordered = sorted(names)
        for begin in range(0, len(ordered), _ITEMS):
            self._numbers.update(number_series(connection, ordered[begin : begin + _ITEMS]))
