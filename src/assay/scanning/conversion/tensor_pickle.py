"""A strict machine for pickles that hold tensors and nothing else.

It knows the opcodes PyTorch writes and the few names that rebuild a tensor, each with the
arguments PyTorch gives it; whatever else comes ends the reading with a refusal. No name is
imported. Sources: `torch/serialization.py`, `torch/_utils.py` (`_rebuild_tensor*`), PEP 307.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assay.scanning.conversion.plan import LARGEST
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.reading import (
    MalformedError,
    ascii_name,
    constant,
    counted,
    line,
    memo_index,
    text_line,
)
from assay.scanning.subject import Buffer

_TEXT_BYTES = 64 * 1024
_MOST_ITEMS = 20_000_000


class NotTensorsError(Exception):
    """The pickle holds something else; the message says what."""


@dataclass(frozen=True, slots=True)
class Name:
    """An imported name."""

    module: str
    name: str

    @property
    def dotted(self) -> str:
        """`module.name`."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Storage:
    """A storage: the type of its elements ("" for bytes), its key and their number.

    `shift` is the element it begins at, for a view in the format before 1.6.
    """

    dtype: str
    key: str
    count: int
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor over a storage; offset and strides count elements."""

    dtype: str
    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


_MARK = object()
_STORAGES = {
    "ByteStorage": "U8",
    "CharStorage": "I8",
    "BoolStorage": "BOOL",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "ShortStorage": "I16",
    "IntStorage": "I32",
    "FloatStorage": "F32",
    "LongStorage": "I64",
    "DoubleStorage": "F64",
    "ComplexFloatStorage": "C64",
}
_DTYPES = {
    "uint8": "U8",
    "int8": "I8",
    "bool": "BOOL",
    "float16": "F16",
    "bfloat16": "BF16",
    "int16": "I16",
    "uint16": "U16",
    "int32": "I32",
    "uint32": "U32",
    "float32": "F32",
    "int64": "I64",
    "uint64": "U64",
    "float64": "F64",
    "complex64": "C64",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
}
_REFUSED = {
    **dict.fromkeys((op.NEWOBJ, op.NEWOBJ_EX, op.OBJ, op.INST), "it makes an object of a class"),
    **dict.fromkeys((op.EXT1, op.EXT2, op.EXT4), "it imports by a registered number"),
    op.PERSID: "it asks the loader for an object",
}
_UNTYPED = Name("torch.storage", "UntypedStorage")
_ORDERED = Name("collections", "OrderedDict")


def read(data: Buffer, start: int = 0) -> tuple[Any, int]:
    """The object of the pickle at `start`, and the offset behind it.

    Dictionaries, lists, tuples, constants, `Name`, `Storage` and `Tensor` are all it can hold.

    Raises:
        NotTensorsError: it holds or does something else, or it is damaged.
    """
    machine = _Machine(data, start)
    try:
        return machine.run(), machine.at
    except MalformedError as error:
        raise NotTensorsError(f"{error.reason} (byte {error.offset})") from None
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise NotTensorsError(f"a pickle no library writes (byte {machine.at})") from error


class _Machine:
    def __init__(self, data: Buffer, start: int) -> None:
        self._data = data
        self.at = start
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._steps: dict[int, Callable[[int], None]] = {
            **dict.fromkeys(op.COUNTED, self._counted),
            **dict.fromkeys(op.FIXED_ARGUMENT, self._fixed),
            **dict.fromkeys((op.FLOAT, op.INT, op.LONG, op.STRING, op.UNICODE), self._line),
            **dict.fromkeys((op.PUT, op.BINPUT, op.LONG_BINPUT, op.MEMOIZE), self._put),
            **dict.fromkeys((op.GET, op.BINGET, op.LONG_BINGET), self._get),
            op.PROTO: self._skip(2),
            op.FRAME: self._skip(9),
            op.GLOBAL: self._global,
            op.STACK_GLOBAL: self._stack_global,
            op.REDUCE: self._reduce,
            op.BUILD: self._build,
            op.BINPERSID: self._persistent,
            op.APPEND: self._one(lambda target, item: target.append(item)),
            op.SETITEM: self._setitem,
            op.APPENDS: self._appends,
            op.SETITEMS: self._setitems,
            op.TUPLE: self._tuple,
            op.TUPLE1: self._short_tuple(1),
            op.TUPLE2: self._short_tuple(2),
            op.TUPLE3: self._short_tuple(3),
            op.MARK: self._push(lambda: _MARK),
            op.NONE: self._push(lambda: None),
            op.NEWTRUE: self._push(lambda: True),
            op.NEWFALSE: self._push(lambda: False),
            op.EMPTY_DICT: self._push(dict),
            op.EMPTY_LIST: self._push(list),
            op.EMPTY_TUPLE: self._push(tuple),
        }

    def run(self) -> Any:
        while True:
            if self.at >= len(self._data):
                raise NotTensorsError("the data ends without STOP")
            code = self._data[self.at]
            if code == op.STOP:
                self.at += 1
                return self._stack.pop()
            step = self._steps.get(code)
            if step is None:
                what = _REFUSED.get(code, f"opcode {code:#04x} occurs")
                raise NotTensorsError(f"{what} (byte {self.at})")
            step(code)
            if len(self._stack) + len(self._memo) > _MOST_ITEMS:
                raise NotTensorsError(f"over {_MOST_ITEMS} values")

    def _skip(self, width: int) -> Callable[[int], None]:
        def step(_: int) -> None:
            self.at += width

        return step

    def _push(self, make: Callable[[], Any]) -> Callable[[int], None]:
        def step(_: int) -> None:
            self._stack.append(make())
            self.at += 1

        return step

    def _one(self, change: Callable[[Any, Any], None]) -> Callable[[int], None]:
        def step(_: int) -> None:
            item = self._stack.pop()
            change(self._stack[-1], item)
            self.at += 1

        return step

    def _counted(self, code: int) -> None:
        _, end = counted(self._data, self.at, op.COUNTED[code])
        self._constant(end)

    def _fixed(self, code: int) -> None:
        self._constant(self.at + 1 + op.FIXED_ARGUMENT[code])

    def _line(self, _: int) -> None:
        self._constant(text_line(self._data, self.at))

    def _constant(self, end: int) -> None:
        if end - self.at > _TEXT_BYTES:
            raise NotTensorsError(f"a constant of {end - self.at} bytes")
        self._stack.append(constant(self._data, self.at, _TEXT_BYTES))
        self.at = end

    def _put(self, code: int) -> None:
        index = len(self._memo) if code == op.MEMOIZE else memo_index(self._data, self.at)
        self._memo[index] = self._stack[-1]
        self._past(code)

    def _get(self, code: int) -> None:
        self._stack.append(self._memo[memo_index(self._data, self.at)])
        self._past(code)

    def _past(self, code: int) -> None:
        if code in (op.GET, op.PUT):
            self.at = text_line(self._data, self.at)
        else:
            self.at += 1 + op.FIXED_ARGUMENT.get(code, 0)

    def _global(self, _: int) -> None:
        first = line(self._data, self.at + 1)
        second = line(self._data, first)
        module = ascii_name(self._data, self.at + 1, first, "utf-8")
        self._stack.append(Name(module, ascii_name(self._data, first, second, "utf-8")))
        self.at = second

    def _stack_global(self, _: int) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise NotTensorsError("an import whose name is no text")
        self._stack.append(Name(module, name))
        self.at += 1

    def _marked(self) -> list[Any]:
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise IndexError
        items = self._stack[place + 1 :]
        del self._stack[place:]
        return items

    def _tuple(self, _: int) -> None:
        self._stack.append(tuple(self._marked()))
        self.at += 1

    def _short_tuple(self, count: int) -> Callable[[int], None]:
        def step(_: int) -> None:
            if len(self._stack) < count:
                raise IndexError
            self._stack[-count:] = [tuple(self._stack[-count:])]
            self.at += 1

        return step

    def _appends(self, _: int) -> None:
        items = self._marked()
        self._stack[-1].extend(items)
        self.at += 1

    def _setitem(self, _: int) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._stack[-1][_key(key)] = value
        self.at += 1

    def _setitems(self, _: int) -> None:
        items = self._marked()
        target = self._stack[-1]
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[_key(key)] = value
        self.at += 1

    def _persistent(self, _: int) -> None:
        self._stack[-1] = _storage(self._stack[-1])
        self.at += 1

    def _reduce(self, _: int) -> None:
        arguments, target = self._stack.pop(), self._stack.pop()
        if not isinstance(target, Name) or not isinstance(arguments, tuple):
            raise NotTensorsError("a call of something that is no name")
        self._stack.append(_rebuilt(target, arguments))
        self.at += 1

    def _build(self, _: int) -> None:
        """PyTorch notes module versions on a state dict; nothing else may be given a state."""
        state = self._stack.pop()
        if not isinstance(self._stack[-1], dict) or not isinstance(state, dict):
            raise NotTensorsError("an object is given a state")
        if set(state) - {"_metadata"}:
            raise NotTensorsError("a dictionary is given attributes")
        self.at += 1


def _key(key: Any) -> str | int:
    if not isinstance(key, (str, int)) or (isinstance(key, int) and abs(key) > LARGEST):
        raise NotTensorsError("a key that is neither text nor number")
    return key


def _storage(given: Any) -> Storage:
    """What a persistent id names: `("storage", type, key, location, count[, view])`."""
    if isinstance(given, tuple) and given[:1] == ("module",):
        raise NotTensorsError("it holds a module's class and source")
    if not isinstance(given, tuple) or len(given) not in (5, 6) or given[0] != "storage":
        raise NotTensorsError("a persistent id that names no storage")
    kind, key, count = given[1], given[2], given[4]
    if not isinstance(kind, Name) or not isinstance(key, str) or not _is_size(count):
        raise NotTensorsError("a persistent id that names no storage")
    dtype = "" if kind == _UNTYPED else _STORAGES.get(kind.name)
    if dtype is None or (dtype and kind.module != "torch"):
        raise NotTensorsError(f"a storage of type {kind.dotted}")
    view = given[5] if len(given) == 6 else None
    if view is None:
        return Storage(dtype, key, count)
    if not isinstance(view, tuple) or len(view) != 3 or not all(map(_is_size, view[1:])):
        raise NotTensorsError("a view of a storage that is not described as one")
    return Storage(dtype, key, view[2], view[1])


def _rebuilt(target: Name, arguments: tuple[Any, ...]) -> Any:
    rebuild = _REBUILDS.get(target)
    if rebuild is None:
        raise NotTensorsError(f"it calls {target.dotted}")
    found = rebuild(arguments)
    if found is None:
        raise NotTensorsError(f"it calls {target.dotted} as PyTorch never does")
    return found


def _empty_dict(arguments: tuple[Any, ...]) -> Any:
    return {} if not arguments else None


def _size(arguments: tuple[Any, ...]) -> Any:
    return arguments[0] if len(arguments) == 1 and _are_sizes(arguments[0]) else None


def _parameter(arguments: tuple[Any, ...]) -> Any:
    tensor = arguments[0] if len(arguments) == 3 else None
    return tensor if isinstance(tensor, Tensor) and not arguments[2] else None


def _tensor(arguments: tuple[Any, ...]) -> Any:
    """`_rebuild_tensor(storage, offset, size, stride)` and what later versions added."""
    if not 4 <= len(arguments) <= 7 or (len(arguments) > 5 and arguments[5] != {}):
        return None
    _without_metadata(arguments[6:])
    return _over(arguments, arguments[0].dtype if isinstance(arguments[0], Storage) else "")


def _typed_tensor(arguments: tuple[Any, ...]) -> Any:
    """`_rebuild_tensor_v3`: bytes and a type, for types that have no storage of their own."""
    if len(arguments) not in (7, 8) or not isinstance(arguments[6], Name) or arguments[5] != {}:
        return None
    _without_metadata(arguments[7:])
    dtype = _DTYPES.get(arguments[6].name, "") if arguments[6].module == "torch" else ""
    return _over(arguments, dtype)


def _without_metadata(given: tuple[Any, ...]) -> None:
    """`torch._utils.set_tensor_metadata` turns signs of the values the bytes stand for."""
    if given and given[0] is not None and given[0] != {}:
        raise NotTensorsError("a tensor has metadata (neg, conj): its bytes are not its values")


def _over(arguments: tuple[Any, ...], dtype: str) -> Tensor | None:
    storage, offset, shape, strides = arguments[:4]
    if not isinstance(storage, Storage) or not dtype or not _is_size(offset):
        return None
    if not _are_sizes(shape) or not _are_sizes(strides) or len(shape) != len(strides):
        return None
    return Tensor(dtype, storage, offset, shape, strides)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _are_sizes(value: Any) -> bool:
    return isinstance(value, tuple) and all(map(_is_size, value))


_REBUILDS: dict[Name, Callable[[tuple[Any, ...]], Any]] = {
    _ORDERED: _empty_dict,
    Name("torch", "Size"): _size,
    Name("torch._utils", "_rebuild_tensor"): _tensor,
    Name("torch._utils", "_rebuild_tensor_v2"): _tensor,
    Name("torch._utils", "_rebuild_tensor_v3"): _typed_tensor,
    Name("torch._utils", "_rebuild_parameter"): _parameter,
}
