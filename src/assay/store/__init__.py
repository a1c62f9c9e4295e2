"""Rows: what the installation knows, in SQLite or PostgreSQL. All SQL lives in this package.

`open_store` gives a `Store`; its `read()` and `write()` give a connection; the modules named by
noun (`principals`, `releases`, `audit`, ...) hold functions that take one and return frozen rows.
Errors of the database leave this package as `assay.core.errors` only.
"""
