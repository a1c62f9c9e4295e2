"""Compressed files: what is inside counts, as a file of the name without the ending."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import DataError
from assay.core.finding import Verdict
from assay.core.limits import ArchiveLimits
from assay.scanning.archives.engines import Progress
from assay.scanning.parsers import lz4
from scanning.container_making import COMMAND, ELF, benign_pickle, judge, torch_members, zip_of

README = b"# A model\n" * 50


def lzma_alone(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


def old_joblib(data: bytes) -> bytes:
    return b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data)


def lz4_stored(data: bytes) -> bytes:
    """One frame of one block that is not compressed."""
    block = (len(data) | 1 << 31).to_bytes(4, "little") + data
    return b"\x04\x22\x4d\x18\x60\x70\x73" + block + bytes(4)


def lz4_block(block: bytes, *, linked: bool = False) -> bytes:
    """One frame of one compressed block."""
    flags = b"\x40" if linked else b"\x60"
    head = b"\x04\x22\x4d\x18" + flags + b"\x70\x73"
    return head + len(block).to_bytes(4, "little") + block + bytes(4)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lzma_alone,
    "zlib": zlib.compress,
    "lz4": lz4_stored,
    "joblib": old_joblib,
}


@pytest.mark.parametrize("family", PACKERS)
def test_each_is_recognised_under_any_name_and_judged_inside(family: str) -> None:
    pack = PACKERS[family]
    for name in ("model.pkl.gz", "model.joblib", "weights.dat", "model.pkl"):
        bad = judge(pack(COMMAND), name)
        assert (bad.family, bad.verdict) == (family, Verdict.MALICIOUS), (name, bad)
        assert "pickle.dangerous-import" in bad.rules
        good = judge(pack(benign_pickle()), name)
        assert (good.family, good.verdict) == (family, Verdict.CLEAN), (name, good)


@pytest.mark.parametrize("family", PACKERS)
def test_what_acts_behind_a_name_that_promises_data_is_disguised(family: str) -> None:
    judged = judge(PACKERS[family](benign_pickle()), "params.json")
    assert "file.disguised" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_the_file_inside_has_the_name_without_the_ending() -> None:
    assert judge(gzip.compress(README), "README.md.gz").verdict is Verdict.CLEAN
    judged = judge(gzip.compress(benign_pickle()), "params.json.gz")
    assert "file.disguised" in judged.rules
    assert {f.location.member for f in judged.findings} == {"params.json"}


@pytest.mark.parametrize(
    ("name", "mode"), [("m.tar.gz", "w:gz"), ("m.tgz", "w:gz"), ("m.tar.xz", "w:xz")]
)
def test_an_archive_inside_is_read(name: str, mode: str) -> None:
    for body, verdict in ((COMMAND, Verdict.MALICIOUS), (benign_pickle(), Verdict.CLEAN)):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
            row = tarfile.TarInfo("model.pkl")
            row.size = len(body)
            archive.addfile(row, io.BytesIO(body))
        assert judge(out.getvalue(), name).verdict is verdict


def test_a_compressed_torch_file_is_read() -> None:
    data = gzip.compress(zip_of(torch_members(COMMAND)))
    judged = judge(data, "model.pt.gz")
    assert any(f.location.member == "model.pt!archive/data.pkl" for f in judged.findings)


@pytest.mark.parametrize("family", ["gzip", "bzip2", "xz", "zlib", "lz4"])
def test_streams_one_after_another_are_one_file(family: str) -> None:
    pack = PACKERS[family]
    half = len(COMMAND) // 2
    judged = judge(pack(COMMAND[:half]) + pack(COMMAND[half:]), "model.pkl")
    assert judged.verdict is Verdict.MALICIOUS
    assert "archive.trailing-data" not in judged.rules


@pytest.mark.parametrize("family", PACKERS)
def test_bytes_behind_the_stream_are_a_finding(family: str) -> None:
    pack = PACKERS[family]
    data = pack(README)
    judged = judge(data + b"hidden \x00 words", "README.md.gz")
    assert judged.rules >= {"archive.trailing-data"}
    assert judged.verdict is Verdict.SUSPICIOUS, judged
    for body in (COMMAND, ELF):
        assert judge(data + body, "README.md.gz").verdict is Verdict.MALICIOUS


def test_zeros_behind_gzip_and_xz_are_padding() -> None:
    for pack in (gzip.compress, lzma.compress):
        assert judge(pack(README) + bytes(512), "README.md.gz").verdict is Verdict.CLEAN


@pytest.mark.parametrize("family", PACKERS)
def test_a_stream_that_is_cut_off_or_damaged_is_never_clean(family: str) -> None:
    data = PACKERS[family](benign_pickle() * 20)
    for cut in range(16, len(data)):
        judged = judge(data[:cut], "model.pkl.gz")
        assert judged.verdict is not Verdict.CLEAN or data[cut:].strip(b"\0") == b"", cut


def test_what_comes_out_before_the_damage_counts() -> None:
    data = zlib.compress(COMMAND + bytes(range(256)) * 4000)
    for damaged in (data[: len(data) // 2], data[:-1], data[:-2] + b"xx"):
        judged = judge(damaged, "model.joblib")
        assert judged.verdict is Verdict.MALICIOUS
        assert judged.unread


def test_a_wrong_checksum_is_unread() -> None:
    data = bytearray(gzip.compress(README))
    data[-5] ^= 1
    assert judge(bytes(data), "README.md.gz").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("family", ["gzip", "bzip2", "xz", "lzma", "zlib"])
def test_a_bomb_is_a_finding(family: str) -> None:
    pack = PACKERS[family]
    judged = judge(pack(bytes(9_000_000)), "w.gz", archives=ArchiveLimits(bomb_floor_bytes=1 << 20))
    if family in ("bzip2", "xz", "lzma"):
        assert judged.rules == {"archive.bomb"}
        assert judged.verdict is Verdict.MALICIOUS
    limits = ArchiveLimits(stream_floor_bytes=1 << 20)
    assert judge(pack(bytes(9_000_000)), "w.gz", archives=limits).rules == {"archive.bomb"}


def test_a_bomb_in_a_bomb_is_a_finding() -> None:
    data = gzip.compress(gzip.compress(gzip.compress(bytes(40_000_000))))
    judged = judge(data, "w.gz.gz.gz")
    assert "archive.bomb" in judged.rules


def test_more_than_the_room_in_memory_is_unread_and_its_beginning_is_judged() -> None:
    rows = COMMAND + bytes(i * i % 251 for i in range(200_000))
    judged = judge(zlib.compress(rows), "m.joblib", archives=ArchiveLimits(held_bytes=100_000))
    assert judged.verdict is Verdict.MALICIOUS
    assert any("when unpacked" in reason for reason in judged.unread)


def test_too_many_streams_are_unread() -> None:
    data = gzip.compress(b"") * 50
    judged = judge(data, "a.md.gz", archives=ArchiveLimits(members=20))
    assert judged.verdict is Verdict.UNKNOWN


def test_compressed_files_nested_too_deep_are_a_finding() -> None:
    data = README
    for _ in range(8):
        data = gzip.compress(data)
    assert "archive.nesting" in judge(data, "README.md.gz").rules


def test_texts_that_begin_like_a_stream_are_text() -> None:
    for text in (b"x^2 + y^2\n", b"]\x20 closed\n", b"x\x01 odd\x02"):
        assert judge(text, "notes.md").family in ("text", "unknown")


def lz4_unpacked(data: bytes) -> bytes:
    return b"".join(lz4.pieces(data, 0, Progress()))


def test_lz4_blocks_repeat_what_came_before() -> None:
    literals = b"\x50abcde"  # five literals, then a copy of four from five back
    overlapping = b"\x1fa\x01\x00" + b"\x05" + b"\x50vwxyz"  # 'a', then 24 times the byte before
    assert lz4_unpacked(lz4_block(literals + b"\x05\x00" + b"\x50vwxyz")) == b"abcdeabcdvwxyz"
    assert lz4_unpacked(lz4_block(overlapping)) == b"a" * 25 + b"vwxyz"
    long = b"\xf0\xff\x00" + bytes(270)
    assert lz4_unpacked(lz4_block(long)) == bytes(270)


def test_lz4_blocks_may_reach_into_the_block_before() -> None:
    first = b"\x50abcde"
    second = b"\x00\x05\x00" + b"\x50vwxyz"
    head = b"\x04\x22\x4d\x18\x40\x70\x73"
    blocks = b"".join(len(b).to_bytes(4, "little") + b for b in (first, second))
    assert lz4_unpacked(head + blocks + bytes(4)) == b"abcde" + b"abcd" + b"vwxyz"
    apart = head.replace(b"\x40", b"\x60") + blocks + bytes(4)
    with pytest.raises(DataError):
        lz4_unpacked(apart)


@pytest.mark.parametrize(
    "block",
    [b"\x50abc", b"\x10a\x00\x00", b"\x10a\x05\x00", b"\x10a\x05", b"\xf0\xff", b"\x1fa\x01\x00"],
)
def test_damaged_lz4_blocks_are_refused(block: bytes) -> None:
    with pytest.raises(DataError):
        lz4_unpacked(lz4_block(block))


def test_lz4_frames_of_every_option() -> None:
    body = (5 | 1 << 31).to_bytes(4, "little") + b"hello"
    sized = b"\x04\x22\x4d\x18\x7c\x40" + (5).to_bytes(8, "little") + b"s"
    assert lz4_unpacked(sized + body + b"sums" + bytes(4) + b"sums") == b"hello"
    skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    assert judge(lz4_stored(COMMAND[:9]) + skipped + lz4_stored(COMMAND[9:]), "m.pkl.lz4").rules
    for head in (b"\x61\x70", b"\x00\x70", b"\x60\x00"):
        with pytest.raises(DataError):
            lz4_unpacked(b"\x04\x22\x4d\x18" + head + b"s" + body + bytes(4))


@given(st.sampled_from(sorted(PACKERS)), st.data())
@settings(max_examples=200, deadline=None)
def test_no_mutation_of_a_stream_makes_the_scanner_fail(family: str, data: st.DataObject) -> None:
    body = bytearray(PACKERS[family](benign_pickle() * 3))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(body), "model.joblib").verdict in Verdict
