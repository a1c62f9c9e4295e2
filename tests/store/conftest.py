"""Stores on both engines, and a transaction that is undone."""

from __future__ import annotations

import pytest

from databases import (  # noqa: F401 - fixtures
    postgres_server,
    postgres_store,
    postgres_url,
    sqlite_store,
    sqlite_template,
    store,
)
from store_world import World


@pytest.fixture
def connection(store):  # noqa: F811 - the fixture above
    """A writing transaction, undone at the end."""
    with store.engine.connect() as connection, connection.begin() as transaction:
        if store.embedded:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        transaction.rollback()


@pytest.fixture
def world(connection):
    return World(connection)
