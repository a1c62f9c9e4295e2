"""Characters that make code read otherwise than it runs."""

from __future__ import annotations

import re
import unicodedata

from assay.core.finding import Severity
from assay.scanning.scanners.python_code.deeds import Deeds
from assay.scanning.scanners.python_code.state import Place

_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile("[\U000e0000-\U000e007f]{8}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{16}")
_STYLED = re.compile("[\u00aa\u00ba\u2071\u207f\u210a-\u2139\uff21-\uff5a\U0001d400-\U0001d7ff]+")
_WORD = re.compile(r"\w{0,40}\Z")
_REST = re.compile(r"\w{0,40}")
_LIKE_LATIN = frozenset("CYRILLIC GREEK ARMENIAN".split())
_RUNS = re.compile(r"\b(?:exec|eval|import|system|getattr|__\w+__|open|compile|lambda)\b")


def judge_text(source: str, deeds: Deeds) -> None:
    """Note directions and invisible letters, and statements far to the right."""
    _off_screen(source, deeds)
    if source.isascii():
        return
    found = _DIRECTION.search(source)
    if found:
        line = source.count("\n", 0, found.start()) + 1
        severity = Severity.HIGH if _in_code(source, found.start()) else Severity.MEDIUM
        deeds.add("code.hidden-unicode", line, _shown(found.group()), Place.IMPORT, severity)
    tags = _TAGS.search(source)
    if tags:
        line = source.count("\n", 0, tags.start()) + 1
        deeds.add("code.hidden-unicode", line, "text of invisible characters", Place.IMPORT)


def _in_code(source: str, at: int) -> bool:
    """Whether a mark stands where it can turn code round: before more code in its line."""
    end = source.find("\n", at)
    start = source.rfind("\n", 0, at) + 1
    rest = source[at : end if end >= 0 else len(source)]
    return "#" in source[start:at] or re.search(r"[\"'#(){};:=]", rest) is not None


def _off_screen(source: str, deeds: Deeds) -> None:
    for number, line in enumerate(source.split("\n"), 1):
        if len(line) < 130 or " " * 60 not in line.expandtabs(8):
            continue
        found = re.match(r"[^#\n]*?[;:)\]\w\"'][ \t]{60,}([^#\s].*)", line[:20_000])
        if found and _RUNS.search(found.group(1)):
            text = found.group(1)[:120]
            deeds.add("code.hidden-off-screen", number, text, Place.IMPORT)


def judge_name(name: str, line: int, deeds: Deeds) -> None:
    """Note a name that mixes scripts that look alike."""
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in name if char.isalpha()}
    if "LATIN" in scripts and scripts & _LIKE_LATIN:
        alike = any(
            unicodedata.name(char, "").startswith(("CYRILLIC", "ARMENIAN")) for char in name
        )
        severity = Severity.HIGH if alike else Severity.LOW
        deeds.add("code.hidden-unicode", line, name, Place.IMPORT, severity)


def judge_styled(source: str, names: set[str], deeds: Deeds) -> None:
    """Note names written in letters the interpreter takes for ASCII ones (NFKC, PEP 3131)."""
    for found in _STYLED.finditer(source):
        before = _WORD.search(source[max(0, found.start() - 40) : found.start()])
        after = _REST.match(source, found.start())
        word = (before.group() if before else "") + (after.group() if after else "")
        folded = unicodedata.normalize("NFKC", word)
        if folded in _WATCHED or (folded in names and folded not in source):
            line = source.count("\n", 0, found.start()) + 1
            shown = f"{word} is {folded}"
            deeds.add("code.hidden-unicode", line, shown, Place.IMPORT)
            return


_WATCHED = frozenset(
    "exec eval compile system popen subprocess os __import__ getattr open globals builtins "
    "import_module socket".split()
)


def _shown(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}"
