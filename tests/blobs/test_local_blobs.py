"""Blobs in a folder: whole or absent, verified after writing and before reading."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.blobs import local
from assay.blobs.local import LocalBlobs
from assay.core.digest import Digest
from assay.core.errors import DataError, NotFoundError, TamperedError, UnavailableError
from assay.core.limits import CHUNK_BYTES

SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 9_000_000)


@pytest.fixture
def blobs(tmp_path):
    return LocalBlobs(tmp_path / "blobs")


def content(size, seed=b"x"):
    block = hashlib.sha256(seed).digest() * 4096
    return (block * (size // len(block) + 1))[:size]


def pieces(data, width=1_000_003):
    return (data[at : at + width] for at in range(0, len(data), width))


def kept_file(blobs, digest):
    return blobs.folder / "sha256" / digest.hex[:2] / digest.hex[2:4] / digest.hex


def everything(blobs):
    return sorted(path for path in blobs.folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("size", SIZES)
def test_what_is_kept_is_given_back(blobs, size):
    data = content(size)
    stored = blobs.put(pieces(data), expected=Digest.of(data), size=size, limit=size)
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, size, CHUNK_BYTES)]
    assert stored.digest == Digest.of(data)
    assert stored.size == size
    assert stored.chunks == b"".join(hashlib.sha256(chunk).digest() for chunk in chunks)
    assert stored.git_oid == hashlib.sha1(b"blob %d\0" % size + data).hexdigest()
    assert blobs.put(pieces(data)) == stored  # neither size nor digest known
    read = list(blobs.read(stored.digest, 0, size, size=size, chunks=stored.chunks))
    assert b"".join(read) == data
    assert blobs.has(stored.digest)
    assert list(blobs.digests()) == [stored.digest]
    assert everything(blobs) == [kept_file(blobs, stored.digest)]
    assert kept_file(blobs, stored.digest).stat().st_mode & 0o777 == 0o400


def test_the_git_id_is_that_of_git(blobs):
    assert blobs.put([b"hello\n"]).git_oid == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert blobs.put([]).git_oid == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data=st.data())
def test_every_range_is_that_of_the_bytes(blobs, data):
    whole = content(2 * CHUNK_BYTES + 17)
    stored = blobs.put([whole])
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    read = blobs.read(stored.digest, start, end, size=len(whole), chunks=stored.chunks)
    assert b"".join(read) == whole[start:end]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"expected": Digest.of(b"other")}, "the bytes have the digest"),
        ({"size": 5}, "more than 5 bytes"),
        ({"size": 7}, "6 bytes came instead of 7"),
        ({"limit": 5}, "more than 5 bytes"),
        ({"size": 6, "limit": 5}, "more than 5 bytes"),
    ],
)
def test_other_bytes_than_announced_leave_nothing(blobs, arguments, reason):
    with pytest.raises(DataError, match=reason):
        blobs.put([b"abc", b"def"], **arguments)
    assert everything(blobs) == []


def test_a_stream_is_not_read_past_its_limit(blobs):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield bytes(1000)

    with pytest.raises(DataError):
        blobs.put(endless(), limit=3500)
    assert len(taken) == 4


def test_a_disk_that_is_not_mounted_is_no_damage(blobs, tmp_path):
    kept = blobs.put([b"abc"])
    blobs.folder.rename(tmp_path / "away")
    with pytest.raises(UnavailableError, match="is gone"):
        blobs.open(kept.digest)
    with pytest.raises(UnavailableError):
        blobs.has(kept.digest)
    (tmp_path / "away").rename(blobs.folder)
    assert blobs.has(kept.digest)


def test_a_sender_that_breaks_off_leaves_nothing(blobs):
    def broken():
        yield b"abc"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        blobs.put(broken())
    assert everything(blobs) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("call", ["write", "fsync", "pread", "replace"])
def test_a_disk_that_fails_leaves_nothing(blobs, monkeypatch, code, call):
    def fails(*_, **__):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fails)
        with pytest.raises(UnavailableError) as caught:
            blobs.put([b"abc"])
    full = code in (errno.ENOSPC, errno.EDQUOT)
    assert ("full" in str(caught.value)) is full
    assert everything(blobs) == []
    assert blobs.put([b"abc"]).size == 3


def test_a_disk_that_keeps_other_bytes_is_noticed(blobs, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(local, "write_all", lambda to, piece: os.write(to, piece[::-1]))
        with pytest.raises(UnavailableError, match="did not keep"):
            blobs.put([b"abc"])
    assert everything(blobs) == []


def test_a_real_limit_of_the_system_leaves_nothing(tmp_path):
    """The system refuses to write past a size, as it does on a full disk."""
    program = f"""
import resource, signal
from pathlib import Path
from assay.blobs.local import LocalBlobs
from assay.core.errors import UnavailableError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
blobs = LocalBlobs(Path({str(tmp_path / "blobs")!r}))
try:
    blobs.put([bytes(60_000), bytes(60_000)])
except UnavailableError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "File too large" in done.stdout
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UnavailableError, match="file"):
        LocalBlobs(tmp_path / "file" / "blobs")


def test_many_writers_of_one_blob_get_in_nobodys_way(blobs):
    data = content(CHUNK_BYTES + 5)
    results, barrier = [], threading.Barrier(8)

    def put():
        barrier.wait()
        results.append(LocalBlobs(blobs.folder).put(pieces(data, 65536)))

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1
    assert everything(blobs) == [kept_file(blobs, Digest.of(data))]


def test_a_writer_at_work_is_not_taken_for_abandoned(blobs):
    abandoned = blobs.folder / "incoming" / "01ABC.part"
    abandoned.write_bytes(b"half")

    def slow():
        yield b"abc"
        LocalBlobs(blobs.folder)  # another process starts
        assert not abandoned.exists()
        yield b"def"

    assert blobs.put(slow()).digest == Digest.of(b"abcdef")
    assert everything(blobs) == [kept_file(blobs, Digest.of(b"abcdef"))]


def test_a_killed_writer_leaves_nothing_after_the_next_start(blobs):
    program = f"""
import os, signal
from pathlib import Path
from assay.blobs.local import LocalBlobs
def dies():
    yield bytes(100_000)
    os.kill(os.getpid(), signal.SIGKILL)
LocalBlobs(Path({str(blobs.folder)!r})).put(dies())
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -9
    assert len(everything(blobs)) == 1
    assert list(blobs.digests()) == []
    LocalBlobs(blobs.folder)
    assert everything(blobs) == []


def flip(path, at):
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("at", [0, CHUNK_BYTES, 2 * CHUNK_BYTES + 3])
def test_no_byte_of_a_changed_chunk_is_given_out(blobs, at):
    data = content(2 * CHUNK_BYTES + 5)
    stored = blobs.put([data])
    flip(kept_file(blobs, stored.digest), at)
    number, given_out = at // CHUNK_BYTES, []
    reading = blobs.read(stored.digest, 0, len(data), size=len(data), chunks=stored.chunks)
    with pytest.raises(TamperedError, match=f"chunk {number} "):
        given_out.extend(reading)
    assert b"".join(given_out) == data[: number * CHUNK_BYTES]
    first = number * CHUNK_BYTES
    with pytest.raises(TamperedError, match=f"chunk {number} "):  # a range beside the change
        list(blobs.read(stored.digest, first + 1, first + 2, size=len(data), chunks=stored.chunks))
    other = 0 if number else CHUNK_BYTES
    piece = list(blobs.read(stored.digest, other, other + 9, size=len(data), chunks=stored.chunks))
    assert piece == [data[other : other + 9]]


def test_putting_the_right_bytes_again_mends_a_blob(blobs):
    stored = blobs.put([b"abc"])
    flip(kept_file(blobs, stored.digest), 1)
    assert blobs.put([b"abc"]) == stored
    assert list(blobs.read(stored.digest, 0, 3, size=3, chunks=stored.chunks)) == [b"abc"]


def test_another_size_is_noticed_before_anything_is_read(blobs):
    stored = blobs.put([b"abcdef"])
    file = kept_file(blobs, stored.digest)
    file.chmod(0o600)
    for data in (b"abcde", b"abcdefg"):
        file.write_bytes(data)
        with pytest.raises(TamperedError, match=r"bytes instead of 6"):
            next(blobs.read(stored.digest, 0, 1, size=6, chunks=stored.chunks))


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2), (0, 7)])
def test_a_range_outside_is_a_mistake_of_the_caller(blobs, start, end):
    stored = blobs.put([b"abcdef"])
    with pytest.raises(ValueError, match="no bytes"):
        next(blobs.read(stored.digest, start, end, size=6, chunks=stored.chunks))
    with pytest.raises(ValueError, match="chunks"):
        next(blobs.read(stored.digest, 0, 6, size=6, chunks=b""))


def test_what_is_not_there_is_not_there(blobs):
    absent = Digest.of(b"absent")
    assert not blobs.has(absent)
    with pytest.raises(NotFoundError):
        blobs.open(absent)
    with pytest.raises(NotFoundError):
        next(blobs.read(absent, 0, 0, size=0, chunks=b""))
    blobs.remove(absent)
    stored = blobs.put([b"abc"])
    blobs.remove(stored.digest)
    assert not blobs.has(stored.digest)
    assert list(blobs.digests()) == []


def test_the_descriptor_only_reads(blobs):
    stored = blobs.put([b"abc"])
    descriptor = blobs.open(stored.digest)
    try:
        assert os.pread(descriptor, 9, 0) == b"abc"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(descriptor, b"x")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_link_in_the_store_is_refused(blobs, tmp_path, level):
    stored = blobs.put([b"abc"])
    file = kept_file(blobs, stored.digest)
    replaced = [file, file.parent, file.parent.parent][level]
    replaced.rename(tmp_path / "elsewhere")
    replaced.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TamperedError, match="link"):
        blobs.open(stored.digest)
    with pytest.raises(TamperedError):
        blobs.has(stored.digest)
    if level:
        with pytest.raises(UnavailableError):
            blobs.put([b"abc"])
        with pytest.raises(UnavailableError):
            blobs.remove(stored.digest)
        assert (tmp_path / "elsewhere").exists()
    else:
        assert blobs.put([b"abc"]) == stored
        assert (tmp_path / "elsewhere").read_bytes() == b"abc"
        assert not file.is_symlink()


def test_a_folder_in_the_place_of_a_blob_is_refused(blobs):
    stored = blobs.put([b"abc"])
    file = kept_file(blobs, stored.digest)
    file.unlink()
    file.mkdir()
    with pytest.raises(TamperedError, match="regular file"):
        blobs.open(stored.digest)


def test_strangers_in_the_folder_are_no_blobs(blobs):
    stored = blobs.put([b"abc"])
    folder = kept_file(blobs, stored.digest).parent
    Path(folder / ("0" * 64)).write_bytes(b"wrong folder")
    Path(folder / "notes.txt").write_bytes(b"")
    Path(blobs.folder / "sha256" / "zz").mkdir()
    assert list(blobs.digests()) == [stored.digest]
