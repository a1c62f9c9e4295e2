"""The databases: rows, jobs, and whether a worker takes care of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from assay.config import Config
from assay.core.clock import SystemClock
from assay.doctor.interface import Line, fail, ok, warn
from assay.doctor.processes import lock_holder

SILENT = timedelta(minutes=10)
"""An intake nobody has worked on for so long is stuck."""

SKEW = timedelta(seconds=5)
_SQLITE_MODES = slice(18, 20)
_WAL = b"\x02\x02"
_MOST = 1000


def rows(config: Config) -> Iterator[Line]:
    """Whether the database answers, has this program's tables, and survives a crash."""
    from assay.store import schema
    from assay.store.engine import open_store

    with closing(open_store(config.database)) as store:
        if store.path is not None and not store.path.is_file():
            yield fail("database", f"{store.path} is gone", "restore it from a backup")
            return
        if store.path is not None and not _is_write_ahead(store.path):
            yield _journal("database", store.path)
            return
        schema.check(store)
        yield ok("database", f"{store.shown} answers, version {schema.head()}")


def jobs(config: Config) -> Iterator[Line]:
    """Whether the jobs' tables are there and this program's."""
    from assay.jobs.database import parse
    from assay.jobs.schema import require_current

    database = parse(config.jobs_database)
    path = database.path
    if path is not None and path.is_file() and not _is_write_ahead(path):
        yield _journal("jobs", path)
        return
    pool = database.engine(application="assay-doctor", busy_seconds=5, pool=1)
    try:
        require_current(database, pool)
    finally:
        pool.dispose()
    yield ok("jobs", f"{database.shown} answers and is current")


def worker(config: Config) -> Iterator[Line]:
    """Whether a worker is at work. Without a server its absence only is worth a word."""
    from assay.log.sequencer import ROLE
    from assay.store import leases
    from assay.store.engine import open_store

    with closing(open_store(config.database)) as store, store.read() as connection:
        lease = leases.find(connection, ROLE)
    now = SystemClock().now()
    server = lock_holder(config.home / "server.lock")
    here = lock_holder(config.home / "worker.lock")
    if lease is not None and lease.expires > now:
        yield ok("worker", f"process {lease.pid} is at work")
    elif here is not None:
        yield warn(
            "worker",
            f"process {here} runs, and does not write the log",
            "it may just have started; if this stays, see its log",
        )
    elif server is not None:
        yield fail(
            "worker",
            f"the server runs (process {server}), and no worker does",
            "see the server's log for why it ends; start one with: assay worker",
        )
    else:
        yield warn("worker", "neither server nor worker runs", "start both: assay serve")


def intakes(config: Config) -> Iterator[Line]:
    """Whether releases wait that nobody takes in."""
    from assay.store import intakes as table
    from assay.store.engine import open_store

    with closing(open_store(config.database)) as store, store.read() as connection:
        stuck = table.unfinished(connection, before=SystemClock().now() - SILENT, limit=_MOST)
        failed = table.in_state(connection, table.FAILED, limit=_MOST)
    if stuck:
        yield warn(
            "intakes",
            f"{len(stuck)} wait without a sign of life for ten minutes",
            "see the worker's line; they go on by themselves once one runs",
        )
    if failed:
        yield warn(
            "intakes",
            f"{len(failed)} failed, the last with: {failed[-1].error or 'no message'}",
            "assay show names the cause; their releases stay quarantined. Push again once mended",
        )
    if not stuck and not failed:
        yield ok("intakes", "none failed, none is stuck")


def dates(config: Config) -> Iterator[Line]:
    """Whether the clock agrees with what was recorded, and with a database elsewhere."""
    import sqlalchemy as sa

    from assay.store import audit
    from assay.store.engine import open_store

    with closing(open_store(config.database)) as store, store.read() as connection:
        newest = audit.newest(connection, limit=1)
        now = SystemClock().now()
        there = None
        if not store.embedded:
            there = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    if newest and newest[0].at > now + SKEW:
        yield fail(
            "times",
            f"the last act was recorded at {newest[0].at:%Y-%m-%d %H:%M:%S} UTC, which is to come",
            "set the clock; decisions and sessions are judged by it",
        )
    elif there is not None and abs(there - now) > SKEW:
        seconds = (there - now).total_seconds()
        yield warn(
            "times", f"the database's clock is {seconds:+.0f} seconds off", "set both by NTP"
        )
    else:
        yield ok("times", "agrees with what was recorded")


def _is_write_ahead(path: Path) -> bool:
    """Whether the file's header says so (SQLite file format, 1.3.3). Opening it would change it."""
    with path.open("rb") as file:
        return file.read(_SQLITE_MODES.stop)[_SQLITE_MODES] == _WAL


def _journal(check: str, path: Path) -> Line:
    return fail(
        check,
        f"{path} is not in write-ahead mode, so a crash may lose what was promised",
        "keep ASSAY_HOME on a local disk, and run: assay admin upgrade",
    )
