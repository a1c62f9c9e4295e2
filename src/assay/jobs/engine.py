"""The one door to DBOS Transact: loading it, making it harmless, configuring it.

DBOS 3.4.0 as delivered serialises with a format that runs code when it is read, and keeps doing so
for any row that says so, whatever serialiser is configured; connects to a service of its maker
where an environment variable says so; and logs to the terminal. `load` switches all three off for
the whole process before anything of DBOS runs.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NoReturn

from assay.core.errors import DataError
from assay.jobs.interface import Json

if TYPE_CHECKING:
    import sqlalchemy as sa
    from dbos import DBOS, DBOSClient, DBOSConfig

    from assay.jobs.database import Database

APPLICATION = "assay"
"""Owner of our rows among the applications that may share a DBOS database."""

QUEUE = "assay"
"""The one queue."""

QUIET_SECONDS = 60.0
"""How long the same trouble of DBOS is not told again, seconds."""

KIND_LENGTH = 100
"""Characters by which troubles count as the same: what differs, such as an id, comes later."""

MAX_KINDS = 100

JSON_FORM = "portable_json"
"""What DBOS calls the only form of values that is written or read here."""


def load() -> type[DBOS]:
    """Import DBOS (0.3 s beyond SQLAlchemy) and make it harmless. Repeating it is free."""
    from dbos import DBOS
    from dbos._serialization import DefaultSerializer
    from dbos._utils import GlobalParams

    GlobalParams.dbos_cloud = False
    DefaultSerializer.serialize = _refuse  # type: ignore[method-assign, assignment]
    DefaultSerializer.deserialize = _refuse  # type: ignore[method-assign, assignment]
    engine_log = logging.getLogger("dbos")
    if not any(isinstance(one, _OneLine) for one in engine_log.filters):
        # A handler present keeps DBOS from adding its own to the terminal.
        engine_log.addHandler(logging.NullHandler())
        engine_log.addFilter(_OneLine())
        engine_log.propagate = True
        engine_log.setLevel(logging.WARNING)
    return DBOS


def config(database: Database, engine: sa.Engine, *, version: str, executor: str) -> DBOSConfig:
    """DBOS's configuration for a worker: JSON only, no telemetry, no migration, no network."""
    from dbos import DBOSConfig
    from dbos._serialization import DBOSPortableJSON

    return DBOSConfig(
        name=APPLICATION,
        system_database_url=database.url,
        system_database_engine=engine,
        serializer=DBOSPortableJSON,
        application_version=version,
        executor_id=executor,
        run_migrations=False,
        enable_otlp=False,
        log_level="WARNING",
        scheduler_polling_interval_sec=3600.0,
        # Looks at memory only, as nothing here waits for messages; it is how long a stop takes.
        notification_listener_polling_interval_sec=0.1,
    )


def client(engine: sa.Engine) -> DBOSClient:
    """DBOS's client on our pool; it connects when first used and runs no jobs."""
    from dbos import DBOSClient
    from dbos._serialization import DBOSPortableJSON

    load()
    return DBOSClient(
        system_database_engine=engine,
        serializer=DBOSPortableJSON,
        application_name=APPLICATION,
        lazy=True,
        retry_connection_errors=False,
    )


def register(name: str, body: Callable[[str, Mapping[str, Json]], Json]) -> None:
    """Make a workflow known to DBOS: `body` gets the job id and the arguments.

    DBOS's own limit on attempts is off: it counts every start, the orderly ones too.
    """
    from dbos import DBOS

    def run(args: Mapping[str, Json]) -> Json:
        return body(str(DBOS.workflow_id), args)

    DBOS.workflow(name=name, max_recovery_attempts=None)(run)


def in_use() -> bool:
    """Whether a worker was started in this process; DBOS allows one."""
    from dbos import _dbos

    return _dbos._dbos_global_instance is not None  # noqa: SLF001 - there is no public question


def held() -> frozenset[str]:
    """Ids of the jobs DBOS is executing in this process."""
    from dbos import _dbos

    instance = _dbos._dbos_global_instance  # noqa: SLF001 - there is no public question
    return frozenset(instance._active_workflows_set.activeList()) if instance else frozenset()  # noqa: SLF001


def stop_claiming() -> None:
    """Claim no further job. DBOS does this only in the course of `destroy`, too late to drain."""
    from dbos import _dbos

    instance = _dbos._dbos_global_instance  # noqa: SLF001 - there is no public way
    for event in instance.background_thread_stop_events if instance else ():
        event.set()


def make_latest(client: DBOSClient, version: str) -> None:
    """Make `version` the one that takes the jobs in the queue, older or newer than the last."""
    client._sys_db.create_application_version(version)  # noqa: SLF001 - `launch` alone calls it
    client.set_latest_application_version(version)


def schema_versions(database: Database, engine: sa.Engine) -> tuple[int, int]:
    """The version of DBOS's tables that is there (0 for none), and the one this DBOS needs."""
    from dbos._migration import get_migration_versions, get_sqlite_migration_versions

    from assay.jobs.database import SCHEMA

    if database.embedded:
        return get_sqlite_migration_versions(engine)
    return get_migration_versions(engine, SCHEMA, use_listen_notify=True)


def _refuse(*_: object) -> NoReturn:
    raise DataError(
        "the jobs database holds a value that is not JSON and could run code; it is not read",
        subject="jobs database",
        remedy="find out who wrote to the jobs database",
    )


class _OneLine(logging.Filter):
    """Keeps DBOS's warnings, in one line each; drops what the runner reports itself.

    The same kind of trouble is told once a minute: while a database does not answer, DBOS tells
    of it five times a second, which would fill the disk that may be the trouble.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Exception encountered in background workflow"):
            return False
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text} {type(record.exc_info[1]).__name__}"
        record.msg, record.args, record.exc_info = " ".join(text.split()), (), None
        return self._is_due(record.msg[:KIND_LENGTH])

    def _is_due(self, kind: str) -> bool:
        now = time.monotonic()
        if now - self._told.get(kind, -math.inf) < QUIET_SECONDS:
            return False
        if len(self._told) >= MAX_KINDS:
            self._told.clear()
        self._told[kind] = now
        return True
