"""Interpolations of OmegaConf: `${a.b}`, `${..c}`, `${oc.env:NAME,default}`, as far as they go.

Source: OmegaConf's documentation of variable interpolation. Relative ones are looked up from
the top as well: more than they can mean is better than less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_REFERENCE = re.compile(r"\$\{\s*([^${}:]{1,200}?)\s*\}")
_RESOLVER = re.compile(
    r"\$\{\s*(?:oc\.)?(?:env|decode|select)\s*:\s*([^${},]{1,200})(?:,\s*([^${}]{0,400}))?\s*\}"
)
_STRINGS = re.compile(r"\$\{\s*(?:concat|join|cat|str|oc\.create)\s*:\s*([^${}]{0,400})\}")
_MOST_ROUNDS = 8
_LONGEST = 4096


_RUNS = re.compile(
    r"\$\{\s*(?:eval|exec|python|py|lambda|shell|sh|cmd|command|run|import|call)\s*:([^\n]{0,400})",
    re.IGNORECASE,
)
_ACTS = re.compile(
    r"__\w+__|\b(?:os|sys|subprocess|builtins|importlib|shutil|socket)\s*\.|\b(?:eval|exec|open|"
    r"compile|getattr|system|popen)\s*\(|\b(?:curl|wget|nc|bash|sh)\s"
)


def acting_resolvers(text: str) -> Iterator[str]:
    """Resolvers by whose name a project evaluates what they are given, given what acts."""
    if "${" not in text:
        return
    for found in _RUNS.finditer(text):
        if _ACTS.search(found.group(1)):
            yield found.group()[:200]


def resolved(text: str, document: Any) -> str:
    """A text with its interpolations put in; those that cannot be are left."""
    for _ in range(_MOST_ROUNDS):
        if "${" not in text or len(text) > _LONGEST:
            break
        before = text
        text = _REFERENCE.sub(lambda found: _value(found.group(1), document, found.group()), text)
        text = _RESOLVER.sub(lambda found: found.group(2) or found.group(), text)
        text = _STRINGS.sub(_joined, text)
        if text == before:
            break
    return text


def _joined(found: re.Match[str]) -> str:
    return "".join(part.strip().strip("\"'") for part in found.group(1).split(","))


def _value(path: str, document: Any, otherwise: str) -> str:
    value = document
    for part in re.split(r"[.\[\]]+", path.lstrip(".")):
        if not part:
            continue
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return otherwise
    return str(value) if isinstance(value, (str, int, float)) else otherwise
