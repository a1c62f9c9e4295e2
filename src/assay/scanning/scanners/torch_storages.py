"""Storages of PyTorch's archives: of which type each is, by the pickle that names them.

A storage is named by a persistent id: `("storage", class, key, device, count)`. Source:
`torch/serialization.py` (`_save`).
"""

from __future__ import annotations

from collections.abc import Mapping

from assay.core.limits import MIB
from assay.scanning.archives.contents import Contents, Item
from assay.scanning.parsers.pickle_steps import Step, steps
from assay.scanning.pickle import opcodes as op
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.subject import Answer, Buffer

_TYPES = {
    "FloatStorage": "F32",
    "DoubleStorage": "F64",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
}
_PICKLE_BYTES = 16 * MIB
_HEAD_BYTES = 64 * 1024
_MEMOIZED = {op.BINPUT: 1, op.LONG_BINPUT: 4}
_FETCHED = {op.BINGET: 1, op.LONG_BINGET: 4}


def storage_types(data: Buffer) -> Mapping[str, str]:
    """The type of each storage a pickle names, as safetensors calls it, by the storage's key.

    Types are those of floating-point numbers; a pickle over 16 MiB is read to there.
    """
    found: dict[str, str] = {}
    memo: dict[int, str] = {}
    kind, fresh = "", False
    for step in steps(memoryview(data)[:_PICKLE_BYTES]):
        if step.code == op.GLOBAL:
            kind, fresh = _type(data, step), True
        elif step.code in _MEMOIZED and fresh:
            memo[_index(data, step)] = kind
            fresh = False
        elif step.code in _FETCHED:
            kind, fresh = memo.get(_index(data, step), kind), False
        elif step.code in op.TEXT_CONSTANTS and step.end - step.begin < 12:
            key = bytes(data[step.begin : step.end]).decode("ascii", "replace")
            if kind and key.isdecimal():
                found[key] = kind
            fresh = False
    return found


def _type(data: Buffer, step: Step) -> str:
    module, _, name = (
        bytes(data[step.begin : step.end - 1]).decode("ascii", "replace").partition("\n")
    )
    return _TYPES.get(name, "") if module.split(".")[0] == "torch" else ""


def _index(data: Buffer, step: Step) -> int:
    return int.from_bytes(data[step.begin : step.end], "little")


def judge_storage(contents: Contents, item: Item, dtype: str = "") -> None:
    """Raw numbers of a tensor: nothing reads them as anything else, unless they hide something.

    Args:
        contents: The archive.
        item: The storage.
        dtype: Its type as safetensors names it, where that is known.
    """
    inner = contents.inside(item)
    head = contents.head(item, _HEAD_BYTES)
    part = Answer(inner)
    judge_tensor(head, (0, len(head)), dtype, "the storage", inner, part)
    contents.answer.take(part.findings, part.unread_parts)
