"""Stores on both engines for the tests of access."""

from __future__ import annotations

from databases import (  # noqa: F401 - fixtures
    postgres_server,
    postgres_store,
    postgres_url,
    sqlite_store,
    sqlite_template,
    store,
)
