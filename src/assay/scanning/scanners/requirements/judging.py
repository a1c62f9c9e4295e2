"""Reads a list of packages line by line, whatever program it is for.

Sources: pip's "Requirements File Format" and "Configuration", PEP 508, the Pipfile, conda's
environment files, Poetry's and uv's sources in pyproject.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.scanning.scanners.requirements.addresses import (
    is_known_download,
    is_known_index,
    is_known_repository,
    is_protected,
)
from assay.scanning.scanners.requirements.names import look_alike
from assay.scanning.scanners.requirements.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_LISTS = re.compile(
    r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in|pip)\Z|"
    r"requirements/[^/]*\.txt\Z",
    re.IGNORECASE,
)
_SETTINGS = re.compile(
    r"(?:pip\.(?:conf|ini)|pipfile|pyproject\.toml|setup\.cfg|uv\.toml|poetry\.toml|"
    r"(?:.*[-_.])?(?:environment|conda|python_env|env)(?:[-_.].*)?\.ya?ml)\Z",
    re.IGNORECASE,
)
_OPTION = re.compile(
    r"(?:^|[\s\"'\[,-])(-i|-f|-r|-c|--?(?:extra-)?index-url|--?find-links|--?trusted-host|"
    r"--?requirement|--?constraint|(?:extra-)?index-url|find-links|trusted-host|index_url|"
    r"extra_index_url|default-index|--?default-index|--?index|index)[\"']?(?:\s*[=:]\s*|\s+)"
    r"[\"'\[]*([^\s\"'\],;]+)",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"\[+\s*(?:source|tool\.(?:poetry|pdm)\.source|tool\.uv\.index|index)\s*\]+")
_PACKAGES = re.compile(r"dependenc|packages|requires|^\[project\]|build-system", re.IGNORECASE)
_URL = re.compile(r"\burl\s*=\s*[\"']([^\"']+)")
_UNVERIFIED = re.compile(r"\b(?:verify_ssl|ssl_verify)\s*[=:]\s*(?:false|no|0)\b", re.IGNORECASE)
_DIRECT = re.compile(
    r"(?:^\s*(?:-\s*)?[\"']?(?:-e\s+|--editable[\s=]+)?|@\s*|\b(?:git|url)\s*=\s*[\"'])"
    r"((?:(?:git|hg|svn|bzr)\+|git@|https?://|ftp://)[^\s;\"',]+)"
)
_NAME = re.compile(
    r"^\s*(?:-\s*)?[\"']?([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;@\"',]|$)"
)
_NO_NAMES = frozenset({"python", "pip", "name", "channels", "dependencies", "prefix", "version"})
_REPOSITORY = ("git+", "hg+", "svn+", "bzr+", "git@")
_INDEX_OPTIONS = frozenset({"i", "index-url", "extra-index-url", "default-index", "index"})
_LINES = 200_000
_LINE = 8192


def is_list(data: Buffer, subject: Subject) -> bool:
    """Whether the name is that of a list pip reads."""
    del data
    return _LISTS.match(subject.name.rsplit("/", 1)[-1]) is not None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a list pip reads. All else about the text is judged where it is a text."""
    del data, subject, answer


def judge_text(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge a list of packages, or a configuration of what installs them, by its name."""
    name = subject.name.rsplit("/", 1)[-1]
    pip = _LISTS.match(name) is not None
    if not pip and not _SETTINGS.match(name):
        return
    section = ""
    for number, line in _lines(bytes(data).decode("utf-8", "replace")):
        if line.lstrip().startswith("["):
            section = line.strip()
        _judge_options(number, line, answer)
        if _SOURCE.match(section) and (found := _URL.search(line)):
            _judge_index(number, found.group(1), answer)
        if _UNVERIFIED.search(line):
            answer.find(RULES["requirements.unprotected"], line.strip(), line=number)
        if pip or not section or _PACKAGES.search(section):
            for found in _DIRECT.finditer(line):
                _judge_direct(number, found.group(1), answer)
        if pip or name.lower().endswith((".yml", ".yaml")):
            _judge_name(number, line, answer)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; continued ones joined, comments left out."""
    held, first = "", 1
    for number, line in enumerate(text.splitlines()[:_LINES], 1):
        first = number if not held else first
        held += line[:_LINE]
        if held.endswith("\\") and len(held) < _LINE:
            held = held[:-1] + " "
            continue
        yield first, _without_comment(held)
        held = ""
    if held:
        yield first, _without_comment(held)


def _without_comment(line: str) -> str:
    if line.lstrip().startswith(("#", ";")):
        return ""
    return re.split(r"\s#", line, maxsplit=1)[0]


def _judge_options(number: int, line: str, answer: Answer) -> None:
    for found in _OPTION.finditer(line):
        option = found.group(1).lstrip("-").lower().replace("_", "-")
        value = found.group(2)
        if option == "trusted-host":
            answer.find(RULES["requirements.unprotected"], f"trusted-host {value}", line=number)
        elif option in _INDEX_OPTIONS and "://" in value:
            _judge_index(number, value, answer)
        elif option in ("f", "find-links") and "://" in value:
            _judge_download(number, value, answer)
        elif option in ("r", "c", "requirement", "constraint"):
            if "://" in value:
                _judge_download(number, value, answer)
            elif value.startswith(("/", "~")) or value.replace("\\", "/").startswith("../../"):
                answer.find(RULES["requirements.outside"], value, line=number)


def _judge_index(number: int, address: str, answer: Answer) -> None:
    if not is_protected(address):
        answer.find(RULES["requirements.unprotected"], _shown(address), line=number)
    elif not is_known_index(address):
        answer.find(RULES["requirements.index"], _shown(address), line=number)


def _judge_download(number: int, address: str, answer: Answer) -> None:
    if not is_protected(address):
        answer.find(RULES["requirements.unprotected"], _shown(address), line=number)
    elif not is_known_download(address):
        answer.find(RULES["requirements.direct"], _shown(address), line=number)


def _judge_direct(number: int, address: str, answer: Answer) -> None:
    if not is_protected(address):
        answer.find(RULES["requirements.unprotected"], _shown(address), line=number)
    elif address.startswith(_REPOSITORY):
        known = is_known_repository(address)
        rule = "requirements.repository" if known else "requirements.direct"
        answer.find(RULES[rule], _shown(address), line=number)
    elif not is_known_download(address):
        answer.find(RULES["requirements.direct"], _shown(address), line=number)


def _judge_name(number: int, line: str, answer: Answer) -> None:
    found = _NAME.match(line)
    if found is None or found.group(1).lower() in _NO_NAMES:
        return
    popular = look_alike(found.group(1))
    if popular:
        shown = f"{found.group(1)}, not {popular}"
        answer.find(RULES["requirements.look-alike"], shown, line=number)


def _shown(address: str) -> str:
    """An address without the password it may carry."""
    return re.sub(r"//[^/@\s]*@", "//…@", address)
