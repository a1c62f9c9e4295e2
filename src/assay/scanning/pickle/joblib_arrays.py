"""joblib's arrays: raw bytes inside the opcode stream.

When joblib's loader has given a `NumpyArrayWrapper` its state, it reads the array's bytes
from the file before it reads the next opcode. Source: `joblib/numpy_pickle.py`
(`NumpyArrayWrapper.read_array`), joblib 0.10 to 1.6.
"""

from __future__ import annotations

import math
import re

from assay.scanning.pickle.machine import Machine
from assay.scanning.pickle.reading import Constant, MalformedError, constant
from assay.scanning.pickle.values import Global, Instance, Mapping, Tuple, Value

WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
_ELEMENT = re.compile(r"([biufcmMOSUV])([0-9]{0,9})\Z")
_SCALARS = {
    "bool_": 1,
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
    "datetime64": 8,
    "timedelta64": 8,
}
_HAS_OBJECT = 1  # NPY_ITEM_REFCOUNT, in the flags of a dtype's state


def skip_array(m: Machine, target: Value, at: int) -> int:
    """The offset after the array bytes that follow a BUILD ending at `at`, if any do.

    Raises:
        MalformedError: the size of the array cannot be told, or the data ends inside it.
    """
    if not isinstance(target, Instance) or target.origin.dotted != WRAPPER:
        return at
    fields = _fields(m, target.state)
    size = _element_bytes(m, fields.get("dtype"))
    shape = fields.get("shape")
    if size is None or not isinstance(shape, Tuple):
        raise MalformedError(at, "a joblib array whose size cannot be told")
    if m.frames.framed and at != m.frames.fence:
        m.frames.mismatched()
    m.frames.leave(at)
    if size == 0:
        return m.embedded(at)
    start = _after_padding(m, fields, at)
    end = start + size * math.prod(_number(m, value, at) for value in shape.items)
    if end > len(m.data):
        raise MalformedError(at, "the data ends inside a joblib array")
    m.disputed(at, end)
    m.frames.leave(end)
    return end


def _fields(m: Machine, state: Value | None) -> dict[Constant, Value]:
    if not isinstance(state, Mapping) or not state.whole:
        return {}
    pairs = zip(state.pairs[::2], state.pairs[1::2], strict=True)
    return {constant(m.data, key, 64): value for key, value in pairs if type(key) is int}


def _after_padding(m: Machine, fields: dict[Constant, Value], at: int) -> int:
    """Joblib 1.2 and later align arrays: one byte says how many follow it."""
    alignment = fields.get("numpy_array_alignment_bytes")
    if type(alignment) is not int or constant(m.data, alignment, 8) is None:
        return at
    if at >= len(m.data):
        raise MalformedError(at, "the data ends before a joblib array")
    return at + 1 + int(m.data[at])


def _number(m: Machine, value: Value, at: int) -> int:
    number = constant(m.data, value, 16) if type(value) is int else None
    if not isinstance(number, int) or number < 0:
        raise MalformedError(at, "a joblib array whose size cannot be told")
    return number


def _element_bytes(m: Machine, dtype: Value | None) -> int | None:
    """Bytes of an element; 0 for Python objects, None where it cannot be told."""
    if isinstance(dtype, Global):
        return _SCALARS.get(dtype.name) if dtype.module == "numpy" else None
    if not isinstance(dtype, Instance):
        return None
    if dtype.origin.name == "_convert_to_stringdtype_kwargs":
        return 0
    given = dtype.arguments if dtype.origin.dotted == "numpy.dtype" else None
    if not isinstance(given, Tuple) or not given.items or type(given.items[0]) is not int:
        return None
    return _width(m, dtype, given.items[0])


def _width(m: Machine, dtype: Instance, code: int) -> int | None:
    """Bytes of an element by the code of its type, `f8` or `U3`."""
    found = _ELEMENT.match(str(constant(m.data, code, 32)))
    if found is None:
        return None
    kind, width = found.group(1), int(found.group(2) or 0)
    if kind == "O" or _flags(m, dtype.state) & _HAS_OBJECT:
        return 0
    return (width * 4 if kind == "U" else width) or None


def _flags(m: Machine, state: Value | None) -> int:
    if not isinstance(state, Tuple) or len(state.items) < 8 or type(state.items[7]) is not int:
        return 0
    flags = constant(m.data, state.items[7], 8)
    return flags if isinstance(flags, int) else 0
