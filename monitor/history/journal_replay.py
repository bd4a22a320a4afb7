"""The journal in use: entries go into it while the database is away, and from it into the database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from monitor.history.deadline import WRITE, Deadline
from monitor.history.errors import trouble_of
from monitor.history.journal import MOST, Journal
from monitor.history.rows import Operation, from_line, to_line
from monitor.history.write_queue import Held

log = structlog.get_logger("driftvakt")

RETRY = 5.0
"""Seconds after which a journal that cannot be read is tried again."""
_PIECE = 256 * 1024
"""Bytes that are replayed in one go."""


class JournalReplay:
    """Spools entries to the journal and replays them. Belongs to the worker; it raises no ``OSError``:
    a journal that fails is logged, once, and tried again.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float],
        timer: Callable[[], float],
        deadline: Deadline,
    ) -> None:
        self._journal = Journal(path)
        self._clock = clock
        self._timer = timer
        self._deadline = deadline
        self._due_at = 0.0
        self._fails = False
        """Whether the log has it that the journal fails."""
        self.lost = 0
        """Lines that nobody understands."""
        self.damaged = 0
        """Those lines, and journals that could not be read at all."""

    @property
    def length(self) -> int:
        """Entries that wait on disk."""
        return self._journal.length

    @property
    def due(self) -> bool:
        """Whether there is something to replay now."""
        return bool(self._journal.length) and self._timer() >= self._due_at

    def spool(self, held: Collection[Held]) -> bool:
        """Appends entries; gives whether they are on the disk."""
        try:
            with self._deadline.within(WRITE):
                self._journal.append([to_line(one.operations) for one in held])
        except OSError as error:
            self._log_fault(error)
            return False
        if self._fails:
            self._fails = False
            log.info("history_journal_written_again")
        return True

    def replay(self, write: Callable[[Sequence[list[Operation]]], None]) -> bool:
        """Gives the oldest entries to ``write``, which raises where it cannot keep them; gives
        whether there are more.
        """
        try:
            self._journal.open()
            if not self.due:
                return False
            lines, end = self._journal.read(_PIECE)
        except OSError as error:
            self._log_fault(error)
            self._due_at = self._timer() + RETRY
            self._move_aside()
            return False
        entries: list[list[Operation]] = []
        refused = []
        for line in lines:
            try:
                entries.append(from_line(line))
            except ValueError:
                refused.append(line)
        write(entries)
        if unread := [*self._journal.broken, *refused]:
            self._lay_aside(unread)
        try:
            # damaged lines count too: all before `end` are done with
            self._journal.replayed(end)
        except OSError as error:
            self._log_fault(error)
        return self.due

    def operations(self) -> list[Operation]:
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

    def _lay_aside(self, lines: Sequence[bytes]) -> None:
        """Keeps lines that nobody understands, for people to look at."""
        self.lost += len(lines)
        self.damaged += len(lines)
        kept = ""
        try:
            kept = str(self._journal.lay_aside(lines, stamp(self._clock())))
        except OSError as error:
            kept = f"nowhere: {trouble_of(error)}"
        self._journal.broken.clear()
        log.error("history_journal_damaged", lines=len(lines), moved_to=kept)

    def _move_aside(self) -> None:
        """What stands in the journal's place and cannot be read makes room for one that can."""
        try:
            kept = self._journal.move_aside(stamp(self._clock()))
        except OSError:
            return  # logged already; it is tried again
        self._due_at = 0.0
        self.damaged += 1
        log.error("history_journal_damaged", moved_to=str(kept))

    def _log_fault(self, error: OSError) -> None:
        if not self._fails:
            self._fails = True
            log.error("history_journal_fails", error=str(trouble_of(error)))


def stamp(at: float) -> str:
    """An instant (seconds since the epoch) for the name of a file."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
