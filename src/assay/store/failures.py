"""What the database's errors mean to the rest of Assay."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from assay.core.errors import (
    AssayError,
    ConflictError,
    DataError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

APPEND_ONLY_STATE = "AS001"
"""The SQLSTATE our PostgreSQL triggers raise with; SQLite has one code for all triggers."""


class DeadlockError(ConflictError):
    """Two changes waited for each other and this one gave way; the same change may be tried again."""

    code = "deadlock"


_CONFLICT = ("another row has this name, id or digest", ConflictError)
_DANGLING = ("it names something that does not exist", NotFoundError)
_INVALID = ("a value is missing or not allowed there", DataError)
_APPEND_ONLY = ("this table is append-only", RefusedError)
_READ_ONLY = ("the database refuses to be written", UnavailableError)
_BUSY = ("the database is busy with another change", UnavailableError)
_FULL = ("the disk the database lies on is full", UnavailableError)
_DEADLOCK = ("another change came first", DeadlockError)
_FAILED_BEFORE = ("an earlier statement failed, so nothing was changed", ConflictError)
_STOPPED = ("the database did not answer", UnavailableError)

_ABSENT = ("there is no database", UnavailableError)

_SET_UP = "run `assay admin init`, or `assay admin upgrade` on an older installation"
_REMEDY: dict[tuple[str, type[AssayError]], str] = {
    _BUSY: "try again; if it stays so, look for a process that keeps the database locked",
    _FULL: "free some space; nothing was half-written",
    _DEADLOCK: "try again",
    _ABSENT: _SET_UP,
    _STOPPED: "see that the database runs and can be reached",
}

_POSTGRES = {
    "23505": _CONFLICT,
    "23503": _DANGLING,
    "23502": _INVALID,
    "23514": _INVALID,
    "40001": _DEADLOCK,
    "40P01": _DEADLOCK,
    "55P03": _BUSY,
    "57014": _BUSY,
    "53100": _FULL,
    "25006": _READ_ONLY,
    APPEND_ONLY_STATE: _APPEND_ONLY,
}

_SQLITE = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: _CONFLICT,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _CONFLICT,
    sqlite3.SQLITE_CONSTRAINT_ROWID: _CONFLICT,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: _DANGLING,
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: _INVALID,
    sqlite3.SQLITE_CONSTRAINT_CHECK: _INVALID,
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: _APPEND_ONLY,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _ABSENT,
}
_PRIMARY_CODE = 0xFF
_MISSING_COLUMNS = ("42P01", "42703", "3F000")


def explained(error: BaseException, shown: str) -> AssayError | None:
    """The error to raise in place of a database's; None where it is a bug of ours.

    Args:
        error: What the driver or SQLAlchemy raised.
        shown: The database's address without its password.
    """
    original = getattr(error, "orig", None) or error
    if isinstance(original, AssayError):
        return original
    if _is_old_schema(original):
        return UnavailableError(
            "a table or column is missing", subject=shown, remedy=_SET_UP, cause=_line(original)
        )
    meaning = _meaning(original)
    if meaning is None:
        return None
    message, kind = meaning
    return kind(message, subject=shown, remedy=_REMEDY.get(meaning), cause=_line(original))


def _meaning(error: BaseException) -> tuple[str, type[AssayError]] | None:
    state = getattr(error, "sqlstate", None)
    if state in _POSTGRES:
        return _POSTGRES[str(state)]
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        found = _SQLITE.get(code) or _SQLITE.get(code & _PRIMARY_CODE)
        if found is not None:
            return found
    if isinstance(error, sa.exc.PendingRollbackError):
        return _FAILED_BEFORE
    return _STOPPED if _is_outage(error) else None


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    if isinstance(error, sqlite3.DatabaseError) and not _is_sql_error(error):
        return True
    return isinstance(error, sa.exc.TimeoutError) or _is_postgres_outage(error)


def _is_sql_error(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR


def _is_postgres_outage(error: BaseException) -> bool:
    # Class 08, 53, 57, 58 or no state at all: connection, resources, shutdown, system.
    if type(error).__module__.partition(".")[0] != "psycopg":
        return False
    state = getattr(error, "sqlstate", None)
    if state is None:
        return type(error).__name__ in ("OperationalError", "ConnectionTimeout")
    return state[:2] in ("08", "28", "3D", "53", "57", "58")


def _is_old_schema(error: BaseException) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return "no such table" in str(error) or "no such column" in str(error)
    return getattr(error, "sqlstate", None) in _MISSING_COLUMNS


def _line(error: BaseException) -> str:
    """The driver's message in one line; statements and values stay out of messages."""
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__
