"""Queries that read, the same for SQLite and PostgreSQL. Everything is read in one transaction."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from heapq import merge
from math import ceil, floor, inf
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Select, func, select

from monitor.history.codec.blocks import pack, unpack
from monitor.history.rollup import Rollup
from monitor.history.rows import (
    entry_of_row,
    outgoing_of_row,
    rollup_of_row,
    seen_of_row,
    state_of_row,
    text_of,
)
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
from monitor.history.unreadable_rows import readable
from monitor.model.records import ByHandRow, Entry, Outgoing, Seen

HOUR = 3600
DAY = 86_400
_MANY = 400
"""Values in one list of a statement."""


def check_ids(connection: Connection) -> list[str]:
    """Every check that anything was ever kept of, by name."""
    rows = connection.execute(select(series.c.check_id).order_by(series.c.check_id))
    return list(readable(connection, "series", rows, lambda row: text_of(row.check_id)))


def series_of(connection: Connection, check_id: str) -> int | None:
    """The number of a check; ``None`` when nothing was ever kept of it."""
    return connection.scalar(select(series.c.id).where(series.c.check_id == check_id))


def states(connection: Connection) -> dict[str, bytes]:
    """All of them, by key."""
    found, _ = some_states(connection, "", None)
    return found


def some_states(
    connection: Connection, after: str, limit: int | None
) -> tuple[dict[str, bytes], str | None]:
    """Those ``after`` a key, by key, and after which key there are more of them."""
    found = select(state.c.key, state.c.data).where(state.c.key > after).order_by(state.c.key)
    rows = connection.execute(found.limit(limit) if limit is not None else found).all()
    some = dict(readable(connection, "state", rows, state_of_row))
    return some, next(reversed(some), None) if len(rows) == limit else None


def stream_seen(
    connection: Connection, check_id: str, since: float, until: float = inf
) -> Iterator[list[Seen]]:
    """What one check saw from ``since`` on and before ``until``, oldest first, an hour at a time
    where it is packed.
    """
    number = series_of(connection, check_id)
    if number is None:
        return
    newest = _raw(connection, number, since, until)
    at = 0
    for row in connection.execute(_blocks(number, since, until)):
        rows = [
            seen for seen in block_observations(connection, row.data) if since <= seen.at < until
        ]
        # an hour that was packed too early has rows of both kinds
        end = (row.hour + 1) * HOUR
        late = at
        while late < len(newest) and newest[late].at < end:
            late += 1
        if late > at:
            rows = list(merge(rows, newest[at:late], key=attrgetter("at")))
            at = late
        if rows:
            yield rows
    if at < len(newest):
        yield newest[at:]


def stream_packed(
    connection: Connection, check_id: str, since: float, until: float = inf
) -> Iterator[bytes]:
    """The same, packed: whole hours as they are kept, and what is not packed yet. The first and
    the last may hold more than was asked for.
    """
    number = series_of(connection, check_id)
    if number is None:
        return
    newest = _raw(connection, number, since, until)
    at = 0
    for row in connection.execute(_blocks(number, since, until)):
        late = at
        while late < len(newest) and newest[late].at < (row.hour + 1) * HOUR:
            late += 1
        if late > at:
            rows = block_observations(connection, row.data)
            yield pack(list(merge(rows, newest[at:late], key=attrgetter("at"))))
            at = late
        else:
            yield bytes(row.data)
    if at < len(newest):
        yield pack(newest[at:])


def block_observations(connection: Connection, data: object) -> list[Seen]:
    """A block's observations; none when it is damaged: one hour is lost, not all of them."""
    return next(readable(connection, "block", [data], lambda found: unpack(bytes(found))), [])


def _blocks(number: int, since: float, until: float) -> Select[tuple[int, bytes]]:
    found = (
        select(block.c.hour, block.c.data)
        .where(block.c.series == number, block.c.hour >= floor(since / HOUR))
        .order_by(block.c.hour)
    )
    return found.where(block.c.hour <= floor(until / HOUR)) if until < inf else found


def _raw(connection: Connection, number: int, since: float, until: float) -> list[Seen]:
    raw = (
        select(observation)
        .where(observation.c.series == number, observation.c.at >= since)
        .order_by(observation.c.at)
    )
    if until < inf:
        raw = raw.where(observation.c.at < until)
    return list(readable(connection, "observation", connection.execute(raw), seen_of_row))


def transitions(
    connection: Connection,
    *,
    service: str | None = None,
    environment: str | None = None,
    since: float = 0.0,
    until: float = inf,
    limit: int | None = None,
) -> list[Entry]:
    """Oldest first; with a ``limit`` the newest of them. ``service`` is ``ENV/SERVICE``. An
    ``environment`` has those of its services too.
    """
    found = select(transition).where(transition.c.at >= since)
    if until < inf:
        found = found.where(transition.c.at < until)
    if service is not None:
        owner, _, name = service.partition("/")
        found = found.where(transition.c.environment == owner, transition.c.service == name)
    if environment is not None:
        found = found.where(transition.c.environment == environment)
    found = found.order_by(transition.c.number.desc())
    if limit is not None:
        found = found.limit(limit)
    return list(readable(connection, "transition", connection.execute(found), entry_of_row))[::-1]


def entry(connection: Connection, transition_id: str) -> Entry | None:
    """One transition, by its id."""
    found = connection.execute(select(transition).where(transition.c.id == transition_id))
    return next(readable(connection, "transition", found.fetchmany(1), entry_of_row), None)


def evidence_of(connection: Connection, transition_id: str) -> bytes | None:
    """What was kept for a transition: JSON."""
    found = connection.execute(select(evidence.c.data).where(evidence.c.id == transition_id))
    return next(readable(connection, "evidence", found.fetchmany(1), _inflated), None)


def pending(connection: Connection, since: float = 0.0) -> list[Outgoing]:
    """What is neither delivered nor given up and was made after ``since``, oldest first."""
    found = (
        select(outbox)
        .where(outbox.c.settled_at.is_(None), outbox.c.created_at > since)
        .order_by(outbox.c.number)
    )
    return list(readable(connection, "outbox", connection.execute(found), outgoing_of_row))


def overdue(connection: Connection, since: float) -> dict[str, int]:
    """How many messages to each receiver are neither delivered nor given up and were not made
    after ``since``.
    """
    found = (
        select(outbox.c.notification, func.count().label("number"))
        .where(outbox.c.settled_at.is_(None), outbox.c.created_at <= since)
        .group_by(outbox.c.notification)
    )
    rows = connection.execute(found)
    return dict(readable(connection, "outbox", rows, lambda r: (text_of(r.notification), r.number)))


def newest_numbers() -> Select[tuple[int]]:
    """Of the outbox: the newest row of each receiver and subject."""
    return select(func.max(outbox.c.number)).group_by(outbox.c.notification, outbox.c.subject)


def last_told(connection: Connection, before: float = inf) -> list[Outgoing]:
    """The newest message of each receiver and subject that was made until ``before``."""
    newest = newest_numbers()
    if before < inf:
        newest = newest.where(outbox.c.created_at <= before)
    found = select(outbox).where(outbox.c.number.in_(newest)).order_by(outbox.c.number)
    return list(readable(connection, "outbox", connection.execute(found), outgoing_of_row))


def _inflated(row: Any) -> bytes:
    try:
        return zlib.decompress(bytes(row.data))
    except zlib.error as error:
        raise ValueError(str(error)) from None


def day_rollups(
    connection: Connection, check_id: str, since: float = 0.0, until: float = inf
) -> list[Rollup]:
    """Roll-ups of the whole days (UTC) that begin from ``since`` on and before ``until``, oldest
    first. An hour is in its day as soon as it is packed.
    """
    number = series_of(connection, check_id)
    if number is None:
        return []
    keys = rollup_day.c
    found = select(rollup_day).where(keys.series == number, keys.day >= ceil(since / DAY))
    if until < inf:
        found = found.where(keys.day < ceil(until / DAY))
    rows = connection.execute(found.order_by(keys.day))
    read = readable(
        connection, "rollup_day", rows, lambda row: rollup_of_row(row, float(row.day * DAY))
    )
    return list(read)


def hours(connection: Connection, check_id: str, since: float, until: float) -> list[Rollup]:
    """The same by the hour. Both bounds are needed: the table is in the order of time."""
    number = series_of(connection, check_id)
    if number is None:
        return []
    every: Sequence[int] = range(ceil(since / HOUR), ceil(until / HOUR))
    found: list[Rollup] = []
    for begin in range(0, len(every), _MANY):
        wanted = list(every[begin : begin + _MANY])
        keys = rollup_hour.c
        rows = connection.execute(
            select(rollup_hour)
            .where(keys.hour.in_(wanted), keys.series == number)
            .order_by(keys.hour)
        )
        found += readable(
            connection, "rollup_hour", rows, lambda row: rollup_of_row(row, float(row.hour * HOUR))
        )
    return found


def by_hand_rows(connection: Connection, since: float) -> list[ByHandRow]:
    """What people wrote that has not ended, or after ``since``, the oldest first."""
    lasts = by_hand.c.ends_at.is_(None) | (by_hand.c.ends_at > since)
    found = connection.execute(select(by_hand).where(lasts).order_by(by_hand.c.written_at))
    return [ByHandRow(**row._mapping) for row in found]
