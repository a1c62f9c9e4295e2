"""Git object ids of a release, as a Hub shows them: every file through a Git LFS pointer.

Assay names content by SHA-256, so each file is presented as Git LFS does: the blob is the
pointer text, whose id needs no byte of the file. Sources: git-scm.com "Git Objects" (object
header, tree entry form and order), git-lfs specification v1 (pointer text).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from assay.core.digest import Digest
from assay.core.errors import UnavailableError
from assay.core.manifest import Manifest, ManifestEntry


def pointer(digest: Digest, size: int) -> bytes:
    """The Git LFS pointer text of a file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest.hex}\nsize {size}\n".encode()


def object_id(kind: str, data: bytes) -> str:
    """The SHA-1 id git gives an object."""
    # SHA-1 because git names objects by it; nothing here relies on it for integrity.
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class GitFile:
    """A file with its pointer's id and length in bytes."""

    entry: ManifestEntry
    oid: str
    pointer_size: int

    @property
    def path(self) -> str:
        """Path from the root."""
        return self.entry.path


@dataclass(frozen=True, slots=True)
class GitFolder:
    """A folder: path from the root (the root is ""), tree id, what lies directly in it by name."""

    path: str
    oid: str
    children: Mapping[str, GitFile | GitFolder]


MAX_FOLDERS = 200_000
"""Folders of one release that are listed."""

Folders = Mapping[str, GitFolder]
"""Every folder of a release by its path; the root is ""."""


def git_folders(manifest: Manifest) -> Folders:
    """The folders of a manifest, with git's ids all the way down.

    Raises:
        UnavailableError: there are more folders than `MAX_FOLDERS`.
    """
    children: dict[str, dict[str, GitFile | GitFolder]] = {"": {}}
    for entry in manifest.entries:
        above, _, name = entry.path.rpartition("/")
        text = pointer(entry.digest, entry.size)
        _open(children, above)[name] = GitFile(entry, object_id("blob", text), len(text))
    if len(children) > MAX_FOLDERS:
        raise UnavailableError(f"over {MAX_FOLDERS} folders: too many to list", subject="tree")
    finished: dict[str, GitFolder] = {}
    # The deepest first, so that a folder's own are finished before it. No recursion: the
    # depth is the uploader's choice.
    for path in sorted(children, key=lambda one: one.count("/") + bool(one), reverse=True):
        finished[path] = folder = _finished(path, children[path])
        above, _, name = path.rpartition("/")
        if path:
            children[above][name] = folder
    return finished


def _open(
    children: dict[str, dict[str, GitFile | GitFolder]], path: str
) -> dict[str, GitFile | GitFolder]:
    """The children of a folder, it and those above it begun where they were not."""
    above = path
    while above not in children:
        children[above] = {}
        above = above.rpartition("/")[0]
    return children[path]


def _finished(path: str, children: Mapping[str, GitFile | GitFolder]) -> GitFolder:
    # Git orders entries by bytes, a folder as if its name ended in a slash.
    ordered = sorted(
        children.items(),
        key=lambda pair: pair[0].encode() + b"/" * isinstance(pair[1], GitFolder),
    )
    data = b"".join(
        (b"40000 " if isinstance(child, GitFolder) else b"100644 ")
        + name.encode()
        + b"\0"
        + bytes.fromhex(child.oid)
        for name, child in ordered
    )
    return GitFolder(path, object_id("tree", data), dict(ordered))
