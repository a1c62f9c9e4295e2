"""Hub rows: what the real client's classes read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from huggingface_hub.hf_api import GitCommitInfo, ModelInfo, RepoFile, RepoFolder

from assay.core.digest import Digest
from assay.core.finding import Confidence, Finding, Location, Severity, Unread
from assay.core.manifest import Manifest, ManifestEntry
from assay.registry import huggingface_rows as rows
from assay.registry.huggingface_git import git_folders

WHEN = datetime(2026, 11, 24, 12, 0, 5, 987654, tzinfo=UTC)


def finding(path="weights.bin", severity=Severity.CRITICAL, rule="pickle.dangerous-import"):
    return Finding(
        rule=rule,
        title="Dangerous import",
        severity=severity,
        confidence=Confidence.HIGH,
        path=path,
        location=Location(offset=12),
        evidence="os.system",
        explanation="runs a command",
        remedy="use safetensors",
    )


def commit(**changes) -> rows.Commit:
    fields = {
        "model": "acme/sentiment",
        "sha": "a" * 40,
        "state": "approved",
        "title": "First\nand more",
        "author": "alice",
        "created": WHEN,
        "findings": (),
    }
    return rows.Commit(**{**fields, **changes})


@pytest.fixture
def folders():
    names = ["config.json", "weights.bin", "sub/vocab.txt", "sub/deep/a.txt"]
    return git_folders(
        Manifest.of(ManifestEntry(name, len(name), Digest.of(name.encode())) for name in names)
    )


def test_the_client_reads_a_model_row():
    info = ModelInfo(**rows.model_row(commit()))
    assert (info.id, info.sha, info.author) == ("acme/sentiment", "a" * 40, "acme")
    assert info.last_modified == WHEN.replace(microsecond=987000)
    assert info.siblings == []


def test_the_client_reads_siblings_with_digests(folders):
    file = rows.found(folders, "weights.bin")
    row = rows.model_row(commit()) | {"siblings": [rows.sibling_row(file, blobs=True)]}
    sibling = ModelInfo(**row).siblings[0]
    assert sibling.lfs.sha256 == Digest.of(b"weights.bin").hex
    assert sibling.size == len("weights.bin")
    assert rows.sibling_row(file, blobs=False) == {"rfilename": "weights.bin"}


@pytest.mark.parametrize("expand", [True, False])
def test_the_client_reads_tree_rows(folders, expand):
    listed = rows.listed(folders, "", recursive=True)
    found = [rows.entry_row(entry, commit(), expand=expand) for entry in listed]
    files = {r["path"]: RepoFile(**r) for r in found if r["type"] == "file"}
    assert set(files) == {"config.json", "weights.bin", "sub/vocab.txt", "sub/deep/a.txt"}
    assert files["config.json"].lfs.sha256 == Digest.of(b"config.json").hex
    assert all(file.xet_hash is None for file in files.values())
    assert {RepoFolder(**r).path for r in found if r["type"] == "directory"} == {"sub", "sub/deep"}
    assert (files["config.json"].security is not None) is expand


def test_a_folder_lists_only_what_lies_directly_in_it(folders):
    assert [e.path for e in rows.listed(folders, "sub", recursive=False)] == [
        "sub/deep",
        "sub/vocab.txt",
    ]


def test_what_is_not_there_is_not_found(folders):
    assert rows.found(folders, "sub/none") is None
    assert rows.found(folders, "none/vocab.txt") is None
    assert rows.found(folders, "config.json/x") is None


def test_all_three_security_keys_are_there_whatever_was_found(folders):
    cases = [
        (commit(findings=None), "queued"),
        (commit(), "safe"),
        (commit(findings=(finding(severity=Severity.LOW),)), "caution"),
        (commit(findings=(finding(severity=Severity.MEDIUM),)), "suspicious"),
        (commit(findings=(finding(),)), "unsafe"),
        (commit(findings=(finding(),), unread=(Unread("weights.bin", "x"),)), "unsafe"),
        (commit(unread=(Unread("weights.bin", "truncated"),)), "suspicious"),
    ]
    file = rows.found(folders, "weights.bin")
    for one, status in cases:
        row = rows.entry_row(file, one, expand=True)
        assert set(row["securityFileStatus"]) >= {"status", "avScan", "pickleImportScan"}
        security = RepoFile(**row).security
        assert security.status == status
        assert security.safe is (status == "safe")


def test_a_file_that_could_not_be_read_is_never_safe(folders):
    one = commit(unread=(Unread("weights.bin", "time-out"),))
    assert rows.repo_security(one) == {
        "scansDone": True,
        "filesWithIssues": [{"path": "weights.bin", "level": "suspicious"}],
    }


def test_an_informative_finding_is_no_issue():
    one = commit(findings=(finding(severity=Severity.INFO),))
    assert rows.repo_security(one)["filesWithIssues"] == []


def test_pickle_imports_are_named():
    scan = rows.file_security("weights.bin", commit(findings=(finding(),)))["pickleImportScan"]
    assert scan == {
        "status": "unsafe",
        "pickleImports": [{"module": "os", "name": "system", "safety": "dangerous"}],
    }


def test_the_worst_finding_of_a_file_counts():
    one = commit(findings=(finding(severity=Severity.LOW), finding(), finding(rule="x.y")))
    assert rows.file_levels(one) == {"weights.bin": "unsafe"}


def test_refs_show_main_as_the_branch_and_aliases_as_tags():
    row = rows.refs_row("a" * 40, {"production": "b" * 40}, pull_requests=True)
    assert row["branches"] == [{"name": "main", "ref": "refs/heads/main", "targetCommit": "a" * 40}]
    assert row["tags"][0]["ref"] == "refs/tags/production"
    assert row["pullRequests"] == []
    assert rows.refs_row(None, {}, pull_requests=False) == {
        "branches": [],
        "converts": [],
        "tags": [],
    }


def test_the_client_reads_a_commit_row():
    row = rows.commit_row(commit())
    info = GitCommitInfo(
        commit_id=row["id"],
        authors=[author["user"] for author in row["authors"]],
        created_at=row["date"],
        title=row["title"],
        message=row["message"],
        formatted_title=None,
        formatted_message=None,
    )
    assert (info.title, info.message, info.authors) == ("First", "and more", ["alice"])
