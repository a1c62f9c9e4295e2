"""The database jobs are kept in: SQLite file or PostgreSQL schema `dbos`, chosen by address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.errors import UsageError

if TYPE_CHECKING:
    import sqlalchemy as sa

SCHEMA = "dbos"
"""PostgreSQL schema that holds the engine's tables and ours."""

_IDLE_MILLISECONDS = 60_000
"""PostgreSQL ends a session of ours that idles this long inside a transaction."""


@dataclass(frozen=True, slots=True)
class Database:
    """A parsed address.

    Attributes:
        url: The address as the engine takes it; may hold a password.
        shown: The address without its password, for messages.
        path: The SQLite file; None on PostgreSQL.
    """

    url: str
    shown: str
    path: Path | None

    @property
    def embedded(self) -> bool:
        """Whether this is a SQLite file, which one worker at a time may serve."""
        return self.path is not None

    def table(self, name: str) -> str:
        """The table's name as SQL on this database."""
        return name if self.embedded else f"{SCHEMA}.{name}"

    @property
    def now_ms(self) -> str:
        """SQL for the database's own clock, milliseconds since 1970."""
        if self.embedded:
            return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
        return "CAST(EXTRACT(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

    def engine(self, *, application: str, busy_seconds: float, pool: int) -> sa.Engine:
        """A connection pool.

        Args:
            application: Name shown among PostgreSQL's sessions.
            busy_seconds: How long a statement waits for SQLite's write lock, seconds.
            pool: Most connections.
        """
        import sqlalchemy as sa

        if self.embedded:
            engine = sa.create_engine(self.url, pool_size=pool, max_overflow=0)
            sa.event.listen(engine, "connect", _sqlite_connection(busy_seconds))
            return engine
        options = f"-c idle_in_transaction_session_timeout={_IDLE_MILLISECONDS}"
        return sa.create_engine(
            self.url,
            pool_size=pool,
            max_overflow=0,
            pool_timeout=30,
            pool_pre_ping=True,
            connect_args={
                "application_name": application,
                "connect_timeout": 10,
                "options": options,
            },
        )


def parse(url: str) -> Database:
    """The database an address names.

    Raises:
        UsageError: not an address, neither SQLite nor PostgreSQL, or SQLite in memory.
    """
    import sqlalchemy as sa

    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise UsageError("not a database address", subject="database_url") from None
    shown = parsed.render_as_string(hide_password=True)
    family = parsed.get_backend_name()
    if family == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.query:
            raise UsageError("jobs need a SQLite file, without options", subject=shown)
        return Database(f"sqlite:///{parsed.database}", shown, Path(parsed.database))
    if family == "postgresql" and parsed.database:
        chosen = parsed.set(drivername="postgresql+psycopg")
        return Database(chosen.render_as_string(hide_password=False), shown, None)
    raise UsageError(
        "jobs are kept in SQLite or PostgreSQL",
        subject=shown,
        remedy="use sqlite:///FILE or postgresql://HOST/DATABASE",
    )


def reason(error: BaseException) -> str:
    """The driver's message in one line, without the statement and its values."""
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__


def _sqlite_connection(busy_seconds: float) -> Any:
    def prepare(connection: Any, record: Any) -> None:
        del record
        # IMMEDIATE: a deferred transaction that turns into a writer fails at once when another
        # writer came first, whatever the time-out. The engine's claims rely on it as well.
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")

    return prepare
