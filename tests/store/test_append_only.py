"""What was signed, decided, approved, logged, revoked or audited cannot be changed or removed."""

# ruff: noqa: PT012 - what is done inside the transaction is what raises, or its end is

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from assay.core.errors import RefusedError
from assay.store import (
    approvals,
    attestations,
    audit,
    decisions,
    leases,
    log_entries,
    log_queue,
    policies,
    revocations,
)
from assay.store.tables import APPEND_ONLY, metadata
from store_world import NOW, World, digest


def fill(connection):
    """One row in each protected table."""
    world = World(connection)
    release, person = world.release(), world.person()
    policies.record(
        connection,
        digest=digest("policy"),
        name="default",
        version="1",
        source="rules",
        created_by=None,
        now=NOW,
    )
    attestations.record(
        connection,
        envelope=b"{}",
        statement=digest("statement"),
        predicate_type="https://example.org/p/v1",
        tree=release.tree,
        signer="key",
        now=NOW,
    )
    approvals.record(
        connection,
        release_id=release.id,
        tree=release.tree,
        principal_id=person.id,
        owner_id=person.id,
        verdict="approve",
        reason="looked at it",
        now=NOW,
    )
    decisions.record(
        connection,
        release_id=release.id,
        tree=release.tree,
        policy=digest("policy"),
        facts_digest=digest("facts"),
        facts={"a": 1},
        outcome="deny",
        reasons=[],
        epoch_global=0,
        epoch_tree=0,
        not_after=NOW,
        attestation=None,
        now=NOW,
    )
    revocations.record(
        connection, kind="release", subject=release.id, reason="bad", by=person.id, now=NOW
    )
    lease = leases.acquire(connection, "log", holder="one", pid=1, now=NOW, seconds=9)
    queued = log_queue.put(connection, leaf_hash=digest("leaf"), entry=b"entry", now=NOW)
    log_entries.sequence(connection, [queued], lease=lease, now=NOW)
    log_entries.record_checkpoint(
        connection, size=1, root=digest("root"), note=b"note", lease=lease, now=NOW
    )
    audit.append(connection, action="release.approve", subject=release.id, now=NOW)


@pytest.fixture
def filled(store):
    with store.write() as connection:
        fill(connection)
    return store


def rows_of(store, name):
    with store.read() as connection:
        return connection.execute(sa.select(metadata.tables[name])).all()


def attempt(store, statement, values=None):
    with pytest.raises(RefusedError, match="append-only"), store.write() as connection:
        connection.execute(statement, values or {})


@pytest.mark.parametrize("name", APPEND_ONLY)
class TestEveryProtectedTable:
    def test_refuses_change_and_removal(self, filled, name):
        table = metadata.tables[name]
        before = rows_of(filled, name)
        assert len(before) == 1
        for column in table.columns:
            attempt(filled, sa.update(table).values({column: before[0]._mapping[column]}))
        attempt(filled, sa.delete(table))
        assert rows_of(filled, name) == before

    def test_refuses_to_be_emptied(self, postgres_store, name):
        with postgres_store.write() as connection:
            fill(connection)
        attempt(postgres_store, sa.text(f"TRUNCATE {name} CASCADE"))
        assert len(rows_of(postgres_store, name)) == 1

    def test_refuses_replacement(self, sqlite_store, name):
        with sqlite_store.write() as connection:
            fill(connection)
        table = metadata.tables[name]
        row = dict(rows_of(sqlite_store, name)[0]._mapping)
        attempt(sqlite_store, sa.insert(table).prefix_with("OR REPLACE"), row)
        assert len(rows_of(sqlite_store, name)) == 1

    def test_refuses_an_upsert_that_changes(self, filled, name):
        from assay.store import rows

        table = metadata.tables[name]
        row = dict(rows_of(filled, name)[0]._mapping)
        key = list(table.primary_key.columns)
        with pytest.raises(RefusedError), filled.write() as connection:
            statement = rows.upsert(connection, table).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_=row))


def test_the_rest_of_the_transaction_is_undone_too(filled):
    with pytest.raises(RefusedError), filled.write() as connection:
        World(connection).person("eve")
        connection.execute(sa.delete(metadata.tables["audit"]))
    assert "eve" not in {row.name for row in rows_of(filled, "principal")}


def test_other_tables_can_be_changed(filled):
    with filled.write() as connection:
        lease = leases.find(connection, "log")
        leases.renew(connection, lease, now=NOW + timedelta(seconds=1), seconds=9)
