"""The tables: DBOS's own and three of ours, made and upgraded only when asked.

Ours lie beside DBOS's and begin with `assay_`: `assay_jobs_schema` (one row, the version),
`assay_worker_lease` (who works here) and `assay_job_death` (how often a job took its worker down).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.errors import UnavailableError, UsageError
from assay.jobs import engine as dbos_engine
from assay.jobs.database import SCHEMA, Database, parse, reason

if TYPE_CHECKING:
    import sqlalchemy as sa

_LOCK = 0x6A6F6273  # "jobs": PostgreSQL's advisory lock while our tables are made

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE {lease} (
            slot TEXT PRIMARY KEY, executor TEXT NOT NULL, fence BIGINT NOT NULL,
            pid BIGINT NOT NULL, host TEXT NOT NULL, started TEXT NOT NULL,
            expires_ms BIGINT NOT NULL)""",
        """CREATE TABLE {death} (
            job_id TEXT PRIMARY KEY, completed BIGINT NOT NULL, deaths BIGINT NOT NULL,
            executor TEXT)""",
    ),
)
"""Statements by version, the first being 1."""


def migrate(url: str) -> None:
    """Create or upgrade the jobs database. Repeating it changes nothing.

    The PostgreSQL database itself, or the folder of the SQLite file, must be there.

    Raises:
        UsageError: not an address, the folder is missing, write-ahead logging is not possible
            there, or the database was made by a newer Assay.
        UnavailableError: the database did not answer.
    """
    import sqlalchemy as sa

    database = parse(url)
    if database.path is not None:
        _prepare_file(database.path)
    pool = database.engine(application="assay-migrate", busy_seconds=10, pool=2)
    try:
        _refuse_newer(database, *_versions(database, pool))
        dbos_engine.load().migrate(database.url, schema=SCHEMA)
        with pool.begin() as connection:
            _upgrade(database, connection)
    except sa.exc.SQLAlchemyError as error:
        raise UnavailableError(
            f"the jobs database did not answer: {reason(error)}", subject=database.shown
        ) from None
    finally:
        pool.dispose()


def require_current(database: Database, pool: sa.Engine) -> None:
    """Return if the tables are those of this version.

    Raises:
        UsageError: there are none, they are older, or newer.
        UnavailableError: the database did not answer.
    """
    import sqlalchemy as sa

    if database.path is not None and not database.path.is_file():
        raise _not_set_up(database)
    try:
        engine_has, engine_needs, ours = _versions(database, pool)
    except sa.exc.SQLAlchemyError as error:
        raise UnavailableError(
            f"the jobs database did not answer: {reason(error)}", subject=database.shown
        ) from None
    if engine_has == 0 or ours == 0:
        raise _not_set_up(database)
    _refuse_newer(database, engine_has, engine_needs, ours)
    if engine_has < engine_needs or ours < len(_MIGRATIONS):
        raise UsageError(
            "the jobs database is older than this version of Assay needs",
            subject=database.shown,
            remedy="stop the server and run `assay admin upgrade`",
        )


def _not_set_up(database: Database) -> UsageError:
    return UsageError(
        "the jobs database is not set up",
        subject=database.shown,
        remedy="run `assay admin init`, or `assay admin upgrade` on an older installation",
    )


def _refuse_newer(database: Database, engine_has: int, engine_needs: int, ours: int) -> None:
    if engine_has > engine_needs or ours > len(_MIGRATIONS):
        raise UsageError(
            "the jobs database was made by a newer version of Assay",
            subject=database.shown,
            remedy="use that version, or restore a backup made with this one",
        )


def _prepare_file(path: Path) -> None:
    """Make the file readable by its owner only, and put it in write-ahead mode for good."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    except OSError as error:
        raise UsageError(
            f"cannot create the jobs database: {error.strerror}", subject=str(path)
        ) from None
    except sqlite3.Error as error:
        raise UsageError(
            f"cannot be used as the jobs database: {error}", subject=str(path)
        ) from None
    if mode != "wal":
        raise UsageError(
            "write-ahead logging is not possible there",
            subject=str(path),
            remedy="keep ASSAY_HOME on a local disk",
        )


def _versions(database: Database, pool: sa.Engine) -> tuple[int, int, int]:
    """DBOS's version there, the one it needs, and ours there; 0 stands for none."""
    import sqlalchemy as sa

    has, needs = dbos_engine.schema_versions(database, pool)
    schema = None if database.embedded else SCHEMA
    with pool.connect() as connection:
        if not sa.inspect(connection).has_table("assay_jobs_schema", schema=schema):
            return has, needs, 0
        query = f"SELECT version FROM {database.table('assay_jobs_schema')}"  # noqa: S608 - our name
        return has, needs, int(connection.execute(sa.text(query)).scalar() or 0)


def _upgrade(database: Database, connection: sa.Connection) -> None:
    import sqlalchemy as sa

    version_table = database.table("assay_jobs_schema")
    names = {
        "lease": database.table("assay_worker_lease"),
        "death": database.table("assay_job_death"),
    }
    # Two migrations at once: the second waits here, then finds nothing to do.
    if database.embedded:
        connection.execute(sa.text("BEGIN IMMEDIATE"))
    else:
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    connection.execute(
        sa.text(f"CREATE TABLE IF NOT EXISTS {version_table} (version BIGINT NOT NULL)")
    )
    query = sa.text(f"SELECT version FROM {version_table}")  # noqa: S608 - our own name
    current = connection.execute(query).scalar()
    for statements in _MIGRATIONS[current or 0 :]:
        for statement in statements:
            connection.execute(sa.text(statement.format_map(names)))
    change = f"INSERT INTO {version_table} VALUES (:v)"  # noqa: S608 - our own name
    if current is not None:
        change = f"UPDATE {version_table} SET version = :v"  # noqa: S608 - our own name
    connection.execute(sa.text(change), {"v": len(_MIGRATIONS)})
