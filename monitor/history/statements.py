"""The statements that write, the same for SQLite and PostgreSQL. Each may be run twice: the second
time changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Executable, Table, bindparam, select, update
from sqlalchemy.dialects import sqlite

from monitor.history.rows import OBSERVATION, Operation, Row, of_seen
from monitor.history.tables import (
    block,
    by_hand,
    evidence,
    observation,
    outbox,
    rollup_day,
    rollup_hour,
    series,
    state,
    transition,
)
from monitor.model.records import Seen

_ADDS = frozenset(("transition", "evidence", "outgoing", "state"))
"""Statements that leave each other's rows alone: those of one may come before those of another."""


def apply(connection: Connection, operations: Iterable[Operation]) -> None:
    """Runs them in order, as few times as that allows: each time costs more than ten rows do."""
    statements = _statements(connection.dialect.name)
    by_name = attrgetter("name")
    for adds, run in groupby(operations, lambda one: one.name in _ADDS):
        for name, group in groupby(sorted(run, key=by_name) if adds else run, by_name):
            connection.execute(statements[name], [one.row for one in group])


def write_seen(connection: Connection, numbered: Sequence[tuple[int, Seen]]) -> None:
    """Observations, by the number of their series."""
    rows = [of_seen(number, seen) for number, seen in numbered]
    if connection.dialect.name == "sqlite":
        # the toolkit's look at each value costs more than SQLite's writing of the row
        connection.exec_driver_sql(_sqlite_observation(), rows)
        return
    named = [dict(zip(OBSERVATION, row, strict=True)) for row in rows]
    connection.execute(_statements(connection.dialect.name)["observation"], named)


def write_rollup(connection: Connection, table: Table, row: Row) -> None:
    """Takes the place of the one with the same keys."""
    connection.execute(_statements(connection.dialect.name)[table.name], [row])


def write_block(connection: Connection, row: Row) -> None:
    """Takes the place of the one of the same hour."""
    connection.execute(_statements(connection.dialect.name)["block"], [row])


def number_series(connection: Connection, names: Sequence[str]) -> Mapping[str, int]:
    """The numbers of these checks, new ones for those that have none."""
    statement = _statements(connection.dialect.name)["series"]
    connection.execute(statement, [{"check_id": name} for name in names])
    found = connection.execute(
        select(series.c.check_id, series.c.id).where(series.c.check_id.in_(names))
    )
    return {row.check_id: row.id for row in found}


@cache
def _sqlite_observation() -> str:
    """The statement's text, its parameters in the order of the table's columns."""
    dialect = sqlite.dialect(paramstyle="qmark")
    return str(sqlite.insert(observation).on_conflict_do_nothing().compile(dialect=dialect))


@cache
def _statements(dialect: str) -> Mapping[str, Executable]:
    insert: Any = sqlite.insert
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        insert = postgresql.insert

    def once(table: Table) -> Executable:
        found: Executable = insert(table).on_conflict_do_nothing()
        return found

    def instead(table: Table, *keys: str) -> Executable:
        added = insert(table)
        rest = [c.name for c in table.columns if c.name not in keys and not _numbers_itself(c)]
        found: Executable = added.on_conflict_do_update(
            index_elements=list(keys), set_={name: added.excluded[name] for name in rest}
        )
        return found

    open_message = (outbox.c.id == bindparam("of")) & outbox.c.settled_at.is_(None)
    return {
        "series": once(series),
        "observation": once(observation),
        "transition": once(transition),
        "evidence": once(evidence),
        "outgoing": once(outbox),
        "state": instead(state, "key"),
        "by_hand": instead(by_hand, "kind", "id"),
        "block": instead(block, "series", "hour"),
        rollup_hour.name: instead(rollup_hour, "hour", "series"),
        rollup_day.name: instead(rollup_day, "series", "day"),
        "settled": update(outbox)
        .where(open_message)
        .values(settled_at=bindparam("settled_at"), error=bindparam("error")),
        "expired": update(outbox)
        .where(outbox.c.created_at <= bindparam("before"), outbox.c.settled_at.is_(None))
        .values(settled_at=bindparam("settled_at"), error=bindparam("error")),
        "postponed": update(outbox)
        .where(open_message)
        .values(attempts=bindparam("attempts"), next_attempt_at=bindparam("next_attempt_at")),
    }


def _numbers_itself(column: Any) -> bool:
    return bool(column.primary_key) and column.name == "id"
