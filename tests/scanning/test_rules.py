"""The rules as a whole: ids, words, references, and the page that is made of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import assay
from assay.scanning.catalogue import all_rules
from assay.scanning.ruleset import ruleset

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_checks_is_current() -> None:
    command = [sys.executable, "tools/checks_doc.py", "--check"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_the_page_of_formats_is_current() -> None:
    command = [sys.executable, "tools/formats_doc.py", "--check"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_every_rule_says_what_why_and_what_to_do() -> None:
    for rule in all_rules().values():
        assert re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", rule.id)
        assert not rule.title.endswith(".")
        assert rule.explanation.endswith(".")
        assert rule.remedy.endswith(".")


def test_every_rule_that_is_used_exists() -> None:
    known = all_rules()
    used = re.compile(r'RULES\[\s*"([^"{]+)"\s*\]')
    for path in (ROOT / "src/assay/scanning").rglob("*.py"):
        for name in used.findall(path.read_text()):
            assert name in known, f"{path}: {name}"


def test_atlas_ids_are_real(vectors: Path) -> None:
    text = (vectors / "atlas" / "techniques.json").read_text()
    real = set(re.findall(r"AML\.T\d{4}(?:\.\d{3})?", text))
    json.loads(text)
    for rule in all_rules().values():
        assert set(rule.references.atlas) <= real, rule.id


def test_the_ruleset_names_version_and_content() -> None:
    assert re.fullmatch(rf"assay-{re.escape(assay.__version__)}/[0-9a-f]{{8}}", ruleset())
