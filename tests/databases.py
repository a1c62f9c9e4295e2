"""Real databases for tests: a SQLite file and a PostgreSQL database per session, empty per test.

Use the fixture `store` to run a test on both engines, `sqlite_store` where one is enough.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from assay.store import schema
from assay.store.engine import Store, open_store
from assay.store.tables import metadata

LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"
ENGINES = ("sqlite", "postgresql")


@dataclass
class PostgresServer:
    """A server of our own, for tests that stop it."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
            " -c fsync=off -c shared_buffers=16MB"
        )
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"),
                  "-o", options, "-w", "start")  # fmt: skip

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def create(self) -> None:
        user = _unprivileged()
        if user is not None:
            entry = pwd.getpwnam(user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres",
                  "-A", "trust", "-E", "UTF8", "--no-sync")  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        # Its output goes to a file: the server would keep a pipe open after pg_ctl ended.
        with (self.folder.parent / f"{program}.out").open("wb") as out:
            subprocess.run(
                [_postgres_program(program), *arguments],
                check=True,
                user=_unprivileged(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                timeout=60,
            )


def _unprivileged() -> str | None:
    """initdb refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _postgres_program(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(places[-1]) if places else None)
    if found is None:
        pytest.fail(f"no PostgreSQL: {name} is not installed (see requirements/debian.txt)")
    return found


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A started server in a folder its user can reach; pytest's folders only root can."""
    folder = Path(f"/tmp/assay-postgres-{uuid.uuid4().hex[:12]}")
    (folder / "server").mkdir(parents=True, mode=0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = PostgresServer(folder / "server", port)
    try:
        server.create()
        server.start()
        try:
            yield server
        finally:
            if (server.folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server's address: ASSAY_TEST_POSTGRES_URL, else the local one, else one of our own."""
    given = os.environ.get("ASSAY_TEST_POSTGRES_URL")
    if given:
        yield given
    elif _answers(LOCAL):
        yield LOCAL
    else:
        with own_server() as server:
            yield server.url


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """An empty database on a server; yields its address and drops it at the end."""
    name = f"assay_test_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        url = sa.make_url(server).set(database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A database with the tables in it; `empty_postgres` makes it empty again."""
    with new_database(postgres_server) as url:
        store = open_store(url)
        schema.upgrade(store)
        store.close()
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables in it, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    store = open_store(f"sqlite:///{path}")
    schema.upgrade(store)
    store.close()  # the last connection folds the write-ahead log into the file
    return path


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """A store on an empty SQLite file."""
    path = tmp_path / "assay.sqlite"
    shutil.copy(sqlite_template, path)
    store = open_store(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """A store on an empty PostgreSQL database."""
    empty_postgres(postgres_url)
    store = open_store(postgres_url)
    yield store
    store.close()


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest) -> Store:
    """A store with all tables and no rows, on each engine in turn."""
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    found: Store = request.getfixturevalue(name)
    return found


def empty_postgres(url: str) -> None:
    """Remove every row. As a replica no trigger runs: neither foreign keys nor append-only."""
    names = ("assay." + table.name for table in metadata.sorted_tables)
    statements = ["SET session_replication_role = replica", "SET lock_timeout = '10s'"]
    statements += [f"DELETE FROM {name}" for name in names]
    with psycopg.connect(url) as connection:
        connection.execute("; ".join(statements))
