"""The tables, as SQLAlchemy Core knows them. The migrations make them; a test compares the two.

Instants are seconds since the epoch, lengths of time are seconds, ``hour`` and ``day`` count whole
hours and days since the epoch (UTC).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()
VERSION_TABLE = "driftvakt_version"
"""Which migration the database is at."""
version = Table(
    VERSION_TABLE,
    MetaData(),  # it is Alembic's, not ours
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)
"""As Alembic makes it: one row."""

series = Table(
    "series",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("check_id", Text, nullable=False, unique=True),
)
"""A small number for each check: it is in every row of what follows."""

observation = Table(
    "observation",
    METADATA,
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, primary_key=True),
    Column("duration", Double, nullable=False),
    Column("grade", Text, nullable=False),
    Column("reason", Text),
    Column("cause", Text),
    Column("resolve", Double),
    Column("connect", Double),
    Column("tls", Double),
    Column("processing", Double),
    Column("transfer", Double),
    Column("address", Text),
    Column("status", Integer),
    Column("detail", Text, nullable=False),
    Column("parts", LargeBinary),
    sqlite_with_rowid=False,
)
"""The newest hours, a row each; ``parts`` is packed."""

block = Table(
    "block",
    METADATA,
    # a table of its own numbers: SQLite keeps large rows badly in the order of another key
    Column("id", Integer, primary_key=True),
    Column("series", Integer, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("series", "hour", name="block_series_hour"),
)
"""One check's observations of an hour that is over, packed."""


def _rollup(name: str, unit: str, first: str, second: str) -> Table:
    keys = {
        "series": Column("series", Integer, primary_key=True, autoincrement=False),
        unit: Column(unit, Integer, primary_key=True, autoincrement=False),
    }
    return Table(
        name,
        METADATA,
        keys[first],
        keys[second],
        Column("good", Integer, nullable=False),
        Column("degraded", Integer, nullable=False),
        Column("failed", Integer, nullable=False),
        Column("trouble", Integer, nullable=False),
        Column("latency", LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


# The hour comes first: all checks' newest hours are written together, at the end of the table, and
# fill its pages. With the check first every page would be split, and stay half empty.
rollup_hour = _rollup("rollup_hour", "hour", "hour", "series")
rollup_day = _rollup("rollup_day", "day", "series", "day")

transition = Table(
    "transition",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Double, nullable=False),
    Column("since", Double, nullable=False),
    Column("environment", Text, nullable=False),
    Column("service", Text),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("began", Double),
    Column("planned", Boolean, nullable=False),
    Column("was_planned", Boolean, nullable=False),
    Column("check", Text),
    Column("reason", Text),
    Column("cause", Text),
    Column("window", Text),
    Column("message_sv", Text, nullable=False),
    Column("message_en", Text, nullable=False),
    Index("transition_at", "at"),
    Index("transition_subject", "environment", "service", "at"),
)
"""``number`` is the order in which they were told."""

evidence = Table(
    "evidence",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
"""By the transition's id; compressed by zlib."""

outbox = Table(
    "outbox",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("transition", Text),
    Column("notification", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Double, nullable=False),
    Column("settled_at", Double),
    Column("error", Text),
    Index("outbox_told", "notification", "subject", "number"),
    Index("outbox_settled", "settled_at", "number"),
)
"""``settled_at``: delivered, or given up when there is an ``error`` with it."""

by_hand = Table(
    "by_hand",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("author", Text, nullable=False),
    Column("written_at", Double, nullable=False),
    Column("ends_at", Double),
    Column("document", Text, nullable=False),
)
"""What people wrote, the newest of each; without ``ends_at`` it lasts until the next green."""

state = Table(
    "state",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("saved_at", Double, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
