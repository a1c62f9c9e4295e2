"""Artifacts and their manifests: which files, of which digests, a tree digest names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from assay.core.digest import Digest
from assay.core.errors import TamperedError
from assay.core.manifest import Manifest, ManifestEntry
from assay.store import rows
from assay.store.tables import artifact as table
from assay.store.tables import blob as blob_table
from assay.store.tables import manifest_entry as entry_table


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a tree digest names.

    Attributes:
        kind: `model`, `dataset`, `environment`, `source` or `image`.
        size: Bytes of all files.
        files: Number of files.
        manifest_blob: Blob that holds the manifest's canonical form, where one is kept.
        oms_root: OpenSSF Model Signing root; binds no names, never an identity.
    """

    tree: Digest
    kind: str
    size: int
    files: int
    manifest_blob: Digest | None
    oms_root: Digest | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an artifact. `git_oid` is known where its bytes went through here."""

    path: str
    size: int
    digest: Digest
    git_oid: str | None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of an artifact together with its blob's row: what serving needs."""

    path: str
    size: int
    digest: Digest
    git_oid: str
    chunks: bytes
    state: str


def record(
    connection: sa.Connection,
    manifest: Manifest,
    *,
    kind: str,
    now: datetime,
    oms_root: Digest | None = None,
    manifest_blob: Digest | None = None,
    git_oids: Mapping[str, str] | None = None,
) -> Artifact:
    """Note an artifact and its files. One that is there stays as it is.

    Args:
        connection: One that writes.
        manifest: Its files; the tree digest is taken from it.
        kind: One of the kinds.
        now: When.
        oms_root: OpenSSF Model Signing root.
        manifest_blob: Blob of the manifest's canonical form.
        git_oids: SHA-1 git gives the files, hexadecimal, by path, where known.

    Raises:
        DataError: not one of the kinds.
    """
    tree, oids = manifest.tree_digest, git_oids or {}
    row = Artifact(tree, kind, manifest.size, len(manifest.entries), manifest_blob, oms_root, now)
    made = connection.execute(
        rows.upsert(connection, table)
        .values(**rows.values(row))
        .on_conflict_do_nothing()
        .returning(table.c.tree)
    ).first()
    if made is not None and manifest.entries:
        connection.execute(
            sa.insert(entry_table),
            [
                {
                    "tree": tree,
                    "path": entry.path,
                    "size": entry.size,
                    "digest": entry.digest,
                    "git_oid": oids.get(entry.path),
                }
                for entry in manifest.entries
            ],
        )
    return get(connection, tree)


def get(connection: sa.Connection, tree: Digest) -> Artifact:
    """The artifact of this tree digest.

    Raises:
        NotFoundError: there is none.
    """
    query = rows.select(table, Artifact).where(table.c.tree == tree)
    return rows.required(connection, Artifact, query, subject=str(tree))


def find(connection: sa.Connection, tree: Digest) -> Artifact | None:
    """The artifact of this tree digest, if any."""
    return rows.first(
        connection, Artifact, rows.select(table, Artifact).where(table.c.tree == tree)
    )


def entries(connection: sa.Connection, tree: Digest) -> list[Entry]:
    """The files of a tree by path; empty if there is no such tree."""
    query = (
        rows.select(entry_table, Entry)
        .where(entry_table.c.tree == tree)
        .order_by(entry_table.c.path)
    )
    return rows.many(connection, Entry, query)


def entry(connection: sa.Connection, tree: Digest, path: str) -> Entry:
    """One file of a tree.

    Raises:
        NotFoundError: there is no such tree or file.
    """
    query = rows.select(entry_table, Entry).where(
        entry_table.c.tree == tree, entry_table.c.path == path
    )
    return rows.required(connection, Entry, query, subject=path)


def manifest(connection: sa.Connection, tree: Digest) -> Manifest:
    """The manifest again.

    Raises:
        NotFoundError: there is no such tree.
        TamperedError: the rows no longer have this tree digest.
    """
    get(connection, tree)
    found = entries(connection, tree)
    result = Manifest.of(ManifestEntry(row.path, row.size, row.digest) for row in found)
    if result.tree_digest != tree:
        raise TamperedError("the files recorded are not those it names", subject=str(tree))
    return result


def stored_file(connection: sa.Connection, tree: Digest, path: str) -> StoredFile:
    """One file of a tree, with its blob's row.

    Raises:
        NotFoundError: there is no such file, or its bytes are not held here.
    """
    query = (
        sa.select(
            entry_table.c.path,
            blob_table.c.size,
            blob_table.c.digest,
            blob_table.c.git_oid,
            blob_table.c.chunks,
            blob_table.c.state,
        )
        .join(blob_table, blob_table.c.digest == entry_table.c.digest)
        .where(entry_table.c.tree == tree, entry_table.c.path == path)
    )
    return rows.required(connection, StoredFile, query, subject=path)
