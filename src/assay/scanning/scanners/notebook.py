"""Jupyter notebooks: cells of code, commands for the shell in them, and stored output.

Source: the notebook format, versions 3 and 4 (`nbformat`). Opening a notebook runs nothing but
what its stored output makes the viewer run; its cells run when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.known_names import STARTUP_PATH
from assay.scanning.scanners.other_code import Language, judge_words, language_of
from assay.scanning.scanners.python_code import judge_source
from assay.scanning.scanners.shell_commands import Grade, judge_command
from assay.scanning.subject import Answer, Subject

TITLE = "Notebooks"
RULES = table(
    (
        Rule(
            "notebook.hostile-command",
            "A command no notebook about a model needs",
            Severity.CRITICAL,
            Confidence.HIGH,
            "A cell gives the shell a command of the kind attacks are made of.",
            "Do not run the notebook.",
            HIDDEN_CODE,
        ),
        Rule(
            "notebook.installs-elsewhere",
            "Installs packages from an address of its own",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A cell installs packages from an index or address that is not the usual one.",
            "Find out whose packages these are before running the cell.",
            HIDDEN_CODE,
        ),
        Rule(
            "notebook.active-output",
            "Stored output that runs",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The notebook stores a script as the output of a cell. A viewer that trusts the "
            "notebook runs it when the file is opened.",
            "Clear the outputs before opening the notebook.",
            HIDDEN_CODE,
        ),
        Rule(
            "notebook.hidden-cell",
            "A cell that is hidden and acts",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The notebook hides the source of a cell whose code would be reported.",
            "Look at all cells before running the notebook.",
            HIDDEN_CODE,
        ),
    )
)
_MOST_CELLS = 20_000
_SHELL = re.compile(r"^\s*(?:\w+\s*=\s*)?(?:!!?|%sx\s|%system\s)(.*)$")
_MAGIC = re.compile(r"^\s*(?:\w+\s*=\s*)?(%{1,2})([A-Za-z]\w*)(.*)$")
_VARIABLE = re.compile(r"\s*(?:\$(\w+)|\{([^{}]+)\})\s*$")
_HELP = re.compile(r"^\s*\?{1,2}[\w.]+|^[\w.]+\?{1,2}\s*$")
_SHELL_CELLS = frozenset("bash sh script system cmd powershell ! sx".split())
_OTHER_CELLS = frozenset("html javascript js svg latex markdown writefile file perl ruby".split())
_PYTHON_MAGIC = frozenset("time timeit prun capture python python3 debug memit mprun lprun".split())
_INSTALL = re.compile(r"\b(?:pip[\d.]*|conda|mamba|uv pip)\s+install\b(?P<rest>[^\n]*)")
_ELSEWHERE = re.compile(
    r"(?:-i|--index-url|--extra-index-url|-f|--find-links)[=\s]+(?P<index>\S+)|--trusted-host|"
    r"(?P<direct>(?:git\+)?https?://\S+)"
)
_USUAL = re.compile(
    r"(?:git\+)?https?://(?:[\w.-]+\.)?(?:pypi\.org|pythonhosted\.org|pytorch\.org|github\.com|"
    r"gitlab\.com|githubusercontent\.com|nvidia\.com|huggingface\.co|data\.pyg\.org|dgl\.ai|"
    r"storage\.googleapis\.com|anaconda\.org|googlesource\.com|tuna\.tsinghua\.edu\.cn|"
    r"aliyun\.com|cloud\.tencent\.com|apple\.com|ngc\.nvidia\.com)[:/]"
)
_SCRIPT = re.compile(
    r"<script\b[^>]*>(?P<code>[\s\S]{0,20000}?)</script|<iframe\b[^>]*\bsrc\s*=|\bon(?:error|load)\s*=",
    re.IGNORECASE,
)
_REACHES = re.compile(
    r"\bfetch\s*\(|XMLHttpRequest|sendBeacon|\beval\s*\(|atob\s*\(|kernel\.execute|"
    r"IPython\.notebook|document\.cookie|new\s+Function|require\s*\(\s*['\"]child_process|"
    r"\.src\s*=\s*['\"]?https?:|WebSocket\s*\(|jupyter(?:app|lab)?\.commands",
    re.IGNORECASE,
)


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge a notebook's cells, their stored output and what is hidden."""
    cells = _cells(document)
    if cells is None:
        answer.unread("a notebook without cells")
        return
    language = _language(document)
    for number, cell in enumerate(cells[:_MOST_CELLS], 1):
        if not isinstance(cell, dict):
            answer.unread(f"cell {number} is no cell")
            continue
        _cell(number, cell, language, subject, answer)
    if len(cells) > _MOST_CELLS:
        answer.unread(f"more than {_MOST_CELLS} cells")


def _cells(document: Any) -> list[Any] | None:
    cells = document.get("cells")
    if cells is None and isinstance(document.get("worksheets"), list):
        cells = [
            cell
            for sheet in document["worksheets"]
            if isinstance(sheet, dict)
            for cell in sheet.get("cells") or ()
        ]
    return cells if isinstance(cells, list) else None


def _language(document: Any) -> Language | None:
    """The language of the cells, where it is one that is known and not Python."""
    metadata = document.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        part = known.get(key)
        language = str(part.get(name, "")).lower() if isinstance(part, dict) else ""
        if language:
            return language_of("", language) or language_of(f"x.{language}")
    return None


def _cell(
    number: int, cell: dict[str, Any], language: Language | None, subject: Subject, answer: Answer
) -> None:
    text = _joined(cell.get("source", cell.get("input")))
    kind = cell.get("cell_type")
    if kind == "code":
        part = Answer(subject)
        if language is None:
            _code(f"cell {number}", text, subject, part)
        else:
            judge_words(text, language, part)
        if _is_hidden(cell) and any(found.needs_review for found in part.findings):
            answer.find(RULES["notebook.hidden-cell"], f"cell {number}: {text[:120]}")
        answer.take(part.findings, part.unread_parts)
    elif kind in ("markdown", "raw", "heading"):
        _markup(f"cell {number}", text, answer)
    for output in _list(cell.get("outputs")):
        _output(f"output of cell {number}", output, answer)


def _is_hidden(cell: dict[str, Any]) -> bool:
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        return False
    jupyter = metadata.get("jupyter")
    hidden = isinstance(jupyter, dict) and jupyter.get("source_hidden") is True
    tags = metadata.get("tags")
    named = isinstance(tags, list) and any(
        "hide" in str(tag) or "remove" in str(tag) for tag in tags
    )
    return hidden or named or metadata.get("collapsed") is True


def _code(what: str, text: str, subject: Subject, answer: Answer) -> None:
    """A cell of code: its own language, or what a magic in its first line says."""
    first = text.lstrip().split("\n", 1)[0]
    magic = _MAGIC.match(first)
    if magic and magic.group(1) == "%%":
        name = magic.group(2).lower()
        rest = text.lstrip().partition("\n")[2]
        if name in _SHELL_CELLS:
            _command(what, rest if name != "!" else text, answer)
            return
        if name in _OTHER_CELLS:
            _other_cell(what, name, first, rest, answer)
            return
        if name not in _PYTHON_MAGIC:
            return
        text = f"\n{rest}"
    python = "\n".join(_python_lines(what, text, answer))
    if python.strip():
        judge_source(python, subject, answer, what=what, asked=True, strict=False)


def _other_cell(what: str, name: str, first: str, rest: str, answer: Answer) -> None:
    """A cell of another language, or one that is written to a file."""
    if name in ("javascript", "js") and _REACHES.search(rest):
        answer.find(
            RULES["notebook.active-output"], f"{what}: {rest[:160]}", severity=Severity.HIGH
        )
    elif name in ("writefile", "file") and STARTUP_PATH.search(first):
        answer.find(RULES["notebook.hostile-command"], f"{what}: {first[:160]}")
    elif name in ("perl", "ruby"):
        _command(what, rest, answer)
    else:
        _markup(what, rest, answer)


def _python_lines(what: str, text: str, answer: Answer) -> Iterator[str]:
    """The lines of a cell as Python, each command for the shell judged and taken out."""
    held = ""
    for line in text.split("\n"):
        joined = held + line
        shell = _SHELL.match(joined)
        magic = _MAGIC.match(joined)
        indent = line[: len(line) - len(line.lstrip())]
        if (shell or magic) and joined.rstrip().endswith("\\"):
            held = joined.rstrip()[:-1]
            yield ""
            continue
        held = ""
        if shell:
            _command(what, shell.group(1), answer)
            variable = _VARIABLE.match(shell.group(1))
            given = (variable.group(1) or variable.group(2)) if variable else ""
            yield f"{indent}get_ipython().system({given})" if given else f"{indent}pass"
        elif magic:
            yield _without_magic(what, magic, indent, answer)
        else:
            yield "" if _HELP.match(line) else line


def _without_magic(what: str, magic: re.Match[str], indent: str, answer: Answer) -> str:
    name, rest = magic.group(2), magic.group(3)
    if name in ("pip", "conda", "mamba", "uv"):
        _command(what, f"{name}{rest}", answer)
    elif name in ("time", "timeit", "prun"):
        return f"{indent}{rest.strip() or 'pass'}"
    elif name in ("sx", "system", "alias"):
        _command(what, rest, answer)
    elif name in ("run", "load", "loadpy", "macro") and "://" in rest:
        shown = f"{what}: %{name}{rest}: runs what it downloads"
        answer.find(RULES["notebook.hostile-command"], shown[:200])
    return f"{indent}pass"


def _command(what: str, text: str, answer: Answer) -> None:
    judged = judge_command(text)
    if judged.grade is Grade.HOSTILE:
        shown = f"{what}: {text.strip()[:160]}: {judged.why}"
        answer.find(RULES["notebook.hostile-command"], shown)
    for install in _INSTALL.finditer(text):
        for found in _ELSEWHERE.finditer(install.group("rest")):
            address = found.group("index") or found.group("direct") or ""
            if not _USUAL.match(address):
                grave = address.startswith("http://") or "--trusted-host" in install.group("rest")
                answer.find(
                    RULES["notebook.installs-elsewhere"],
                    f"{what}: {install.group()[:160]}",
                    severity=Severity.HIGH if grave else None,
                )


def _output(what: str, output: Any, answer: Answer) -> None:
    data = output.get("data", output) if isinstance(output, dict) else None
    if not isinstance(data, dict):
        return
    for kind, value in data.items():
        text = _joined(value)
        if kind in ("text/html", "html", "image/svg+xml", "svg"):
            _markup(what, text, answer)
        elif kind in ("application/javascript", "javascript", "text/javascript"):
            grave = _REACHES.search(text)
            severity = Severity.HIGH if grave else Severity.LOW
            shown = f"{what}: {text[:160]}"
            answer.find(RULES["notebook.active-output"], shown, severity=severity)


def _markup(what: str, text: str, answer: Answer) -> None:
    """Scripts in markup: a library's widgets draw with them, and do not reach out."""
    for number, found in enumerate(_SCRIPT.finditer(text)):
        if number == 50:
            break
        code = found.group("code")
        around = code if code is not None else text[found.start() : found.start() + 400]
        if _REACHES.search(around):
            shown = f"{what}: {around.strip()[:160]}"
            answer.find(RULES["notebook.active-output"], shown, severity=Severity.HIGH)
            return


def _joined(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
