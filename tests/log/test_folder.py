"""A log's folder: reading, proving, verifying, and naming the file that was changed."""

from __future__ import annotations

import errno
import os
import shutil

import pytest

from assay.core.errors import (
    ConflictError,
    DataError,
    TamperedError,
    UnavailableError,
    UsageError,
)
from assay.log.checkpoint import read_unverified
from assay.log.files import publish, read_note, write_tiles
from assay.log.proof import LogProof
from assay.log.read import LogFolder
from assay.log.tiles import Growth, Tile
from assay.log.tree import leaf_hash, root_of, verify_consistency
from assay.log.verify import verify_folder
from log_making import SIGNER, grow, make_log, some_entries

SIZE = 70_123
"""Three levels, none of them full."""


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    folder = tmp_path_factory.mktemp("big") / "log"
    make_log(folder, 300, 65_536, SIZE)
    return folder


@pytest.fixture
def log(tmp_path):
    """Two levels: two full bundles and a begun one."""
    make_log(tmp_path / "log", 0, 1, 256, 300, 600)
    return tmp_path / "log"


def test_a_log_verifies_at_every_size_around_the_edges_of_tiles(tmp_path):
    growth, folder = Growth(), tmp_path / "log"
    for size in (0, 1, 2, 255, 256, 257, 511, 512, 513):
        grow(folder, growth, some_entries(growth.size, size))
        state = verify_folder(folder, SIGNER.vkey)
        assert state.size == size
        assert state.root == root_of(leaf_hash(data) for data in some_entries(0, size))
        assert LogFolder(folder).growth(size).root() == state.root


def test_a_log_of_three_levels_verifies_and_proves(big):
    seen = []
    state = verify_folder(big, SIGNER.vkey, progress=seen.append)
    assert (state.size, sum(seen)) == (SIZE, SIZE)
    log = LogFolder(big)
    for index in (0, 1, 255, 256, 65_535, 65_536, SIZE - 1):
        proof = log.proof(index)
        assert proof.extra == b"entry %d" % index
        again = LogProof.parse(proof.to_text())
        assert again == proof
        assert again.verify(leaf_hash(b"entry %d" % index), SIGNER.vkey).size == SIZE
    old = root_of(leaf_hash(data) for data in some_entries(0, 300))
    verify_consistency(300, old, SIZE, state.root, log.consistency(300, SIZE))
    assert log.find(leaf_hash(b"entry 66000")) == 66_000
    assert log.find(leaf_hash(b"entry 5"), 300) == 5
    assert log.find(leaf_hash(b"never")) is None


def test_growth_goes_on_from_the_files(big, tmp_path):
    copy = tmp_path / "log"
    shutil.copytree(big, copy)
    growth = LogFolder(copy).growth(SIZE)
    grow(copy, growth, some_entries(SIZE, SIZE + 200))
    assert verify_folder(copy, SIGNER.vkey).size == SIZE + 200


def test_a_partial_tile_may_be_gone_once_the_full_one_is_there(log):
    old = LogFolder(log).inclusion(7, 300)
    shutil.rmtree(log / "tile/0/001.p")
    shutil.rmtree(log / "tile/entries/001.p")
    assert LogFolder(log).inclusion(7, 300) == old
    assert LogFolder(log).entry(299, 300) == b"entry 299"
    assert verify_folder(log, SIGNER.vkey).size == 600


def test_there_is_no_proof_of_what_is_not_there(log):
    for index in (-1, 600):
        with pytest.raises(DataError, match="no entry"):
            LogFolder(log).proof(index)
    for old in (0, 601):
        with pytest.raises(DataError, match="no consistency proof"):
            LogFolder(log).consistency(old, 600)


def test_a_folder_without_a_checkpoint_is_no_log(tmp_path):
    with pytest.raises(UsageError, match="not a log's folder"):
        verify_folder(tmp_path)


def flip(path, at=5):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


CHANGED = [
    "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88", "tile/0/000", "tile/0/001",
    "tile/0/002.p/88", "tile/1/000.p/2", "tile/1/000.p/1", "tile/0/001.p/44",
    "tile/entries/001.p/44", "tile/entries/000.p/1",
]  # fmt: skip


@pytest.mark.parametrize("path", CHANGED)
def test_a_changed_file_is_named(log, path):
    flip(log / path)
    for vkey in (None, SIGNER.vkey):
        with pytest.raises(DataError) as caught:
            verify_folder(log, vkey)
        assert caught.value.subject == path


@pytest.mark.parametrize("path", CHANGED[:7])
def test_a_missing_or_short_file_is_named(log, path):
    data = (log / path).read_bytes()
    (log / path).unlink()
    (log / path).write_bytes(data[:-1])
    with pytest.raises(DataError) as caught:
        verify_folder(log, SIGNER.vkey)
    assert caught.value.subject == path
    (log / path).unlink()
    with pytest.raises(DataError, match="missing") as caught:
        verify_folder(log, SIGNER.vkey)
    assert caught.value.subject == path


def test_a_changed_checkpoint_is_named(log):
    note = (log / "checkpoint").read_bytes()
    checkpoint = read_unverified(note)
    forged = SIGNER.sign_checkpoint(600, leaf_hash(b"other"))
    (log / "checkpoint").write_bytes(forged)
    with pytest.raises(DataError, match="not that of the entries") as caught:
        verify_folder(log, SIGNER.vkey)
    assert caught.value.subject == "checkpoint"
    (log / "checkpoint").write_bytes(note.replace(b"600", b"599"))
    with pytest.raises(DataError, match="signature is wrong"):
        verify_folder(log, SIGNER.vkey)
    assert checkpoint.size == 600


def test_a_rewritten_entry_with_its_tiles_does_not_lead_to_the_signed_root(log, tmp_path):
    entries = some_entries(0, 600)
    entries[300] = b"entry 3oo"
    forged = tmp_path / "forged"
    grow(forged, Growth(), entries)
    (forged / "checkpoint").write_bytes((log / "checkpoint").read_bytes())
    with pytest.raises(DataError) as caught:
        verify_folder(forged, SIGNER.vkey)
    assert caught.value.subject == "checkpoint"  # everything else fits together
    shutil.copy(log / "tile/0/001", forged / "tile/0/001")
    with pytest.raises(DataError, match="entry 300 was changed") as caught:
        verify_folder(forged, SIGNER.vkey)
    assert caught.value.subject == "tile/entries/001"


def test_a_link_in_the_place_of_a_tile_is_refused(log, tmp_path):
    (tmp_path / "elsewhere").write_bytes((log / "tile/0/000").read_bytes())
    (log / "tile/0/000").unlink()
    (log / "tile/0/000").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="tile/0/000"):
        verify_folder(log, SIGNER.vkey)


def test_a_tile_is_written_once(log):
    tile = Tile(0, 0)
    data = (log / tile.path).read_bytes()
    write_tiles(log, {tile: data})
    with pytest.raises(TamperedError, match="never changes"):
        write_tiles(log, {tile: data[::-1]})
    assert (log / tile.path).read_bytes() == data
    assert list((log / "incoming").iterdir()) == []


def test_a_smaller_checkpoint_does_not_replace_a_larger_one(log):
    with pytest.raises(ConflictError, match="larger"):
        publish(log, SIGNER.sign_checkpoint(300, leaf_hash(b"old")))
    assert read_unverified(read_note(log)).size == 600


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: "", "does not begin"),
        (lambda text: text.replace("@v1", "@v2"), "does not begin"),
        (lambda text: text.replace("index 7", "index 07"), "no index"),
        (lambda text: text.replace("index 7\n", ""), "no index"),
        (lambda text: text.replace("index 7", "index 8"), "another root"),
        (lambda text: text.replace("index 7", "index 600"), "no entry"),
        (lambda text: drop_line(text, 3), "too short"),
        (lambda text: text.replace("extra ", "extra !"), "base64"),
        (lambda text: text.replace("\n\n", "\n", 1), "else than hashes|base64"),
        (lambda text: text[:-10], "signed note"),
        (lambda text: text.partition("\n\n")[0], "does not begin"),
    ],
)
def test_a_damaged_proof_proves_nothing(log, change, reason):
    text = LogFolder(log).proof(7).to_text()
    with pytest.raises(DataError, match=reason):
        LogProof.parse(change(text)).verify(leaf_hash(b"entry 7"), SIGNER.vkey)


def drop_line(text, number):
    lines = text.split("\n")
    return "\n".join(lines[:number] + lines[number + 1 :])


def test_a_proof_is_of_its_entry_only(log):
    proof = LogFolder(log).proof(7)
    with pytest.raises(DataError, match="another root"):
        proof.verify(leaf_hash(b"entry 8"), SIGNER.vkey)


def test_a_proof_has_the_form_of_the_specification(log):
    lines = LogFolder(log).proof(7).to_text().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra ZW50cnkgNw=="
    assert lines[2] == "index 7"
    blank = lines.index("")
    assert lines[blank + 1 : blank + 3] == [SIGNER.name, "600"]
    assert "\n".join(lines[blank + 1 :]).encode() == (log / "checkpoint").read_bytes()


def test_a_full_disk_leaves_no_tile_and_no_checkpoint(tmp_path, monkeypatch):
    folder = tmp_path / "log"
    growth = make_log(folder, 300)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def fails(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for call in ("write", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fails)
            with pytest.raises(UnavailableError, match="full"):
                grow(folder, LogFolder(folder).growth(300), some_entries(300, 400))
        after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert after == before
    grow(folder, growth, some_entries(300, 400))
    assert verify_folder(folder, SIGNER.vkey).size == 400


def test_a_log_behind_a_link_can_be_written_and_read(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "log").symlink_to(tmp_path / "real")
    make_log(tmp_path / "log", 3)
    assert verify_folder(tmp_path / "log", SIGNER.vkey).size == 3
