"""Archives that unpack to far more than they are: found early, cheaply and as a finding."""

from __future__ import annotations

import resource
import time
import zlib

import pytest

from assay.core.finding import Verdict
from assay.core.limits import KIB, MIB, ArchiveLimits
from scanning.container_making import Judged, Member, judge, zip_of
from scanning.tar_making import Entry, tar_of


def stored_deflated(name: str, size: int, packed: bytes) -> Member:
    """A member whose packed bytes are at hand; its checksum is never reached."""
    changes: dict[str, object] = {"size": size}
    return Member(name, b"", method=8, packed=packed, local=changes, central=changes)


def nest(levels: int, width: int) -> bytes:
    """Archives of archives, each a few times itself, around four megabytes of zeros."""
    data = zip_of([Member("0.payload", bytes(4 * MIB), method=8)])
    for _ in range(levels):
        packed = Member("", data, method=8).payload
        crc: dict[str, object] = {"size": len(data), "crc": zlib.crc32(data)}
        data = zip_of(
            [
                Member(f"{n}.zip", b"", method=8, packed=packed, local=crc, central=crc)
                for n in range(width)
            ]
        )
    return data


def zeros(megabytes: int, window: int) -> bytes:
    """A stream of zeros without its end, made of one piece that is repeated."""
    engine = zlib.compressobj(9, zlib.DEFLATED, window)
    lead = engine.compress(bytes(MIB)) + engine.flush(zlib.Z_FULL_FLUSH)
    piece = engine.compress(bytes(MIB)) + engine.flush(zlib.Z_FULL_FLUSH)
    return lead + piece * (megabytes - 1)


def measured(data: bytes, name: str) -> tuple[Judged, float, int]:
    """The answer, its CPU seconds, and how much more memory the process ever held for it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    judged = judge(data, name)
    seconds = time.process_time() - begun
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return judged, seconds, (after - before) * KIB


ZEROS = zeros(30, -15)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("42.zip", nest(5, 16)),
        ("wide.zip", nest(1, 400)),
        ("w.bin.gz", zeros(1500, 31)),
        ("w.joblib", zeros(1500, 15)),
        ("w.gz.gz", zlib.compress(zeros(1500, 31))),
        ("w.tar", tar_of([Entry(f"{n}.gz", zeros(40, 31)) for n in range(8)])),
        ("many.zip", zip_of([stored_deflated(f"{n}.dat", 30 * MIB, ZEROS) for n in range(40)])),
    ],
)
def test_a_bomb_ends_as_a_finding_within_a_second_and_200_megabytes(name: str, data: bytes) -> None:
    judged, seconds, peak = measured(data, name)
    assert judged.rules & {"archive.bomb", "zip.ratio"}
    assert judged.verdict is Verdict.MALICIOUS
    assert seconds < 1, seconds
    assert peak < 200 * MIB, peak


def test_archives_over_each_other_are_a_bomb() -> None:
    """One packed body that the directory lists very often, as a bomb without nesting does."""
    body = stored_deflated("a.dat", 30 * MIB, ZEROS)
    rows = [body] * 10
    judged = judge(zip_of([body], listed=rows), "a.zip")
    assert "archive.bomb" in judged.rules


def test_what_compresses_well_is_no_bomb() -> None:
    text = b'{"a": 0, "b": [0, 0, 0]}'
    for data, name in (
        (zip_of([Member("zeros.json", b"[" + b"0," * 500_000 + b"0]", method=8)]), "a.zip"),
        (zlib.compress(text.ljust(4 * MIB)), "a.json.zz"),
        (zip_of([Member(f"{n}.json", text, method=8) for n in range(500)]), "a.zip"),
    ):
        assert judge(data, name).verdict is Verdict.CLEAN, name


def test_the_members_of_all_archives_in_a_file_count_together() -> None:
    inner = zip_of([Member(f"{n}.md", b"x") for n in range(40)])
    data = zip_of([Member(f"{n}.zip", inner) for n in range(5)])
    judged = judge(data, "a.zip", archives=ArchiveLimits(members=100))
    assert judged.verdict is Verdict.UNKNOWN
    assert any("over the budget of 100" in reason for reason in judged.unread)


def test_the_bytes_of_all_archives_in_a_file_count_together() -> None:
    inner = zip_of([Member(f"{n}.md", b"words " * 1000, method=8) for n in range(5)])
    data = zip_of([Member(f"{n}.zip", inner, method=8) for n in range(5)])
    judged = judge(data, "a.zip", archives=ArchiveLimits(unpacked_bytes=100_000))
    assert judged.verdict is Verdict.UNKNOWN
    assert any("100000 bytes unpacked" in reason for reason in judged.unread)
