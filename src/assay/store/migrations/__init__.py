"""Alembic's environment and the revisions; run by `assay.store.schema`, never by hand."""
