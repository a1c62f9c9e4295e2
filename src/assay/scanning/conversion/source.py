"""A PyTorch file's tensors, both of its formats. This runs in the sandboxed child.

Sources: `torch/serialization.py` (`_save`, `_legacy_save`), `caffe2/serialize/inline_container.cc`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.limits import ArchiveLimits
from assay.scanning.archives.zip_reading import read_zip
from assay.scanning.archives.zip_values import STORED, ZipError
from assay.scanning.conversion.plan import ITEM_BYTES, TensorPlan
from assay.scanning.conversion.tensor_pickle import NotTensorsError, Storage, Tensor, read
from assay.scanning.pickle.torch_legacy import MAGIC, PICKLES
from assay.scanning.subject import Buffer

_DEEPEST = 32
_MOST_TENSORS = 1_000_000
_KEY_CHARACTERS = 256
Span = tuple[int, int]
"""Begin and end of a storage in the file."""


def plan(data: Buffer, select: str) -> list[TensorPlan]:
    """The tensors of a PyTorch file, by name.

    Args:
        data: The file.
        select: A dotted key below which to look; "" for all of it.

    Raises:
        NotTensorsError: it holds something else, or is not PyTorch's format.
    """
    if bytes(data[: len(MAGIC)]) == MAGIC:
        found, storages = _legacy(data)
    elif bytes(data[:2]) == b"PK":
        found, storages = _archive(data)
    else:
        raise NotTensorsError("not a file torch.save wrote")
    plans = [_planned(name, tensor, storages) for name, tensor in _named(_selected(found, select))]
    if not plans:
        raise NotTensorsError("it holds no tensors")
    return plans


def _archive(data: Buffer) -> tuple[Any, dict[str, Span]]:
    try:
        directory = read_zip(data, ArchiveLimits())
    except ZipError as error:
        raise NotTensorsError(f"the zip archive cannot be read: {error}") from None
    if any(problem.rule != "zip.comment" for problem in directory.problems):
        raise NotTensorsError("a zip archive that readers understand differently: scan it")
    members = {member.name: member for member in directory.members}
    pickles = [name for name in members if name.split("/", 1)[-1] == "data.pkl"]
    if len(pickles) != 1:
        raise NotTensorsError("not an archive torch.save wrote: no data.pkl, or several")
    root = pickles[0].removesuffix("data.pkl")
    if any(name.startswith((f"{root}code/", f"{root}constants.pkl")) for name in members):
        raise NotTensorsError("a TorchScript archive: it holds code as well")
    if any(m.method != STORED or m.packed != m.size for m in members.values()):
        raise NotTensorsError("a packed member, which PyTorch never writes")
    order = members.get(f"{root}byteorder")
    if order and bytes(data[order.data : order.end]) != b"little":
        raise NotTensorsError("its numbers are big-endian")
    inner = members[pickles[0]]
    with memoryview(data) as whole, whole[inner.data : inner.end] as body:
        found, end = read(body)
        if end != len(body):
            raise NotTensorsError("bytes follow the pickle")
    prefix = f"{root}data/"
    return found, {
        name.removeprefix(prefix): (member.data, member.end)
        for name, member in members.items()
        if name.startswith(prefix)
    }


def _legacy(data: Buffer) -> tuple[Any, dict[str, Span]]:
    """Five pickles, then each storage: its number of elements and they."""
    at, found = 0, []
    for _ in range(PICKLES):
        value, at = read(data, at)
        found.append(value)
    system, keys = found[2], found[4]
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise NotTensorsError("its numbers are big-endian")
    if not isinstance(keys, list):
        raise NotTensorsError("no list of storages")
    widths = {s.key: ITEM_BYTES.get(s.dtype, 1) for s in _storages(found[3])}
    storages: dict[str, Span] = {}
    for key in keys:
        if not isinstance(key, str) or key not in widths:
            raise NotTensorsError("a storage that belongs to no tensor")
        start = at + 8
        at = start + int.from_bytes(data[at:start], "little") * widths[key]
        if at > len(data):
            raise NotTensorsError("the file is cut off")
        storages[key] = (start, at)
    if at != len(data):
        raise NotTensorsError("bytes follow the last storage")
    return found[3], storages


def _storages(found: Any) -> Iterator[Storage]:
    """Every storage anywhere in an object, whatever else is there; each container once."""
    waiting, met = [found], set[int]()
    while waiting:
        value = waiting.pop()
        if isinstance(value, Tensor):
            yield value.storage
        elif isinstance(value, Storage):
            yield value
        elif isinstance(value, (dict, list, tuple)) and id(value) not in met:
            met.add(id(value))
            waiting.extend(value.values() if isinstance(value, dict) else value)


def _selected(found: Any, select: str) -> Any:
    for key in select.split(".") if select else ():
        if not isinstance(found, dict) or key not in found:
            raise NotTensorsError(f"there is no {select!r}")
        found = found[key]
    return found


def _named(found: Any) -> Iterator[tuple[str, Tensor]]:
    """Every tensor by its dotted name, in order.

    Raises:
        NotTensorsError: a leaf is something else.
    """
    waiting: list[tuple[str, Any, int]] = [("", found, 0)]
    seen: dict[str, Tensor] = {}
    steps = 0
    while waiting:
        name, value, depth = waiting.pop()
        steps += 1
        if depth > _DEEPEST or steps > _MOST_TENSORS:
            raise NotTensorsError("nested too deep, or too many tensors")
        if isinstance(value, Tensor):
            if (name or "tensor") in seen:
                raise NotTensorsError(f"two tensors are called {name[:80]!r}")
            seen[name or "tensor"] = value
        elif isinstance(value, Mapping):
            rows = [(_joined(name, key), item, depth + 1) for key, item in value.items()]
            waiting.extend(reversed(rows))
        else:
            raise NotTensorsError(_no_tensor(name, value, found))
    yield from seen.items()


def _joined(name: str, key: Any) -> str:
    text = str(key)
    if len(name) + len(text) > _KEY_CHARACTERS * _DEEPEST:
        raise NotTensorsError("a key that is too long")
    return f"{name}.{text}" if name else text


def _no_tensor(name: str, value: Any, found: Any) -> str:
    shown = f"{name[:80] or 'it'} is no tensor but a {type(value).__name__}"
    inner = [key for key, item in found.items() if isinstance(item, dict) and item] if name else []
    return f"{shown}; --select {inner[0]}" if len(inner) == 1 else shown


def _planned(name: str, tensor: Tensor, storages: Mapping[str, Span]) -> TensorPlan:
    storage: Storage = tensor.storage
    if storage.key not in storages:
        raise NotTensorsError(f"the storage of {name[:80]!r} is missing")
    begin, end = storages[storage.key]
    width = ITEM_BYTES[tensor.dtype]
    start = begin + (storage.shift + tensor.offset) * width
    return TensorPlan(name, tensor.dtype, tensor.shape, tensor.strides, start, end)
