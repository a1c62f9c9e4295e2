"""Git ids of a release are those git itself computes."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.digest import Digest
from assay.core.errors import UnavailableError
from assay.core.manifest import Manifest, ManifestEntry
from assay.registry import huggingface_git
from assay.registry.huggingface_git import GitFile, git_folders, pointer


def manifest_of(*paths: str) -> Manifest:
    return Manifest.of(ManifestEntry(path, len(path), Digest.of(path.encode())) for path in paths)


def _git_write_tree(manifest: Manifest, folder) -> str:
    """What git computes for the pointers in a work tree."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    for entry in manifest.entries:
        file = folder / entry.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pointer(entry.digest, entry.size))
    subprocess.run(["git", "-C", str(folder), "add", "-A"], check=True)
    done = subprocess.run(
        ["git", "-C", str(folder), "write-tree"], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "paths",
    [
        ["model.safetensors"],
        ["a/b", "a-b", "a.txt", "a0"],
        ["é/ü.bin", "z/z/z/z", "config.json", "sub/tokenizer/vocab.txt"],
    ],
)
def test_the_root_tree_id_is_gits_own(paths, tmp_path):
    manifest = manifest_of(*paths)
    assert git_folders(manifest)[""].oid == _git_write_tree(manifest, tmp_path)


_part = st.text("abcZ0-._~", min_size=1, max_size=3).filter(lambda text: text.strip("."))
_paths = st.lists(st.lists(_part, min_size=1, max_size=3).map("/".join), min_size=1, max_size=8)


@settings(max_examples=15)
@given(paths=_paths)
def test_any_tree_agrees_with_git(paths, tmp_path_factory):
    kept: list[str] = []
    for path in paths:
        if ".git" in path.lower().split("/"):
            continue
        try:
            manifest_of(*kept, path)
        except Exception:  # noqa: BLE001 - a collision: another example will do
            continue
        kept.append(path)
    if not kept:
        return
    manifest = manifest_of(*kept)
    folder = tmp_path_factory.mktemp("git")
    assert git_folders(manifest)[""].oid == _git_write_tree(manifest, folder)


def test_every_folder_is_there_with_its_children():
    folders = git_folders(manifest_of("a/b/c", "a/d", "e"))
    assert sorted(folders) == ["", "a", "a/b"]
    assert list(folders[""].children) == ["a", "e"]
    assert isinstance(folders["a"].children["d"], GitFile)


def test_the_pointer_is_the_text_git_lfs_writes():
    digest = Digest.of(b"x")
    assert pointer(digest, 12345) == (
        b"version https://git-lfs.github.com/spec/v1\n"
        b"oid sha256:" + digest.hex.encode() + b"\nsize 12345\n"
    )


def test_a_manifest_of_a_folder_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(huggingface_git, "MAX_FOLDERS", 10)
    with pytest.raises(UnavailableError):
        git_folders(manifest_of("/".join("abcdefghijkl")))
