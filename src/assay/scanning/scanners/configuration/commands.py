"""Commands in configuration: of containers, editors, builds and tool servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assay.scanning.scanners.shell_commands import Grade, judge_command

if TYPE_CHECKING:
    from assay.scanning.scanners.configuration.judging import Judging

KEYS = frozenset(
    "command commands cmd entrypoint run script scripts exec shell postinstall preinstall install "
    "prepare postCreateCommand onCreateCommand initializeCommand postStartCommand "
    "postAttachCommand updateContentCommand before_script after_script setup_commands "
    "initialization_commands bootstrap on_start onstart pre_start post_start args "
    "setup_command start_command build_command hooks tasks".split()
)
_BY_THEMSELVES = frozenset(
    "postCreateCommand onCreateCommand initializeCommand postStartCommand postAttachCommand "
    "updateContentCommand".split()
)
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
