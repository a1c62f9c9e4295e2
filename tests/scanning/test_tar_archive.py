"""Tar containers: what leads out, hides or is read in two ways is a finding."""

from __future__ import annotations

import io
import struct
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.core.limits import ArchiveLimits
from assay.scanning.archives.tar_reading import read_tar
from assay.scanning.archives.tar_values import TarError
from scanning.container_making import (
    COMMAND,
    ELF,
    Member,
    benign_pickle,
    judge,
    torch_members,
    zip_of,
)
from scanning.tar_making import BLOCK, Entry, long_name, pax, tar_of

README = Entry("README.md", b"# A model\n")
RECORD = 20 * BLOCK


def written(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """What Python's own writer makes, folders and a record's padding included."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("model")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, body in files.items():
            row = tarfile.TarInfo(name)
            row.size = len(body)
            archive.addfile(row, io.BytesIO(body))
    return out.getvalue()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_the_standard_writer_makes_is_clean(form: int) -> None:
    deep = "model/" + "/".join(["folder" * 4] * 4) + "/README.md"
    files = {"./model/README.md": b"# hi\n", deep: b"# hi\n", "model/m.pkl": benign_pickle()}
    judged = judge(written(files, form), "model.tar")
    assert (judged.family, judged.verdict, judged.findings) == ("tar", Verdict.CLEAN, ()), judged


def test_long_and_foreign_names_are_read_as_the_standard_reader_reads_them() -> None:
    names = ["x" * 150 + "/" + "y" * 90, "größe/模型.md", "a" * 99, "b" * 100, "c" * 101]
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        data = written(dict.fromkeys(names, b"# hi\n"), form)
        found = read_tar(data, ArchiveLimits())
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            assert [entry.name.rstrip("/") for entry in found.entries] == archive.getnames()
        assert not found.problems


def test_a_tar_is_recognised_under_any_name_and_without_magic() -> None:
    old = tar_of([Entry("README.md", b"# hi\n", kind=b"\0", magic=bytes(8))])
    for data in (tar_of([README]), old):
        for name in ("model.tar", "weights.dat", "archive"):
            assert judge(data, name).family == "tar"
    assert judge(tar_of([README]), "model.safetensors").verdict is Verdict.MALICIOUS


def test_a_command_in_a_member_is_malicious_and_named() -> None:
    judged = judge(tar_of([README, Entry("deep/model.bin", COMMAND)]), "model.tar")
    assert judged.verdict is Verdict.MALICIOUS
    assert {f.location.member for f in judged.findings} == {"deep/model.bin"}
    assert judged.findings[0].location.offset == 3 * BLOCK + COMMAND.index(b"R")


@pytest.mark.parametrize(
    "entry",
    [
        Entry("../evil.md", b"x"),
        Entry("/etc/cron.d/evil.md", b"x"),
        Entry("a/../../evil.md", b"x"),
        Entry("evil.md", b"x", prefix="../.."),
        Entry("short", b"x", before=long_name("../" * 40 + "evil.md")),
        Entry("short", b"x", before=pax({"path": "/evil.md"})),
        Entry("a\x01b.md", b"x"),
        Entry("../folder", kind=b"5"),
    ],
)
def test_names_that_leave_the_folder(entry: Entry) -> None:
    judged = judge(tar_of([README, entry]), "model.tar")
    assert "tar.unsafe-name" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_a_name_in_an_old_encoding_is_odd_and_no_alarm() -> None:
    judged = judge(tar_of([Entry("gr\udcf6\udcdfe.md", b"x")]), "model.tar")
    assert judged.rules == {"tar.odd-name"}
    assert judged.verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    ("kind", "target", "rule"),
    [
        (b"2", "README.md", "tar.inner-link"),
        (b"2", "../README.md", "tar.inner-link"),
        (b"2", "../../etc/passwd", "tar.outer-link"),
        (b"2", "/etc/passwd", "tar.outer-link"),
        (b"2", "sub/../../../x", "tar.outer-link"),
        (b"2", "", "tar.outer-link"),
        (b"1", "README.md", "tar.inner-link"),
        (b"1", "./README.md", "tar.inner-link"),
        (b"1", "etc/passwd", "tar.outer-link"),
        (b"1", "/etc/passwd", "tar.outer-link"),
    ],
)
def test_a_link_counts_by_where_it_leads(kind: bytes, target: str, rule: str) -> None:
    link = Entry("docs/link", kind=kind, target=target)
    judged = judge(tar_of([README, link]), "model.tar")
    assert judged.rules == {rule}
    assert judged.verdict is (Verdict.CLEAN if rule == "tar.inner-link" else Verdict.MALICIOUS)


def test_a_long_target_is_read() -> None:
    link = Entry("link", kind=b"2", target="x", before=long_name("../" * 60, b"K"))
    assert "tar.outer-link" in judge(tar_of([README, link]), "model.tar").rules


def test_a_member_below_a_link_is_written_elsewhere() -> None:
    chain = [Entry("a", kind=b"2", target="."), Entry("a/x.md", b"x")]
    assert "tar.duplicate-name" in judge(tar_of(chain), "model.tar").rules


@pytest.mark.parametrize("kind", [b"3", b"4", b"6"])
def test_devices_and_pipes(kind: bytes) -> None:
    judged = judge(tar_of([README, Entry("dev", kind=kind)]), "model.tar")
    assert "tar.special-member" in judged.rules


def test_names_that_occur_twice() -> None:
    twice = judge(tar_of([README, README]), "model.tar")
    assert (twice.rules, twice.verdict) == ({"tar.duplicate-name"}, Verdict.MALICIOUS)
    case = judge(tar_of([README, Entry("readme.md", b"x")]), "model.tar")
    assert (case.rules, case.verdict) == ({"tar.similar-name"}, Verdict.SUSPICIOUS)
    folders = [Entry("model/", kind=b"5"), Entry("model/", kind=b"5"), README]
    assert judge(tar_of(folders), "model.tar").verdict is Verdict.CLEAN


def test_two_sizes_of_one_member() -> None:
    hidden = tar_of([Entry("hidden.md", b"x")], end=b"")
    member = Entry("a.md", hidden, size=0, before=pax({"size": str(len(hidden))}))
    assert "tar.two-sizes" in judge(tar_of([member]), "model.tar").rules
    folder = Entry("folder", kind=b"5", size=100)
    assert "tar.two-sizes" in judge(tar_of([folder]), "model.tar").rules


def test_a_broken_header_in_the_middle() -> None:
    judged = judge(tar_of([README, Entry("b.md", b"x", checksum=5)]), "model.tar")
    assert "tar.broken-header" in judged.rules
    assert any("not read to its end" in reason for reason in judged.unread)


def test_a_broken_first_header_is_unread() -> None:
    judged = judge(tar_of([Entry("b.md", b"x", checksum=5)]), "model.tar")
    assert judged.verdict is Verdict.UNKNOWN
    assert "tar archive" in judged.unread[0]


@pytest.mark.parametrize("size", [b"not a number", b"-0000000001\0", b"\xff" * 12])
def test_a_size_that_is_no_number(size: bytes) -> None:
    data = bytearray(tar_of([README, Entry("b.md", b"x")]))
    head = data[2 * BLOCK : 3 * BLOCK]
    head[124:136] = size
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    data[2 * BLOCK : 3 * BLOCK] = head
    assert "tar.broken-header" in judge(bytes(data), "model.tar").rules


def test_what_follows_the_end_mark() -> None:
    assert judge(tar_of([README], after=bytes(RECORD)), "a.tar").verdict is Verdict.CLEAN
    more = judge(tar_of([README], after=tar_of([Entry("evil", COMMAND)])), "a.tar")
    assert "tar.hidden-member" in more.rules
    assert "tar.trailing-data" in judge(tar_of([README], after=b"more"), "a.tar").rules
    lone = judge(tar_of([README], end=bytes(BLOCK), after=tar_of([README])), "a.tar")
    assert "tar.hidden-member" in lone.rules


def test_a_member_that_promises_more_than_the_archive_has() -> None:
    cut = judge(tar_of([README, Entry("w.bin", COMMAND)])[: 2 * BLOCK + BLOCK + 30], "a.tar")
    assert cut.verdict is Verdict.MALICIOUS  # what is there of it is judged
    short = judge(tar_of([README, Entry("w.md", b"words" * 300)])[: 3 * BLOCK + 100], "a.tar")
    assert short.verdict is Verdict.UNKNOWN
    lies = judge(tar_of([README, Entry("w.md", b"x", size=1 << 40)]), "a.tar")
    assert "tar.absurd-size" in lies.rules


def test_an_archive_without_end_mark_is_unread() -> None:
    judged = judge(tar_of([README], end=b""), "a.tar")
    assert judged.verdict is Verdict.UNKNOWN


def test_sparse_members_are_unread() -> None:
    gnu = Entry("big.md", b"x" * 10, kind=b"S")
    new = Entry("big.md", b"x" * 10, before=pax({"GNU.sparse.major": "1"}))
    for entry in (gnu, new):
        judged = judge(tar_of([README, entry]), "a.tar")
        assert judged.verdict is Verdict.UNKNOWN
        assert any("sparse" in reason for reason in judged.unread)


def test_damaged_extended_headers_are_a_finding() -> None:
    for body in (b"x", b"99 path=a\n", b"5path", b"-1 a=b\n", b"7 path\n"):
        entry = Entry("a.md", b"x", before=tar_of([Entry("pax", body, b"x")], end=b""))
        judged = judge(tar_of([README, entry]), "a.tar")
        assert "tar.broken-header" in judged.rules, body
        assert any("not read to its end" in reason for reason in judged.unread)


def test_an_archive_in_the_last_member_is_no_second_reading() -> None:
    inner = zip_of(torch_members())
    judged = judge(tar_of([README, Entry("model.pt", inner)], end=bytes(2 * BLOCK)), "a.tar")
    assert judged.verdict is Verdict.CLEAN, judged


def test_a_zip_archive_around_a_tar_is_a_polyglot() -> None:
    data = zip_of([Member("x.md", b"x")], before=tar_of([README]), shift=True)
    judged = judge(data, "a.tar")
    assert "file.polyglot" in judged.rules


def test_a_name_that_is_a_pickle_makes_a_polyglot() -> None:
    judged = judge(tar_of([Entry(COMMAND.decode(), b"x")]), "model.pkl")
    assert {"file.polyglot", "pickle.dangerous-import"} <= judged.rules


def test_a_program_in_a_member() -> None:
    assert judge(tar_of([Entry("lib/x.so", ELF)]), "a.tar").verdict is Verdict.MALICIOUS


def test_too_many_members_are_unread() -> None:
    data = tar_of([Entry(f"{n}.md", b"x") for n in range(5)])
    judged = judge(data, "a.tar", archives=ArchiveLimits(members=3))
    assert judged.verdict is Verdict.UNKNOWN


def test_reading_needs_a_header() -> None:
    with pytest.raises(TarError):
        read_tar(bytes(2048), ArchiveLimits())


def legacy(
    pickle: bytes = b"\x80\x02}.",
    views: bytes = b"\x80\x02]q\x00.",
    count: bytes = b"\x80\x02K\x01.",
    system: bytes = b"\x80\x02}q\x00.",
) -> bytes:
    """PyTorch's first format with one storage of two floats and one tensor of them."""
    record = b"\x80\x02K\x07q\x00X\x03\x00\x00\x00cpuq\x01ctorch\nFloatStorage\nq\x02\x87q\x03."
    storages = count + record + struct.pack("<q2f", 2, 1.0, 2.0) + views
    tensor = b"\x80\x02K\x08q\x00K\x07q\x01ctorch\nFloatTensor\nq\x02\x87q\x03."
    shape = struct.pack("<i4xqqq", 1, 2, 1, 0)
    return tar_of(
        [
            Entry("sys_info", system),
            Entry("pickle", pickle),
            Entry("storages", storages),
            Entry("tensors", b"\x80\x02K\x01." + tensor + shape),
        ]
    )


def test_pytorchs_first_format_is_clean_with_raw_numbers_between_its_pickles() -> None:
    judged = judge(legacy(), "model.pth.tar")
    assert (judged.family, judged.verdict) == ("torch-tar", Verdict.CLEAN), judged


@pytest.mark.parametrize("place", ["pickle", "views", "count", "system"])
def test_a_command_in_any_pickle_of_pytorchs_first_format(place: str) -> None:
    judged = judge(legacy(**{place: COMMAND}), "model.pth")
    assert judged.verdict is Verdict.MALICIOUS
    assert "pickle.dangerous-import" in judged.rules


def test_every_prefix_of_an_archive_answers_and_no_malicious_one_is_clean() -> None:
    data = tar_of([README, Entry("m.pkl", COMMAND), Entry("l", kind=b"2", target="README.md")])
    for cut in range(16, len(data), 7):
        judged = judge(data[:cut], "a.tar")
        assert judged.verdict is not Verdict.CLEAN or cut > len(data) - BLOCK, cut


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_mutation_of_an_archive_makes_the_scanner_fail(data: st.DataObject) -> None:
    body = bytearray(MIXED)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
        start = place - place % BLOCK
        if data.draw(st.booleans()):  # let the change through to what reads the header
            body[start + 148 : start + 156] = b" " * 8
            total = sum(body[start : start + BLOCK])
            body[start + 148 : start + 156] = b"%06o\0 " % total
    assert judge(bytes(body), "a.tar").verdict in Verdict


MIXED = tar_of(
    [
        README,
        Entry("m.pkl", benign_pickle()),
        Entry("deep", b"x", before=long_name("deep/" * 30 + "a.md")),
        Entry("wide", b"x", before=pax({"path": "wide/ü.md", "size": "1"})),
        Entry("holes", b"x", kind=b"S"),
        Entry("link", kind=b"2", target="README.md"),
    ]
)


def test_the_standard_reader_finds_the_same_members() -> None:
    found = read_tar(MIXED, ArchiveLimits())
    with tarfile.open(fileobj=io.BytesIO(MIXED)) as archive:
        rows = [(row.name, row.offset_data, row.size) for row in archive if row.isreg()]
    files = [(e.name, e.data, e.end - e.data) for e in found.entries if e.is_file and not e.sparse]
    assert files == [row for row in rows if row[0] != "holes"]
