"""The connection to SQLite or PostgreSQL, and what differs between them."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from monitor.history.deadline import READ, WRITE, Deadline
from monitor.history.errors import FAULTS, HistoryTroubleError, trouble_of
from monitor.history.unreadable_rows import KEY, Damage

SQLITE = "sqlite"
FILE = "driftvakt.db"
_MODE = 0o640
"""Of a new file: evidence is for its owner and group."""
LOCK_WAIT = 2.0
"""Seconds that a statement waits for another process's lock before the store counts as away."""
CONNECT = 2
"""Seconds that connecting to PostgreSQL may take: the least that the driver knows."""
MIGRATION = 600.0
"""Seconds that making or changing the tables may take."""
_LENIENT = partial(str, encoding="utf-8", errors="surrogateescape")
_READERS = 4
"""More connections of a program that reads one thing while it reads another."""
_PRAGMAS = (
    # before the first table: afterwards it takes a VACUUM to change
    "auto_vacuum = INCREMENTAL",
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "journal_size_limit = 67108864",
    "cache_size = -2048",
    "temp_store = MEMORY",
)


class Database:
    """One connection, used by one thread at a time. Nothing is opened before it is needed.

    All methods raise :class:`~monitor.history.errors.HistoryTroubleError`.
    """

    def __init__(
        self, store: str, data_dir: Path, *, read_only: bool = False, as_it_is: bool = False
    ) -> None:
        """``as_it_is``: a SQLite file on a disk that takes no lock and no shared memory."""
        self.path = data_dir / FILE if store == SQLITE else None
        self._read_only = read_only
        self._as_it_is = as_it_is
        self._engine: Engine | None = None
        self._inode: tuple[int, int] | None = None
        self._connections: list[Any] = []
        self.deadline = Deadline()
        self.damage = Damage()
        """What it has and cannot be read, as it was met."""
        self._secrets: tuple[str, ...] = ()
        if self.path is not None:
            self._url = URL.create("sqlite+pysqlite", database=str(self.path))
            return
        try:
            url = make_url(store)
        except (ArgumentError, ValueError):
            # the text of that error has the URL in it
            raise HistoryTroubleError("the store's address is not understood") from None
        password = str(url.password or "")
        every = {password, quote(password), quote(password, safe=""), quote_plus(password)}
        self._secrets = tuple(sorted(every - {""}, key=len, reverse=True))
        self._url = url.set(drivername="postgresql+psycopg")

    @property
    def is_sqlite(self) -> bool:
        return self.path is not None

    @property
    def shown(self) -> str:
        """For the log."""
        if self.path is not None:
            return str(self.path)
        return self._url.set(drivername="postgresql", query={}).render_as_string()

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = False, within: float = WRITE) -> Iterator[Connection]:
        """For writing. ``durable``: committed means on the disk, for SQLite too. ``within`` are
        seconds for all of it.
        """
        with self._our_errors(), self.deadline.within(within), self._connect() as connection:
            if self.is_sqlite and not self._read_only:
                level = "FULL" if durable else "NORMAL"
                connection.connection.cursor().execute(f"PRAGMA synchronous = {level}")
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def reading(self, *, within: float = READ) -> Iterator[Connection]:
        """Everything in it is read as of one instant, ``within`` so many seconds."""
        with self._our_errors(), self.deadline.within(within), self._connect() as connection:
            options: dict[str, Any] = {"writes": False}
            if not self.is_sqlite:
                options["isolation_level"] = "REPEATABLE READ"
            with connection.execution_options(**options).begin():
                yield connection

    def pragma(self, statement: str) -> int:
        """SQLite alone: one that must not be inside a transaction, and the number it gives."""
        with self._our_errors(), self.deadline.within(WRITE), self._connect() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA {statement}")
            rows = cursor.fetchall()
            return int(rows[0][0]) if rows else 0

    def replaced(self) -> bool:
        """Whether the file that is open is no longer the one of that name."""
        return (
            self.path is not None and self._inode is not None and _inode(self.path) != self._inode
        )

    def break_off(self) -> None:
        """From any thread: the use that is under way fails at once, unless it waits for a file
        system.
        """
        for connection in list(self._connections):
            # it may be closed at this very moment
            with contextlib.suppress(Exception):
                if self.is_sqlite:
                    connection.interrupt()
                else:
                    _hang_up(connection.pgconn.socket)

    def close(self) -> None:
        """The next use opens it again."""
        engine, self._engine = self._engine, None
        self._inode = None
        self._connections = []
        if engine is not None:
            with contextlib.suppress(*FAULTS):
                engine.dispose()

    def move_aside(self, now: str) -> Path:
        """A broken SQLite file gets another name, with what belongs to it. Gives the new name."""
        if self.path is None:
            raise HistoryTroubleError("it is no file")
        self.close()
        target = self.path.with_name(f"{FILE}.corrupt-{now}")
        number = 1
        while target.exists():
            number += 1
            target = self.path.with_name(f"{FILE}.corrupt-{now}-{number}")
        try:
            for suffix in ("", "-wal", "-shm"):
                source = self.path.with_name(FILE + suffix)
                if source.exists():
                    source.rename(target.with_name(target.name + suffix))
        except OSError as error:
            raise trouble_of(error) from error
        return target

    @contextlib.contextmanager
    def _our_errors(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as error:
            raise trouble_of(error, self._secrets) from error

    def _connect(self) -> Connection:
        if self._engine is None:
            self._engine = self._open()
        connection = self._engine.connect()
        if self.path is not None and self._inode is None:
            self._inode = _inode(self.path)
        return connection

    def _remember(self, connection: Any, record: Any) -> None:
        self._connections.append(connection)
        record.info[KEY] = self.damage
        if self.is_sqlite:
            # a cell that is not UTF-8 is told from others by its surrogates, and fails alone
            connection.text_factory = _LENIENT

    def _open(self) -> Engine:
        if self.path is None:
            options = f"-c statement_timeout={WRITE:g}s -c lock_timeout={LOCK_WAIT:g}s"
            if self._read_only:
                options = "-c default_transaction_read_only=on"
            engine = create_engine(
                self._url,
                pool_size=1,
                max_overflow=_READERS if self._read_only else 0,
                hide_parameters=True,
                connect_args={
                    "application_name": "driftvakt",
                    "connect_timeout": CONNECT,
                    "keepalives_idle": CONNECT,
                    "keepalives_interval": 1,
                    "keepalives_count": 2,
                    "tcp_user_timeout": 1000 * round(WRITE),
                    "options": options,
                },
            )
            event.listen(engine, "connect", self._remember)
            return engine
        url = self._url
        if self._read_only:
            if not self.path.exists():
                raise HistoryTroubleError(f"there is no history at {self.path}")
            given = f"file:{quote(str(self.path.absolute()))}"
            query = {"mode": "ro", "uri": "true"}
            if self._as_it_is:
                query["immutable"] = "1"
            url = url.set(database=given, query=query)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _MODE))
        engine = create_engine(
            url,
            pool_size=1,
            max_overflow=_READERS if self._read_only else 0,
            hide_parameters=True,
            # one thread at a time uses it, not always the same one
            connect_args={"timeout": LOCK_WAIT, "check_same_thread": False},
        )
        event.listen(engine, "connect", self._remember)
        event.listen(engine, "connect", _readable if self._read_only else _tuned)
        event.listen(engine, "begin", _begin)
        return engine


def _hang_up(descriptor: int) -> None:
    """What waits for it gets an end. Its owner closes it."""
    with socket.socket(fileno=os.dup(descriptor)) as mine:
        mine.shutdown(socket.SHUT_RDWR)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _readable(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None


def _tuned(connection: sqlite3.Connection, _: object) -> None:
    # the driver shall begin nothing by itself: a transaction that becomes a writing one only later
    # may be refused at once, without waiting for the lock
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def lock(connection: Connection, key: int) -> None:
    """PostgreSQL: nobody else is at the same until the transaction ends. SQLite has it already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
