"""PyTorch's first format: a tar archive of pickles with the storages' raw bytes between them.

Source: `torch/serialization.py`, `_legacy_load.legacy_load`. `storages` holds a count, for each
storage its key, place and type and then its elements, and a list of views; `tensors` the same
with shapes for elements; `pickle` the object; `sys_info` what machine wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from assay.scanning.archives.contents import Contents, Item
from assay.scanning.pickle import PersistentIdRule
from assay.scanning.pickle.torch_legacy import storage_bytes
from assay.scanning.scanners import pickle as pickles
from assay.scanning.subject import Answer, Buffer

_PICKLED = frozenset(("pickle", "storages", "tensors", "sys_info"))
_PUT = rb"(?:q.|r.{4})?"
_INTEGER = (
    rb"(?:K.|M..|J.{4}|\x8a(?:"
    + b"|".join(b"%s.{%d}" % (re.escape(bytes([n])), n) for n in range(10))
    + rb"))"
    + _PUT
)
_PLACE = rb"(?:X(?:cpu|.\0\0\0[a-z0-9:]{1,16})|U.[a-z0-9:]{1,16})" + _PUT
_END = rb"\x87" + _PUT + rb"\."
_COUNT = re.compile(rb"\x80\x02" + _INTEGER + rb"\.", re.DOTALL)
_STORAGE = re.compile(
    rb"\x80\x02" + _INTEGER + _PLACE + rb"ctorch(?:\.cuda)?\n(\w{1,40}Storage)\n" + _PUT + _END,
    re.DOTALL,
)
_TENSOR = re.compile(
    rb"\x80\x02(?:" + _INTEGER + rb"){2}ctorch(?:\.cuda)?\n\w{1,40}Tensor\n" + _PUT + _END,
    re.DOTALL,
)
_RECORD_BYTES = 256
_MOST_DIMENSIONS = 64


def scan_archive(contents: Contents) -> None:
    """Judge every pickle; the numbers between them are stepped over."""
    for item in contents.items:
        if item.name in _PICKLED:
            _judge(contents, item)
        else:
            contents.judge(item)


def _judge(contents: Contents, item: Item) -> None:
    body = contents.read(item)
    if body is None:
        return
    inner = contents.inside(item)
    start = _STEPS[item.name](body) if item.name in _STEPS else 0
    if start == len(body) > 0:
        return  # records are all there is
    part = Answer(inner)
    with memoryview(body) as whole, whole[start:] as rest:
        shifted = replace(inner, base=inner.base + start)
        pickles.scan_as(rest, shifted, part, PersistentIdRule.TORCH)
    contents.answer.take(part.findings, part.unread_parts)


def _behind_storages(body: Buffer) -> int:
    """The offset behind the records of storages, as PyTorch wrote them: what follows is judged."""
    at = _behind_count(body)
    while found := _STORAGE.match(bytes(body[at : at + _RECORD_BYTES])):
        begin = at + found.end()
        count = int.from_bytes(body[begin : begin + 8], "little")
        size = storage_bytes({"": (found[1].decode("ascii"), count)})
        if size is None or begin + size > len(body):
            break
        at = begin + size
    return at


def _behind_tensors(body: Buffer) -> int:
    """The offset behind the records of tensors: number of sizes, padding, sizes, steps, start."""
    at = _behind_count(body)
    while found := _TENSOR.match(bytes(body[at : at + _RECORD_BYTES])):
        begin = at + found.end()
        dimensions = int.from_bytes(body[begin : begin + 4], "little")
        end = begin + 8 + 16 * dimensions + 8
        if dimensions > _MOST_DIMENSIONS or end > len(body):
            break
        at = end
    return at


def _behind_count(body: Buffer) -> int:
    found = _COUNT.match(bytes(body[:_RECORD_BYTES]))
    return found.end() if found else 0


_STEPS: dict[str, Callable[[Buffer], int]] = {
    "storages": _behind_storages,
    "tensors": _behind_tensors,
}
