"""Jobs databases for tests: a SQLite file, or a PostgreSQL database of one test's own."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from assay.core.ids import new_ulid
from assay.jobs import WorkerOptions, migrate

ENGINES = ("sqlite", "postgresql")
QUICK = WorkerOptions(poll_seconds=0.03, lease_seconds=3.0)


def postgres_server() -> str:
    """Address of the test server's maintenance database."""
    return os.environ.get(
        "ASSAY_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
    )


@contextmanager
def empty_database(engine: str, folder: Path) -> Iterator[str]:
    """The address of a database with nothing in it, gone afterwards."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'jobs.sqlite'}"
        return
    with _postgres_database() as url:
        yield url


@contextmanager
def jobs_database(engine: str, folder: Path) -> Iterator[str]:
    """The address of a migrated database: a copy of one that was migrated once per test run."""
    if engine == "sqlite":
        path = folder / "jobs.sqlite"
        shutil.copy(_migrated_file(), path)
        yield f"sqlite:///{path}"
        return
    with _postgres_database(template=_migrated_postgres()) as url:
        yield url


@functools.cache
def _migrated_file() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="assay-jobs-"))
    atexit.register(shutil.rmtree, folder)
    migrate(f"sqlite:///{folder / 'jobs.sqlite'}")
    return folder / "jobs.sqlite"


@functools.cache
def _migrated_postgres() -> str:
    """Name of a migrated database, dropped when the test run ends."""
    made = contextlib.ExitStack()
    url = made.enter_context(_postgres_database())
    atexit.register(made.close)
    migrate(url)
    return str(sa.make_url(url).database)


@contextmanager
def _postgres_database(template: str = "template1") -> Iterator[str]:
    name = f"assay_jobs_{new_ulid().lower()}"
    server = sa.make_url(postgres_server()).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@contextmanager
def connection_to(url: str) -> Iterator[sa.Connection]:
    """A connection of the test's own, which sees DBOS's tables without their schema."""
    pool = sa.create_engine(url, poolclass=sa.NullPool)
    with pool.begin() as connection:
        if pool.dialect.name == "postgresql":
            connection.execute(sa.text("SET search_path TO dbos"))
        yield connection


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Return once `condition` holds; fail if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
