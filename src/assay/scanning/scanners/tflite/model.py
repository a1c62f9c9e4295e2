"""A TensorFlow Lite model's tables, by the fields of the public schema.

Source: TensorFlow Lite's `schema.fbs`, version 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.scanning.parsers.flatbuffers import FlatError, Span, Table
from assay.scanning.scanners.tensorflow.origins import CALLER, COMPUTED, HOLE, Source
from assay.scanning.subject import Buffer

CUSTOM = 32
_STRING = 5
_NONE = 0xFFFFFFFF
_MOST_SIZE = 0x7FFFFFFF
_MOST_ELEMENTS = 1 << 46
_MOST_TEXTS = 16


@dataclass(frozen=True, slots=True)
class Code:
    """An operator code: the number of a built-in operator, or a custom one's name."""

    builtin: int
    custom: str


def codes(model: Table) -> list[Code]:
    """Operator codes in order.

    Raises:
        FlatError: a broken table.
    """
    found = []
    for table in model.tables(1):
        old, new = table.integer(0, 1), table.integer(3, 4)
        found.append(Code(max(old, new), table.text(1, 1024)))
    return found


def buffers(model: Table) -> list[Span | None]:
    """Where each buffer's bytes lie; None for one outside the file.

    Raises:
        FlatError: a broken table.
    """
    found: list[Span | None] = []
    for table in model.tables(4):
        offset, size = table.number(1, 8), table.number(2, 8)
        if offset > 1:  # 0 and 1 say that there is none
            outside = offset + size > len(model.data)
            found.append(None if outside else Span(offset, size))
        else:
            found.append(table.span(0) or Span(0, 0))
    return found


class Subgraph:
    """One subgraph: its tensors and operators."""

    def __init__(self, table: Table, data: Buffer, spans: Sequence[Span | None]) -> None:
        self._data = data
        self._spans = spans
        self.tensors = list(table.tables(0))
        self.inputs = frozenset(table.numbers(1, 4))
        self.outputs = tuple(table.numbers(2, 4))
        self.operators = tuple(table.tables(3))

    def wrong_indices(self) -> Iterator[str]:
        """References to tensors and buffers that are not there.

        Raises:
            FlatError: a broken table.
        """
        count = len(self.tensors)
        for index in (*self.inputs, *self.outputs):
            if index >= count:
                yield f"tensor {index} of {count} as input or output"
        for number, operator in enumerate(self.operators):
            for field in (1, 2):
                for index in operator.numbers(field, 4):
                    if index >= count and index != _NONE:
                        yield f"tensor {index} of {count} at operator {number}"
        for number, tensor in enumerate(self.tensors):
            buffer = tensor.number(2, 4)
            if buffer >= max(1, len(self._spans)):
                yield f"buffer {buffer} of {len(self._spans)} for tensor {number}"

    def wrong_shapes(self) -> Iterator[str]:
        """Shapes no tensor can have; a size that is not known may be written as -1.

        Raises:
            FlatError: a broken table.
        """
        for number, tensor in enumerate(self.tensors):
            elements = 1
            for size in tensor.numbers(0, 4):
                if _MOST_SIZE < size < _NONE:
                    yield f"a size of {size - (1 << 32)} in the shape of tensor {number}"
                    break
                elements *= size if 0 < size < _NONE else 1
                if elements > _MOST_ELEMENTS:
                    yield f"over {_MOST_ELEMENTS} elements in tensor {number}"
                    break

    def sources(self, operator: Table) -> list[tuple[Source, ...]]:
        """What each input of an operator may hold, as far as it is text.

        Raises:
            FlatError: a broken table.
        """
        return [self._source(index) for index in operator.numbers(1, 4)]

    def _source(self, index: int) -> tuple[Source, ...]:
        if index >= len(self.tensors):
            return ()
        tensor = self.tensors[index]
        if index in self.inputs and tensor.number(1, 1) == _STRING:
            return (Source(HOLE, frozenset((CALLER,))),)
        buffer = tensor.number(2, 4)
        span = self._spans[buffer] if buffer < len(self._spans) else None
        if span is None or not span.count or tensor.number(1, 1) != _STRING:
            return (Source(HOLE, frozenset((COMPUTED,))),)
        return tuple(Source(text) for text in strings(self._data, span))


def strings(data: Buffer, span: Span) -> Iterator[str]:
    """The first texts of a tensor of texts: a count, offsets, then the bytes."""

    def number(place: int) -> int:
        return int.from_bytes(data[place : place + 4], "little")

    end = span.begin + span.count
    count = number(span.begin)
    for index in range(min(count, _MOST_TEXTS)):
        at = span.begin + 4 + 4 * index
        if at + 8 > end:
            return
        begin, stop = span.begin + number(at), min(end, span.begin + number(at + 4))
        yield bytes(data[begin : min(stop, begin + 4096)]).decode("utf-8", "replace")


def external_files(model: Table) -> Iterator[str]:
    """Names of files the model's weights are read from.

    Raises:
        FlatError: a broken table.
    """
    for table in model.tables(8):
        yield table.text(0, 4096)


def metadata(model: Table) -> Iterator[tuple[str, int]]:
    """Names of metadata, and the buffers that hold them.

    Raises:
        FlatError: a broken table.
    """
    for table in model.tables(6):
        yield table.text(0, 256), table.number(1, 4)


__all__ = [
    "CUSTOM",
    "Code",
    "FlatError",
    "Subgraph",
    "buffers",
    "codes",
    "external_files",
    "metadata",
]
