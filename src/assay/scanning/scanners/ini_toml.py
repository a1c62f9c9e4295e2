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
from assay.scanning.scanners.text_names import base_name, extension
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
            "ini.desktop",
            "A file that a desktop acts upon",
            Severity.HIGH,
            Confidence.MEDIUM,
            "Showing or opening the file makes the desktop start a program, or fetch something "
            "from another machine and tell it who asks.",
            "Remove the file: no model needs it.",
            LOADS_CODE,
        ),
    )
)
_ENDINGS = (
    ".toml .ini .cfg .conf .config .properties .env .gin .editorconfig .flake8 .pylintrc "
    ".gitconfig .npmrc .condarc .desktop .service .url .scf .inf .library-ms "
    ".searchconnector-ms".split()
)
_NAMES = frozenset(
    ".env .envrc pipfile .flake8 .pylintrc .editorconfig .gitconfig .gitmodules .npmrc .netrc "
    ".style.yapf .isort.cfg .coveragerc .condarc cargo.lock poetry.lock pdm.lock uv.lock".split()
)
_SECTION = re.compile(r"^\s*\[([^\]\n]{1,200})\]\s*(?:[#;].*)?$")
_PAIR = re.compile(r"^\s*(?:export\s+)?([\w.@/$\"' -]{1,200}?)\s*[=:]\s*(.*)$")
_DESKTOP = frozenset({".url", ".desktop", ".scf", ".inf", ".library-ms", ".searchconnector-ms"})
_DESKTOP_NAMES = frozenset({"desktop.ini", "autorun.inf"})
_DESKTOP_KEYS = re.compile(
    r"^(?:exec|tryexec|url|iconfile|iconresource|command|open|shellexecute|shell\\\w+\\command|"
    r"workingdirectory)$",
    re.IGNORECASE,
)
_WEB = re.compile(r"https?://[\w.-]+(?:/|\Z)", re.IGNORECASE)
_STARTS = re.compile(
    r"^(?:fsmonitor|sshcommand|hookspath|pager|editor|askpass|gpgprogram|program|textconv|"
    r"external|cmd|helper|uploadpack|receivepack|proxycommand|localcommand|exec\w*|"
    r"update)$",
    re.IGNORECASE,
)
_USUAL = frozenset("true false less vim vi nano emacs code checkout rebase merge store".split())
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
    name = base_name(subject.name).lower()
    desktop = extension(name) in _DESKTOP or name in _DESKTOP_NAMES
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
            if desktop and _DESKTOP_KEYS.match(key) and not _is_web(key, value):
                answer.find(RULES["ini.desktop"], f"{key} = {value[:160]}")


def _is_web(key: str, value: str) -> bool:
    """Whether a shortcut leads to a web page, which a browser shows."""
    return key.lower() == "url" and _WEB.match(value) is not None


def _judge_value(key: str, value: str, answer: Answer, *, git: bool) -> None:
    shown = f"{key} = {value[:160]}"
    if git and value.startswith(("ext::", "-")) and key.lower() in ("url", "path", "pushurl"):
        answer.find(RULES["ini.starts-command"], shown)
    starts = git and (_STARTS.match(key) or value.startswith("!"))
    if starts and value not in _USUAL:
        answer.find(RULES["ini.starts-command"], shown)
    judged = judge_command(value)
    if judged.grade is Grade.HOSTILE:
        answer.find(RULES["ini.hostile-command"], f"{shown}: {judged.why}")
