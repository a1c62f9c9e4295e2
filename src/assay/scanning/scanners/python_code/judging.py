"""Judging Python code: whole files, and sources found inside others."""

from __future__ import annotations

import re

from assay.core.finding import Severity
from assay.scanning.inspection import inspect_inside
from assay.scanning.notes import CodeDeed, CodeFile
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.python_code.fallback import judge_lines
from assay.scanning.scanners.python_code.parsing import UnparsableError, decode, parse
from assay.scanning.scanners.python_code.reading import Reading, read
from assay.scanning.scanners.python_code.rules import RULES
from assay.scanning.scanners.python_code.state import Place
from assay.scanning.scanners.text_names import extension, is_inert_name
from assay.scanning.subject import Answer, Buffer, Subject

_ENDINGS = frozenset({".py", ".pyw", ".pyi", ".ipy", ".wsgi"})
_SHEBANG = re.compile(
    rb"#!\s*/[\w/.-]*(?:env\s+(?:-\S+\s+)*)?(?:[\w/.-]*/)?(?:python|pypy)[\d.]*(?:\s|\Z)"
)
_LOOKS = re.compile(
    rb"^(?:from\s+[\w.]+\s+import\s+[\w*(]|import\s+\w[\w., ]*(?:\s+as\s+\w+)?\s*(?:#.*|;.*)?\r?$|"
    rb"def\s+\w+\s*\(|class\s+\w+\s*[(:]|exec\s*\(|eval\s*\(|__import__\s*\()",
    re.MULTILINE,
)
_HEAD = 8192
_MOST_TRIED = 256 * 1024
_START_NAMES = frozenset({"sitecustomize.py", "usercustomize.py"})
_ENTRIES = re.compile(
    r"(?:modeling|configuration|tokenization|processing|image_processing|feature_extraction|"
    r"modular|pipeline)(?:_\w+)?\.py\Z|(?:hubconf|handler|custom_handler|inference|score|predict|"
    r"conftest|generate|sitecustomize|usercustomize)\.py\Z"
)
"""Files whose functions a library or server calls by name."""
_TESTS = re.compile(r"(?:\A|/)tests?/|(?:\A|/)test_[^/]*\.py\Z")
_PICKLE_ENDING = b"."
_PLACES = {Place.IMPORT: "import", Place.LOAD: "load", Place.SCRIPT: "script"}


def is_python(data: Buffer, subject: Subject) -> bool:
    """Whether the name or first line says so, or text of no known use is a Python program."""
    name = subject.name
    ending = extension(name)
    if ending in _ENDINGS:
        return True
    head = bytes(data[:_HEAD])
    if _SHEBANG.match(head):
        return True
    if (ending and ending not in (".bak", ".old", ".orig", ".tmp")) or is_inert_name(name):
        return False
    if len(data) > _MOST_TRIED or not _LOOKS.search(head):
        return False
    try:
        parse(bytes(data).decode("utf-8", "replace"))
    except UnparsableError:
        return False
    return True


def scan_start_file(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a path file that runs code."""
    text = bytes(data).decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("import ", "import\t")):
            answer.find(RULES["code.start-file"], line.strip(), line=number)
            judge_source(line, subject, answer, what=f"line {number}")


def is_encoded_python(data: Buffer, subject: Subject) -> bool:
    """Whether a file of code by its name is text in another encoding, or has control characters."""
    return extension(subject.name) in _ENDINGS and b"\0" not in bytes(data[:_HEAD])


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a file of Python code, and note what it is to others."""
    source = decode(bytes(data))
    if source.encoding:
        answer.find(RULES["code.hidden-encoding"], source.encoding, line=1)
    if not source.decoded:
        answer.unread("its text is not in the encoding it declares")
    name = subject.name.rsplit("/", 1)[-1]
    if name in _START_NAMES:
        answer.find(RULES["code.start-file"], f"{name} runs whenever Python starts")
    reading = read(source.text, Place.IMPORT, entry=_ENTRIES.match(name) is not None)
    _report(reading, source.text, subject, answer, what="")
    answer.note(_note(reading, subject, whole=source.decoded and not reading.problem))


def judge_source(
    source: str,
    subject: Subject,
    answer: Answer,
    *,
    what: str,
    asked: bool = False,
    strict: bool = True,
) -> None:
    """Judge Python code, wherever it was found.

    Args:
        source: The program.
        subject: What holds it.
        answer: Takes findings, with lines counted in `source`; what is not read to its end
            is judged line by line and said to be unread.
        what: Where in the subject it is, for evidence, such as `cell 3`; "" for the whole file.
        asked: Whether a person starts it, as the cells of a notebook.
        strict: Whether what is no Python of today is unread; else it is taken not to run.
    """
    reading = read(source, Place.SCRIPT if asked else Place.IMPORT, entry=what != "")
    part = Answer(subject)
    _report(reading, source, subject, part, what=what)
    told = strict or not reading.invalid
    answer.take(part.findings, part.unread_parts if told else ())
    answer.note(*part.notes)


def _is_sample(rule: str, subject: Subject) -> bool:
    """Whether it is what tests of loaders are made of: a class that would act if unpickled."""
    return rule == "code.pickle-payload" and _TESTS.search(subject.name) is not None


def _report(reading: Reading, source: str, subject: Subject, answer: Answer, *, what: str) -> None:
    """Findings of what a program was seen to do, and of what it holds."""
    for deed in reading.deeds:
        evidence = f"{what}: {deed.evidence}" if what else deed.evidence
        answer.find(
            RULES[deed.rule],
            evidence,
            line=deed.line or None,
            severity=Severity.LOW if _is_sample(deed.rule, subject) else deed.severity,
            confidence=deed.confidence,
        )
    for line, raw in reading.held:
        if executable(raw[:1024]) or (raw[0] == op.PROTO and raw.endswith(_PICKLE_ENDING)):
            inspect_inside(raw, subject.inside(f"literal in line {line}", 0), answer)
    if reading.problem:
        judge_lines(source, answer, what=what)
        shown = f"{what}: " if what else ""
        answer.unread(f"{shown}Python code: {reading.problem}")


def _note(reading: Reading, subject: Subject, *, whole: bool) -> CodeFile:
    deeds = [
        CodeDeed(
            deed.rule,
            deed.line,
            deed.evidence[:200],
            deed.severity.value,
            _PLACES.get(deed.place, "function"),
            _function(reading, deed.line),
        )
        for deed in reading.deeds
        if deed.severity.at_least(Severity.MEDIUM)
    ]
    return CodeFile.of(subject.full_name, reading.imports, reading.calls, deeds, whole=whole)


def _function(reading: Reading, line: int) -> str:
    for first, last, name in reading.functions:
        if first <= line <= last:
            return name
    return ""
