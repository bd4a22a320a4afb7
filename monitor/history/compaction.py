"""Packs hours that are over, rolls them up and deletes what is old, in small pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import floor
from operator import attrgetter

from sqlalchemy import Connection, delete, func, select

from monitor.history.codec.blocks import pack
from monitor.history.database import Database
from monitor.history.queries import DAY, HOUR, block_observations, newest_numbers
from monitor.history.rollup import joined, rolled_up
from monitor.history.rows import of_rollup, rollup_of_row, seen_of_row
from monitor.history.statements import write_block, write_rollup
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
from monitor.model.estate import Retention
from monitor.model.records import Seen

GRACE = 300.0
"""Seconds after an hour's end at which it is packed: what comes late is mostly there."""
PAUSE = 0.05
"""Seconds between two pieces."""
IDLE = 10.0
_ROWS = 200
_PAGES = 256
_SLACK = 0.1
"""Share of a SQLite file's pages that may lie empty before they are given back."""
_SLACK_PAGES = 2048


class Upkeep:
    """Compacts the history once an hour, one check after the other."""

    def __init__(
        self,
        database: Database,
        retention: Retention,
        clock: Callable[[], float],
        breathe: Callable[[], None],
    ) -> None:
        self._database = database
        self.retention = retention
        self._clock = clock
        self._breathe = breathe
        self._packed: int | None = None
        self._round: Iterator[None] | None = None

    def piece(self) -> float:
        """Does one piece and gives the seconds until the next.

        Raises :class:`~monitor.history.errors.HistoryTroubleError`; the round then begins anew.
        """
        hour = floor((self._clock() - GRACE) / HOUR)
        if self._round is None:
            if hour == self._packed:
                return IDLE
            self._round = self._pieces(hour)
            self._packed = hour
        try:
            next(self._round)
        except StopIteration:
            self._round = None
            return IDLE
        except BaseException:
            self._round = self._packed = None
            raise
        return PAUSE

    def whole(self) -> None:
        """A whole round at once."""
        for _ in self._pieces(floor((self._clock() - GRACE) / HOUR)):
            pass

    def _pieces(self, hour: int) -> Iterator[None]:
        """Every hour before ``hour`` is over."""
        with self._database.reading() as connection:
            numbers = list(connection.scalars(select(series.c.id).order_by(series.c.id)))
        yield
        now = self._clock()
        blocks = floor((now - self.retention.observations) / HOUR)
        kept = now - self.retention.transitions
        for number in numbers:
            while self._pack(number, hour):
                yield
            with self._database.transaction() as connection:
                connection.execute(
                    delete(block).where(block.c.series == number, block.c.hour < blocks)
                )
                connection.execute(
                    delete(rollup_day).where(
                        rollup_day.c.series == number, rollup_day.c.day < floor(kept / DAY)
                    )
                )
            yield
        for forget in (
            _forget_hours,
            _forget_transitions,
            _forget_outbox,
            _forget_states,
            _forget_by_hand,
        ):
            more = True
            while more:
                with self._database.transaction() as connection:
                    more = forget(connection, kept)
                yield
        while self._database.is_sqlite and self._give_back():
            yield

    def _pack(self, number: int, hour: int) -> bool:
        """The oldest hour of a check that is over and not packed yet; whether there was one."""
        with self._database.transaction() as connection:
            mine = observation.c.series == number
            over = mine & (observation.c.at < hour * HOUR)
            oldest = connection.scalar(select(func.min(observation.c.at)).where(over))
            if oldest is None:
                return False
            that = floor(oldest / HOUR)
            within = mine & (observation.c.at < (that + 1) * HOUR)
            rows: list[Seen] = []
            found = connection.execute(select(observation).where(within).order_by("at"))
            for batch in found.partitions(_ROWS):
                rows += readable(connection, "observation", batch, seen_of_row)
                self._breathe()
            self._keep(connection, number, that, rows)
            connection.execute(delete(observation).where(within))
        return True

    def _keep(self, connection: Connection, number: int, hour: int, rows: list[Seen]) -> None:
        here = (block.c.series == number) & (block.c.hour == hour)
        earlier = connection.scalar(select(block.c.data).where(here))
        every = rows
        if earlier is not None:  # some of them came late
            old = block_observations(connection, earlier)
            there = {round(seen.at, 3) for seen in old}  # packed, it may have been rounded
            rows = [seen for seen in rows if round(seen.at, 3) not in there]
            every = sorted([*old, *rows], key=attrgetter("at"))
        data = pack(every)
        self._breathe()
        write_block(connection, {"series": number, "hour": hour, "count": len(every), "data": data})
        added = rolled_up(float(hour * HOUR), rows)
        day = hour * HOUR // DAY
        for table, key, value, start in (
            (rollup_hour, "hour", hour, added.start),
            (rollup_day, "day", day, float(day * DAY)),
        ):
            was = connection.execute(
                select(table).where(table.c.series == number, table.c[key] == value)
            ).first()
            before = [was] if was is not None else []
            known = readable(connection, table.name, before, lambda row: rollup_of_row(row, start))  # noqa: B023
            row = of_rollup(joined(start, [*known, added]), **{"series": number, key: value})
            write_rollup(connection, table, row)

    def _give_back(self) -> bool:
        free = self._database.pragma("freelist_count")
        pages = self._database.pragma("page_count")
        if free <= max(_SLACK_PAGES, _SLACK * pages):
            return False
        self._database.pragma(f"incremental_vacuum({_PAGES})")
        return True


def _forget_hours(connection: Connection, kept: float) -> bool:
    oldest = connection.scalar(select(func.min(rollup_hour.c.hour)))
    if oldest is None or oldest >= floor(kept / HOUR):
        return False
    connection.execute(delete(rollup_hour).where(rollup_hour.c.hour == oldest))
    return True


def _forget_transitions(connection: Connection, kept: float) -> bool:
    old = select(transition.c.number).where(transition.c.at < kept).order_by(transition.c.at)
    numbers = list(connection.scalars(old.limit(_ROWS)))
    if numbers:
        these = transition.c.number.in_(numbers)
        ids = select(transition.c.id).where(these)
        connection.execute(delete(evidence).where(evidence.c.id.in_(ids)))
        connection.execute(delete(transition).where(these))
    return bool(numbers)


def _forget_outbox(connection: Connection, kept: float) -> bool:
    """Not what is still to be delivered, and not what was last told: who got the alarm gets the
    all-clear, however long it takes.
    """
    old = select(outbox.c.number).where(
        outbox.c.settled_at < kept, outbox.c.number.not_in(newest_numbers())
    )
    numbers = list(connection.scalars(old.limit(_ROWS)))
    if numbers:
        connection.execute(delete(outbox).where(outbox.c.number.in_(numbers)))
    return bool(numbers)


def _forget_states(connection: Connection, kept: float) -> bool:
    connection.execute(delete(state).where(state.c.saved_at < kept))
    return False


def _forget_by_hand(connection: Connection, kept: float) -> bool:
    connection.execute(delete(by_hand).where(by_hand.c.ends_at < kept))
    return False
