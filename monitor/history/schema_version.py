"""Runs the migrations at start; several daemons on one database run them one after the other.

Alembic takes half a second to import and to walk its steps, so it is asked only by a database of an
older version. A new one gets the tables as the code knows them; a test holds that they are those
that the migrations make.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from monitor.history.database import MIGRATION, Database, lock
from monitor.history.errors import RefusedError
from monitor.history.tables import METADATA, VERSION_TABLE
from monitor.history.tables import version as version_table

VERSIONS = ("0001", "0002", "0003")
"""All that there are, oldest first. A test compares them with the files."""
HEAD = VERSIONS[-1]
_LOCK = 0x6472_6966_7476
"""Any number that nobody else takes for a lock: ``driftv``."""


def version_of(connection: Connection) -> str | None:
    """Which migration the database is at; ``None`` before the first."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a name of ours
    return None if found is None else str(found)


def check_version(connection: Connection) -> str | None:
    """The version that it is at. Raises :class:`RefusedError` for one that we do not know."""
    found = version_of(connection)
    if found is not None and found not in VERSIONS:
        raise RefusedError(
            f"the database is of version {clean_version(found)}, newer than this program's {HEAD}"
        )
    return found


def clean_version(found: str) -> str:
    """What another program wrote, for a log line."""
    return "".join(c for c in found if c.isalnum())[:20] or "?"


def migrate(database: Database, to: str = HEAD) -> None:
    """Brings the tables up to ``to`` in one transaction: all of it or nothing.

    Raises :class:`~monitor.history.errors.HistoryTroubleError`.
    """
    with database.reading() as connection:
        if check_version(connection) == to:
            return
    with database.transaction(durable=True, within=MIGRATION) as connection:
        lock(connection, _LOCK)
        if check_version(connection) == to:  # somebody else was faster
            return
        if to == HEAD and _is_new(connection):
            _make(connection)
        else:
            _run(connection, to)


def _is_new(connection: Connection) -> bool:
    """Whether it has none of our tables."""
    return METADATA.tables.keys().isdisjoint(inspect(connection).get_table_names())


def _make(connection: Connection) -> None:
    """The tables of the newest version, where there is none."""
    METADATA.create_all(connection, checkfirst=False)
    version_table.create(connection, checkfirst=True)
    connection.execute(version_table.delete())
    connection.execute(version_table.insert().values(version_num=HEAD))


def _run(connection: Connection, to: str) -> None:
    """What every step since its version does."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
