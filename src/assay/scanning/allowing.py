"""Names a user vouches for, one by one; never what the policy calls dangerous."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from assay.core.errors import AssayError, UsageError
from assay.core.reading import read_input
from assay.scanning.pickle.imports import (
    ImportPolicy,
    Judgement,
    Safety,
    builtin_policy,
    class_like,
)

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\Z")
MAX_BYTES = 1024 * 1024
_REMEDY = 'an allow file holds: imports = ["package.module.Name", ...]'


def read_allow_file(path: Path) -> tuple[str, ...]:
    """The names in an allow file (TOML, `imports = [...]`).

    Raises:
        UsageError: unreadable, another form, or a name that may not be allowed.
    """
    try:
        document = tomllib.loads(read_input(path, MAX_BYTES).decode("utf-8"))
    except AssayError as error:
        raise UsageError(error.message, subject=str(path), remedy=_REMEDY) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", subject=str(path), remedy=_REMEDY) from None
    names = document.get("imports")
    if set(document) != {"imports"} or not isinstance(names, list):
        raise UsageError("needs exactly the key imports", subject=str(path), remedy=_REMEDY)
    for name in names:
        if not isinstance(name, str) or not _NAME.match(name):
            raise UsageError(
                f"not an import: {str(name)[:80]!r}", subject=str(path), remedy=_REMEDY
            )
    policy_with(names)
    return tuple(names)


def policy_with(names: Iterable[str]) -> ImportPolicy:
    """The built-in policy, with these names allowed.

    Raises:
        UsageError: the policy calls one of them dangerous.
    """
    policy = builtin_policy()
    added: dict[tuple[str, str], Judgement] = {}
    for dotted in names:
        for module, name in _splits(dotted):
            if policy.judge(module, name).safety is Safety.DANGEROUS:
                raise UsageError(
                    "is dangerous and cannot be allowed",
                    subject=dotted,
                    remedy="no model needs this name; do not load a file that imports it",
                )
            kind = "class" if class_like(name) else "function"
            added[(module, name)] = Judgement(Safety.ALLOWED, kind)
    return replace(policy, exact={**policy.exact, **added}) if added else policy


def _splits(dotted: str) -> Iterator[tuple[str, str]]:
    """Every way to take a dotted name as a module and a name in it."""
    parts = dotted.split(".")
    for place in range(1, len(parts)):
        yield ".".join(parts[:place]), ".".join(parts[place:])
