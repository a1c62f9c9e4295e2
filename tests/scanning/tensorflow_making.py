"""Graphs, SavedModels and checkpoints made field by field, as TensorFlow's protocols have them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from assay.scanning.scanners.tensorflow.record_files import masked_checksum
from scanning.protobuf_making import blob, fixed32, message, number, varint

STRING, FLOAT = 7, 1


def attribute(name: str, value: bytes) -> bytes:
    return blob(5, message(blob(1, name), blob(2, value)))


def node(name: str, op: str, *inputs: str, **attributes: bytes) -> bytes:
    """A `NodeDef`; attributes are `AttrValue`s."""
    return message(
        blob(1, name),
        blob(2, op),
        *(blob(3, one) for one in inputs),
        *(attribute(key, value) for key, value in attributes.items()),
    )


def text_value(*texts: str | bytes) -> bytes:
    return (
        blob(2, texts[0]) if len(texts) == 1 else blob(1, message(*(blob(2, one) for one in texts)))
    )


def function_value(name: str) -> bytes:
    return blob(10, blob(1, name))


def text(name: str, *texts: str | bytes) -> bytes:
    """A constant of texts."""
    tensor = message(number(1, STRING), *(blob(8, one) for one in texts))
    return node(name, "Const", dtype=number(6, STRING), value=blob(8, tensor))


def numbers(name: str, content: bytes) -> bytes:
    """A constant by its bytes."""
    tensor = message(number(1, FLOAT), blob(4, content))
    return node(name, "Const", dtype=number(6, FLOAT), value=blob(8, tensor))


def placeholder(name: str, kind: int = FLOAT) -> bytes:
    return node(name, "Placeholder", dtype=number(6, kind))


def function(name: str, arguments: Sequence[str], *nodes: bytes) -> bytes:
    """A `FunctionDef`."""
    signature = message(blob(1, name), *(blob(2, blob(1, one)) for one in arguments))
    return message(blob(1, signature), *(blob(3, one) for one in nodes))


def graph(*nodes: bytes, functions: Sequence[bytes] = ()) -> bytes:
    """A `GraphDef`."""
    library = (blob(2, message(*(blob(1, one) for one in functions))),) if functions else ()
    return message(*(blob(1, one) for one in nodes), *library, blob(4, number(1, 1395)))


def asset(tensor: str, path: str) -> bytes:
    return message(blob(1, blob(1, tensor)), blob(2, path))


def meta_graph(
    graph_def: bytes, *, assets: Mapping[str, str] | None = None, objects: bytes = b""
) -> bytes:
    """A `MetaGraphDef`."""
    info = message(blob(4, "serve"), blob(5, "2.15.0"), blob(6, "v2.15.0"))
    rows = (blob(6, asset(tensor, path)) for tensor, path in (assets or {}).items())
    return message(
        blob(1, info), blob(2, graph_def), *rows, *((blob(7, objects),) if objects else ())
    )


def saved_model(*meta_graphs: bytes) -> bytes:
    return message(number(1, 1), *(blob(2, one) for one in meta_graphs))


def saver() -> tuple[list[bytes], list[bytes]]:
    """Nodes and functions every SavedModel of TensorFlow 2 has to save and restore by."""
    save = function(
        "__inference__traced_save_8",
        ("file_prefix", "savev2_const"),
        node("match", "StaticRegexFullMatch", "file_prefix", pattern=text_value("^s3://.*")),
        text("c1", ".part"),
        text("c2", "_temp/part"),
        node("chosen", "Select", "match:output:0", "c1:output:0", "c2:output:0"),
        node("joined", "StringJoin", "file_prefix", "chosen:output:0"),
        node("shard", "ShardedFilename", "joined:output:0", "n:output:0", "m:output:0"),
        text("names", "w", "_CHECKPOINTABLE_OBJECT_GRAPH"),
        node("save", "SaveV2", "shard:filename:0", "names:output:0", "s:output:0", "savev2_const"),
        node("packed", "Pack", "shard:filename:0", "^save"),
        node("merge", "MergeV2Checkpoints", "packed:output:0", "file_prefix"),
    )
    restore = function(
        "__inference__traced_restore_9",
        ("file_prefix",),
        text("names", "w"),
        node("restore", "RestoreV2", "file_prefix", "names:output:0", "s:output:0"),
    )
    nodes = [
        placeholder("saver_filename", STRING),
        node(
            "StatefulPartitionedCall_2",
            "StatefulPartitionedCall",
            "saver_filename",
            "Const_1",
            f=function_value("__inference__traced_save_8"),
        ),
        node(
            "StatefulPartitionedCall_3",
            "StatefulPartitionedCall",
            "saver_filename",
            f=function_value("__inference__traced_restore_9"),
        ),
    ]
    return nodes, [save, restore]


def ordinary(*more: bytes, functions: Sequence[bytes] = ()) -> bytes:
    """The graph of a small classifier, with what a test adds."""
    nodes, own = saver()
    dense = [
        placeholder("x"),
        numbers("w", struct.pack("<4f", 1, 2, 3, 4)),
        node("y", "MatMul", "x", "w"),
    ]
    return graph(*dense, *nodes, *more, functions=[*own, *functions])


def model(*more: bytes, functions: Sequence[bytes] = ()) -> bytes:
    """A SavedModel of that classifier."""
    return saved_model(meta_graph(ordinary(*more, functions=functions)))


def keras_metadata(*documents: str, identifier: str = "_tf_keras_layer") -> bytes:
    return message(
        *(
            blob(1, message(number(2, i), blob(3, f"root.{i}"), blob(4, identifier), blob(5, one)))
            for i, one in enumerate(documents)
        )
    )


def records(*bodies: bytes) -> bytes:
    """A TFRecord file; the checksums of the bodies are not looked at."""
    out = b""
    for body in bodies:
        length = struct.pack("<Q", len(body))
        out += length + struct.pack("<I", masked_checksum(length)) + body
        out += struct.pack("<I", masked_checksum(body))
    return out


def _block(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    out = b""
    for key, value in entries:
        out += varint(0) + varint(len(key)) + varint(len(value)) + key + value
    return out + struct.pack("<II", 0, 1)


def checkpoint_table(entries: Mapping[str, bytes] | None = None) -> bytes:
    """A `.index` file: one block of entries, an index, a footer."""
    usual = {
        "": message(number(1, 1), blob(3, number(1, 1))),
        "w": message(number(1, 1), blob(2, b""), number(5, 16), fixed32(6, 1)),
    }
    rows = [(k.encode(), v) for k, v in (usual if entries is None else dict(entries)).items()]
    data = _block(rows)
    meta = _block([])
    index = _block([(b"w", varint(0) + varint(len(data)))])
    out = data + bytes(5)
    meta_at = len(out)
    out += meta + bytes(5)
    index_at = len(out)
    out += index + bytes(5)
    handles = varint(meta_at) + varint(len(meta)) + varint(index_at) + varint(len(index))
    return out + handles.ljust(40, b"\0") + (0xDB4775248B80FB57).to_bytes(8, "little")
