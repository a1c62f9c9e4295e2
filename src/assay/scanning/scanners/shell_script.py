"""Scripts for shells, and build files that give them commands: judged by their words."""

from __future__ import annotations

import re

from assay.core.finding import Confidence, References, Severity
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.shell_commands import Grade, judge_command
from assay.scanning.subject import Answer, Buffer, Subject

_REFERENCES = References(
    ("AML.T0011.000", "AML.T0010.003"), ("T1059.004", "T1059.001"), ("CWE-78", "CWE-506"),
    ("LLM03:2025",),
)  # fmt: skip

TITLE = "Scripts"
RULES = table(
    (
        Rule(
            "script.hostile-command",
            "A script does what no model needs",
            Severity.HIGH,
            Confidence.HIGH,
            "The script downloads and runs programs, hides what it runs, opens a way in for "
            "others, sends private data away or destroys files.",
            "Do not run the script, and find out who put it there.",
            _REFERENCES,
        ),
        Rule(
            "script.beside-weights",
            "A script beside weights",
            Severity.INFO,
            Confidence.HIGH,
            "The folder holds a script. Nothing runs it unless somebody starts it, and nothing "
            "in it looks hostile.",
            "Read the script before running it.",
        ),
        Rule(
            "script.hidden-unicode",
            "A script that shows in another order than it runs",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The script holds characters that reverse the direction of what follows, so that a "
            "reader sees other commands than the shell.",
            "Look at the file in an editor that shows control characters.",
            _REFERENCES,
        ),
    )
)
_ENDINGS = (
    ".sh .bash .zsh .fish .ksh .csh .ps1 .psm1 .psd1 .bat .cmd .vbs .vbe .wsf .hta .mk .mak "
    ".cmake .slurm .sbatch .pbs .lsf .command .awk .tcl".split()
)
_NAMES = re.compile(
    r"(?:gnu)?makefile(?:\..*)?\Z|(?:dockerfile|containerfile)(?:\..*)?\Z|.*\.dockerfile\Z|"
    r"jenkinsfile\Z|rakefile\Z|gemfile\Z|vagrantfile\Z|procfile\Z|justfile\Z|cmakelists\.txt\Z|"
    r"\.(?:bashrc|bash_profile|profile|zshrc|bash_aliases|envrc)\Z|crontab\Z|"
    r"(?:pre|post)(?:inst|rm)\Z|(?:pre|post)-(?:commit|checkout|merge|push|rewrite|receive)\Z",
    re.IGNORECASE,
)
_SHEBANG = re.compile(rb"#!\s*/[\w/.-]*?(?:\benv\s+(?:-\S+\s+)*)?(?:[\w.-]*/)*(?P<program>[\w.-]+)")
_PYTHON = re.compile(rb"(?:python|pypy)[\d.]*\Z")
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MOST_BYTES = 16 * 1024 * 1024
_PIECE = 200
_OVERLAP = 10
_COMMENT = re.compile(r"^\s*(?:#(?!!)|::|REM\s|rem\s|//).*$", re.MULTILINE)
_SETUP = re.compile(
    r"\b(?:setx?|eval|iex|Invoke-Expression)\b[^\n]{0,200}(?:\$\(|`)[^\n]{0,200}"
    r"(?:base64|openssl|xxd|curl|wget)\b",
    re.IGNORECASE,
)
_WINDOWS = re.compile(
    r"CreateObject\s*\(\s*[\"'](?:WScript\.Shell|Shell\.Application|MSXML2\.\w*XMLHTTP|"
    r"ADODB\.Stream|Scripting\.FileSystemObject)[\"'][\s\S]{0,4000}?\.(?:Run|Exec|ShellExecute|"
    r"SaveToFile)\b|\[System\.Reflection\.Assembly\]::Load|\bAdd-Type\b[\s\S]{0,2000}?"
    r"(?:VirtualAlloc|kernel32)|\bamsi(?:Utils|InitFailed)\b",
    re.IGNORECASE,
)


def program_of(head: bytes) -> str:
    """The program a text's first line names; "" without one."""
    found = _SHEBANG.match(head)
    return found.group("program").decode("ascii", "replace") if found else ""


def is_script(data: Buffer, subject: Subject) -> bool:
    """Whether the name or the first line says so; Python has a scanner of its own."""
    name = subject.name.rsplit("/", 1)[-1]
    head = bytes(data[:256])
    found = _SHEBANG.match(head)
    if found:
        return _PYTHON.match(found.group("program")) is None
    return name.lower().endswith(tuple(_ENDINGS)) or _NAMES.match(name) is not None


def is_encoded_script(data: Buffer, subject: Subject) -> bool:
    """Whether a script by its name or first line is in another encoding, or has colours in it."""
    return b"\0" not in bytes(data[:8192]) and is_script(data, subject)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a script piece by piece, without its comments."""
    if len(data) > _MOST_BYTES:
        answer.unread(f"a script over {_MOST_BYTES} bytes")
        return
    text = bytes(data).decode("utf-8", "replace")
    if not judge_script(text, answer):
        answer.find(RULES["script.beside-weights"], subject.name.rsplit("/", 1)[-1])


def judge_script(text: str, answer: Answer, *, what: str = "") -> bool:
    """Report what is hostile in a script.

    Args:
        text: The script.
        answer: Takes findings, with lines counted in `text`.
        what: Where it stands, for evidence; "" for a whole file.

    Returns:
        Whether anything was found.
    """
    before = f"{what}: " if what else ""
    lines = _COMMENT.sub("", text).split("\n")
    found = False
    for start in range(0, len(lines), _PIECE - _OVERLAP):
        piece = "\n".join(lines[start : start + _PIECE])
        judged = judge_command(piece)
        if judged.grade is Grade.HOSTILE:
            line, shown = _line(lines[start : start + _PIECE], start)
            evidence = f"{before}{judged.why}: {shown}"
            answer.find(RULES["script.hostile-command"], evidence, line=line)
            found = True
        for pattern in (_SETUP, _WINDOWS):
            match = pattern.search(piece)
            if match:
                line = start + piece.count("\n", 0, match.start()) + 1
                shown = f"{before}{match.group()[:160]}"
                answer.find(RULES["script.hostile-command"], shown, line=line)
                found = True
    mark = _OVERRIDES.search(text)
    if mark:
        line = text.count("\n", 0, mark.start()) + 1
        answer.find(RULES["script.hidden-unicode"], f"U+{ord(mark.group()):04X}", line=line)
        found = True
    return found


def _line(lines: list[str], start: int) -> tuple[int, str]:
    """The first line that is hostile by itself; else where the piece begins."""
    for number, line in enumerate(lines, start + 1):
        if line.strip() and judge_command(line).grade is Grade.HOSTILE:
            return number, line.strip()[:160]
    return start + 1, " ".join(lines)[:160].strip()
