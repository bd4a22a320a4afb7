"""Defines why the history cannot be written or read, in words that hold no password and no statement."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import SQLAlchemyError, StatementError

from probes.observation import clean

_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
FAULTS = (SQLAlchemyError, sqlite3.Error, OSError)
"""What a driver, SQLAlchemy or the file system raises."""


class HistoryTroubleError(Exception):
    """The history is away. ``str`` of it is one clause for the log; it holds no secret."""


class CorruptError(HistoryTroubleError):
    """The file is no database, or a broken one."""


class RefusedError(HistoryTroubleError):
    """The database is not ours to touch: a newer version has made it."""


class UnwritableError(HistoryTroubleError):
    """The database refuses these very values, and would refuse them again."""


def trouble_of(error: Exception, secrets: tuple[str, ...] = ()) -> HistoryTroubleError:
    """What ``error`` means. The ``secrets`` are blanked."""
    if isinstance(error, HistoryTroubleError):
        return error
    cause = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    text = str(cause).strip().partition("\n")[0]
    for secret in secrets:
        text = text.replace(secret, "***")
    text = clean(text or type(cause).__name__)
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(code, int) and code & 0xFF in _CORRUPT:
        return CorruptError(text)
    # PostgreSQL: class 22 is data, 23 integrity, 42 what has been asked for
    state = getattr(cause, "sqlstate", None) or ""
    refused = type(cause).__name__ in {"IntegrityError", "DataError", "ProgrammingError"}
    values = isinstance(cause, (ValueError, OverflowError, TypeError))
    if state[:2] in {"22", "23"} or (refused and not state) or values:
        return UnwritableError(text)
    return HistoryTroubleError(text)
