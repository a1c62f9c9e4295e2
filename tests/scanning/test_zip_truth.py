"""Zip containers: what one reader sees and another does not is a finding, never silence."""

from __future__ import annotations

import stat
import zipfile
from io import BytesIO

import pytest

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
    assert judged.family == "zip"


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


def test_a_member_that_unpacks_to_more_than_it_announces_is_unread() -> None:
    member = Member("archive/more.pkl", benign_pickle() * 50, method=8)
    member.local["size"] = member.central["size"] = 10
    judged = judge(zip_of([*torch_members(), member]))
    assert any("more than it announces" in reason for reason in judged.unread)


def test_too_many_members_are_unread() -> None:
    judged = judge(zip_of(torch_members()), archives=ArchiveLimits(members=3))
    assert judged.verdict is Verdict.UNKNOWN
    assert "over the budget of 3" in judged.unread[0]


def test_archives_nested_too_deep_are_unread() -> None:
    data = zip_of(torch_members())
    for level in range(6):
        data = zip_of([Member(f"level{level}.zip", data)])
    assert any("nested deeper" in reason for reason in judge(data, "a.zip").unread)


def test_a_command_in_an_archive_in_an_archive_is_malicious() -> None:
    inner = zip_of(torch_members(COMMAND))
    judged = judge(zip_of([Member("models/inner.pt", inner)]), "outer.zip")
    assert judged.verdict is Verdict.MALICIOUS
    assert any(f.location.member == "models/inner.pt!archive/data.pkl" for f in judged.findings)


def test_an_unknown_compression_method_is_unread() -> None:
    members = torch_members()
    members[0] = Member("archive/data.pkl", b"x" * 10, method=12)
    assert any("method 12" in reason for reason in judge(zip_of(members)).unread)


@pytest.mark.parametrize("cut", [1, 30, 60, 200])
def test_a_truncated_archive_is_never_clean(cut: int) -> None:
    assert judge(zip_of(torch_members())[:-cut]).verdict is not Verdict.CLEAN


def test_an_archive_with_two_models() -> None:
    members = [*torch_members(), *torch_members(root="other")]
    assert "zip.several-roots" in judge(zip_of(members)).rules


def test_torchscript_is_unknown_and_its_pickles_are_still_read() -> None:
    script = [
        Member("archive/code/__torch__.py", b"def forward(): pass"),
        Member("archive/constants.pkl", b"\x80\x02)."),
    ]
    judged = judge(zip_of([*torch_members(), *script]))
    assert judged.verdict is Verdict.UNKNOWN
    assert judged.unread == ("TorchScript is not judged yet",)
    bad = judge(zip_of([*torch_members(COMMAND), *script]))
    assert bad.verdict is Verdict.MALICIOUS


def test_a_program_in_a_storage_or_member() -> None:
    for name in ("archive/data/1", "archive/lib.so"):
        judged = judge(zip_of([*torch_members(), Member(name, ELF)]))
        assert judged.verdict is Verdict.MALICIOUS, name


def test_other_archives_are_honestly_unknown() -> None:
    for name, inside, word in (
        ("a.npz", "w.npy", "NumPy"),
        ("a.keras", "config.json", "Keras"),
        ("a.zip", "README.md", "no PyTorch model"),
    ):
        judged = judge(zip_of([Member(inside, b"{}")]), name)
        assert judged.verdict is Verdict.UNKNOWN
        assert any(word in reason for reason in judged.unread), name


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
