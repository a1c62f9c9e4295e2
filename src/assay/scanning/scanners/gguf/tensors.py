"""GGUF tensors: their sizes, and that they lie end to end in the file."""

from __future__ import annotations

import math
from collections.abc import Iterator

from assay.core.finding import Severity
from assay.scanning.parsers.ggml_types import BLOCKS
from assay.scanning.parsers.gguf import Gguf, GgufError, Tensor
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.gguf.rules import RULES
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.subject import Answer, Buffer, Subject

_MOST_ELEMENTS = 2**63 - 1
_LONGEST_NAME = 63
_HIGHEST_TYPE = 4096
_NUMBERS = {0: "F32", 1: "F16", 28: "F64", 30: "BF16"}
"""Types of plain numbers, as safetensors names them."""
_NO_DOWNLOAD = 2 << 40
"""Bytes: more than that is missing from no download."""
_STEP = 4 << 20
_MOST_ZEROS = 4 << 30
Span = tuple[int, int, Tensor]
"""Begin and end of a tensor, from the start of the tensors."""


def judge_tensors(data: Buffer, file: Gguf, subject: Subject, answer: Answer) -> None:
    """Check the table, and that what it says covers the rest of the file exactly once."""
    try:
        alignment, start = file.alignment, file.start
    except GgufError as error:
        answer.find(RULES["gguf.header"], str(error), offset=error.offset)
        answer.unread("where the tensors begin is not known")
        return
    _check_names(file, answer)
    spans = sorted(_spans(file, answer), key=lambda span: span[:2])
    if len(spans) == len(file.tensors):
        _check_layout(data, spans, answer, alignment, start)
    for begin, end, tensor in spans:
        span = (start + begin, min(start + end, len(data)))
        dtype = _NUMBERS.get(tensor.kind, "") if not file.big else ""
        judge_tensor(data, span, dtype, tensor.name, subject, answer)


def _check_names(file: Gguf, answer: Answer) -> None:
    seen: set[str] = set()
    for tensor in file.tensors:
        if tensor.name in seen:
            answer.find(RULES["gguf.duplicate"], f"tensor {tensor.name}", offset=tensor.at)
        seen.add(tensor.name)
        if len(tensor.name.encode("utf-8", "replace")) > _LONGEST_NAME:
            shown = f"a tensor's name of {len(tensor.name)} characters"
            answer.find(RULES["gguf.header"], shown, offset=tensor.at, severity=Severity.MEDIUM)


def _spans(file: Gguf, answer: Answer) -> Iterator[Span]:
    """Begin and end of every tensor that can have them; the others are reported."""
    for tensor in file.tensors:
        size = _size(tensor, answer)
        if size is not None:
            yield tensor.offset, tensor.offset + size, tensor


def _size(tensor: Tensor, answer: Answer) -> int | None:
    """Bytes of a tensor; None, and said, where it can have none."""
    shown = f"{tensor.name}: type {tensor.kind}, {list(tensor.shape)}"
    if tensor.kind > _HIGHEST_TYPE:
        answer.find(RULES["gguf.size"], shown, offset=tensor.at)
        return None
    elements = math.prod(tensor.shape)
    if elements > _MOST_ELEMENTS or any(n > _MOST_ELEMENTS for n in tensor.shape):
        answer.find(RULES["gguf.size"], shown, offset=tensor.at)
        return None
    if tensor.kind not in BLOCKS:
        answer.unread(f"tensors of type {tensor.kind}, whose size is not known")
        return None
    block, size = BLOCKS[tensor.kind]
    row = tensor.shape[0] if tensor.shape else 1
    if row % block:
        answer.find(RULES["gguf.size"], shown, offset=tensor.at)
        return None
    return elements // block * size


def _check_layout(
    data: Buffer, spans: list[Span], answer: Answer, alignment: int, start: int
) -> None:
    """Every tensor begins at the first aligned byte behind the one before it."""
    at, room, cut_off = 0, len(data) - start, False
    for begin, end, tensor in spans:
        shown = f"{tensor.name}: bytes {begin} to {end} of {max(room, 0)}"
        if begin % alignment or begin > max(room, at):
            answer.find(RULES["gguf.bounds"], shown, offset=tensor.at)
        elif begin < at and end > begin:
            answer.find(RULES["gguf.overlap"], shown, offset=tensor.at)
        elif begin > at:
            _check_hole(data, start + at, min(start + begin, len(data)), answer)
        if end > room and begin <= max(room, at):
            if end - room > _NO_DOWNLOAD:
                answer.find(RULES["gguf.bounds"], shown, offset=tensor.at)
            cut_off = True
        at = max(at, end + -end % alignment)
    if cut_off:
        answer.unread("the file is cut off inside its tensors")
    elif start + at < len(data):
        _check_hole(data, start + at, len(data), answer)


def _check_hole(data: Buffer, begin: int, end: int, answer: Answer) -> None:
    """Bytes of no tensor: zeros are padding, anything else is not."""
    program = executable(bytes(data[begin : min(end, begin + 1024)]))
    if program:
        answer.find(RULES["gguf.executable"], f"{program} behind a tensor", offset=begin)
        return
    if end - begin > _MOST_ZEROS:
        answer.unread(f"{end - begin} bytes that belong to no tensor")
        return
    steps = range(begin, end, _STEP)
    pieces = (bytes(data[at : min(end, at + _STEP)]) for at in steps)
    zeros = all(piece.count(0) == len(piece) for piece in pieces)
    severity = Severity.LOW if zeros else None
    what = "zeros" if zeros else "bytes"
    shown = f"{end - begin} {what} that belong to no tensor"
    answer.find(RULES["gguf.hole"], shown, offset=begin, severity=severity)
