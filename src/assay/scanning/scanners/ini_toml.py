"""TOML, INI, properties and environment files: sections of keys that programs act upon.

Sources: TOML 1.0; Python's `configparser`; spaCy's and gin's configuration, which write values
as JSON or Python literals.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from assay.core.finding import Confidence, Severity
from assay.scanning.references import LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.configuration import judge_document
from assay.scanning.scanners.shell_commands import Grade, judge_command
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "TOML, INI and environment files"
RULES = table(
    (
        Rule(
            "ini.starts-command",
            "A setting that runs a command",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A program that reads this file runs the command in it: git runs editors, pagers, "
            "aliases and hooks that its configuration names.",
            "Remove the setting, and do not use the file with the program it is for.",
            LOADS_CODE,
        ),
        Rule(
            "ini.hostile-command",
            "A command no setting needs",
            Severity.HIGH,
            Confidence.HIGH,
            "A value is a command of the kind attacks are made of.",
            "Do not use the file with the program it is for.",
            LOADS_CODE,
        ),
        Rule(
            "ini.preload",
            "Puts a library into every program",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The variable makes the system load a library, or Python a module, before a program "
            "that is started with this environment.",
            "Remove the variable.",
            LOADS_CODE,
        ),
    )
)
_ENDINGS = (
    ".toml .ini .cfg .conf .config .properties .env .gin .editorconfig .flake8 .pylintrc "
    ".gitconfig .npmrc .condarc .desktop .service".split()
)
_NAMES = frozenset(
    ".env .envrc pipfile .flake8 .pylintrc .editorconfig .gitconfig .gitmodules .npmrc .netrc "
    ".style.yapf .isort.cfg .coveragerc .condarc cargo.lock poetry.lock pdm.lock uv.lock".split()
)
_SECTION = re.compile(r"^\s*\[([^\]\n]{1,200})\]\s*(?:[#;].*)?$")
_PAIR = re.compile(r"^\s*(?:export\s+)?([\w.@/$\"' -]{1,200}?)\s*[=:]\s*(.*)$")
_PRELOADS = re.compile(
    r"^(?:LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|PYTHONSTARTUP|PYTHONHOME|BASH_ENV|ENV|"
    r"PROMPT_COMMAND|GIT_SSH_COMMAND|NODE_OPTIONS|PERL5OPT|RUBYOPT)$"
)
_ALLOCATORS = re.compile(r"tcmalloc|jemalloc|mimalloc|libgomp|libiomp|libasan", re.IGNORECASE)
_STARTS = re.compile(
    r"^(?:fsmonitor|sshcommand|hookspath|pager|editor|askpass|gpgprogram|program|textconv|"
    r"external|cmd|helper|uploadpack|receivepack|proxycommand|localcommand|exec\w*|"
    r"update)$",
    re.IGNORECASE,
)
_GIT = (".gitconfig", ".gitmodules", "/config")
_MOST_LINES = 100_000
_MOST_TOML = 8 * 1024 * 1024
_LONGEST = 8192


def is_settings(data: Buffer, subject: Subject) -> bool:
    """Whether the name is that of a file of settings."""
    del data
    name = subject.name.rsplit("/", 1)[-1].lower()
    return name in _NAMES or name.endswith(tuple(_ENDINGS)) or name.startswith(".env.")


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge settings: as TOML where the text is, else line by line."""
    text = bytes(data).decode("utf-8", "replace").removeprefix("\ufeff")
    document = _toml(text, subject)
    if document is None:
        document = _sections(text)
        if subject.name.lower().endswith(".toml"):
            answer.unread("not valid TOML")
    judge_document(document, subject, answer)
    _judge_values(document, subject, answer)


def _toml(text: str, subject: Subject) -> dict[str, Any] | None:
    name = subject.name.lower()
    if len(text) > _MOST_TOML or not name.endswith((".toml", ".lock", "pipfile", ".cfg")):
        return None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None


def _sections(text: str) -> dict[str, Any]:
    """Keys by section, values as JSON where they are; keys before any section at the top."""
    found: dict[str, Any] = {}
    section = found
    key = ""
    for line in text.split("\n")[:_MOST_LINES]:
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", ";", "//")):
            continue
        header = _SECTION.match(line)
        pair = _PAIR.match(line[:_LONGEST])
        if header:
            section = {}
            found[header.group(1)] = section
        elif line[:1] in " \t" and key and isinstance(section.get(key), str):
            section[key] += f"\n{stripped}"[:_LONGEST]
        elif pair:
            key = pair.group(1).strip().strip("\"'")
            section[key] = _value(pair.group(2).strip())
    return found


def _value(text: str) -> Any:
    bare = text.strip().strip("\"'") if text[:1] in "\"'" else text
    if text[:1] in "[{" and text[-1:] in "]}":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return bare
    return {"true": True, "false": False}.get(bare.lower(), bare)


def _judge_values(document: dict[str, Any], subject: Subject, answer: Answer) -> None:
    name = subject.name.lower()
    git = name.endswith(_GIT) or name in (".gitconfig", "config")
    waiting: list[tuple[str, Any]] = list(document.items())
    for count, (key, value) in enumerate(waiting):
        if count > _MOST_LINES:
            return
        if isinstance(value, dict):
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((key, part) for part in value[:1000])
        elif isinstance(value, str) and value:
            _judge_value(key, value, answer, git=git)


def _judge_value(key: str, value: str, answer: Answer, *, git: bool) -> None:
    shown = f"{key} = {value[:160]}"
    if _PRELOADS.match(key) and not _ALLOCATORS.search(value):
        paths = "/" in value or value.endswith((".so", ".py", ".dylib")) or "require" in value
        if paths or key in ("PROMPT_COMMAND", "GIT_SSH_COMMAND"):
            answer.find(RULES["ini.preload"], shown)
    elif git and (_STARTS.match(key) or value.startswith("!")):
        if value not in ("true", "false", "less", "vim", "nano", "checkout", "rebase", "merge"):
            answer.find(RULES["ini.starts-command"], shown)
    judged = judge_command(value)
    if judged.grade is Grade.HOSTILE:
        answer.find(RULES["ini.hostile-command"], f"{shown}: {judged.why}")
