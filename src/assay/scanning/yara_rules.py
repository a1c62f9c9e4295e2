"""YARA rules as a scan is given them: read, and tried once before anything is scanned."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from assay.core.errors import AssayError, UsageError
from assay.core.reading import read_input

MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class YaraRules:
    """Rules in their own language, and where the library lies that compiles them.

    Attributes:
        source: The rules of all files, in order.
        library: The folder to import `yara_x` from.
        version: The library's.
    """

    source: str
    library: str
    version: str = ""

    @property
    def id(self) -> str:
        """Names the rules and what compiles them: 16 hexadecimal digits."""
        return hashlib.sha256(f"{self.version}\n{self.source}".encode()).hexdigest()[:16]


def read_yara_rules(files: Sequence[Path]) -> YaraRules | None:
    """The rules in these files; None where there are none.

    Raises:
        UsageError: YARA-X is not installed, or a file cannot be read or compiled.
    """
    if not files:
        return None
    try:
        import yara_x
    except ImportError:
        raise UsageError(
            "YARA rules need YARA-X, which is not installed", remedy='pip install "assay[yara]"'
        ) from None
    texts = [_read(path) for path in files]
    for path, text in zip(files, texts, strict=True):
        _compile(yara_x, text, "cannot be compiled", str(path))
    _compile(yara_x, "\n".join(texts), "the files do not go together", None)
    library = str(Path(yara_x.__file__).resolve().parent.parent)
    return YaraRules("\n".join(texts), library, version("yara-x"))


def _compile(library: Any, text: str, what: str, subject: str | None) -> None:
    """Try rules; an include would make other rules of them than their text says, and is refused."""
    compiler = library.Compiler()
    compiler.enable_includes(False)  # noqa: FBT003 - the library's own signature
    try:
        compiler.add_source(text)
        compiler.build()
    except library.CompileError as error:
        first = " ".join(str(error).split())[:300]
        raise UsageError(f"{what}: {first}", subject=subject) from None


def _read(path: Path) -> str:
    try:
        return read_input(path, MAX_BYTES).decode("utf-8")
    except AssayError as error:
        raise UsageError(error.message, subject=str(path)) from None
    except UnicodeDecodeError:
        raise UsageError("is not UTF-8 text", subject=str(path)) from None
