"""A log made by Tessera: its checkpoints verify, and we make its tiles byte for byte."""

from __future__ import annotations

import shutil

import pytest

from assay.core.errors import DataError
from assay.log.checkpoint import VerifierKey, verify_checkpoint
from assay.log.read import LogFolder
from assay.log.tiles import Growth, Tile, pack_entries
from assay.log.tree import leaf_hash, root_of, verify_consistency, verify_inclusion
from assay.log.verify import verify_folder

VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
SIZES = range(16)


@pytest.fixture(scope="module")
def log(vectors):
    return vectors / "tessera/testdata/log"


@pytest.fixture(scope="module")
def checkpoints(log):
    notes = [(log / f"checkpoint.{size}").read_bytes() for size in SIZES]
    return [verify_checkpoint(note, VKEY) for note in notes]


def test_the_vkey_reads_and_writes_itself():
    assert str(VerifierKey.parse(VKEY)) == VKEY


def test_every_root_is_recomputed_from_the_entries(log, checkpoints):
    leaves = [leaf_hash(data) for data in LogFolder(log).entries(15)]
    for size in SIZES:
        assert checkpoints[size].size == size
        assert checkpoints[size].root == root_of(leaves[:size])


def test_tiles_and_bundles_are_byte_equal(log):
    growth = Growth()
    for size, data in enumerate(LogFolder(log).entries(15), start=1):
        files = growth.add([(data, leaf_hash(data))])
        assert set(files) == {Tile(0, 0, size), Tile(None, 0, size)}
        for tile, held in files.items():
            assert (log / tile.path).read_bytes() == held
    assert pack_entries(LogFolder(log).entries(15)) == (log / "tile/entries/000.p/15").read_bytes()


def test_proofs_from_its_tiles_verify_under_its_checkpoints(log, checkpoints):
    folder = LogFolder(log)
    for size in range(1, 16):
        root = checkpoints[size].root
        for index in range(size):
            leaf = leaf_hash(folder.entry(index, size))
            verify_inclusion(leaf, index, size, folder.inclusion(index, size), root)
        for old in range(1, size + 1):
            path = folder.consistency(old, size)
            verify_consistency(old, checkpoints[old].root, size, root, path)


def test_the_whole_folder_verifies(log, tmp_path):
    state = verify_folder(log, VKEY)
    assert (state.origin, state.size) == ("example.com/log/testdata", 15)
    assert state.files == 30
    copy = tmp_path / "log"
    shutil.copytree(log, copy, copy_function=shutil.copyfile)
    for folder in [copy, *copy.rglob("*")]:
        folder.chmod(0o755)
    (copy / "tile/entries/000.p/7").write_bytes((log / "tile/entries/000.p/6").read_bytes())
    with pytest.raises(DataError, match=r"tile/entries/000\.p/7"):
        verify_folder(copy, VKEY)
