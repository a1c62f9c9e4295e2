"""Commands in configuration: of containers, editors, builds and tool servers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assay.core.finding import Severity
from assay.scanning.scanners.shell_commands import Grade, judge_command

if TYPE_CHECKING:
    from assay.scanning.scanners.configuration.judging import Judging

KEYS = frozenset(
    "command commands cmd entrypoint run script scripts exec shell postinstall preinstall install "
    "prepare postCreateCommand onCreateCommand initializeCommand postStartCommand "
    "postAttachCommand updateContentCommand before_script after_script setup_commands "
    "initialization_commands bootstrap on_start onstart pre_start post_start args "
    "entry setup_command start_command build_command tasks".split()
)
_BY_THEMSELVES = frozenset(
    "postCreateCommand onCreateCommand initializeCommand postStartCommand postAttachCommand "
    "updateContentCommand".split()
)
PRELOADS = frozenset(
    "LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES PYTHONSTARTUP BASH_ENV GIT_SSH_COMMAND "
    "PROMPT_COMMAND NODE_OPTIONS PERL5OPT RUBYOPT".split()
)
"""Variables of the environment that make a program run something first."""
PROGRAMS = frozenset(
    "python.defaultInterpreterPath python.pythonPath python.interpreterPath git.path "
    "eslint.nodePath typescript.tsdk php.validate.executablePath java.home go.alternateTools "
    "cmake.cmakePath rust-analyzer.server.path deno.path black-formatter.path ruff.path".split()
)
"""Settings of editors that name a program to run when a folder is opened."""
_INSIDE = re.compile(r"\$\{workspace(?:Folder|Root)[^}]*\}|^\.{1,2}[/\\]")
_ENVIRONMENTS = re.compile(r"[/\\]\.?(?:v?env|conda|virtualenv|node_modules)\w*[/\\]")
_ALLOCATORS = re.compile(r"tcmalloc|jemalloc|mimalloc|libgomp|libiomp|libasan", re.IGNORECASE)
_MOST_COMMANDS = 500


def judge(key: str, value: Any, around: Mapping[str, Any], judging: Judging) -> None:
    """Judge what stands under a key whose value some program runs."""
    for text in _lines(value):
        judged = judge_command(text)
        if judged.grade is Grade.HOSTILE:
            judging.find("config.command", f"{key}: {text[:160]}: {judged.why}")
    if key in _BY_THEMSELVES and value:
        judging.find("config.starts-by-itself", f"{key}: {str(value)[:160]}")
    options = around.get("runOptions")
    if isinstance(options, dict) and options.get("runOn") == "folderOpen":
        judging.find("config.starts-by-itself", f"{key}: {str(value)[:160]}")


def judge_preload(key: str, value: Any, judging: Judging) -> None:
    """Judge a variable that makes a program load or run something first."""
    text = str(value)
    options = key in ("NODE_OPTIONS", "PERL5OPT", "RUBYOPT") and "-r" not in text
    if isinstance(value, str) and text and not options and not _ALLOCATORS.search(text):
        judging.find("config.preload", f"{key}: {text[:160]}")


def judge_servers(key: str, value: Any, judging: Judging) -> None:
    """Judge what an assistant starts when a folder is opened: servers of tools, and hooks."""
    for text in _lines(value):
        judged = judge_command(text)
        if judged.grade is Grade.HOSTILE:
            judging.find("config.command", f"{key}: {text[:160]}: {judged.why}")
    folders = judging.subject.name.split("/")
    editors = not _EDITORS.isdisjoint(folders) or folders[-1] in (".mcp.json", "mcp.json")
    if editors and isinstance(value, dict) and value:
        judging.find("config.starts-by-itself", f"{key}: {str(value)[:160]}")


_EDITORS = frozenset({".claude", ".cursor", ".vscode", ".gemini", ".windsurf", ".zed"})


def judge_program(key: str, value: Any, judging: Judging) -> None:
    """Judge a program that an editor runs, where it lies in the folder itself."""
    text = str(value)
    if _INSIDE.search(text) and not _ENVIRONMENTS.search(text):
        judging.find("config.starts-by-itself", f"{key}: {text[:160]}", Severity.HIGH)


def _lines(value: Any) -> Iterator[str]:
    """The commands in a value: a text, a list of words or of texts, or texts by name."""
    waiting, seen = [value], 0
    while waiting and seen < _MOST_COMMANDS:
        item = waiting.pop()
        seen += 1
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            words = [part for part in item[:200] if isinstance(part, str)]
            if len(words) > 1:
                yield " ".join(words)
            waiting.extend(item[:200])
        elif isinstance(item, dict):
            waiting.extend(list(item.values())[:200])
