"""Which jobs were running when a worker died, and how often that happened at the same step.

A job that takes its worker down each time would otherwise be taken up for ever. A row is marked
with the worker that runs the job; a mark of another worker, found when the job is taken up again,
is one death. Progress since the mark starts the count anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from assay.jobs.database import Database


class DeathLedger:
    """The count of deaths by job.

    Args:
        database: Where the table is.
        pool: Its connections.
        executor: Id of this worker.
    """

    def __init__(self, database: Database, pool: sa.Engine, executor: str) -> None:
        self._pool = pool
        self._executor = executor
        self._table = database.table("assay_job_death")
        self._steps = database.table("operation_outputs")

    def open(self, job_id: str) -> int:
        """Take note that the job is taken up; returns how often it died at its present step.

        A job that never died is marked at once. One that did is left unmarked: it is to wait
        until it can run alone, and is marked with `mark` when it does.
        """
        import sqlalchemy as sa

        me = {"job": job_id, "me": self._executor}
        with self._pool.begin() as connection:
            fresh = connection.execute(
                sa.text(
                    f"INSERT INTO {self._table} VALUES (:job, 0, 0, :me)"  # noqa: S608 - our names
                    " ON CONFLICT (job_id) DO NOTHING"
                ),
                me,
            )
            if fresh.rowcount:
                return 0
            completed, deaths = self._counted(connection, job_id)
            connection.execute(
                sa.text(
                    f"UPDATE {self._table} SET completed = :completed, deaths = :deaths,"  # noqa: S608
                    " executor = :marked WHERE job_id = :job"
                ),
                {
                    "job": job_id,
                    "completed": completed,
                    "deaths": deaths,
                    "marked": None if deaths else self._executor,
                },
            )
            return deaths

    def mark(self, job_id: str) -> None:
        """The job runs now; if this worker dies, that counts."""
        self._change("executor = :me WHERE job_id = :job", job_id)

    def acquit(self, job_id: str) -> None:
        """The job came back from running alone: it did not kill, so its count starts anew.

        It stays marked. Said before another may run, or a death between the end of the job's
        step and the record of it would be added to those it was suspected of.
        """
        self._change("deaths = 0 WHERE job_id = :job", job_id)

    def unmark_all(self) -> None:
        """This worker stops of its own accord: nothing it leaves behind is a death."""
        self._change("executor = NULL WHERE executor = :me", "")

    def forget(self, job_id: str) -> None:
        """Start the job's count anew."""
        import sqlalchemy as sa

        statement = f"DELETE FROM {self._table} WHERE job_id = :job"  # noqa: S608 - our own name
        with self._pool.begin() as connection:
            connection.execute(sa.text(statement), {"job": job_id})

    def _counted(self, connection: sa.Connection, job_id: str) -> tuple[int, int]:
        import sqlalchemy as sa

        job = {"job": job_id}
        row = connection.execute(
            sa.text(f"SELECT completed, deaths, executor FROM {self._table} WHERE job_id = :job"),  # noqa: S608
            job,
        ).one()
        count = f"SELECT count(*) FROM {self._steps} WHERE workflow_uuid = :job"  # noqa: S608
        completed = int(connection.execute(sa.text(count), job).scalar_one())
        before = int(row.deaths) if completed == row.completed else 0
        died = row.executor not in (None, self._executor)
        return completed, before + 1 if died else before

    def _change(self, change: str, job_id: str) -> None:
        import sqlalchemy as sa

        text = sa.text(f"UPDATE {self._table} SET {change}")  # noqa: S608 - our own words
        values = {"me": self._executor, "job": job_id}
        with self._pool.begin() as connection:
            connection.execute(text, {name: values[name] for name in text.compile().params})
