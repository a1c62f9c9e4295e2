"""What a command line does, as far as its words say: of shells, and of PowerShell.

Commands are read, not run: patterns over a text in which continuations, quotes inside words and
variable tricks are undone first. Three answers: one that nobody needs to use a model, one that
programs around models start every day, and every other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from assay.scanning.scanners.shell_patterns import (
    HOSTILE,
    INTERPRETER,
    PERSISTENCE,
    SETTINGS,
)

MOST_CHARACTERS = 64 * 1024
"""Of one command; what is longer is looked at in pieces."""
_OVERLAP = 1024
_LONGEST_SIMPLE = 4000


class Grade(Enum):
    """How a command is judged."""

    HARMLESS = "harmless"
    UNKNOWN = "unknown"
    HOSTILE = "hostile"


@dataclass(frozen=True, slots=True)
class Command:
    """A judged command: how, and what it does where that is known."""

    grade: Grade
    why: str = ""


def judge_command(text: str) -> Command:
    """Judge a command line or a script as a whole."""
    plain = undone(text).lower()
    for start in range(0, max(len(plain), 1), MOST_CHARACTERS - _OVERLAP):
        why = _hostile(plain[start : start + MOST_CHARACTERS])
        if why:
            return Command(Grade.HOSTILE, why)
    return Command(Grade.HARMLESS if _is_harmless(text) else Grade.UNKNOWN)


def _hostile(text: str) -> str:
    for kind in HOSTILE:
        if any(word in text for word in kind.words):
            for found in kind.pattern.finditer(text):
                if not _INSTALLERS.search(found.group()):
                    return kind.why
    if _persists(text):
        return PERSISTENCE.why
    return "downloads a program and runs it" if _runs_download(text) else ""


def _persists(text: str) -> bool:
    """Whether something else than a setting is written to a start-up file."""
    if not any(word in text for word in PERSISTENCE.words):
        return False
    for found in PERSISTENCE.pattern.finditer(text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()][-400:]
        if not SETTINGS.search(line):
            return True
    return False


_INSTALLERS = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:astral\.sh|rustup\.rs|get\.docker\.com|repo\.anaconda\.com|"
    r"conda\.anaconda\.org|micro\.mamba\.pm|ollama\.com|bootstrap\.pypa\.io|"
    r"install\.python-poetry\.org|deb\.nodesource\.com|get\.helm\.sh|sdk\.cloud\.google\.com|"
    r"packagecloud\.io|developer\.download\.nvidia\.com|nvidia\.github\.io|pyenv\.run|"
    r"sh\.brew\.sh|nodejs\.org|apt\.llvm\.org|hf\.co/cli|get\.k3s\.io|dl\.google\.com)(?:[/:\s\"']|$)"
)
"""Hosts that belong to whose installers are run this way by their own instructions."""
_SEPARATOR = re.compile(r"&&|\|\||[;\n&|]")
_FETCHES = re.compile(r"\b(?:curl|wget|aria2c|axel)\s")
_SAVED = re.compile(r"(?:\s-o|--output|--output-document|>)[= ]?\s*[\"']?([\w./~${}-]{2,200})")
_ADDRESS = re.compile(
    r"https?://[^\s\"'/]{1,200}(?:/[^\s\"'/]{1,200})*?/([\w.-]{2,200})(?=[\s\"']|$)"
)
_RUNS = re.compile(
    rf"(?:sudo\s+|nohup\s+|setsid\s+|exec\s+)*(?:\./|/|~/|\$home/|(?:{INTERPRETER})\s|"
    r"chmod\s+\S{0,20}[x7]|source\s|\.\s)"
)
_MOST_PARTS = 5_000
_WORDS = 7


def _runs_download(text: str) -> bool:
    """Whether a later command runs, or makes runnable, what an earlier one downloaded."""
    if not any(word in text for word in ("curl", "wget", "aria2c", "axel")):
        return False
    fetched: set[str] = set()
    for part in _SEPARATOR.split(text, maxsplit=_MOST_PARTS):
        command = part.strip()[:4096]
        if _FETCHES.search(command):
            if not _INSTALLERS.search(command):
                found = [*_SAVED.findall(command), *_ADDRESS.findall(command)]
                fetched |= {name.rsplit("/", 1)[-1] for name in found}
        elif fetched and _RUNS.match(command):
            words = [word.strip("\"'") for word in command.split(None, _WORDS)[:_WORDS]]
            if {word.rsplit("/", 1)[-1] for word in words if word[-1:] != "/"} & fetched:
                return True
    return False


_SIMPLE = re.compile(r"[^;|&`$<>\n(){}\\!]*(?:\s*[12]?>\s*(?:/dev/null|&1)|\s*\|\|\s*true)*\s*\Z")
_HARMLESS_PROGRAMS = frozenset(
    "nvidia-smi rocm-smi npu-smi xpu-smi nvidia-settings lscpu nproc lspci which where whereis "
    "ffmpeg ffprobe sox soxi flac lame espeak espeak-ng pandoc pdflatex latex gs convert identify "
    "magick tesseract pdftotext pdftoppm ldconfig gcc g++ cc c++ clang clang++ nvcc hipconfig "
    "cmake make ninja cython swig protoc system_profiler sw_vers sysctl powermetrics clear cls "
    "stty tput mecab juman kytea accelerate torchrun deepspeed tensorboard mpirun numactl".split()
)
_GIT = re.compile(
    r"git\s+(?:-C\s+\S+\s+)?(?:rev-parse|describe|log|status|diff|diff-index|show|branch|tag|"
    r"config\s+--get|remote\s+(?:-v|get-url)|ls-files|rev-list|lfs\s+(?:pull|install|track)|"
    r"symbolic-ref|--version|add|commit|push|init)\b",
)
_NULL = re.compile(r"\s*[12]?>\s*(?:/dev/null|&1)|\s*\|\|\s*true\s*$")
_VERSION = re.compile(r"[\w./+-]+\s+(?:--?version|-v|-V|--help)\s*\Z")
_ASSIGNED = re.compile(r"^(?:[A-Z_][A-Z0-9_]*=[\w./,:-]*\s+)+")


def _is_harmless(text: str) -> bool:
    line = text.strip()
    if not line or len(line) > _LONGEST_SIMPLE or not _SIMPLE.match(line):
        return False
    line = _ASSIGNED.sub("", _NULL.sub("", line)).strip()
    program = line.split(None, 1)[0].rsplit("/", 1)[-1] if line else ""
    if program == "git":
        return _GIT.match(line) is not None
    return program.removesuffix(".exe") in _HARMLESS_PROGRAMS or _VERSION.match(line) is not None


_CONTINUED = re.compile(r"\\\r?\n[ \t]*|\^\r?\n")
_EMPTY_QUOTES = re.compile(r"(?<=\w)(?:''|\"\")(?=\w)")
_BROKEN_WORD = re.compile(r"(?<=[a-z])\\(?=[a-z])")
_SPLIT_WORD = re.compile(r"(?<=[a-z])(['\"])([a-z])\1(?=[a-z])")
_FIELD_SEPARATOR = re.compile(r"\$\{IFS\}|\$IFS(?:\$9)?")
_NOTHING_VARIABLE = re.compile(r"(?<=[a-z])\$(?:@|\{@\}|\*|[0-9](?![0-9]))(?=[a-z])")
_CARETS = re.compile(r"(?<=[A-Za-z])\^(?=[A-Za-z])")
_TICKS = re.compile(r"(?<=[A-Za-z])`(?=[A-Za-z])")


def undone(text: str) -> str:
    """The text with the tricks undone that break up words without changing what they mean."""
    text = _CONTINUED.sub(" ", text)
    if "'" in text or '"' in text:
        text = _SPLIT_WORD.sub(r"\2", _EMPTY_QUOTES.sub("", text))
    if "\\" in text:
        text = _BROKEN_WORD.sub("", text)
    if "$" in text:
        text = _NOTHING_VARIABLE.sub("", _FIELD_SEPARATOR.sub(" ", text))
    if "^" in text:
        text = _CARETS.sub("", text)
    return _TICKS.sub("", text) if "`" in text and "$" not in text else text
