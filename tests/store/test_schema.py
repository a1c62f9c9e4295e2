"""The tables: made, upgraded, compared with what the program thinks they are."""

from __future__ import annotations

import re
import threading

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from assay.core.errors import TamperedError, UsageError
from assay.store import schema
from assay.store.engine import open_store
from assay.store.tables import metadata
from databases import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """A database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.sqlite'}"
    else:
        with new_database(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.fixture
def empty_store(empty_url):
    store = open_store(empty_url)
    yield store
    store.close()


class TestTheMigrations:
    def test_make_exactly_the_tables_the_program_knows(self, store):
        with store.read() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []

    def test_make_the_same_checks_as_well_which_alembic_does_not_compare(self, store):
        with store.read() as connection:
            inspector = sa.inspect(connection)
            for table in metadata.sorted_tables:
                made = {check["name"] for check in inspector.get_check_constraints(table.name)}
                known = {
                    constraint.name
                    for constraint in table.constraints
                    if isinstance(constraint, sa.CheckConstraint)
                }
                assert made == known, table.name

    def test_give_sqlite_the_very_same_statements(self, sqlite_store, tmp_path):
        created = sa.create_engine(f"sqlite:///{tmp_path / 'created.sqlite'}")
        metadata.create_all(created)
        query = "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index')"

        def statements(connection):
            found = connection.execute(sa.text(query)).all()
            return {name: clauses(sql) for name, sql in found if sql}

        with created.connect() as one, sqlite_store.read() as two:
            expected, made = statements(one), statements(two)
        created.dispose()
        made.pop("alembic_version")
        assert made == expected

    def test_leave_other_schemas_alone(self, postgres_store):
        with postgres_store.write() as connection:
            connection.execute(sa.text("CREATE SCHEMA dbos"))
            connection.execute(sa.text("CREATE TABLE dbos.workflow_status (id text)"))
        try:
            with postgres_store.read() as connection:
                context = MigrationContext.configure(connection)
                assert compare_metadata(context, metadata) == []
        finally:
            with postgres_store.write() as connection:
                connection.execute(sa.text("DROP SCHEMA dbos CASCADE"))

    def test_put_every_table_into_the_schema_assay(self, postgres_store):
        query = "SELECT schemaname, count(*) FROM pg_tables WHERE schemaname IN ('assay', 'public')"
        with postgres_store.read() as connection:
            rows = connection.execute(sa.text(query + " GROUP BY 1")).all()
        assert rows == [("assay", len(metadata.tables) + 1)]


class TestUpgrade:
    def test_can_be_repeated(self, empty_store):
        assert schema.upgrade(empty_store) == schema.head()
        assert schema.upgrade(empty_store) == schema.head()
        assert schema.current(empty_store) == schema.head()
        schema.check(empty_store)

    def test_of_two_at_once_both_succeed(self, empty_store):
        failures = []

        def work():
            mine = open_store(str(empty_store.engine.url))
            try:
                schema.upgrade(mine)
            except Exception as error:  # noqa: BLE001 - whatever it is fails the test
                failures.append(error)
            finally:
                mine.close()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        schema.check(empty_store)

    def test_makes_a_file_only_its_owner_can_read(self, tmp_path):
        store = open_store(f"sqlite:///{tmp_path / 'a.sqlite'}")
        schema.upgrade(store)
        with store.write() as connection:
            connection.execute(sa.text("INSERT INTO sequence VALUES ('x', 1)"))
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        store.close()
        assert modes == {"a.sqlite": 0o600, "a.sqlite-wal": 0o600, "a.sqlite-shm": 0o600}

    def test_that_is_broken_off_leaves_nothing(self, empty_store, monkeypatch):
        from assay.store.migrations import append_only

        monkeypatch.setattr(append_only, "protect", lambda table: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            schema.upgrade(empty_store)
        assert schema.current(empty_store) is None
        monkeypatch.undo()
        schema.upgrade(empty_store)
        schema.check(empty_store)

    def test_says_which_folder_is_missing(self, tmp_path):
        store = open_store(f"sqlite:///{tmp_path / 'absent' / 'a.sqlite'}")
        with pytest.raises(UsageError, match=r"absent/a.sqlite: cannot create the database"):
            schema.upgrade(store)

    def test_does_not_follow_a_link(self, tmp_path):
        (tmp_path / "a.sqlite").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UsageError, match="cannot create the database"):
            schema.upgrade(open_store(f"sqlite:///{tmp_path / 'a.sqlite'}"))
        assert not (tmp_path / "elsewhere").exists()


class TestCheck:
    def test_wants_the_tables(self, empty_store):
        with pytest.raises(UsageError, match="is not set up") as caught:
            schema.check(empty_store)
        assert caught.value.remedy == "run `assay admin init`"

    def test_refuses_older_tables(self, empty_store):
        schema.upgrade(empty_store)
        set_revision(empty_store, "0004")
        with pytest.raises(UsageError, match=r"\(0004\) is older") as caught:
            schema.check(empty_store)
        assert "assay admin upgrade" in caught.value.remedy

    def test_refuses_newer_tables_and_does_not_upgrade_them(self, empty_store):
        schema.upgrade(empty_store)
        set_revision(empty_store, "9999")
        with pytest.raises(UsageError, match=r"\(9999\) is newer"):
            schema.check(empty_store)
        with pytest.raises(UsageError, match=r"\(9999\) is newer"):
            schema.upgrade(empty_store)

    def test_notices_a_trigger_that_was_removed(self, empty_store):
        schema.upgrade(empty_store)
        with empty_store.write() as connection:
            drop = "append_only_audit_delete" if empty_store.embedded else "append_only ON audit"
            connection.execute(sa.text(f"DROP TRIGGER {drop}"))
        with pytest.raises(TamperedError, match="triggers that protect audit are missing"):
            schema.check(empty_store)

    def test_notices_a_trigger_that_was_disabled(self, postgres_server):
        with new_database(postgres_server) as url:
            store = open_store(url)
            schema.upgrade(store)
            with psycopg.connect(url) as connection:
                connection.execute("ALTER TABLE assay.log_entry DISABLE TRIGGER ALL")
            with pytest.raises(TamperedError, match="protect log_entry"):
                schema.check(store)
            store.close()


def clauses(statement):
    """A statement's columns and constraints; the order of constraints says nothing."""
    first, *constraints = re.sub(r"[\s\"]+", " ", statement).split("CONSTRAINT ")
    return first, sorted(clause.rstrip(" ,)") for clause in constraints)


def set_revision(store, revision):
    with store.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
