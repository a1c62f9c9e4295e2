"""A user's YARA rules are asked about every file and member, in the sandbox."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assay.core.errors import UsageError
from assay.core.finding import Severity, Verdict
from assay.core.limits import MIB
from assay.scanning.interface import RULESET, scan_with
from assay.scanning.isolation.sandbox import Sandbox
from assay.scanning.outside import Outside
from assay.scanning.yara_rules import read_yara_rules
from scanning.container_making import Member, zip_of

RULE = """
rule marker { meta: severity = "high" description = "our own mark"
  strings: $a = "MARK-1234" condition: $a }
rule mild { strings: $a = "mildly" condition: $a }
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "own.yar"
    path.write_text(RULE)
    return path


def scan(path: Path, rules: Path):
    found = read_yara_rules([rules])
    with Sandbox(yara=found) as sandbox:
        (unit,) = scan_with(sandbox, [path]).units
    return unit


def test_a_match_has_the_severity_and_words_of_its_rule(tmp_path: Path, rules: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("so MARK-1234 it is\n")
    unit = scan(path, rules)
    assert unit.verdict is Verdict.MALICIOUS
    (finding,) = unit.findings
    assert (finding.rule, finding.evidence) == ("yara.match", "marker: our own mark")
    assert finding.location.offset == 3


def test_a_rule_without_a_severity_asks_for_a_person(tmp_path: Path, rules: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mildly odd\n")
    unit = scan(path, rules)
    assert [f.severity for f in unit.findings] == [Severity.MEDIUM]


def test_what_matches_nothing_stays_clean(tmp_path: Path, rules: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing here\n")
    assert scan(path, rules).verdict is Verdict.CLEAN


def test_a_packed_member_is_matched_unpacked(tmp_path: Path, rules: Path) -> None:
    body = b"a text with MARK-1234 in it\n"
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = engine.compress(body) + engine.flush()
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of([Member("notes.txt", body, 8, packed)]))
    unit = scan(path, rules)
    assert ("yara.match", "notes.txt") in {(f.rule, f.location.member) for f in unit.findings}


def test_a_long_file_is_matched_in_windows_that_overlap(tmp_path: Path, rules: Path) -> None:
    path = tmp_path / "long.txt"
    with path.open("wb") as file:
        file.truncate(0)
        file.write(b"a" * (63 * MIB + 3) + b"MARK-1234" + b"a" * 4 * MIB)
    unit = scan(path, rules)
    assert [f.location.offset for f in unit.findings] == [63 * MIB + 3]


def test_rules_that_do_not_compile_are_told_by_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.yar"
    path.write_text("rule a { bad")
    with pytest.raises(UsageError, match=r"bad\.yar.*cannot be compiled"):
        read_yara_rules([path])
    with pytest.raises(UsageError, match="missing"):
        read_yara_rules([tmp_path / "missing.yar"])


def test_the_rules_are_part_of_the_rules_name(rules: Path) -> None:
    found = read_yara_rules([rules])
    assert found is not None
    assert Outside(rules=found.id).named(RULESET) == f"{RULESET}+{found.id}"


def test_the_command_takes_rules(tmp_path: Path, rules: Path) -> None:
    from assay.cli.main import app

    path = tmp_path / "notes.txt"
    path.write_text("so MARK-1234 it is\n")
    told = CliRunner().invoke(app, ["scan", str(path), "--yara", str(rules)])
    assert told.exit_code == 1
    assert "our own mark" in told.stdout


def test_an_include_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sub.yar").write_text(RULE)
    path = tmp_path / "outer.yar"
    path.write_text('include "sub.yar"')
    with pytest.raises(UsageError, match="include"):
        read_yara_rules([path])


def test_many_rules_and_many_matches_lose_no_grave_one(tmp_path: Path) -> None:
    mild = "".join(
        f'rule mild_{n} {{ meta: severity = "info" strings: $a = "note" condition: $a }}\n'
        for n in range(3000)
    )
    path = tmp_path / "many.yar"
    path.write_text(mild + RULE)
    assert path.stat().st_size > 200_000
    target = tmp_path / "notes.txt"
    target.write_text("a note with MARK-1234 in it\n")
    unit = scan(target, path)
    assert unit.verdict is Verdict.MALICIOUS
    assert unit.findings[0].evidence == "marker: our own mark"
