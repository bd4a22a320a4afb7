"""Reads what an earlier process left, in a handful of queries whatever its size.

Also from a database that can be read and not written: the journal then has what is newer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from types import SimpleNamespace
from typing import Any

import orjson
from sqlalchemy import Connection, Double, FromClause, and_, cast, func, select, text

from monitor.history import queries
from monitor.history.queries import HOUR
from monitor.history.rows import (
    Operation,
    outgoing_of_row,
    seen_of_row,
    text_of,
    transition_of_row,
)
from monitor.history.tables import block, observation, series, transition
from monitor.history.unreadable_rows import readable
from monitor.model.records import Outgoing, Seen
from monitor.model.transition import Transition

PAGE = 25_000
"""Rows of states, and checks, that one question asks for."""
PAGE_OF_TRANSITIONS = 10_000

Floors = Callable[[Mapping[str, bytes]], Mapping[str, float]]
"""From the states: the checks whose observations are wanted, and since when."""
Page = Callable[[], AbstractContextManager[None]]
"""Around each question."""


@dataclass(slots=True, kw_only=True)
class CarriedOver:
    """Holds everything that a start takes up."""

    states: dict[str, bytes] = field(default_factory=dict)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    """What each check saw after its state was kept, oldest first."""
    transitions: list[Transition] = field(default_factory=list)
    """Oldest first."""
    told: list[Outgoing] = field(default_factory=list)
    """The newest message of each receiver and subject, delivered or not, that was made before the
    start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedOverQuery:
    """Says what a start needs of the history."""

    floors: Floors
    since: float
    """The oldest transition."""
    most: int
    """Transitions, the newest, at most."""
    before: float = inf
    """The start: what was told from then on, this process has told."""


def read_carried_over(connection: Connection, page: Page, wanted: CarriedOverQuery) -> CarriedOver:
    """All of it, in one transaction."""
    found = CarriedOver()
    last: str | None = ""
    while last is not None:
        with page():
            some, last = queries.some_states(connection, last, PAGE)
        found.states |= some
    floors = iter(wanted.floors(found.states).items())
    while some_floors := dict(islice(floors, PAGE)):
        with page():
            for name, seen in _later(connection, some_floors):
                found.seen.setdefault(name, []).append(seen)
    for rows in found.seen.values():
        rows.sort(key=lambda seen: seen.at)  # those of a packed hour came first
    found.transitions = list(_transitions(connection, page, wanted.since, wanted.most))[::-1]
    with page():
        found.told = queries.last_told(connection, wanted.before)
    return found


def overlaid(found: CarriedOver, journal: Iterable[Operation], before: float) -> CarriedOver:
    """With what the ``journal`` has, which is newer than all of the database."""
    newest = {(one.notification, one.subject): one for one in found.told}
    for name, row in journal:
        if name == "state":
            found.states[row["key"]] = row["data"]
        elif name == "transition":
            found.transitions.append(transition_of_row(SimpleNamespace(**row)))
        elif name == "outgoing":
            one = outgoing_of_row(SimpleNamespace(**row))
            if one.created_at <= before:
                newest[one.notification, one.subject] = one
    found.told = list(newest.values())
    return found


def _later(connection: Connection, floors: Mapping[str, float]) -> Iterator[tuple[str, Seen]]:
    """What each of these checks saw after an instant of its own."""
    wanted, name, since = _listed(connection, floors)
    mine = select(series.c.check_id, series.c.id, since.label("since")).join(
        wanted, series.c.check_id == name
    )
    numbered = mine.subquery()
    packed = select(numbered.c.check_id, numbered.c.since, block.c.data).join(
        block,
        and_(block.c.series == numbered.c.id, (block.c.hour + 1) * HOUR > numbered.c.since),
    )
    for row in connection.execute(packed.order_by(block.c.hour)):
        for seen in queries.block_observations(connection, row.data):
            if seen.at > row.since:
                yield row.check_id, seen
    raw = select(numbered.c.check_id, observation).join(
        observation,
        and_(observation.c.series == numbered.c.id, observation.c.at > numbered.c.since),
    )
    yield from readable(
        connection,
        "observation",
        connection.execute(raw.order_by(observation.c.series, observation.c.at)),
        lambda row: (text_of(row.check_id), seen_of_row(row)),
    )


def _listed(connection: Connection, floors: Mapping[str, float]) -> tuple[FromClause, Any, Any]:
    """The floors as rows of one parameter."""
    given = orjson.dumps(dict(floors)).decode()
    if connection.dialect.name == "sqlite":
        rows = func.json_each(given).table_valued("key", "value", name="floor")
        return rows, rows.c.key, cast(rows.c.value, Double)
    rows = func.jsonb_each_text(
        text("CAST(:floors AS jsonb)").bindparams(floors=given)
    ).table_valued("key", "value", name="floor")
    return rows, rows.c.key, cast(rows.c.value, Double)


def _transitions(
    connection: Connection, page: Page, since: float, most: int
) -> Iterator[Transition]:
    """Newest first."""
    below: int | None = None
    while most > 0:
        found = (
            select(transition).where(transition.c.at >= since).order_by(transition.c.number.desc())
        )
        if below is not None:
            found = found.where(transition.c.number < below)
        with page():
            rows = connection.execute(found.limit(min(most, PAGE_OF_TRANSITIONS))).all()
            yield from readable(connection, "transition", rows, transition_of_row)
        if len(rows) < PAGE_OF_TRANSITIONS:
            return
        most -= len(rows)
        below = rows[-1].number
