"""The tables' version: made and upgraded only when asked, checked at every start."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from assay.core.errors import TamperedError, UsageError
from assay.store.engine import SCHEMA, Store
from assay.store.tables import APPEND_ONLY

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x61737361  # "assa": PostgreSQL's advisory lock while the tables are made


def upgrade(store: Store) -> str:
    """Make the tables, or bring them to this program's version; returns it.

    Repeating it changes nothing. It happens entirely or not at all. The PostgreSQL database
    itself, or the folder of the SQLite file, must be there.

    Raises:
        UsageError: the tables were made by a newer Assay, or the file cannot be made.
        UnavailableError: the database did not answer.
    """
    if store.path is not None:
        _create_file(store.path)
    else:
        _create_schema(store)
    with store.write() as connection:
        if not store.embedded:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        _refuse_newer(store, _revision(connection))
        command.upgrade(_config(connection), "head")
    return head()


def current(store: Store) -> str | None:
    """The version of the tables there are; None if there are none.

    Raises:
        UnavailableError: the database did not answer, or there is no file.
    """
    with store.read() as connection:
        return _revision(connection)


def head() -> str:
    """The version this program needs."""
    return str(_scripts().get_current_head())


def check(store: Store) -> None:
    """Return if the tables are those of this program and their triggers are in place.

    Raises:
        UsageError: there are none, or they are older or newer than this program.
        TamperedError: a trigger that keeps rows from being changed is missing or disabled.
        UnavailableError: the database did not answer.
    """
    if store.path is not None and not store.path.is_file():
        raise _not_set_up(store)
    with store.read() as connection:
        found = _revision(connection)
        if found is None:
            raise _not_set_up(store)
        _refuse_newer(store, found)
        if found != head():
            raise UsageError(
                f"the schema ({found}) is older than this program ({head()})",
                subject=store.shown,
                remedy="stop the server and run `assay admin upgrade`",
            )
        bare = sorted(set(APPEND_ONLY) - _protected(connection, embedded=store.embedded))
    if bare:
        raise TamperedError(
            f"the triggers that protect {', '.join(bare)} are missing or disabled",
            subject=store.shown,
            remedy="find out who removed them; restore a backup made before",
        )


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(store: Store, found: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise UsageError(
            f"the schema ({found}) is newer than this program ({head()})",
            subject=store.shown,
            remedy="run the Assay that made it, or restore a backup made with this one",
        )


def _not_set_up(store: Store) -> UsageError:
    return UsageError(
        "the database is not set up", subject=store.shown, remedy="run `assay admin init`"
    )


def _create_file(path: Path) -> None:
    """Make the file readable by its owner only; SQLite's other two files take its mode."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        os.close(os.open(path, flags, 0o600))
    except OSError as error:
        raise UsageError(
            f"cannot create the database: {error.strerror}", subject=str(path)
        ) from None


def _create_schema(store: Store) -> None:
    with store.write() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        connection.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
    store.close()  # connections look their default schema up once, when they are made


def _protected(connection: sa.Connection, *, embedded: bool) -> set[str]:
    """The tables whose triggers are in place."""
    if embedded:
        rows = connection.execute(
            sa.text("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
        )
        found = {(row.tbl_name, row.name) for row in rows}
        return {
            table
            for table in APPEND_ONLY
            if {
                (table, f"append_only_{table}_update"),
                (table, f"append_only_{table}_delete"),
            }
            <= found
        }
    rows = connection.execute(
        sa.text(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = to_regnamespace(:schema)"
            " AND t.tgname = 'append_only' AND t.tgenabled IN ('O', 'A')"
        ),
        {"schema": SCHEMA},
    )
    return {row.relname for row in rows}
