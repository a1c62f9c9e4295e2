"""ONNX models, field by field. Source: onnx/onnx.proto3."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from bench.corpus.writers import safetensors
from bench.corpus.writers.protobuf import Value, field, many, message

FLOAT, INT64, BOOL = 1, 7, 9


def tensor(name: str, dims: Sequence[int], raw: bytes, kind: int = FLOAT) -> bytes:
    return many(1, dims) + message((2, kind), (8, name), (9, raw))


def outside(name: str, dims: Sequence[int], location: str, **more: str) -> bytes:
    """A tensor whose data lies in another file."""
    pairs = {"location": location, "offset": "0", "length": "16", **more}
    entries = b"".join(field(13, message((1, k), (2, v))) for k, v in pairs.items())
    return many(1, dims) + message((2, FLOAT), (8, name)) + entries + field(14, 1)


def attribute(name: str, value: Value | list[Value], kind: int) -> bytes:
    """An attribute of type 1 float, 2 int, 3 text, 4 tensor, 5 graph, 7 ints, 8 texts."""
    number = {1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 7: 8, 8: 9, 9: 10}[kind]
    values: list[Value] = value if isinstance(value, list) else [value]
    return message((1, name)) + many(number, values) + field(20, kind)


def node(
    kind: str, inputs: Sequence[str], outputs: Sequence[str], *attributes: bytes, domain: str = ""
) -> bytes:
    body = many(1, inputs) + many(2, outputs) + message((3, f"{kind}_{outputs[0]}"), (4, kind))
    body += many(5, attributes)
    return body + (field(7, domain) if domain else b"")


def port(name: str, dims: Sequence[int | str], kind: int = FLOAT) -> bytes:
    shape = b"".join(
        field(1, field(1, one) if isinstance(one, int) else field(2, one)) for one in dims
    )
    return message((1, name), (2, field(1, message((1, kind), (2, shape)))))


def graph(
    nodes: Sequence[bytes],
    weights: Sequence[bytes] = (),
    inputs: Sequence[bytes] = (),
    outputs: Sequence[bytes] = (),
    more: bytes = b"",
) -> bytes:
    return (
        many(1, nodes)
        + field(2, "main")
        + many(5, weights)
        + more
        + many(11, inputs)
        + many(12, outputs)
    )


def model(body: bytes, domains: Mapping[str, int] | None = None, more: bytes = b"") -> bytes:
    imports = {"": 17, **(domains or {})}
    sets = b"".join(
        field(8, message((1, d), (2, v)) if d else field(2, v)) for d, v in imports.items()
    )
    return message((1, 8), (2, "pytorch"), (3, "2.3.0"), (7, body)) + sets + more


def dense(rng: random.Random, weights: Sequence[bytes] = (), extra: Sequence[bytes] = ()) -> bytes:
    """y = relu(x @ w + b), with more nodes or other weights."""
    given = list(weights) or [tensor("w", (4, 4), safetensors.floats(rng, 16))]
    given.append(tensor("b", (4,), safetensors.floats(rng, 4)))
    nodes = [
        node("MatMul", ["x", "w"], ["h"]),
        node("Add", ["h", "b"], ["s"]),
        node("Relu", ["s"], ["y"]),
    ]
    return graph([*nodes, *extra], given, [port("x", ["batch", 4])], [port("y", ["batch", 4])])
