"""Reads the history for commands, beside a daemon that writes or without one."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Self

from monitor.history import queries
from monitor.history.database import Database
from monitor.history.errors import HistoryTroubleError
from monitor.history.schema_version import HEAD, check_version
from monitor.model.records import Entry, Seen


class HistoryReader:
    """All methods raise :class:`~monitor.history.errors.HistoryTroubleError`, with a clause for
    people.
    """

    def __init__(self, store: str, data_dir: Path) -> None:
        self._database = Database(store, data_dir, read_only=True)

    def __enter__(self) -> Self:
        """Raises when there is no history, or one of another version."""
        try:
            with self._database.reading() as connection:
                found = check_version(connection)
        except HistoryTroubleError:
            self._database.close()
            raise
        if found != HEAD:
            self._database.close()
            raise HistoryTroubleError(
                "the history is of an earlier version: the daemon brings it up to date at its start"
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def checks(self) -> list[str]:
        """Every check that something was kept of, by name."""
        with self._database.reading() as connection:
            return queries.check_ids(connection)

    def observations(self, check_id: str, since: float, until: float = inf) -> Iterator[list[Seen]]:
        """What a check saw from ``since`` on and before ``until``, oldest first, an hour at a time
        where it is packed: no more than that is in memory.
        """
        with self._database.reading() as connection:
            yield from queries.stream_seen(connection, check_id, since, until)

    def packed(self, check_id: str, since: float, until: float = inf) -> Iterator[bytes]:
        """The same for :func:`~monitor.history.codec.blocks.columns`: nothing is made an object. The
        first and the last may hold more than was asked for. A block may be damaged.
        """
        with self._database.reading() as connection:
            yield from queries.stream_packed(connection, check_id, since, until)

    def transitions(
        self,
        *,
        service: str | None = None,
        environment: str | None = None,
        since: float = 0.0,
        until: float = inf,
        limit: int | None = None,
    ) -> list[Entry]:
        """Oldest first, without evidence and messages; with a ``limit`` the newest of them."""
        with self._database.reading() as connection:
            return queries.transitions(
                connection,
                service=service,
                environment=environment,
                since=since,
                until=until,
                limit=limit,
            )

    def transition(self, transition_id: str) -> Entry | None:
        with self._database.reading() as connection:
            return queries.entry(connection, transition_id)

    def evidence(self, transition_id: str) -> bytes | None:
        """JSON; ``None`` when none was kept."""
        with self._database.reading() as connection:
            return queries.evidence_of(connection, transition_id)
