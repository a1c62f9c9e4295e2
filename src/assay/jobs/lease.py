"""Who works here: a lease per worker, kept in the jobs database, renewed while the worker lives.

On SQLite there is one slot, so one worker. On PostgreSQL each worker has its own. A lease ends when
it runs out, or at once when its holder ran on this machine and its process is gone.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.errors import UsageError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from assay.jobs.database import Database

EMBEDDED_SLOT = "worker"


@dataclass(frozen=True, slots=True)
class Process:
    """A process that can be told from a later one of the same number.

    Attributes:
        pid: Process id.
        host: Host name, boot and PID namespace: where that id means something.
        started: Start time in clock ticks since boot; empty where it cannot be read.
    """

    pid: int
    host: str
    started: str

    @classmethod
    def this(cls) -> Process:
        """The calling process."""
        pid = os.getpid()
        return cls(pid, _host(), _start_ticks(pid))

    def is_gone(self) -> bool:
        """Whether it is certain that this process ended: False where it cannot be known."""
        if self.host != _host() or not self.started:
            return False
        return _start_ticks(self.pid) != self.started


class WorkerLease:
    """This worker's lease.

    Args:
        database: Where the table is.
        pool: Its connections; they must not wait long for a lock.
        executor: Id of this worker, never used before.
        seconds: How long a lease lasts without being renewed, seconds.
    """

    def __init__(
        self, database: Database, pool: sa.Engine, *, executor: str, seconds: float
    ) -> None:
        self._pool = pool
        self._slot = EMBEDDED_SLOT if database.embedded else executor
        self._table = database.table("assay_worker_lease")
        self._now = database.now_ms
        self._shown = database.shown
        self._seconds = seconds
        self._executor = executor

    def acquire(self) -> int:
        """Take the lease; returns its fence, larger than that of any holder of the slot before.

        Raises:
            UsageError: another worker holds it; its process id is named.
        """
        with self._pool.begin() as connection:
            # A write first, so that nobody comes between the look and the taking.
            if self._execute(
                connection,
                f"INSERT INTO {self._table} VALUES"  # noqa: S608 - our own names, here and below
                f" (:slot, :executor, 1, :pid, :host, :started, {self._now} + :lasts)"
                " ON CONFLICT (slot) DO NOTHING",
            ).rowcount:
                return 1
            row = self._rows(connection, "slot = :slot")[0]
            if _is_live(row):
                raise UsageError(
                    f"another worker (pid {row['pid']}) works on this jobs database",
                    subject=self._shown,
                    remedy=f"stop process {row['pid']}, or let it do the work",
                )
            fence = int(row["fence"]) + 1
            self._execute(
                connection,
                f"UPDATE {self._table} SET executor = :executor, fence = :fence, pid = :pid,"  # noqa: S608
                f" host = :host, started = :started, expires_ms = {self._now} + :lasts"
                " WHERE slot = :slot",
                fence=fence,
            )
            return fence

    def renew(self) -> bool:
        """Make the lease last again; False if it is no longer ours."""
        with self._pool.begin() as connection:
            changed = self._execute(
                connection,
                f"UPDATE {self._table} SET expires_ms = {self._now} + :lasts"  # noqa: S608
                " WHERE slot = :slot AND executor = :executor",
            )
            return changed.rowcount == 1

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        with self._pool.begin() as connection:
            self._execute(
                connection,
                # Kept as a row that ran out, for the fence to go on growing.
                f"UPDATE {self._table} SET expires_ms = 0"  # noqa: S608
                " WHERE slot = :slot AND executor = :executor",
            )

    def dead(self, executors: set[str]) -> set[str]:
        """Those of `executors` that hold no living lease. What is dead can never renew again."""
        if not executors:
            return set()
        with self._pool.begin() as connection:
            rows = self._rows(connection, "1 = 1")
            living = {row["executor"] for row in rows if _is_live(row)}
            for row in rows:
                if row["executor"] in executors - living and row["slot"] != EMBEDDED_SLOT:
                    self._execute(
                        connection,
                        f"DELETE FROM {self._table} WHERE slot = :gone"  # noqa: S608
                        " AND expires_ms = :expires",
                        gone=row["slot"],
                        expires=row["expires_ms"],
                    )
            return executors - living

    def _rows(self, connection: sa.Connection, where: str) -> list[Mapping[str, Any]]:
        query = f"SELECT *, {self._now} AS now_ms FROM {self._table} WHERE {where}"  # noqa: S608
        return [dict(row) for row in self._execute(connection, query).mappings()]

    def _execute(
        self, connection: sa.Connection, statement: str, **more: object
    ) -> sa.CursorResult[Any]:
        import sqlalchemy as sa

        me = Process.this()
        values: dict[str, object] = {
            "slot": self._slot,
            "executor": self._executor,
            "pid": me.pid,
            "host": me.host,
            "started": me.started,
            "lasts": int(self._seconds * 1000),
            **more,
        }
        text = sa.text(statement)
        return connection.execute(text, {name: values[name] for name in text.compile().params})


def _is_live(row: Mapping[str, Any]) -> bool:
    holder = Process(int(row["pid"]), row["host"], row["started"])
    return bool(row["expires_ms"] > row["now_ms"]) and not holder.is_gone()


def _host() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = namespace = ""
    return f"{socket.gethostname()} {boot} {namespace}"


def _start_ticks(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)); empty if there is no such process, or a dead one."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *rest = text[text.rindex(")") + 2 :].split()
    return "" if state in "ZX" else rest[18]
