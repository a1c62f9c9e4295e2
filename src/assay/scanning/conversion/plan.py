"""What a conversion is made of: which bytes of the source are which tensor.

The sandboxed child reads the pickle and answers a plan; the side that writes checks every
number of it against the source and copies bytes, so nothing it trusts was parsed here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from assay.core.errors import DataError

ITEM_BYTES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E5M2": 1,
    "F8_E4M3": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
    "C64": 8,
}
"""Bytes of an element by the safetensors name of its type."""
MOST_DIMENSIONS = 64
LARGEST = (1 << 63) - 1
"""The most any size, stride, offset or number of bytes may be."""

_SHOWN_CHARACTERS = 120


def printable(text: str) -> str:
    """A text whose control characters and lone surrogates are escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


@dataclass(frozen=True, slots=True)
class TensorPlan:
    """One tensor.

    Attributes:
        name: Its key, nested keys joined by dots.
        dtype: As safetensors names it.
        shape: Its sizes.
        strides: Elements from one index to the next, per dimension.
        start: Byte of its first element in the source.
        end: Where its storage ends in the source.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    start: int
    end: int

    @property
    def shown(self) -> str:
        """The beginning of its name, such as can be printed."""
        return printable(self.name[:_SHOWN_CHARACTERS])

    @property
    def size(self) -> int:
        """Bytes when laid out one element after the other."""
        return math.prod(self.shape) * ITEM_BYTES[self.dtype]

    @property
    def contiguous(self) -> bool:
        """Whether its elements lie in the source in order and without gaps."""
        expected = 1
        for length, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if length != 1 and stride != expected:
                return False
            expected *= length
        return True

    def check(self, size: int) -> Self:
        """This plan, if every byte it names lies within its storage and the source.

        Args:
            size: Bytes of the source.

        Raises:
            DataError: it does not.
        """
        whole = (*self.shape, *self.strides, self.start, self.end)
        if (
            self.dtype not in ITEM_BYTES
            or len(self.shape) != len(self.strides)
            or len(self.shape) > MOST_DIMENSIONS
            or min(whole) < 0
            or max(whole) > LARGEST
            or math.prod(n or 1 for n in self.shape) * ITEM_BYTES[self.dtype] > LARGEST
        ):
            raise DataError("is not described as a tensor", subject=self.shown)
        if self.name == "__metadata__" or any("\ud800" <= c <= "\udfff" for c in self.name):
            raise DataError("cannot be the name of a tensor in safetensors", subject=self.shown)
        last = sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        reach = 0 if 0 in self.shape else (last + 1) * ITEM_BYTES[self.dtype]
        if self.start + reach > self.end or self.end > size:
            raise DataError("reaches past the end of its storage", subject=self.shown)
        return self

    def to_json(self) -> dict[str, Any]:
        """Every field by name."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "shape": list(self.shape),
            "strides": list(self.strides),
            "start": self.start,
            "end": self.end,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read back what `to_json` gave.

        Raises:
            DataError: it is something else.
        """
        try:
            return cls(
                str(row["name"]),
                str(row["dtype"]),
                tuple(int(n) for n in row["shape"]),
                tuple(int(n) for n in row["strides"]),
                int(row["start"]),
                int(row["end"]),
            )
        except (KeyError, OverflowError, TypeError, ValueError):
            raise DataError("the reader's plan could not be understood") from None
