"""Triggers that keep a table's rows from being changed or removed.

Revisions call this, so what it makes must stay as it is: a change is a new function.
"""

from __future__ import annotations

from alembic import op

_FUNCTION = """
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'AS001';
END $$
"""


def create_function() -> None:
    """Make the function PostgreSQL's triggers call; SQLite needs none."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(_FUNCTION)


def protect(table: str) -> None:
    """Refuse UPDATE and DELETE and, on PostgreSQL, TRUNCATE; SQLite has none."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
        return
    for event in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER append_only_{table}_{event} BEFORE {event.upper()} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
