"""Reading folders: what counts, what is left out, what is a problem, and the tree digest."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from assay.core import hashing
from assay.core.digest import Digest
from assay.core.errors import DataError, UnavailableError, UsageError
from assay.core.folder import (
    ListedFile,
    Problem,
    checked,
    digest,
    hash_listed,
    list_folder,
    read_folder,
)

BUNDLE = {
    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "verificationMaterial": {"publicKey": {"hint": "x"}},
    "dsseEnvelope": {"payload": "e30=", "payloadType": "t", "signatures": [{"sig": "AA=="}]},
}


def write(folder: Path, **files: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def reasons(folder: Path) -> dict[str, str]:
    return {problem.path: problem.reason for problem in read_folder(folder).problems}


NAMES = st.text(st.sampled_from("abcdefé-_.0 "), min_size=1, max_size=6).filter(
    lambda name: name not in (".", "..") and name != ".git"
)
TREES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=300), max_size=8
)


@given(TREES)
def test_the_tree_digest_is_that_of_the_specified_document(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    written: dict[str, bytes] = {}
    for name, data in tree.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
        written[name] = data
    reading = read_folder(folder)
    if reading.problems:  # names that only differ by case or normal form
        assert not reading.manifest.entries
        return
    rows = [
        {"path": n, "size": len(d), "digest": f"sha256:{hashlib.sha256(d).hexdigest()}"}
        for n, d in sorted(written.items())
    ]
    document = rfc8785.dumps({"schema": "assay.manifest/1", "files": rows})
    assert digest(folder) == Digest.of(document)


def test_every_thread_count_gives_the_same_digests(tmp_path: Path) -> None:
    sizes = (0, 1, 255_999, hashing.LARGE_BYTES, hashing.BUFFER_BYTES, 3 * hashing.BUFFER_BYTES + 7)
    for number, size in enumerate(sizes * 20):
        inner = tmp_path / f"d{number % 7}" / "e"
        inner.mkdir(parents=True, exist_ok=True)
        (inner / f"f{number}").write_bytes(
            os.urandom(min(size, 40_000)) + bytes(max(0, size - 40_000))
        )
    expected = {
        str(path.relative_to(tmp_path)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tmp_path.rglob("f*")
    }
    for threads in (1, 2, 5):
        seen: list[int] = []
        reading = read_folder(tmp_path, threads=threads, progress=seen.append)
        assert {e.path: e.digest.hex for e in reading.manifest.entries} == expected
        assert sum(seen) == reading.manifest.size


def test_left_out_are_exactly_the_folders_and_bundles_of_the_contract(tmp_path: Path) -> None:
    bundle = json.dumps(BUNDLE).encode()
    write(tmp_path, **{"model.sig": bundle, "a.sigstore.json": bundle, "weights.sig": b"pickle"})
    write(tmp_path, **{"claims.jsonl": bundle + b"\n\n" + bundle + b"\n", ".gitattributes": b"x"})
    write(tmp_path / ".git", config=b"")
    write(tmp_path / ".cache" / "huggingface", lock=b"")
    write(tmp_path / ".cache", other=b"")
    write(tmp_path / "sub" / ".git", config=b"")
    write(tmp_path / "sub", **{"model.sig": bundle})
    reading = read_folder(tmp_path)
    assert not reading.problems
    assert reading.left_out == (
        ".cache/huggingface", ".git", "a.sigstore.json", "claims.jsonl", "model.sig",
    )  # fmt: skip
    assert sorted(reading.manifest.by_path) == [
        ".cache/other", ".gitattributes", "sub/.git/config", "sub/model.sig", "weights.sig",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"\x80\x04.", json.dumps({**BUNDLE, "mediaType": 3}).encode(),
     json.dumps({**BUNDLE, "dsseEnvelope": {}}).encode(), b'{"a":1,"a":2}', b"[" * 100_000],
)  # fmt: skip
def test_what_only_looks_like_a_bundle_by_name_is_part_of_the_model(
    tmp_path: Path, data: bytes
) -> None:
    write(tmp_path, **{"model.sig": data, "claims.jsonl": b"\n" + data})
    assert set(read_folder(tmp_path).manifest.by_path) == {"model.sig", "claims.jsonl"}


def test_links_special_files_and_names_are_problems_that_name_the_file(tmp_path: Path) -> None:
    write(tmp_path, real=b"1")
    write(tmp_path / "folder", inner=b"2")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "linked-folder").symlink_to("folder")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "back\\slash").write_bytes(b"")
    (tmp_path / "new\nline").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")).write_bytes(b"")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        found = reasons(tmp_path)
    assert found.pop("\udcff\udcfe") == "has a name that is not valid UTF-8"
    assert found.pop("pipe") == "is a named pipe, not a regular file"
    assert found.pop("socket") == "is a socket, not a regular file"
    assert "backslash or control character" in found.pop("back\\slash")
    assert "backslash or control character" in found.pop("new\nline")
    assert found == dict.fromkeys(
        ("link", "linked-folder", "dangling", "loop"), "is a symbolic link"
    )
    with pytest.raises(DataError) as caught:
        digest(tmp_path)
    caught.value.diagnostics().encode("utf-8")


def test_names_that_collide_elsewhere_are_a_problem(tmp_path: Path) -> None:
    write(tmp_path, Weights=b"1", weights=b"2")
    assert "collides" in reasons(tmp_path)["weights"]


def hub_cache(tmp_path: Path) -> tuple[Path, Path]:
    repository = tmp_path / "models--acme--tiny"
    blobs = write(repository / "blobs", aa=b"weights", bb=b"{}")
    snapshot = repository / "snapshots" / ("c" * 40)
    (snapshot / "sub").mkdir(parents=True)
    (snapshot / "model.bin").symlink_to("../../blobs/aa")
    (snapshot / "sub" / "config.json").symlink_to("../../../blobs/bb")
    return blobs, snapshot


def test_links_within_a_hub_cache_repository_are_followed_and_reported(tmp_path: Path) -> None:
    _, snapshot = hub_cache(tmp_path)
    reading = read_folder(snapshot)
    assert not reading.problems
    assert reading.followed == ("model.bin", "sub/config.json")
    plain = write(tmp_path / "plain", **{"model.bin": b"weights"})
    write(plain / "sub", **{"config.json": b"{}"})
    assert digest(snapshot) == digest(plain)


def test_links_that_leave_the_hub_cache_repository_are_problems(tmp_path: Path) -> None:
    blobs, snapshot = hub_cache(tmp_path)
    write(tmp_path / "outside", secret=b"s")
    other = write(tmp_path / "models--acme--other" / "blobs", cc=b"x")
    (snapshot / "away").symlink_to(tmp_path / "outside" / "secret")
    (snapshot / "other").symlink_to(other / "cc")
    (snapshot / "folder").symlink_to(blobs)
    (blobs / "dd").symlink_to(tmp_path / "outside" / "secret")
    (snapshot / "two-steps").symlink_to("../../blobs/dd")
    assert set(reasons(snapshot)) == {"away", "other", "folder", "two-steps"}


def test_a_folder_merely_named_like_a_hub_cache_grants_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "models--x--y", real=b"1")
    (folder / "link").symlink_to("real")
    assert reasons(folder) == {"link": "is a symbolic link"}


def test_a_file_swapped_for_a_link_or_pipe_after_listing_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "m" / "sub", a=b"1", b=b"2", c=b"3")
    listing = list_folder(tmp_path / "m")
    for name in ("a", "b", "c"):
        (tmp_path / "m" / "sub" / name).unlink()
    (tmp_path / "m" / "sub" / "a").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "m" / "sub" / "b")
    results = hash_listed(listing, [(file, 0, None) for file in listing.files])
    assert [getattr(result, "reason", "") for result in results] == [
        "is or lies below a symbolic link",
        "is a named pipe, not a regular file",
        "vanished while the folder was read",
    ]


def test_a_folder_swapped_for_a_link_after_listing_is_not_entered(tmp_path: Path) -> None:
    folder = write(tmp_path / "m" / "sub", a=b"1").parent
    write(tmp_path / "elsewhere", a=b"2")
    listing = list_folder(folder)
    (folder / "sub").rename(folder / "old")
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    (result,) = hash_listed(listing, [(ListedFile("sub/a", 1), 0, None)])
    assert result == hashing.Failed("is or lies below a symbolic link", unreadable=False)


def test_a_file_that_changes_while_it_is_read_has_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(bytes(3 * hashing.BUFFER_BYTES))

    def grow(count: int) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    (problem,) = read_folder(tmp_path, progress=grow).problems
    assert problem == Problem("growing", "changed while it was read")


def test_a_file_that_shrinks_while_it_is_read_has_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "shrinking"
    path.write_bytes(bytes(3 * hashing.BUFFER_BYTES))
    problems = read_folder(tmp_path, progress=lambda _: os.truncate(path, 10)).problems
    assert problems == (Problem("shrinking", "changed while it was read"),)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_an_error_in_progress_ends_every_thread_and_reaches_the_caller(
    tmp_path: Path, threads: int
) -> None:
    write(tmp_path, **{f"f{n}": b"x" for n in range(500)})

    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        read_folder(tmp_path, threads=threads, progress=interrupt)
    assert threading.active_count() == before


def test_what_cannot_be_read_is_a_problem_and_unavailable(tmp_path: Path) -> None:
    """As a user who may not read: root reads everything."""
    folder = write(tmp_path / "m", secret=b"s")
    (folder / "closed").mkdir()
    script = textwrap.dedent("""
        import os, sys
        from assay.core.folder import digest, read_folder
        from assay.core.errors import UnavailableError
        from pathlib import Path
        folder = os.open(sys.argv[1], os.O_RDONLY)
        os.fchdir(folder)
        if os.geteuid() == 0:
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        for problem in read_folder(Path(".")).problems:
            print(problem.path, problem.reason, problem.unreadable)
        try:
            digest(".")
        except UnavailableError as error:
            print("unavailable", error.subject)
    """)
    (folder / "secret").chmod(0)
    (folder / "closed").chmod(0)
    folder.chmod(0o755)
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
        )
    finally:
        (folder / "closed").chmod(0o700)
    assert done.stdout.splitlines() == [
        "closed cannot be read: Permission denied True",
        "secret cannot be read: Permission denied True",
        "unavailable closed",
    ]


def test_absent_paths_and_files_in_a_folders_place_are_usage_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    with pytest.raises(UsageError, match="does not exist"):
        digest(tmp_path / "nothing")
    with pytest.raises(UsageError, match="is not a folder"):
        read_folder(tmp_path / "file")
    assert digest(tmp_path / "file") == Digest.of(b"abc")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="named pipe"):
        digest(tmp_path / "pipe")
    with pytest.raises(DataError, match="device"):
        digest("/dev/null")


def test_bad_problems_are_told_before_unreadable_ones(tmp_path: Path) -> None:
    reading = read_folder(write(tmp_path / "m", a=b""))
    assert checked(reading) is reading.manifest
    problems = (Problem("a", "cannot be read", unreadable=True), Problem("b", "is a link"))
    with pytest.raises(DataError, match="b: is a link"):
        checked(type(reading)(reading.manifest, problems, (), ()))
    with pytest.raises(UnavailableError):
        checked(type(reading)(reading.manifest, problems[:1], (), ()))


def test_a_deeply_nested_folder_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(400):
            os.mkdir("d", dir_fd=here)
            inner = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    finally:
        os.close(here)
    (problem,) = read_folder(tmp_path).problems
    assert problem.reason == "is nested too deep"


def test_a_file_the_kernel_makes_up_has_no_digest():
    with pytest.raises(UnavailableError, match="size is 0"):
        digest("/proc/version")
