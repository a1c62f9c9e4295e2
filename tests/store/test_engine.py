"""Transactions, and what the database's failures become."""

# ruff: noqa: PT012 - what is done inside the transaction is what raises, or its end is

from __future__ import annotations

import contextlib
import sqlite3
import threading
from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa

from assay.core.errors import (
    ConflictError,
    DataError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from assay.store import epochs, principals, schema
from assay.store.engine import open_store
from assay.store.failures import DeadlockError
from assay.store.tables import principal
from databases import own_server
from store_world import NOW, World, address, run_at_once


class TestAnAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite:///a.sqlite?mode=memory",
            "postgresql://host",
            "mysql://host/db",
            "no address",
            "",
        ],
    )
    def test_of_another_kind_is_refused(self, url):
        with pytest.raises(UsageError):
            open_store(url)

    def test_is_shown_without_its_password(self):
        store = open_store("postgresql://assay:geheim@localhost:1/db")
        assert "geheim" not in store.shown
        with pytest.raises(UnavailableError) as caught, store.read():
            pass
        assert "geheim" not in caught.value.diagnostics()

    def test_is_not_connected_to_at_once(self, tmp_path):
        open_store(f"sqlite:///{tmp_path / 'a.sqlite'}")
        assert list(tmp_path.iterdir()) == []


class TestASqliteFile:
    def test_is_durable_and_strict(self, sqlite_store):
        wanted = {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "recursive_triggers": 1,
            "trusted_schema": 0,
            "busy_timeout": 10_000,
        }
        with sqlite_store.read() as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        assert found == wanted

    def test_that_is_absent_is_not_made(self, tmp_path):
        store = open_store(f"sqlite:///{tmp_path / 'a.sqlite'}")
        with pytest.raises(UnavailableError, match="there is no database") as caught, store.read():
            pass
        assert "assay admin init" in caught.value.remedy
        assert not (tmp_path / "a.sqlite").exists()

    def test_that_is_no_database_is_said_to_be_none(self, tmp_path):
        (tmp_path / "a.sqlite").write_bytes(b"not a database, " * 100)
        store = open_store(f"sqlite:///{tmp_path / 'a.sqlite'}")
        with pytest.raises(UnavailableError, match="file is not a database"), store.read():
            pass


class TestReading:
    def test_cannot_write(self, store):
        with (
            pytest.raises(UnavailableError, match="refuses to be written"),
            store.read() as connection,
        ):
            epochs.bump_global(connection)
        with store.write() as connection:
            assert epochs.bump_global(connection) == 1

    def test_sees_one_moment(self, store):
        with store.read() as reader:
            assert principals.count(reader) == 0
            with store.write() as connection:
                World(connection).person()
            assert principals.count(reader) == 0
        with store.read() as reader:
            assert principals.count(reader) == 1

    def test_without_tables_says_how_to_make_them(self, tmp_path):
        path = tmp_path / "a.sqlite"
        sqlite3.connect(path).close()
        store = open_store(f"sqlite:///{path}")
        with pytest.raises(UnavailableError, match="missing") as caught, store.read() as connection:
            principals.count(connection)
        assert "assay admin init" in caught.value.remedy


class TestWriting:
    def test_is_undone_by_an_error(self, store):
        with pytest.raises(ZeroDivisionError), store.write() as connection:
            World(connection).person()
            raise ZeroDivisionError
        with store.read() as connection:
            assert principals.count(connection) == 0

    def test_inside_writing_is_a_bug_that_shows_at_once(self, store):
        with store.write(), pytest.raises(RuntimeError, match="inside another"), store.write():
            pass

    def test_goes_on_after_a_refused_row(self, store):
        with store.write() as connection:
            World(connection).person("ada")
            with pytest.raises(ConflictError, match="ADA: the name is taken"):
                principals.create(connection, kind="person", name="ADA", now=NOW)
            World(connection).person("bob")
        with store.read() as connection:
            assert principals.count(connection) == 2

    def test_never_ends_well_after_an_error_was_swallowed(self, store):
        """PostgreSQL would answer COMMIT by rolling back, without a word."""
        row = {"id": "x", "kind": "person", "name": "x", "folded": "x", "created": NOW}
        outcome = None
        try:
            with store.write() as connection:
                connection.execute(sa.insert(principal).values(row))
                with pytest.raises(ConflictError):
                    connection.execute(sa.insert(principal).values(row))
        except ConflictError as error:
            outcome = error
        with store.read() as connection:
            assert principals.count(connection) == (0 if outcome else 1)

    def test_by_many_threads_loses_nothing(self, store):
        def work():
            for _ in range(20):
                with store.write() as connection:
                    epochs.bump_global(connection)

        run_at_once(work, 6)
        with store.write() as connection:
            assert epochs.bump_global(connection) == 121

    def test_needs_no_thread_of_its_own(self, store):
        """A web framework may leave the block in another thread than it entered it."""
        block = store.write()
        connection = block.__enter__()
        World(connection).person()
        thread = threading.Thread(target=block.__exit__, args=(None, None, None))
        thread.start()
        thread.join()
        with store.write() as connection:
            assert principals.count(connection) == 1


class TestTransact:
    def test_repeats_what_had_to_give_way(self, postgres_store):
        """Two transactions take two rows in opposite order; both end well."""
        barrier = threading.Barrier(2, timeout=10)
        tries = []

        def both(order):
            def work(connection):
                tries.append(order)
                bump(connection, order[0])
                if len(tries) <= 2:
                    barrier.wait()
                bump(connection, order[1])

            postgres_store.transact(work)

        orders = iter([("a", "b"), ("b", "a")])
        run_at_once(lambda: both(next(orders)), 2)
        assert len(tries) == 3
        with postgres_store.read() as connection:
            rows = connection.execute(sa.text("SELECT scope, value FROM epoch ORDER BY 1")).all()
        assert rows == [("a", 2), ("b", 2)]

    def test_gives_up_in_the_end(self, store):
        calls = []

        def work(connection):
            calls.append(connection)
            raise DeadlockError("another change came first")

        with pytest.raises(DeadlockError):
            store.transact(work, attempts=3)
        assert len(calls) == 3

    def test_returns_what_the_work_returns(self, store):
        assert store.transact(epochs.bump_global) == 1


class TestFailures:
    def test_a_locked_file_is_busy(self, sqlite_store):
        impatient = open_store(f"sqlite:///{sqlite_store.path}", busy_seconds=0.05)
        with closing(sqlite3.connect(sqlite_store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with (
                pytest.raises(UnavailableError, match="busy with another change"),
                impatient.write(),
            ):
                pass
            with impatient.read() as connection:
                assert principals.count(connection) == 0
        with impatient.write() as connection:
            World(connection).person()
        impatient.close()

    def test_a_writer_in_the_same_process_is_waited_for_and_then_named_busy(self, sqlite_store):
        impatient = open_store(f"sqlite:///{sqlite_store.path}", busy_seconds=0.05)
        caught = []

        def work():
            try:
                with impatient.write():
                    pass
            except UnavailableError as error:
                caught.append(error)

        with impatient.write():
            run_at_once(work, 1)
        assert len(caught) == 1
        impatient.close()

    def test_a_locked_row_is_busy(self, postgres_url, postgres_store):
        impatient = open_store(postgres_url, busy_seconds=0.05)
        with postgres_store.write() as connection:
            epochs.bump_global(connection)
            with pytest.raises(UnavailableError, match="busy"), impatient.write() as other:
                epochs.bump_global(other)
        impatient.close()

    def test_no_free_connection_is_no_answer(self, store):
        narrow = open_store(address(store), busy_seconds=0.05, pool=1)
        held = [narrow.read() for _ in range(3)]
        for block in held:
            block.__enter__()
        with pytest.raises(UnavailableError, match="did not answer"), narrow.read():
            pass
        for block in held:
            block.__exit__(None, None, None)
        narrow.close()

    def test_a_full_disk_is_said_to_be_full_and_nothing_is_half_written(self, sqlite_store):
        with (
            pytest.raises(UnavailableError, match=r"disk .* is full"),
            sqlite_store.write() as connection,
        ):
            World(connection).person()
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            for number in range(100_000):
                principals.create(connection, kind="person", name=f"p{number}", now=NOW)
        with sqlite_store.read() as connection:
            assert principals.count(connection) == 0

    def test_a_full_disk_ends_the_transaction_for_good(self, sqlite_store):
        """SQLite rolls back by itself; what came after would be committed row by row."""
        with (
            pytest.raises(ConflictError, match="nothing was changed"),
            sqlite_store.write() as connection,
        ):
            World(connection).person()
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            with pytest.raises(UnavailableError, match="full"):
                for number in range(100_000):
                    bump(connection, f"scope {number}")
            with contextlib.suppress(Exception):
                bump(connection, "after the end")
        with sqlite_store.read() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM epoch")).scalar() == 0
            assert principals.count(connection) == 0

    def test_a_stopped_server_does_not_answer_and_is_used_again_when_it_is_back(self):
        with own_server() as server:
            store = open_store(server.url)
            schema.upgrade(store)
            with store.write() as connection:
                World(connection).person()
            server.stop()
            for block in (store.read, store.write):
                with pytest.raises(UnavailableError, match="did not answer"), block():
                    pass
            server.start()
            with store.read() as connection:
                assert principals.count(connection) == 1
            store.close()

    def test_a_connection_cut_midway_does_not_answer(self, postgres_url, postgres_store):
        with (
            pytest.raises(UnavailableError, match="did not answer"),
            postgres_store.write() as connection,
        ):
            World(connection).person()
            pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar()
            with psycopg.connect(postgres_url) as other:
                other.execute("SELECT pg_terminate_backend(%s, 1000)", (pid,))
            World(connection).person("bob")
        with postgres_store.read() as connection:
            assert principals.count(connection) == 0

    def test_rows_that_name_nothing_are_not_found(self, store):
        with pytest.raises(NotFoundError), store.write() as connection:
            principals.create(connection, kind="robot", name="r2", owner_id="nobody", now=NOW)

    def test_values_out_of_range_are_bad_data(self, store):
        with pytest.raises(DataError), store.write() as connection:
            principals.create(connection, kind="ghost", name="casper", now=NOW)

    @pytest.mark.parametrize("name", ["a\0b", "\ud800"])
    def test_text_one_engine_cannot_keep_is_bad_data_on_both(self, store, name):
        with pytest.raises(DataError, match="text"), store.write() as connection:
            principals.create(connection, kind="person", name=name, now=NOW)

    def test_a_mistake_in_a_statement_stays_what_it_is(self, store):
        with pytest.raises(sa.exc.SQLAlchemyError), store.read() as connection:
            connection.execute(sa.text("SELEKT 1"))


def bump(connection, scope):
    from assay.store import rows
    from assay.store.tables import epoch

    statement = rows.upsert(connection, epoch).values(scope=scope, value=1)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[epoch.c.scope], set_={"value": epoch.c.value + 1}
        )
    )
