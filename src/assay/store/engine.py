"""The database: one address, reading and writing transactions, errors that say what to do.

SQLite: write-ahead log, `synchronous=FULL` so that what was promised survives power loss, and
BEGIN IMMEDIATE for writers, since a deferred transaction that turns into a writer fails at once
when another writer came first. PostgreSQL: psycopg 3, everything in the schema `assay`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ExceptionContext

from assay.core.errors import AssayError, ConflictError, UnavailableError, UsageError
from assay.store.failures import DeadlockError, explained
from assay.store.types import json_text, json_value

SCHEMA = "assay"
"""PostgreSQL schema of every table here."""

BUSY_SECONDS = 10.0
_IDLE_MILLISECONDS = 60_000
_DEADLOCK_PAUSE_SECONDS = 0.02

T = TypeVar("T")


class Store:
    """An open database. Safe to use from any number of threads; open one after forking.

    Attributes:
        shown: The address without its password, for messages.
        path: The SQLite file; None on PostgreSQL.
        engine: SQLAlchemy's engine, for schema work and tests.
    """

    def __init__(
        self, engine: sa.Engine, *, shown: str, path: Path | None, busy_seconds: float
    ) -> None:
        self.engine = engine
        self.shown = shown
        self.path = path
        self._busy_seconds = busy_seconds
        self._turn = threading.Lock()
        self._writing: set[int] = set()

    @property
    def embedded(self) -> bool:
        """Whether this is a SQLite file."""
        return self.path is not None

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment and cannot change anything.

        Raises:
            UnavailableError: the database is stopped, locked, full or not set up.
        """
        with self._errors(), self.engine.connect() as connection:
            if self.embedded:
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("PRAGMA query_only=ON")
                try:
                    yield connection
                finally:
                    _leave_query_only(connection)
            else:
                yield connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )

    @contextmanager
    def write(self, *, patience: float | None = None) -> Iterator[sa.Connection]:
        """A transaction that is committed at the end, durably, or leaves nothing.

        Do not open one inside another, and call nothing slow inside: on SQLite everyone else waits.

        Args:
            patience: How long to wait for another's change, seconds; the store's own unless given.

        Raises:
            UnavailableError: the database is stopped, locked, full or not set up.
            ConflictError: an error of a statement was swallowed inside, so nothing was changed.
            DeadlockError: another change came first; see `transact`.
        """
        me = threading.get_ident()
        if me in self._writing:
            raise RuntimeError("a write transaction inside another would wait for itself")
        wait = self._busy_seconds if patience is None else patience
        with self._errors(), self._own_turn(wait), self.engine.connect() as connection:
            self._writing.add(me)
            try:
                with connection.begin():
                    self._begin(connection, patience)
                    yield connection
                    _refuse_failed(connection)
            finally:
                self._writing.discard(me)

    def transact(self, work: Callable[[sa.Connection], T], *, attempts: int = 5) -> T:
        """Run `work` in a writing transaction, again if it had to give way to another.

        `work` may run several times: it must do nothing but use the connection.

        Raises:
            DeadlockError: it gave way `attempts` times.
        """
        for attempt in range(1, attempts + 1):
            try:
                with self.write() as connection:
                    return work(connection)
            except DeadlockError:
                if attempt == attempts:
                    raise
                time.sleep(_DEADLOCK_PAUSE_SECONDS * attempt)
        raise ValueError("attempts must be 1 or more")

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            found = explained(error, self.shown)
            if found is None:
                raise
            raise found from error

    def _begin(self, connection: sa.Connection, patience: float | None) -> None:
        """Take the right to write, waiting for another's change no longer than that."""
        milliseconds = None if patience is None else max(1, int(patience * 1000))
        if not self.embedded:
            if milliseconds is not None:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
            return
        if milliseconds is None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            if not connection.invalidated:
                own = int(self._busy_seconds * 1000)
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {own}")

    @contextmanager
    def _own_turn(self, seconds: float) -> Iterator[None]:
        """SQLite's writers of this process queue here: its own waiting is by polling, unfair."""
        if not self.embedded:
            yield
            return
        if not self._turn.acquire(timeout=seconds):
            raise UnavailableError(
                "the database is busy with another change", subject=self.shown, remedy="try again"
            )
        try:
            yield
        finally:
            self._turn.release()


def open_store(url: str, *, busy_seconds: float = BUSY_SECONDS, pool: int = 10) -> Store:
    """A store at an address. Nothing is created or connected yet: see `assay.store.schema`.

    Args:
        url: `sqlite:///FILE` or `postgresql://...` (`postgresql+psycopg://` means the same).
        busy_seconds: How long a transaction waits for a lock or a free connection, seconds.
        pool: Connections kept open; three times as many at most.

    Raises:
        UsageError: not such an address.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise UsageError("not a database address", subject="database_url") from None
    shown = parsed.render_as_string(hide_password=True)
    sizes = {"pool_size": pool, "max_overflow": 2 * pool, "pool_timeout": busy_seconds}
    family = parsed.get_backend_name()
    if family == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.query:
            raise UsageError("the store needs a SQLite file, without options", subject=shown)
        path = Path(parsed.database).absolute()
        engine = _sqlite_engine(path, busy_seconds, sizes)
    elif family == "postgresql" and parsed.database:
        path = None
        engine = _postgres_engine(parsed, busy_seconds, sizes)
    else:
        raise UsageError(
            "rows are kept in SQLite or PostgreSQL",
            subject=shown,
            remedy="use sqlite:///FILE or postgresql://HOST/DATABASE",
        )
    sa.event.listen(engine, "handle_error", _handler(shown), retval=True)
    return Store(engine, shown=shown, path=path, busy_seconds=busy_seconds)


def _handler(shown: str) -> Callable[[ExceptionContext], AssayError | None]:
    def handle(context: ExceptionContext) -> AssayError | None:
        if context.is_pre_ping:
            return None
        if _was_rolled_back(context.connection):
            context.is_disconnect = True
            context.invalidate_pool_on_disconnect = False
        return explained(context.original_exception, shown)

    return handle


def _was_rolled_back(connection: sa.Connection | None) -> bool:
    """Whether SQLite ended the transaction by itself, as it does on a full disk.

    What is executed after that would be committed statement by statement, so the connection is
    given up: SQLAlchemy then refuses everything until the transaction has been left.
    """
    if connection is None or connection.invalidated:
        return False
    driver: Any = connection.connection.dbapi_connection
    return isinstance(driver, sqlite3.Connection) and not driver.in_transaction


def _sqlite_engine(path: Path, busy_seconds: float, sizes: dict[str, Any]) -> sa.Engine:
    # rw, not rwc: only `assay.store.schema.upgrade` makes the file, with its permissions.
    address = f"file:{quote(str(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare_sqlite(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection

    return sa.create_engine(
        f"sqlite:///{path}", creator=connect, json_serializer=json_text, **sizes
    )


def _prepare_sqlite(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise UnavailableError(
            "write-ahead logging is not possible there",
            subject=str(path),
            remedy="keep ASSAY_HOME on a local disk",
        )
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # INSERT OR REPLACE removes a row without its delete trigger unless triggers are recursive.
    connection.execute("PRAGMA recursive_triggers=ON")
    connection.execute("PRAGMA trusted_schema=OFF")


def _postgres_engine(url: sa.URL, busy_seconds: float, sizes: dict[str, Any]) -> sa.Engine:
    given = url.query.get("options", ())
    options = " ".join(
        [
            *((given,) if isinstance(given, str) else given),
            f"-c search_path={SCHEMA}",
            "-c timezone=UTC",
            f"-c lock_timeout={int(busy_seconds * 1000)}",
            f"-c idle_in_transaction_session_timeout={_IDLE_MILLISECONDS}",
        ]
    )
    return sa.create_engine(
        url.difference_update_query(["options"]).set(drivername="postgresql+psycopg"),
        connect_args={"options": options, "application_name": "assay", "connect_timeout": 10},
        json_serializer=json_text,
        json_deserializer=json_value,
        pool_pre_ping=True,
        **sizes,
    )


def _leave_query_only(connection: sa.Connection) -> None:
    if not connection.invalidated:
        connection.exec_driver_sql("PRAGMA query_only=OFF")


def _refuse_failed(connection: sa.Connection) -> None:
    """PostgreSQL answers COMMIT of a failed transaction by rolling back, without an error."""
    driver = connection.connection.dbapi_connection
    info = getattr(driver, "info", None)
    if info is not None and info.transaction_status.name == "INERROR":
        raise ConflictError("an earlier statement failed, so nothing was changed")
