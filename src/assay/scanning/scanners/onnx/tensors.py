"""Tensors inside an ONNX model: as many values as the shape says, and nothing else in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from assay.scanning.parsers.protobuf import LENGTH, Field
from assay.scanning.scanners.onnx.contents import Contents
from assay.scanning.scanners.onnx.external import check_external
from assay.scanning.scanners.onnx.records import Record
from assay.scanning.scanners.onnx.rules import RULES
from assay.scanning.subject import Answer

_BITS = {
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
    **dict.fromkeys((21, 22, 23), 4),
    **dict.fromkeys((25, 26), 2),
    **dict.fromkeys((27, 28), 6),
}
"""By `TensorProto.DataType`."""
_STRING = 8
_EXTERNAL = 1
_TYPED = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")
_VALUES = ("raw_data", *_TYPED)
_COMPLEX = (14, 15)
_NIBBLES = (21, 22, 23)
_PAIRS = (25, 26)
_HIGH_BYTES = bytes(range(0x80, 0x100))
_COUNTED_BYTES = 64 * 1024 * 1024
_MOST_DIMENSIONS = 1024


def check_tensor(tensor: Record, contents: Contents, answer: Answer) -> None:
    """Judge one `TensorProto`.

    Args:
        tensor: The message.
        contents: Looks into the bytes.
        answer: Where findings go.

    Raises:
        WireError: something inside is no message.
    """
    dims = list(tensor.integers("dims"))
    needed = _needed(tensor, dims, answer)
    if tensor.integer("data_location") == _EXTERNAL:
        check_external(tensor, needed, answer)
        if tensor.has("raw_data"):
            shown = f"{tensor.text('name')}: here and in another file"
            answer.find(RULES["onnx.two-values"], shown, offset=tensor.offset)
    elif tensor.has("external_data"):
        check_external(tensor, None, answer)
    elif needed is not None:
        _check_size(tensor, dims, needed, answer)
    given = [name for name in _VALUES if _is_given(tensor, name)]
    if len(given) > 1:
        shown = f"{tensor.text('name')}: {' and '.join(given)}"
        answer.find(RULES["onnx.two-values"], shown, offset=tensor.offset)
    for name in given:
        for span in tensor.spans(name):
            if span.wire == LENGTH:
                kind = tensor.integer("data_type") if name == "raw_data" else 0
                contents.numbers(span, kind, f"{name} of {tensor.text('name')}")


def _is_given(tensor: Record, name: str) -> bool:
    return any(span.end > span.begin for span in tensor.spans(name))


def _needed(tensor: Record, dims: list[int], answer: Answer) -> int | None:
    """Bytes the tensor needs; None where its type has no size."""
    if len(dims) > _MOST_DIMENSIONS or any(size < 0 for size in dims):
        shown = f"{tensor.text('name')}: shape {dims[:8]}"
        answer.find(RULES["onnx.tensor-size"], shown, offset=tensor.offset)
        return None
    kind = tensor.integer("data_type")
    if kind not in (0, _STRING, *_BITS):
        answer.unread(f"a tensor of type {kind}, which is not known")
    return bytes_of(kind, dims)


def bytes_of(kind: int, dims: Sequence[int]) -> int | None:
    """Bytes a tensor of a type and shape needs; None where its type has no size."""
    return -(-math.prod(dims) * _BITS[kind] // 8) if kind in _BITS else None


def _check_size(tensor: Record, dims: list[int], needed: int, answer: Answer) -> None:
    raw = list(tensor.spans("raw_data"))
    if raw:
        wrong = raw[-1].value != needed
        shown = f"{raw[-1].value} bytes for {needed}"
    else:
        count, wanted = _count(tensor), _wanted(tensor.integer("data_type"), math.prod(dims))
        wrong = count is not None and count != wanted
        shown = f"{count} values for {wanted}"
    if wrong:
        shown = f"{tensor.text('name')}: {shown} of shape {dims[:8]}"
        answer.find(RULES["onnx.tensor-size"], shown, offset=tensor.offset)


def _wanted(kind: int, elements: int) -> int:
    """Values in the typed fields: two for a complex number, one for each byte of small ones."""
    if kind in _COMPLEX:
        return 2 * elements
    if kind in _NIBBLES:
        return -(-elements // 2)
    return -(-elements // 4) if kind in _PAIRS else elements


def _count(tensor: Record) -> int | None:
    """Values in the typed fields; None if there are too many to count."""
    total = 0
    for name in _TYPED:
        for span in tensor.spans(name):
            count = _count_in(tensor, name, span)
            if count is None:
                return None
            total += count
    return total


def _count_in(tensor: Record, name: str, span: Field) -> int | None:
    if span.wire != LENGTH or name == "string_data":
        return 1
    if name in ("float_data", "double_data"):
        return span.value // (4 if name == "float_data" else 8)
    if span.value > _COUNTED_BYTES:
        return None
    # The last byte of a varint is the one below 0x80.
    return len(tensor.message.raw(span).translate(None, _HIGH_BYTES))


def is_tensor_file(first: Record) -> bool:
    """Whether a message that might be any is a tensor saved alone: a shape, a type, values."""
    kind = first.integer("data_type")
    return (kind in _BITS or kind == _STRING) and any(first.has(name) for name in _VALUES)
