"""Alembic's environment: runs on the connection `assay.store.schema` hands it."""

from __future__ import annotations

from alembic import context

from assay.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    # The transaction, and on PostgreSQL the lock beside it, are the caller's.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
