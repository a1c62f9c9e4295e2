"""Names the rules: another name whenever anything that can change an answer changed."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path

VERSION: str = sys.modules[__name__.partition(".")[0]].__version__
"""The program's version. The package's front, which names signing as well, is not imported."""
_DIGITS = 8


@cache
def ruleset() -> str:
    """`assay-VERSION/DIGITS`, the digits of a hash over this package's code and policies."""
    here = Path(__file__).resolve().parent
    hasher = hashlib.sha256()
    files = [path for path in here.rglob("*") if path.suffix in (".py", ".toml", ".json")]
    for path in sorted(files, key=lambda path: path.relative_to(here).as_posix()):
        content = path.read_bytes()
        name = path.relative_to(here).as_posix()
        hasher.update(f"{name}\n{len(content)}\n".encode())
        hasher.update(content)
    return f"assay-{VERSION}/{hasher.hexdigest()[:_DIGITS]}"
