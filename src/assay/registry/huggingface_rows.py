"""What a Hub answers with: pure functions from a release to the client's JSON.

Field names and which of them the client insists on were read in huggingface_hub 2.4.0
(`hf_api.py`: ModelInfo, RepoFile, RepoFolder, GitRefInfo, GitCommitInfo).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assay.core.clock import rfc3339
from assay.core.finding import Finding, Severity, Unread
from assay.registry.huggingface_git import Folders, GitFile, GitFolder

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Commit:
    """A release as a Hub commit.

    Attributes:
        model: `ns/name`.
        sha: 40 hex digits.
        state: The release's state, shown beside the Hub's own fields.
        findings: What the scan found, None before it ended.
        unread: What it could not read.
    """

    model: str
    sha: str
    state: str
    title: str
    author: str
    created: datetime
    findings: Sequence[Finding] | None = None
    unread: Sequence[Unread] = ()

    @property
    def date(self) -> str:
        """The time in the form the client parses: milliseconds and `Z`."""
        return hub_time(self.created)


def hub_time(moment: datetime) -> str:
    """RFC 3339 with exactly three digits of a second."""
    whole = rfc3339(moment.replace(microsecond=0))
    return f"{whole[:-1]}.{moment.microsecond // 1000:03d}Z"


def model_row(commit: Commit, *, full: bool = True) -> Row:
    """The row of `GET /api/models`; with `full` what `model_info` shows beyond it."""
    row: Row = {
        "_id": commit.sha[:24],
        "id": commit.model,
        "modelId": commit.model,
        "author": commit.model.partition("/")[0],
        "sha": commit.sha,
        "lastModified": commit.date,
        "createdAt": commit.date,
        "private": True,
        "gated": False,
        "disabled": False,
        "tags": [f"assay:{commit.state}"],
        "downloads": 0,
        "likes": 0,
    }
    if full:
        row |= {"cardData": None, "siblings": [], "spaces": []}
    return row


def sibling_row(file: GitFile, *, blobs: bool) -> Row:
    """One file of `model_info`; sizes and digests only when `blobs` asks for them."""
    if not blobs:
        return {"rfilename": file.path}
    return {
        "rfilename": file.path,
        "size": file.entry.size,
        "blobId": file.oid,
        "lfs": {
            "sha256": file.entry.digest.hex,
            "size": file.entry.size,
            "pointerSize": file.pointer_size,
        },
    }


def entry_row(entry: GitFile | GitFolder, commit: Commit, *, expand: bool) -> Row:
    """One file or folder of `tree` and `paths-info`."""
    last = {"id": commit.sha, "title": commit.title, "date": commit.date}
    if isinstance(entry, GitFolder):
        folder: Row = {"type": "directory", "oid": entry.oid, "size": 0, "path": entry.path}
        return folder | {"lastCommit": last} if expand else folder
    row: Row = {
        "type": "file",
        "oid": entry.oid,
        "size": entry.entry.size,
        "path": entry.path,
        "lfs": {
            "oid": entry.entry.digest.hex,
            "size": entry.entry.size,
            "pointerSize": entry.pointer_size,
        },
    }
    if expand:
        row |= {"lastCommit": last, "securityFileStatus": file_security(entry.path, commit)}
    return row


def listed(folders: Folders, path: str, *, recursive: bool) -> Iterator[GitFile | GitFolder]:
    """What lies in a folder, in git's order; with `recursive` all the way down."""
    waiting = [iter(folders[path].children.values())]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
            continue
        yield entry
        if recursive and isinstance(entry, GitFolder):
            waiting.append(iter(entry.children.values()))


def found(folders: Folders, path: str) -> GitFile | GitFolder | None:
    """The file or folder at a path."""
    if path in folders:
        return folders[path]
    above, _, name = path.rpartition("/")
    folder = folders.get(above)
    return folder.children.get(name) if folder else None


def level(finding: Finding) -> str:
    """How the Hub names a finding: `unsafe`, `suspicious` or `caution`."""
    if finding.blocks:
        return "unsafe"
    return "suspicious" if finding.needs_review else "caution"


_LEVELS = ("safe", "caution", "suspicious", "unsafe")


def file_levels(commit: Commit) -> dict[str, str]:
    """The worst level of each file that has one. What could not be read counts as suspicious."""
    worst: dict[str, str] = {row.path: "suspicious" for row in commit.unread}
    for finding in commit.findings or ():
        if finding.severity is not Severity.INFO:
            known = worst.get(finding.path, "safe")
            worst[finding.path] = max(known, level(finding), key=_LEVELS.index)
    return worst


def repo_security(commit: Commit) -> Row:
    """`securityRepoStatus`."""
    return {
        "scansDone": commit.findings is not None,
        "filesWithIssues": [
            {"path": path, "level": name} for path, name in sorted(file_levels(commit).items())
        ],
    }


def file_security(path: str, commit: Commit) -> Row:
    """`securityFileStatus`; the client needs all three of status, avScan, pickleImportScan."""
    if commit.findings is None:
        status = "queued"
    elif any(row.path == path for row in commit.unread):
        status = max("suspicious", file_levels(commit)[path], key=_LEVELS.index)
    else:
        status = file_levels(commit).get(path, "safe")
    own = [finding for finding in commit.findings or () if finding.path == path]
    return {
        "status": status,
        "avScan": None,
        "pickleImportScan": _pickle_scan(own),
        "policyGate": {
            "state": commit.state,
            "findings": [
                {"rule": one.rule, "title": one.title, "severity": one.severity.value}
                for one in own
            ],
        },
    }


def _pickle_scan(findings: Iterable[Finding]) -> Row | None:
    """The findings about pickle imports in the Hub's form, None where there are none."""
    imports: list[Row] = []
    worst = "safe"
    for finding in findings:
        if not finding.rule.startswith("pickle."):
            continue
        module, _, name = finding.evidence.split("\n")[0].rpartition(".")
        safety = "dangerous" if finding.blocks else "suspicious"
        imports.append({"module": module, "name": name, "safety": safety})
        worst = max(worst, level(finding), key=_LEVELS.index)
    return {"status": worst, "pickleImports": imports} if imports else None


def ref_row(kind: str, name: str, sha: str) -> Row:
    """One branch (`heads`) or tag (`tags`) of `refs`."""
    return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": sha}


def refs_row(main: str | None, aliases: Mapping[str, str], *, pull_requests: bool) -> Row:
    """`refs`: `main` as the one branch, aliases as tags."""
    row: Row = {
        "branches": [ref_row("heads", "main", main)] if main else [],
        "converts": [],
        "tags": [ref_row("tags", name, sha) for name, sha in sorted(aliases.items())],
    }
    return row | {"pullRequests": []} if pull_requests else row


def commit_row(commit: Commit) -> Row:
    """One row of `commits`."""
    title, _, message = commit.title.partition("\n")
    return {
        "id": commit.sha,
        "title": title,
        "message": message.strip(),
        "date": commit.date,
        "authors": [{"user": commit.author}],
    }


def whoami_row(name: str, kind: str, role: str, token: str, namespaces: Iterable[str]) -> Row:
    """`whoami-v2`: who the token belongs to; namespaces appear as organisations."""
    return {
        "type": "user" if kind == "person" else "app",
        "id": name,
        "name": name,
        "fullname": name,
        "isPro": False,
        "orgs": [
            {"type": "org", "id": one, "name": one, "fullname": one, "roleInOrg": role}
            for one in namespaces
        ],
        "auth": {
            "type": "access_token",
            "accessToken": {"displayName": token, "role": role},
        },
    }
