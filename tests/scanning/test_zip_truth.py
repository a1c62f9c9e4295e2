"""Zip containers: what one reader sees and another does not is a finding, never silence."""

from __future__ import annotations

import stat
import struct
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.core.limits import ArchiveLimits
from scanning.container_making import (
    COMMAND,
    ELF,
    Member,
    benign_pickle,
    judge,
    state_dict_pickle,
    streamed_zip,
    torch_members,
    zip_of,
)


def test_a_plain_torch_archive_is_clean() -> None:
    judged = judge(zip_of(torch_members()))
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "torch"


def test_a_torch_archive_with_data_descriptors_is_clean() -> None:
    data = streamed_zip([(m.name, m.body) for m in torch_members()])
    assert judge(data).verdict is Verdict.CLEAN, judge(data)


def test_the_hand_made_archive_is_one_the_standard_reader_opens() -> None:
    with zipfile.ZipFile(BytesIO(zip_of(torch_members()))) as archive:
        assert archive.testzip() is None


def test_a_command_in_data_pkl_is_malicious() -> None:
    judged = judge(zip_of(torch_members(COMMAND)))
    assert judged.verdict is Verdict.MALICIOUS
    assert "pickle.dangerous-import" in judged.rules
    assert {f.location.member for f in judged.findings} == {"archive/data.pkl"}


def test_a_command_in_another_member_of_any_name_is_malicious() -> None:
    for name in ("archive/extra.pkl", "archive/notes.txt", "archive/data/model.bin"):
        judged = judge(zip_of([*torch_members(), Member(name, COMMAND)]))
        assert judged.verdict is Verdict.MALICIOUS, name


def test_a_compressed_command_is_unpacked_and_malicious() -> None:
    members = torch_members()
    members[0] = Member("archive/data.pkl", COMMAND + bytes(0), method=8)
    assert judge(zip_of(members)).verdict is Verdict.MALICIOUS


def test_encryption_flag_bits_do_not_stop_the_scan() -> None:
    for flags in (1, 1 << 6, 1 << 13):
        members = torch_members(COMMAND)
        members[0].local["flags"] = members[0].central["flags"] = flags
        judged = judge(zip_of(members))
        assert {"zip.encrypted", "pickle.dangerous-import"} <= judged.rules, flags


def test_a_wrong_checksum_does_not_stop_the_scan() -> None:
    members = torch_members(COMMAND)
    members[0].local["crc"] = members[0].central["crc"] = 1
    assert {"zip.wrong-checksum", "pickle.dangerous-import"} <= judge(zip_of(members)).rules


@pytest.mark.parametrize(
    ("what", "value"),
    [("name", b"archive/Data.pkl"), ("flags", 2), ("method", 8), ("crc", 7), ("size", 9)],
)
def test_a_local_header_that_differs_from_the_directory(what: str, value: object) -> None:
    members = torch_members()
    members[0].local[what] = value
    judged = judge(zip_of(members))
    assert "zip.local-differs" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_two_members_of_one_name() -> None:
    members = [*torch_members(), Member("archive/data.pkl", benign_pickle())]
    assert "zip.duplicate-name" in judge(zip_of(members)).rules


@pytest.mark.parametrize("name", ["archive/DATA.PKL", "archive\\data.pkl", "Archive/data.pkl"])
def test_names_that_differ_in_case_or_separator_only(name: str) -> None:
    judged = judge(zip_of([*torch_members(), Member(name, benign_pickle())]))
    assert "zip.duplicate-name" in judged.rules


def test_data_before_the_archive_makes_a_polyglot() -> None:
    data = zip_of(torch_members(), before=b"\x80\x04N.", shift=True)
    judged = judge(data)
    assert {"file.polyglot", "zip.prepended"} <= judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_a_pickle_in_front_of_an_archive_is_read_as_both() -> None:
    judged = judge(zip_of(torch_members(), before=COMMAND, shift=True))
    assert {"file.polyglot", "pickle.dangerous-import"} <= judged.rules


def test_data_behind_the_archive() -> None:
    assert "zip.appended" in judge(zip_of(torch_members(), after=b"more")).rules


def test_a_second_archive_behind_the_first() -> None:
    first, second = zip_of(torch_members()), zip_of(torch_members(COMMAND))
    judged = judge(first + second)
    assert judged.verdict is Verdict.MALICIOUS
    assert "pickle.dangerous-import" in judged.rules


def test_a_second_end_record_in_the_comment() -> None:
    inner = zip_of([])
    judged = judge(zip_of(torch_members(), comment=inner))
    assert judged.verdict is Verdict.MALICIOUS or judged.unread, judged
    assert judged.verdict is not Verdict.CLEAN


def test_slack_between_the_members() -> None:
    members = torch_members()
    members[2].before = b"hidden bytes"
    assert "zip.slack" in judge(zip_of(members)).rules


def test_slack_before_the_directory() -> None:
    assert "zip.slack" in judge(zip_of(torch_members(), slack=b"\0" * 64)).rules


def test_a_member_the_directory_does_not_list() -> None:
    members = torch_members()
    hidden = Member("archive/hidden.pkl", COMMAND)
    data = zip_of([*members, hidden], listed=members)
    assert "zip.hidden-member" in judge(data).rules


def test_members_that_overlap() -> None:
    members = torch_members()
    members[2].local["size"] = members[2].central["size"] = 60
    members[2].local["packed"] = members[2].central["packed"] = 60
    assert "zip.overlap" in judge(zip_of(members)).rules


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/./b", "a\x01b"])
def test_names_that_leave_the_folder(name: str) -> None:
    assert "zip.unsafe-name" in judge(zip_of([*torch_members(), Member(name, b"x")])).rules


def test_links_and_devices() -> None:
    for mode in (stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o600):
        members = [*torch_members(), Member("archive/link", b"/etc/passwd", mode=mode)]
        assert "zip.special-member" in judge(zip_of(members)).rules


def test_a_bomb_is_a_finding_and_not_unpacked() -> None:
    body = bytes(64 * 1024 * 1024)
    data = zip_of([*torch_members(), Member("archive/bomb.pkl", body, method=8)])
    judged = judge(data)
    assert "zip.ratio" in judged.rules
    assert any("ratio" in reason for reason in judged.unread)


@pytest.mark.parametrize("announced", [0, 10, 1_000_000])
def test_a_member_of_another_size_than_it_announces(announced: int) -> None:
    member = Member("archive/more.pkl", COMMAND * 50, method=8)
    member.local["size"] = member.central["size"] = announced
    judged = judge(zip_of([*torch_members(), member]))
    assert {"zip.wrong-size", "pickle.dangerous-import"} <= judged.rules


def test_too_many_members_are_unread() -> None:
    judged = judge(zip_of(torch_members()), archives=ArchiveLimits(members=3))
    assert judged.verdict is Verdict.UNKNOWN
    assert "over the budget of 3" in judged.unread[0]


def nested(data: bytes, levels: int) -> bytes:
    for level in range(levels):
        data = zip_of([Member(f"level{level}.zip", data)])
    return data


def test_archives_nested_too_deep_are_a_finding() -> None:
    judged = judge(nested(zip_of(torch_members()), 7), "a.zip")
    assert "archive.nesting" in judged.rules
    assert any("nested deeper" in reason for reason in judged.unread)
    fine = judge(nested(zip_of(torch_members()), 6), "a.zip")
    assert fine.verdict is Verdict.CLEAN, fine


def test_a_command_in_an_archive_in_an_archive_is_malicious() -> None:
    inner = zip_of(torch_members(COMMAND))
    judged = judge(zip_of([Member("models/inner.pt", inner)]), "outer.zip")
    assert judged.verdict is Verdict.MALICIOUS
    assert any(f.location.member == "models/inner.pt!archive/data.pkl" for f in judged.findings)


def test_an_unknown_compression_method_is_unread() -> None:
    members = torch_members()
    members[0] = Member("archive/data.pkl", b"x" * 10, method=9)
    assert any("method 9" in reason for reason in judge(zip_of(members)).unread)


@pytest.mark.parametrize("cut", [1, 30, 60, 200])
def test_a_truncated_archive_is_never_clean(cut: int) -> None:
    assert judge(zip_of(torch_members())[:-cut]).verdict is not Verdict.CLEAN


def test_an_archive_with_two_models() -> None:
    members = [*torch_members(), *torch_members(root="other")]
    assert "torch.several-roots" in judge(zip_of(members)).rules


def test_a_program_in_a_storage_or_member() -> None:
    for name in ("archive/data/1", "archive/lib.so"):
        judged = judge(zip_of([*torch_members(), Member(name, ELF)]))
        assert judged.verdict is Verdict.MALICIOUS, name


def test_an_archive_of_no_known_kind_is_what_its_members_are() -> None:
    texts = [Member("README.md", b"# A model\n"), Member("LICENSE", b"Apache-2.0\n", method=8)]
    judged = judge(zip_of(texts), "a.zip")
    assert (judged.family, judged.verdict) == ("zip", Verdict.CLEAN), judged
    unread = judge(zip_of([*texts, Member("weights.xyz", bytes(range(256)))]), "a.zip")
    assert unread.verdict is Verdict.UNKNOWN
    assert judge(zip_of([*texts, Member("notes.bin", COMMAND)])).verdict is Verdict.MALICIOUS


def test_every_byte_of_an_archive_counts() -> None:
    """Change each byte of a small archive: none may make the answer worse than it looks."""
    good = zip_of([Member("archive/data.pkl", state_dict_pickle())])
    for place in range(len(good)):
        data = bytearray(good)
        data[place] ^= 0x41
        judge(bytes(data))  # no change makes the scanner fail


def test_an_archive_stored_in_an_archive_is_no_second_directory() -> None:
    inner = zip_of([Member("notes.txt", b"words")])
    judged = judge(zip_of([*torch_members(), Member("archive/extra.zip", inner)]))
    assert "zip.several-directories" not in judged.rules


@pytest.mark.parametrize(
    ("comment", "blocks"), [(COMMAND, True), (ELF, True), (b"made here", False)]
)
def test_a_comment_that_acts_is_no_comment(comment: bytes, *, blocks: bool) -> None:
    data = bytearray(zip_of(torch_members()))
    data[-2:] = len(comment).to_bytes(2, "little")
    judged = judge(bytes(data) + comment)
    assert "zip.comment" in judged.rules
    assert (judged.verdict is Verdict.MALICIOUS) is blocks


def test_backslashes_as_separators_alone_are_no_alarm() -> None:
    judged = judge(zip_of([Member("docs\\README.md", b"# hi\n")]), "a.zip")
    assert judged.rules == {"zip.odd-name"}
    assert judged.verdict is Verdict.CLEAN
    assert judge(zip_of([Member("..\\x.md", b"# hi\n")]), "a.zip").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        (b"README.md", "zip.inner-link"),
        (b"../README.md", "zip.inner-link"),
        (b"../../README.md", "zip.special-member"),
        (b"sub/../../x", "zip.special-member"),
        (b"C:\\x", "zip.special-member"),
        (b"", "zip.special-member"),
    ],
)
def test_a_link_counts_by_where_it_leads(target: bytes, rule: str) -> None:
    link = Member("docs/link", target, mode=stat.S_IFLNK | 0o777)
    judged = judge(zip_of([link, Member("README.md", b"# hi\n")]), "a.zip")
    assert judged.rules == {rule}
    assert judged.verdict is (Verdict.CLEAN if rule == "zip.inner-link" else Verdict.MALICIOUS)


def test_modes_that_are_no_kind_of_file_are_no_links() -> None:
    folder = Member("docs/", b"", mode=0xFFFF)
    assert judge(zip_of([folder, Member("docs/a.md", b"x")]), "a.zip").verdict is Verdict.CLEAN


def test_a_member_below_one_that_is_a_file() -> None:
    judged = judge(zip_of([Member("a", b"x"), Member("a/b.md", b"x")]), "a.zip")
    assert "zip.duplicate-name" in judged.rules


def test_bytes_behind_the_packed_data_of_a_member() -> None:
    whole = Member("a.md", b"words " * 100, method=8)
    longer = Member("a.md", b"words " * 100, method=8, packed=whole.payload + COMMAND)
    assert judge(zip_of([whole]), "a.zip").verdict is Verdict.CLEAN
    judged = judge(zip_of([longer]), "a.zip")
    assert judged.rules == {"zip.slack"}
    assert judged.verdict is Verdict.MALICIOUS


def test_really_encrypted_members_are_unread_and_no_alarm() -> None:
    member = Member("a.md", b"plain text", packed=bytes(range(200, 222)))
    member.local = {"flags": 1, "size": 10}
    member.central = {"flags": 1, "size": 10}
    judged = judge(zip_of([Member("b.md", b"x"), member]), "a.zip")
    assert "zip.encrypted" in judged.rules
    assert any("encrypted" in reason for reason in judged.unread)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_methods_of_the_standard_library_are_unpacked(method: int) -> None:
    for body, verdict in ((COMMAND, Verdict.MALICIOUS), (benign_pickle() * 300, Verdict.CLEAN)):
        out = BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("README.md", "# A model\n" * 1000)
            archive.writestr("model.pkl", body)
        judged = judge(out.getvalue(), "a.zip")
        assert judged.verdict is verdict, judged


def test_an_archive_without_its_directory_is_read_from_the_start() -> None:
    good, bad = zip_of(torch_members()), zip_of(torch_members(COMMAND))
    for data, verdict in ((good, Verdict.UNKNOWN), (bad, Verdict.MALICIOUS)):
        judged = judge(data[: data.index(b"PK\x01\x02")])
        assert judged.verdict is verdict, judged
    cut = streamed_zip([("a.md", b"x"), ("archive/data.pkl", COMMAND)])
    assert judge(cut[: cut.index(b"PK\x01\x02")]).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(("place", "value"), [(10, 1), (10, 9), (16, 0xFFFF), (12, 0x20)])
def test_an_end_record_that_lies_is_a_finding_and_the_members_are_read(
    place: int, value: int
) -> None:
    data = bytearray(zip_of(torch_members(COMMAND)))
    end = data.rindex(b"PK\x05\x06")
    data[end + place : end + place + 2] = value.to_bytes(2, "little")
    judged = judge(bytes(data))
    assert judged.verdict is Verdict.MALICIOUS
    assert "pickle.dangerous-import" in judged.rules


def test_an_entry_that_leads_nowhere_hides_none_of_the_others() -> None:
    data = bytearray(zip_of(torch_members(COMMAND)))
    version = data.index(b"PK\x03\x04", data.index(b"data/0"))
    data[version : version + 4] = b"PKxx"
    judged = judge(bytes(data))
    assert {"zip.broken-directory", "pickle.dangerous-import"} <= judged.rules


def test_names_over_the_budget_are_unsafe() -> None:
    judged = judge(zip_of([Member("x" * 5000, b"x"), Member("a.pkl", COMMAND)]), "a.zip")
    assert {"zip.unsafe-name", "pickle.dangerous-import"} <= judged.rules


def test_many_empty_members_are_a_bomb() -> None:
    data = zip_of([Member(f"f{n}", b"") for n in range(200)])
    assert judge(data, "a.zip").verdict is not Verdict.MALICIOUS
    judged = judge(data, "a.zip", archives=ArchiveLimits(empty_members=100))
    assert "archive.bomb" in judged.rules


def test_members_that_share_bytes_are_not_read_without_end() -> None:
    body = Member("a.md", b"words " * 1000)
    rows = [replace(body, name=f"{n}.md") for n in range(50)]
    data = shared_bytes(body, rows)
    judged = judge(data, "a.zip")
    assert "zip.overlap" in judged.rules
    assert any("share the bytes" in reason for reason in judged.unread)


def shared_bytes(body: Member, rows: list[Member]) -> bytes:
    """An archive of one member that the directory lists under several names."""
    data = zip_of([body])
    start = data.index(b"PK\x01\x02")
    entry = data[start : data.index(b"PK\x05\x06")]
    directory = b"".join(
        entry[:28] + len(r.name).to_bytes(2, "little") + entry[30:46] + r.name.encode()
        for r in rows
    )
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(rows), len(rows), len(directory), start, 0
    )
    return data[:start] + directory + end


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_mutation_of_an_archive_makes_the_scanner_fail(data: st.DataObject) -> None:
    body = bytearray(MIXED)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    judged = judge(bytes(body[: data.draw(st.integers(1, len(body)))]))
    assert judged.verdict in Verdict


MIXED = zip_of(
    [
        *torch_members(),
        Member("archive/extra.json", b'{"a": [1, 2]}', method=8),
        Member("archive/inner.zip", zip_of([Member("x.md", b"words", method=8)])),
        Member("archive/link", b"x", mode=stat.S_IFLNK | 0o777),
    ]
)
