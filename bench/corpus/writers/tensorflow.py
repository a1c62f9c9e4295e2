"""TensorFlow graphs and SavedModel folders.

Source: tensorflow/core/protobuf/{saved_model,meta_graph}.proto, framework/*.proto.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence

from bench.corpus.writers import bundle, safetensors
from bench.corpus.writers.protobuf import field, many, message

FLOAT, INT32, STRING = 1, 3, 7


def attr(name: str, value: bytes) -> bytes:
    return message((1, name), (2, value))


def text_const(name: str, *texts: str) -> bytes:
    dims = b"" if len(texts) == 1 else field(2, field(1, len(texts)))
    value = message((1, STRING), (2, dims)) + many(8, texts)
    return node(name, "Const", (), attr("dtype", field(6, STRING)), attr("value", field(8, value)))


def float_const(name: str, shape: Sequence[int], body: bytes) -> bytes:
    dims = b"".join(field(2, field(1, size)) for size in shape)
    value = message((1, FLOAT), (2, dims), (4, body))
    return node(name, "Const", (), attr("dtype", field(6, FLOAT)), attr("value", field(8, value)))


def node(name: str, kind: str, inputs: Sequence[str] = (), *attrs: bytes) -> bytes:
    return message((1, name), (2, kind)) + many(3, inputs) + many(5, attrs)


def function(name: str, nodes: Sequence[bytes]) -> bytes:
    return field(1, message((1, message((1, name)))) + many(3, nodes))


def graph(nodes: Sequence[bytes], functions: Sequence[bytes] = ()) -> bytes:
    library = field(2, b"".join(functions)) if functions else b""
    return many(1, nodes) + library + field(4, field(1, 1395))


def usual(rng: random.Random) -> list[bytes]:
    """A small classifier with the save and restore nodes every SavedModel has."""
    kind = attr("dtype", field(6, FLOAT))
    return [
        node("x", "Placeholder", (), kind),
        float_const("w", (4, 4), safetensors.floats(rng, 16)),
        node("h", "MatMul", ("x", "w")),
        node("y", "Softmax", ("h",)),
        node("saver_filename", "Placeholder", (), attr("dtype", field(6, STRING))),
        text_const("save/names", "w"),
        text_const("save/slices", ""),
        text_const("const_suffix", "_temp/part"),
        node("join", "StringJoin", ("saver_filename", "const_suffix")),
        node("save", "SaveV2", ("join", "save/names", "save/slices", "w")),
        node("merge", "MergeV2Checkpoints", ("join", "saver_filename")),
        node("restore", "RestoreV2", ("saver_filename", "save/names", "save/slices")),
        node(
            "call",
            "StatefulPartitionedCall",
            ("x",),
            attr("f", field(10, field(1, "__inference_call_1"))),
        ),
    ]


def saved_model(graph_def: bytes, ops: Sequence[str] = (), more: bytes = b"") -> bytes:
    listed = field(2, b"".join(field(1, field(1, one)) for one in ops)) if ops else b""
    info = listed + message((4, "serve"), (5, "2.15.0"), (6, "v2.15.0"))
    return message((1, 1), (2, message((1, info), (2, graph_def)) + more))


def folder(rng: random.Random, pb: bytes, **more: object) -> dict[str, object]:
    tensors = {"w/.ATTRIBUTES/VARIABLE_VALUE": ((4, 4), safetensors.floats(rng, 16))}
    files: dict[str, object] = {
        "saved_model.pb": pb,
        "variables/variables.index": bundle.index(tensors),
        "variables/variables.data-00000-of-00001": bundle.data(tensors),
        "fingerprint.pb": message((1, rng.getrandbits(60)), (2, rng.getrandbits(60))),
    }
    return files | {
        name.replace("__", "/").replace("_dot_", "."): value for name, value in more.items()
    }


def metadata(layers: Mapping[str, object]) -> bytes:
    """keras_metadata.pb: one JSON text per object."""
    rows = b""
    for number, (path, config) in enumerate(layers.items()):
        body = message((1, number), (2, path), (3, "_tf_keras_layer"), (4, json.dumps(config)))
        rows += field(1, body)
    return rows
