"""Intelligence adds what is known from elsewhere, only when it is signed, and takes nothing back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.core.digest import Digest
from assay.core.errors import DataError, UsageError
from assay.core.finding import Severity, Verdict
from assay.evidence.intelligence import FeedFile, read_feed, sign_feed
from assay.scanning.intelligence.feed import Feed, builtin_feed, release
from assay.scanning.intelligence.matching import about_versions
from assay.scanning.intelligence.signals import read_signals
from assay.scanning.interface import RULESET, scan
from assay.scanning.outside import Outside
from assay.signing.keys import generate, new_signer
from scanning.keras_making import archive, layer, model


def feed_document(**changes: object) -> bytes:
    document = {
        "schema": "assay.intelligence/1",
        "issued": "2026-11-01T00:00:00+00:00",
        "source": "test",
        "loaders": [],
        "digests": [],
        "names": [],
    }
    return json.dumps(document | changes).encode()


def a_feed(**changes: object) -> Feed:
    return builtin_feed().with_more([Feed.parse(feed_document(**changes))])


@pytest.fixture(name="folder")
def made_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "README.md").write_text("# A model\n")
    (folder / "vocab.txt").write_text("a\nb\n")
    return folder


def test_a_file_known_to_be_bad_is_malicious_in_its_folder_and_alone(folder: Path) -> None:
    digest = Digest.of(b"a\nb\n")
    rows = [{"digest": str(digest), "name": "Bad words", "why": "stolen"}]
    outside = Outside(a_feed(digests=rows))
    (unit,) = scan(folder, outside=outside).units
    assert unit.verdict is Verdict.MALICIOUS
    assert [(f.rule, f.path) for f in unit.findings] == [("intelligence.known-bad", "vocab.txt")]
    each = {Path(u.path).name: u for u in scan(folder, each=True, outside=outside).units}
    assert each["vocab.txt"].findings[0].path == ""
    assert each["README.md"].verdict is Verdict.CLEAN


def test_a_tree_known_to_be_bad_is_found_by_its_own_digest(folder: Path) -> None:
    (clean,) = scan(folder).units
    rows = [{"digest": str(clean.digest), "name": "m", "why": "replaced", "severity": "high"}]
    (unit,) = scan(folder, outside=Outside(a_feed(digests=rows))).units
    assert [(f.path, f.severity) for f in unit.findings] == [("", Severity.HIGH)]


def test_a_publisher_known_to_be_bad_is_found_in_a_hub_cache(tmp_path: Path) -> None:
    folder = tmp_path / "models--Evil--thing" / "snapshots" / "1"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("hello\n")
    outside = Outside(a_feed(names=[{"name": "evil", "why": "takes tokens"}]))
    (unit,) = scan(folder, outside=outside).units
    assert unit.verdict is Verdict.MALICIOUS
    assert "takes tokens" in unit.findings[0].evidence


def test_a_feed_in_use_is_part_of_the_rules_name(folder: Path) -> None:
    assert scan(folder).ruleset == RULESET
    assert scan(folder, outside=Outside(a_feed())).ruleset.startswith(f"{RULESET}+")


@pytest.mark.parametrize(
    ("version", "holes"),
    [
        ("3.8.0", {"CVE-2025-1550", "CVE-2025-8747"}),
        ("3.9.0", {"CVE-2025-8747"}),
        ("2.15.0", set()),
        ("99", set()),
        ("new", set()),
    ],
)
def test_a_declared_version_is_compared_as_numbers(version: str, holes: set[str]) -> None:
    found = about_versions(builtin_feed(), "m.keras", "keras", {"Keras": version})
    told = " ".join(finding.evidence for finding in found)
    for hole in ("CVE-2025-1550", "CVE-2025-8747"):
        assert (hole in told) == (hole in holes)


def test_versions_are_ordered_by_their_numbers() -> None:
    assert release("1.10") > release("1.9.5")  # type: ignore[operator]
    assert release("2.0") == release("2")
    assert release("2.6.0+cpu") == (2, 6)
    assert release("") is None


def test_a_signed_feed_is_read_and_another_is_not(tmp_path: Path) -> None:
    generate(tmp_path / "k")
    signer = new_signer()
    (tmp_path / "other").write_bytes(sign_feed(feed_document(), signer))
    with pytest.raises(DataError, match="no signature"):
        read_feed(tmp_path / "other", tmp_path / "k.pub")
    with pytest.raises(UsageError, match="needs the key"):
        read_feed(tmp_path / "other", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "other/1"},
        {"more": 1},
        {"issued": "yesterday"},
        {"digests": [{"digest": "md5:0", "name": "a", "why": "b"}]},
        {"loaders": [{"id": "X", "framework": "keras", "fixed": "soon", "title": "t"}]},
        {"names": [{"name": "a"}]},
        {"names": [{"name": "a", "why": "b", "severity": "terrible"}]},
    ],
)
def test_a_feed_of_another_form_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Feed.parse(feed_document(**changes))


def test_a_server_reads_a_feed_again_and_keeps_the_last_good_one(tmp_path: Path) -> None:
    signer = generate(tmp_path / "k")
    path = tmp_path / "feed"
    path.write_bytes(sign_feed(feed_document(), signer))
    file = FeedFile(path, tmp_path / "k.pub")
    first = file.current().feed
    rows = [{"name": "evil", "why": "takes tokens"}]
    path.write_bytes(sign_feed(feed_document(names=rows), signer))
    second = file.current().feed
    assert "evil" in second.names
    assert second.id != first.id
    path.write_text("{}")
    assert file.current().feed.id == second.id
    assert file.complaint
    path.write_bytes(sign_feed(feed_document(names=rows), signer))
    assert file.current().feed.id == second.id
    assert not file.complaint


SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "other", "rules": [{"id": "R2"}]}},
            "results": [
                {
                    "ruleId": "R1",
                    "level": "error",
                    "message": {"text": "bad"},
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": "file:///x/vocab.txt"}}}
                    ],
                },
                {"ruleId": "R2", "message": {"text": "odd"}},
                {"ruleId": "R3", "kind": "pass", "message": {"text": "fine"}},
                {"ruleId": "R4", "level": "none", "message": {"text": "fine"}},
            ],
        }
    ],
}


def test_another_scanners_report_raises_concern_about_the_file_it_names(folder: Path) -> None:
    signals = read_signals(json.dumps(SARIF).encode())
    (unit,) = scan(folder, outside=Outside(signals=signals)).units
    told = {(f.path, f.severity.value, f.evidence) for f in unit.findings}
    assert told == {
        ("vocab.txt", "high", "other: R1: bad"),
        ("", "medium", "other: R2: odd"),
    }
    assert unit.verdict is Verdict.MALICIOUS


def test_another_scanners_praise_changes_nothing(folder: Path) -> None:
    clean = {**SARIF, "runs": [{"tool": {"driver": {"name": "other"}}, "results": []}]}
    assert read_signals(json.dumps(clean).encode()) == ()
    (folder / "m.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    (unit,) = scan(folder, outside=Outside(signals=())).units
    assert unit.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("document", "tool", "severity"),
    [
        (
            {
                "summary": {"modelscan_version": "0.8.8"},
                "issues": [
                    {"severity": "CRITICAL", "module": "os", "operator": "system", "source": "a"}
                ],
            },
            "modelscan",
            "high",
        ),
        (
            {
                "issues": [
                    {"severity": "warning", "message": "m", "location": "a (pos 3)"},
                    {"severity": "info", "message": "n"},
                ]
            },
            "modelaudit",
            "medium",
        ),
        ({"filesWithIssues": [{"path": "a", "level": "unsafe"}]}, "hub", "high"),
        (
            {
                "schema": "assay.scan/1",
                "units": [
                    {
                        "path": "a",
                        "findings": [
                            {"severity": "critical", "path": "", "rule": "r", "evidence": "e"}
                        ],
                    }
                ],
            },
            "assay",
            "high",
        ),
    ],
)
def test_reports_of_several_tools_are_known(
    document: dict[str, object], tool: str, severity: str
) -> None:
    (signal,) = read_signals(json.dumps(document).encode())
    assert (signal.tool, signal.severity.value, signal.path) == (tool, severity, "a")


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"runs": [1]}', b'{"issues": [3]}', b'{"units": [], "a": 1}']
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        read_signals(data)


def test_a_declared_framework_with_a_hole_is_told_and_changes_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(archive(model(layer("Dense", units=1))))  # it declares 3.8.0
    (unit,) = scan(path).units
    told = [f.evidence for f in unit.findings if f.rule == "intelligence.loader-hole"]
    assert any("CVE-2025-1550" in text for text in told)
    assert unit.verdict is Verdict.CLEAN


def test_no_feed_takes_back_what_another_says(folder: Path) -> None:
    digest = str(Digest.of(b"a\nb\n"))
    grave = {"digest": digest, "name": "x", "why": "stolen"}
    mild = {**grave, "severity": "info"}
    for rows in ([grave, mild], [mild, grave]):
        (unit,) = scan(folder, outside=Outside(a_feed(digests=rows))).units
        assert unit.verdict is Verdict.MALICIOUS
        feeds = [Feed.parse(feed_document(digests=[row])) for row in rows]
        (unit,) = scan(folder, outside=Outside(builtin_feed().with_more(feeds))).units
        assert unit.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "changes",
    [
        {"loaders": [{"id": "X", "framework": "keras", "fixed": 5, "title": "t"}]},
        {"issued": "0001-01-01T00:00:00+14:00"},
        {"loaders": [{"id": "X", "framework": "k", "introduced": "a", "fixed": "1", "title": ""}]},
    ],
)
def test_rows_of_the_wrong_type_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DataError):
        Feed.parse(feed_document(**changes))


def test_an_older_feed_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    signer = generate(tmp_path / "k")
    path = tmp_path / "feed"
    path.write_bytes(sign_feed(feed_document(), signer))
    file = FeedFile(path, tmp_path / "k.pub")
    newer = file.current().feed
    path.write_bytes(sign_feed(feed_document(issued="2020-01-01T00:00:00+00:00"), signer))
    assert file.current().feed.id == newer.id
    assert "issued before" in file.complaint


def test_a_key_that_comes_later_is_noticed(tmp_path: Path) -> None:
    signer = generate(tmp_path / "k")
    (tmp_path / "k.pub").rename(tmp_path / "away")
    path = tmp_path / "feed"
    path.write_bytes(sign_feed(feed_document(names=[{"name": "evil", "why": "w"}]), signer))
    file = FeedFile(path, tmp_path / "k.pub")
    assert "evil" not in file.current().feed.names
    assert file.complaint
    (tmp_path / "away").rename(tmp_path / "k.pub")
    assert "evil" in file.current().feed.names
