"""The questions, the same for SQLite and PostgreSQL. Everything is read in one transaction."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from heapq import merge
from math import ceil, floor, inf
from operator import attrgetter

import structlog
from sqlalchemy import Connection, Select, func, select

from monitor.history.packing import pack, unpack
from monitor.history.rollup import Rollup
from monitor.history.rows import entry_of_row, outgoing_of_row, rollup_of_row, seen_of_row
from monitor.history.tables import (
    block,
    evidence,
    observation,
    outbox,
    rollup_day,
    rollup_hour,
    series,
    state,
    transition,
)
from monitor.record import Entry, Outgoing, Seen

log = structlog.get_logger("driftvakt")

HOUR = 3600
DAY = 86_400
_MANY = 400
"""Values in one list of a statement."""


def check_ids(connection: Connection) -> list[str]:
    """Every check that anything was ever kept of, by name."""
    return list(connection.scalars(select(series.c.check_id).order_by(series.c.check_id)))


def series_of(connection: Connection, check_id: str) -> int | None:
    """The number of a check; ``None`` when nothing was ever kept of it."""
    return connection.scalar(select(series.c.id).where(series.c.check_id == check_id))


def states(connection: Connection) -> dict[str, bytes]:
    return {row.key: bytes(row.data) for row in connection.execute(select(state))}


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
        rows = [seen for seen in unpacked(bytes(row.data)) if since <= seen.at < until]
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
            rows = unpacked(bytes(row.data))
            yield pack(list(merge(rows, newest[at:late], key=attrgetter("at"))))
            at = late
        else:
            yield bytes(row.data)
    if at < len(newest):
        yield pack(newest[at:])


def unpacked(data: bytes) -> list[Seen]:
    """A block's observations; none when it is damaged: one hour is lost, not all of them."""
    try:
        return unpack(data)
    except ValueError as error:
        log.error("history_block_damaged", error=str(error))
        return []


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
    return [seen_of_row(row) for row in connection.execute(raw)]


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
    return [entry_of_row(row) for row in connection.execute(found)][::-1]


def entry(connection: Connection, transition_id: str) -> Entry | None:
    """One transition, by its id."""
    found = connection.execute(select(transition).where(transition.c.id == transition_id)).first()
    return None if found is None else entry_of_row(found)


def evidence_of(connection: Connection, transition_id: str) -> bytes | None:
    """What was kept for a transition: JSON."""
    found = connection.scalar(select(evidence.c.data).where(evidence.c.id == transition_id))
    return None if found is None else zlib.decompress(bytes(found))


def pending(connection: Connection) -> list[Outgoing]:
    """What is neither delivered nor given up, oldest first."""
    found = select(outbox).where(outbox.c.settled_at.is_(None)).order_by(outbox.c.number)
    return [outgoing_of_row(row) for row in connection.execute(found)]


def newest_numbers() -> Select[tuple[int]]:
    """Of the outbox: the newest row of each receiver and subject."""
    return select(func.max(outbox.c.number)).group_by(outbox.c.notification, outbox.c.subject)


def last_told(connection: Connection) -> list[Outgoing]:
    """The newest message of each receiver and subject, delivered or not."""
    found = select(outbox).where(outbox.c.number.in_(newest_numbers())).order_by(outbox.c.number)
    return [outgoing_of_row(row) for row in connection.execute(found)]


def days(
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
    return [rollup_of_row(row, float(row.day * DAY)) for row in rows]


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
        found += (rollup_of_row(row, float(row.hour * HOUR)) for row in rows)
    return found
