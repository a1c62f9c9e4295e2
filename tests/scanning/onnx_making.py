"""ONNX models written field by field, as honest or as wrong as asked for."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

from scanning.protobuf_making import blob, fixed32, message, number, packed

FLOAT, UINT8, INT64, STRING, BOOL = 1, 2, 7, 8, 9
Value = float | int | str | bytes | Sequence[int] | Mapping[str, bytes]


def entry(field: int, key: str, value: str | bytes) -> bytes:
    return blob(field, blob(1, key) + blob(2, value))


def tensor(
    name: str, dims: Sequence[int], kind: int = FLOAT, raw: bytes | None = None, *more: bytes
) -> bytes:
    body = message(packed(1, dims), number(2, kind), blob(8, name))
    return body + (b"" if raw is None else blob(9, raw)) + b"".join(more)


def floats(name: str, values: Sequence[float], dims: Sequence[int] | None = None) -> bytes:
    shape = [len(values)] if dims is None else dims
    return tensor(name, shape, FLOAT, struct.pack(f"<{len(values)}f", *values))


def integers(name: str, values: Sequence[int], dims: Sequence[int] | None = None) -> bytes:
    shape = [len(values)] if dims is None else dims
    return tensor(name, shape, INT64, struct.pack(f"<{len(values)}q", *values))


def texts(name: str, values: Sequence[str]) -> bytes:
    return tensor(name, [len(values)], STRING, None, *(blob(6, value) for value in values))


def outside(name: str = "o", dims: Sequence[int] = (2,), **said: str) -> bytes:
    """A tensor whose bytes lie in another file."""
    entries = b"".join(entry(13, key, value) for key, value in said.items())
    return tensor(name, dims, FLOAT, None, entries, number(14, 1))


def attribute(name: str, value: Value) -> bytes:
    body = blob(1, name)
    if isinstance(value, float):
        return body + fixed32(2, struct.unpack("<I", struct.pack("<f", value))[0]) + number(20, 1)
    if isinstance(value, int):
        return body + number(3, value) + number(20, 2)
    if isinstance(value, (str, bytes)):
        return body + blob(4, value) + number(20, 3)
    if isinstance(value, Mapping):
        if "graph" in value:
            return body + blob(6, value["graph"]) + number(20, 5)
        return body + blob(5, value["tensor"]) + number(20, 4)
    return body + packed(8, value) + number(20, 7)


def node(
    op: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    domain: str = "",
    name: str = "",
    **attributes: Value,
) -> bytes:
    return message(
        *(blob(1, one) for one in inputs),
        *(blob(2, one) for one in outputs),
        blob(3, name or f"/{op}_{outputs[0] if outputs else ''}"),
        blob(4, op),
        *(blob(5, attribute(key, value)) for key, value in attributes.items()),
        blob(7, domain) if domain else b"",
    )


def value(name: str, dims: Sequence[int | str] = ("batch", 4), kind: int = FLOAT) -> bytes:
    shape = b"".join(
        blob(1, blob(2, size) if isinstance(size, str) else number(1, size)) for size in dims
    )
    return blob(1, name) + blob(2, blob(1, number(1, kind) + blob(2, shape)))


def graph(
    nodes: Iterable[bytes],
    *,
    inputs: Sequence[bytes] = (value("x"),),
    outputs: Sequence[bytes] = (value("y"),),
    tensors: Sequence[bytes] = (),
    more: bytes = b"",
) -> bytes:
    return message(
        *(blob(1, one) for one in nodes),
        blob(2, "main_graph"),
        *(blob(5, one) for one in tensors),
        *(blob(11, one) for one in inputs),
        *(blob(12, one) for one in outputs),
        more,
    )


def function(name: str, domain: str, nodes: Sequence[bytes]) -> bytes:
    return message(
        blob(1, name),
        blob(4, "a"),
        blob(5, "b"),
        *(blob(7, one) for one in nodes),
        blob(10, domain),
    )


def model(
    body: bytes,
    *more: bytes,
    domains: Mapping[str, int] | None = None,
    functions: Sequence[bytes] = (),
    metadata: Mapping[str, str | bytes] | None = None,
) -> bytes:
    opsets = {"": 17} if domains is None else domains
    return message(
        number(1, 8),
        blob(2, "pytorch"),
        blob(3, "2.13.0"),
        blob(7, body),
        *(blob(8, blob(1, name) + number(2, version)) for name, version in opsets.items()),
        *(entry(14, key, text) for key, text in (metadata or {}).items()),
        *(blob(25, one) for one in functions),
        *more,
    )


LINEAR = (node("Gemm", ["x", "w", "b"], ["y"]),)
WEIGHTS = (floats("w", [0.5] * 8, [4, 2]), floats("b", [0.1, 0.2]))


def linear(*more: bytes, **settings: object) -> bytes:
    """A small honest model."""
    return model(graph(LINEAR, tensors=WEIGHTS), *more, **settings)  # type: ignore[arg-type]


def with_tensor(one: bytes) -> bytes:
    """An honest model with one more tensor."""
    return model(graph(LINEAR, tensors=(*WEIGHTS, one)))


def with_node(one: bytes) -> bytes:
    """An honest model with one more node."""
    return model(graph((*LINEAR, one), tensors=WEIGHTS))
