"""Which text files only people read, by name."""

from __future__ import annotations

import mmap
import posixpath
import re

_INERT_ENDINGS = frozenset(
    ".txt .md .markdown .rst .csv .tsv .bib .license .vocab .bpe .merges .log".split()
)
_INERT_NAMES = re.compile(
    r"(readme|license|licence|copying|notice|authors|contributors|citation|changelog|changes|"
    r"model_card|usage_policy|use_policy|acceptable_use_policy|terms|vocab|merges)"
    r"([._-][a-z0-9._-]*)?\Z|\.git(attributes|ignore|keep)\Z",
    re.IGNORECASE,
)
_START_BYTES = 64 * 1024
_START_LINE = re.compile(rb"import[ \t]\S")


def base_name(path: str) -> str:
    """The last part of a path, in an archive that of the member."""
    return path.rsplit("!", 1)[-1].rsplit("/", 1)[-1]


def extension(path: str) -> str:
    """The ending of a name, lower case, with its dot; "" without one."""
    return posixpath.splitext(base_name(path))[1].lower()


def is_start_file(data: bytes | bytearray | memoryview | mmap.mmap, name: str) -> bool:
    """Whether it is a path file that makes Python import something whenever it starts.

    Source: Python's `site` module; lines that begin with `import` are run.
    """
    if extension(name) != ".pth" or len(data) > _START_BYTES:
        return False
    text = bytes(data)
    if b"\0" in text or not text.isascii():
        return False
    return any(_START_LINE.match(line) for line in text.split(b"\n"))


def is_inert_name(path: str) -> bool:
    """Whether a text of this name is for people, or a plain list of words."""
    return extension(path) in _INERT_ENDINGS or _INERT_NAMES.match(base_name(path)) is not None
