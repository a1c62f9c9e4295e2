"""The elements of a tensor in order, wherever its strides put them, read in bounded pieces.

The file is read with `pread`, not mapped: one that is cut off meanwhile is an error, not a signal.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from assay.core.errors import DataError
from assay.core.limits import MIB
from assay.scanning.conversion.plan import ITEM_BYTES, TensorPlan

_PIECE = 4 * MIB
_BLOCK = 64 * MIB
"""Bytes laid out at a time, and the most read for them at a time."""
_WASTE = 8
_SMALL = 4096
"""A span is read whole if it is this short, or at most `_WASTE` times what is wanted of it."""
_WIDE: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Dimension(NamedTuple):
    """One dimension: its length, and elements from index to index in the source and laid out."""

    length: int
    stride: int
    step: int


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of a tensor: `first` is its first element's place in the source, `at` in the block."""

    dimensions: tuple[Dimension, ...]
    first: int
    at: int

    @property
    def count(self) -> int:
        return math.prod(d.length for d in self.dimensions)

    @property
    def span(self) -> int:
        """Elements of the source from its first to its last."""
        return 1 + sum((d.length - 1) * d.stride for d in self.dimensions)

    def halves(self) -> tuple[_Part, _Part]:
        """Itself cut where it reaches furthest."""
        reaches = [(d.length - 1) * d.stride for d in self.dimensions]
        place = reaches.index(max(reaches))
        widest = self.dimensions[place]
        half = widest.length // 2
        before, after = self.dimensions[:place], self.dimensions[place + 1 :]
        return (
            replace(self, dimensions=(*before, widest._replace(length=half), *after)),
            _Part(
                (*before, widest._replace(length=widest.length - half), *after),
                self.first + half * widest.stride,
                self.at + half * widest.step,
            ),
        )


def changed() -> DataError:
    """The error for a source that is no longer what was planned."""
    return DataError("changed while it was read")


def read_at(descriptor: int, start: int, size: int) -> bytearray:
    """`size` bytes of a file from `start`.

    Raises:
        DataError: the file ends before.
    """
    held = bytearray(size)
    with memoryview(held) as view:
        done = 0
        while done < size:
            count = os.preadv(descriptor, [view[done:]], start + done)
            if not count:
                raise changed()
            done += count
    return held


def pieces(plan: TensorPlan, descriptor: int) -> Iterator[bytearray]:
    """A tensor's bytes in order, element after element.

    Raises:
        DataError: the file ends before.
    """
    if not plan.size:
        return
    if plan.contiguous:
        end = plan.start + plan.size
        for at in range(plan.start, end, _PIECE):
            yield read_at(descriptor, at, min(_PIECE, end - at))
        return
    width = ITEM_BYTES[plan.dtype]
    for part in _blocks(dimensions(plan), _BLOCK // width):
        yield _laid_out(part, descriptor, plan.start, width)


def copies(plan: TensorPlan) -> int:
    """How many runs of elements laying a tensor out takes, about."""
    if not plan.size or plan.contiguous:
        return 1
    lengths = [d.length for d in dimensions(plan)]
    return math.prod(lengths) // max(lengths, default=1)


def dimensions(plan: TensorPlan) -> tuple[Dimension, ...]:
    """Its dimensions, neighbours that go on evenly joined, those of one index left out."""
    found: list[Dimension] = []
    step = 1
    for length, stride in zip(reversed(plan.shape), reversed(plan.strides), strict=True):
        if length == 1:
            continue
        inner = found[-1] if found else None
        if inner and stride == inner.stride * inner.length:
            found[-1] = inner._replace(length=inner.length * length)
        else:
            found.append(Dimension(length, stride, step))
        step *= length
    return tuple(reversed(found))


def _blocks(found: tuple[Dimension, ...], most: int) -> Iterator[_Part]:
    """A tensor in parts of at most `most` elements that follow each other when laid out."""
    place, inner = len(found), 1
    while place and inner * found[place - 1].length <= most:
        place -= 1
        inner *= found[place].length
    if not place:
        yield _Part(found, 0, 0)
        return
    cut = found[place - 1]
    rows = most // inner
    for first, _ in _offsets(found[: place - 1]):
        for row in range(0, cut.length, rows):
            some = cut._replace(length=min(rows, cut.length - row))
            yield _Part((some, *found[place:]), first + row * cut.stride, 0)


def _offsets(found: tuple[Dimension, ...]) -> Iterator[tuple[int, int]]:
    """Where each index lies in the source and laid out, the last dimension fastest."""
    index = [0] * len(found)
    first = at = 0
    while True:
        yield first, at
        place = len(found) - 1
        while place >= 0 and index[place] == found[place].length - 1:
            first -= index[place] * found[place].stride
            at -= index[place] * found[place].step
            index[place] = 0
            place -= 1
        if place < 0:
            return
        index[place] += 1
        first += found[place].stride
        at += found[place].step


def _laid_out(block: _Part, descriptor: int, start: int, width: int) -> bytearray:
    """Read the block's part of the source, by halves where most of it would be in vain."""
    held = bytearray(block.count * width)
    with memoryview(held) as raw, raw.cast(_WIDE[width]) as target:
        waiting = [block]
        while waiting:
            part = waiting.pop()
            size = part.span * width
            if size > max(_SMALL, min(_BLOCK, _WASTE * part.count * width)):
                waiting.extend(part.halves())
                continue
            span = read_at(descriptor, start + part.first * width, size)
            with memoryview(span) as read, read.cast(_WIDE[width]) as source:
                _copy(part, source, target)
    return held


def _copy(part: _Part, source: memoryview, target: memoryview) -> None:
    """Copy along the longest dimension, index after index of the others."""
    found = part.dimensions
    longest = max(found, key=lambda d: d.length, default=Dimension(1, 1, 1))
    place = found.index(longest) if found else 0
    reach = (longest.length - 1) * longest.stride + 1
    width = (longest.length - 1) * longest.step + 1
    for first, ahead in _offsets(found[:place] + found[place + 1 :]):
        at = part.at + ahead
        row = source[first : first + reach : longest.stride or 1]
        if not longest.stride:
            row = memoryview(row.tobytes() * longest.length).cast("B").cast(_format(source))
        target[at : at + width : longest.step] = row


def _format(view: memoryview) -> Literal["B", "H", "I", "Q"]:
    return _WIDE[view.itemsize]
