"""YARA rules as a scan is given them: read, and tried once before anything is scanned."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import AssayError, UsageError
from assay.core.reading import read_input

MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class YaraRules:
    """Rules in their own language, and where the library lies that compiles them.

    Attributes:
        source: The rules of all files, in order.
        library: The folder to import `yara_x` from.
    """

    source: str
    library: str

    @property
    def id(self) -> str:
        """Names the rules: 8 hexadecimal digits."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:8]


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
        try:
            yara_x.compile(text)
        except yara_x.CompileError as error:
            first = " ".join(str(error).split())[:300]
            raise UsageError(f"cannot be compiled: {first}", subject=str(path)) from None
    try:
        yara_x.compile("\n".join(texts))
    except yara_x.CompileError as error:
        first = " ".join(str(error).split())[:300]
        raise UsageError(f"the files do not go together: {first}") from None
    return YaraRules("\n".join(texts), str(Path(yara_x.__file__).resolve().parent.parent))


def _read(path: Path) -> str:
    try:
        return read_input(path, MAX_BYTES).decode("utf-8")
    except AssayError as error:
        raise UsageError(error.message, subject=str(path)) from None
    except UnicodeDecodeError:
        raise UsageError("is not UTF-8 text", subject=str(path)) from None
