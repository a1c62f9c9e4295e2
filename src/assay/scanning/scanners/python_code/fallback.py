"""Judging code of which there is no syntax tree, line by line: other Pythons, broken files."""

from __future__ import annotations

import re

from assay.core.finding import Confidence, Severity
from assay.scanning.scanners.python_code.rules import RULES
from assay.scanning.scanners.shell_commands import Grade, judge_command
from assay.scanning.subject import Answer

_MOST_LINES = 100_000
_LONGEST = 20_000
_DECODES = (
    r"(?:b64decode|b32decode|b85decode|a85decode|decompress|unhexlify|fromhex|"
    r"marshal\s*\.\s*loads|rot_?13|\.decode\s*\(\s*['\"](?:hex|base64))"
)
_FETCHES = r"(?:urlopen|requests\s*\.\s*get|urlretrieve|\.recv\s*\()"
_HIDDEN = r"['\"](?:os|subprocess|pty|socket|ctypes|marshal)['\"]"
_RUNS = r"\b(?:exec|eval)\b\s*\(?.{0,200}?"
_PATTERNS = {
    "code.executes-decoded": re.compile(_RUNS + _DECODES),
    "code.downloads-and-runs": re.compile(_RUNS + _FETCHES),
    "code.reverse-shell": re.compile(r"\bdup2\s*\(\s*\w+\s*\.\s*fileno\s*\(\s*\)"),
    "code.obfuscated": re.compile(rf"__import__\s*\(\s*{_HIDDEN}\s*\)\s*\.\s*\w+"),
}
_STARTS = re.compile(
    r"\b(?:os\s*\.\s*(?:system|popen|exec[lv]\w*|spawn\w+)|subprocess\s*\.\s*\w+|pty\s*\.\s*spawn|"
    r"commands\s*\.\s*get\w+)\s*\((.{0,2000})"
)


def judge_lines(source: str, answer: Answer, *, what: str) -> None:
    """Look for what no honest line holds."""
    before = f"{what}: " if what else ""
    for number, line in enumerate(source.split("\n")[:_MOST_LINES], 1):
        if len(line) < 8 or line.lstrip().startswith("#"):
            continue
        text = line[:_LONGEST]
        for rule, pattern in _PATTERNS.items():
            if pattern.search(text):
                answer.find(RULES[rule], f"{before}{text.strip()}", line=number)
        found = _STARTS.search(text)
        if found is None:
            continue
        judged = judge_command(found.group(1))
        if judged.grade is Grade.HOSTILE:
            answer.find(RULES["code.hostile-command"], f"{before}{text.strip()}", line=number)
        else:
            answer.find(
                RULES["code.shell"],
                f"{before}{text.strip()}",
                line=number,
                severity=Severity.MEDIUM,
                confidence=Confidence.LOW,
            )
