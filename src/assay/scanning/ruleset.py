"""Names the rules: another name whenever anything that can change an answer changed."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache

VERSION: str = sys.modules[__name__.partition(".")[0]].__version__
"""The program's version. The package's front, which names signing as well, is not imported."""
_DIGITS = 8
_KINDS = (".py", ".toml", ".json")


@cache
def ruleset() -> str:
    """`assay-VERSION/DIGITS`, the digits of a hash over this package's code and policies.

    It is made before every scan, of hundreds of files, so by system calls and not by paths.
    """
    here = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120
    hasher = hashlib.sha256()
    for name in sorted(_files(here)):
        with open(f"{here}/{name}", "rb", buffering=0) as file:  # noqa: PTH123
            content = file.read()
        hasher.update(f"{name}\n{len(content)}\n".encode())
        hasher.update(content)
    return f"assay-{VERSION}/{hasher.hexdigest()[:_DIGITS]}"


def _files(folder: str) -> Iterator[str]:
    """The names of code and policies below a folder, `/` separated."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(f"{folder}/{below}") as entries:
            for entry in entries:
                if entry.name.endswith(_KINDS):
                    yield f"{below}{entry.name}"
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    waiting.append(f"{below}{entry.name}/")
