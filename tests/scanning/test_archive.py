"""The bounded reader of archives: it unpacks regular files or refuses the whole."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from assay.core.errors import ConflictError, DataError, NotFoundError, UnavailableError
from assay.core.limits import ArchiveLimits
from assay.scanning.archives.archive import Archive, unpack
from scanning.container_making import Member, zip_of


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/model/config.json", "{}")
        archive.writestr("pkg/model/sub/weights.bin", bytes(1_000_000))
        archive.writestr("pkg/__init__.py", "")
        archive.writestr("pkg/modelling.py", "")
    return path


def names(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_folder_of_a_wheel_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    unpack(wheel, "pkg/model/", tmp_path / "out")
    assert names(tmp_path / "out") == {"config.json", "sub/weights.bin"}
    assert (tmp_path / "out/sub/weights.bin").read_bytes() == bytes(1_000_000)


def test_everything_of_a_wheel_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    unpack(wheel, "", tmp_path / "out")
    assert len(names(tmp_path / "out")) == 4


def test_a_folder_that_is_not_there(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        unpack(wheel, "pkg/mod", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["a.whl"]


def test_a_destination_with_files_is_left_alone(wheel: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("x")
    with pytest.raises(ConflictError):
        unpack(wheel, "", out)
    assert names(out) == {"mine"}


def refused(tmp_path: Path, data: bytes, limits: ArchiveLimits | None = None) -> str:
    """Why an archive is refused; nothing of it may be left."""
    path = tmp_path / "bad.zip"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        unpack(path, "", tmp_path / "out", limits=limits)
    assert [p.name for p in tmp_path.iterdir()] == ["bad.zip"]
    return str(caught.value)


@pytest.mark.parametrize(
    ("member", "word"),
    [
        (Member("../evil", b"x"), "unsafe-name"),
        (Member("/evil", b"x"), "unsafe-name"),
        (Member("a\\b", b"x"), "odd-name"),
        (Member("link", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "special-member"),
        (Member("fifo", b"", mode=stat.S_IFIFO | 0o600), "special-member"),
        (Member("Good", b"x"), "duplicate-name"),
        (Member("good", b"x"), "duplicate-name"),
        (Member("a", b"x", method=9), "method 9"),
        (Member("a", b"x", local={"crc": 5}, central={"crc": 5}), "checksum"),
        (Member("a", b"x", local={"flags": 1}, central={"flags": 1}), "encrypted"),
        (Member("a", bytes(8_000_000), method=8), "ratio"),
        (Member("a", b"x", local={"name": b"b"}), "local-differs"),
        (Member("good/inside", b"x"), "is a file as well"),
    ],
)
def test_what_is_refused_and_leaves_nothing(tmp_path: Path, member: Member, word: str) -> None:
    data = zip_of([Member("good", b"fine"), member])
    limits = ArchiveLimits(ratio=100, ratio_floor_bytes=1_000_000)
    assert word in refused(tmp_path, data, limits)


def test_budgets_of_members_and_bytes(tmp_path: Path) -> None:
    data = zip_of([Member(f"f{n}", bytes(100)) for n in range(10)])
    assert "over the budget of 5" in refused(tmp_path, data, ArchiveLimits(members=5))
    assert "500 bytes" in refused(tmp_path, data, ArchiveLimits(total_bytes=500))
    assert "50 bytes" in refused(tmp_path, data, ArchiveLimits(member_bytes=50))


def test_a_member_that_unpacks_to_more_than_it_announces(tmp_path: Path) -> None:
    member = Member("a", bytes(100_000), method=8, local={"size": 10}, central={"size": 10})
    assert "more than it announces" in refused(tmp_path, zip_of([member]))


def test_slack_and_prepended_data_are_refused(tmp_path: Path) -> None:
    good = [Member("a", b"x")]
    assert "slack" in refused(tmp_path, zip_of(good, slack=b"1234"))
    assert "prepended" in refused(tmp_path, zip_of(good, before=b"1234", shift=True))


def test_no_archive(tmp_path: Path) -> None:
    assert "cut off" in refused(tmp_path, b"nothing like it")
    assert "empty" in refused(tmp_path, b"")
    with pytest.raises(UnavailableError):
        unpack(tmp_path / "absent.zip", "", tmp_path / "out")


def test_an_archive_is_a_context_manager(wheel: Path) -> None:
    with Archive(wheel) as archive:
        member = next(m for m in archive.members if m.name.endswith("config.json"))
        assert b"".join(archive.read(member)) == b"{}"
