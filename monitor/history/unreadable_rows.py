"""Leaves out rows that cannot be read, each by itself, and counts and logs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from probes.observation import clean

log = structlog.get_logger("driftvakt")

T = TypeVar("T")
KEY = "driftvakt.damage"
"""Of a connection's own information."""


class Damage:
    """Counts the rows of each table that could not be read, each as often as it was met."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()

    def note(self, table: str, error: Exception) -> None:
        """One row. The first of each table is told."""
        self.met[table] += 1
        if self.met[table] == 1:
            log.error("history_row_damaged", table=table, error=clean(str(error)))


def readable(
    connection: Connection, table: str, rows: Iterable[Any], read: Callable[[Any], T]
) -> Iterator[T]:
    """Each row as ``read`` gives it. One that it refuses is left out: it is one row."""
    for row in rows:
        try:
            yield read(row)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            damage_of(connection).note(table, error)


def damage_of(connection: Connection) -> Damage:
    """Where the connection's damage is counted."""
    found: Damage = connection.info.setdefault(KEY, Damage())
    return found
