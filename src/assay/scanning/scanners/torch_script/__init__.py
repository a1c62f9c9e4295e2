"""TorchScript: code inside PyTorch archives, run by PyTorch's own interpreter.

The code cannot import anything. It can call every operator that is registered, among them
some that write and read files, and it can ask for native classes; `__setstate__` runs when the
model is loaded, whatever `weights_only` says (the case of CVE-2025-32434 is one where it was
believed to prevent that). Source: `torch/csrc/jit/docs/serialization.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.limits import MIB
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.scanners.python_code import judge_source
from assay.scanning.scanners.torch_script.bytecode import judge_names
from assay.scanning.scanners.torch_script.pickled import with_tuples
from assay.scanning.scanners.torch_script.rules import RULES
from assay.scanning.scanners.torch_script.source import is_foreign, judge_code
from assay.scanning.subject import Answer, Buffer

__all__ = ["RULES", "TITLE", "judge_names", "judge_script", "with_tuples"]
TITLE = "TorchScript"
_SOURCE_BYTES = 64 * MIB


def judge_script(contents: Contents, items: Sequence[Item]) -> None:
    """Judge the files of code in an archive.

    Args:
        contents: The archive.
        items: Those of its members that are code.
    """
    for item in items:
        source = _source(contents, item)
        if source is None:
            continue
        inner = contents.inside(item)
        part = Answer(inner)
        if is_foreign(source):
            part.find(RULES["torchscript.foreign-code"], item.name)
            judge_source(source, inner, part, what="")
        judge_code(source, part)
        contents.answer.take(part.findings, part.unread_parts)


def _source(contents: Contents, item: Item) -> str | None:
    """A file's text; bytes that are no UTF-8 are no part of a name."""
    body: Buffer | None = contents.read(item, _SOURCE_BYTES)
    return None if body is None else bytes(body).decode("utf-8", "replace")
