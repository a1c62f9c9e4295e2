"""The memo, packed: four or eight bytes per slot.

A constant is stored as its offset, every other value as an index into a table. The table
keeps as many tuples and dicts as `KEPT`; later ones come back as opaque values, which a
judgement treats as unknown. Imports and results are few and always kept.
"""

from __future__ import annotations

from array import array

from assay.scanning.pickle.reading import MalformedError
from assay.scanning.pickle.values import (
    Instance,
    Mapping,
    New,
    Opaque,
    Tuple,
    Value,
    Wide,
)

KEPT = 100_000
"""Tuples and dicts the memo remembers the content of."""

_GAP = 256
"""Slots left out between two puts before the memo turns to a dict."""
_SPARSE_COST = 16
"""What a slot in the dict counts for in the budget."""
_OPAQUE = tuple(Opaque)
_KEPT_FROM = 1 + len(_OPAQUE)


class MemoLimitError(Exception):
    """More slots than the scan's budget allows."""


class Memo:
    """Slots by index, with the count that MEMOIZE numbers its slots by."""

    __slots__ = ("_codes", "_ids", "_kept", "_limit", "_sparse", "_table", "count")

    def __init__(self, size: int, limit: int) -> None:
        self._codes = array("Q" if size >= 1 << 30 else "I")
        self._sparse: dict[int, int] = {}
        self._table: list[Value] = []
        self._ids: dict[int, int] = {}
        self._kept = 0
        self._limit = limit
        self.count = 0

    def put(self, index: int, value: Value) -> None:
        """Set a slot.

        Raises:
            MemoLimitError: the budget is spent.
        """
        code = value * 2 + 1 if type(value) is int else self._code(value) * 2
        codes = self._codes
        if index == len(codes) and not self._sparse:
            self._append(code)
        elif index < len(codes):
            self.count += not codes[index]
            codes[index] = code
        else:
            self._put_beyond(index, code)

    def _put_beyond(self, index: int, code: int) -> None:
        if index <= len(self._codes) + _GAP and not self._sparse:
            self._codes.extend([0] * (index - len(self._codes)))
            self._append(code)
            return
        self.count += index not in self._sparse
        self._sparse[index] = code
        if len(self._sparse) * _SPARSE_COST > self._limit:
            raise MemoLimitError

    def _append(self, code: int) -> None:
        self._codes.append(code)
        self.count += 1
        if len(self._codes) > self._limit:
            raise MemoLimitError

    def get(self, index: int, offset: int) -> Value:
        """The value of a slot.

        Raises:
            MalformedError: nothing was put there.
        """
        code = self._codes[index] if 0 <= index < len(self._codes) else 0
        code = code or self._sparse.get(index, 0)
        if not code:
            raise MalformedError(offset, "a memo slot that was never set")
        if code & 1:
            return code >> 1
        return (
            _OPAQUE[(code >> 1) - 1]
            if code >> 1 < _KEPT_FROM
            else self._table[(code >> 1) - _KEPT_FROM]
        )

    def _code(self, value: Value) -> int:
        if isinstance(value, Opaque):
            return 1 + _OPAQUE.index(value)
        known = self._ids.get(id(value))
        if known is not None:
            return known
        if weight := _weight(value):
            if self._kept + weight > KEPT:
                return self._code(_without_content(value))
            self._kept += weight
        self._table.append(value)
        code = _KEPT_FROM + len(self._table) - 1
        self._ids[id(value)] = code
        return code

    def copy(self) -> Memo:
        """A memo with the same slots, to be changed apart."""
        other = Memo(0, self._limit)
        other._codes = self._codes[:]
        other._sparse = dict(self._sparse)
        other._table = list(self._table)
        other._ids = dict(self._ids)
        other._kept, other.count = self._kept, self.count
        return other


def _weight(value: Value) -> int:
    """What keeping a value's content counts for; 0 for what is kept all the same."""
    if isinstance(value, Wide):
        return 1 + len(value.items) // Tuple.HEAVIEST
    if isinstance(value, Instance):
        return int(value.arguments is not None)
    return int(isinstance(value, (Tuple, Mapping, New)))


def _without_content(value: Value) -> Value:
    if isinstance(value, Instance):
        return value.origin.made()
    return Opaque.DICT if isinstance(value, Mapping) else Opaque.TUPLE
