"""TensorFlow: SavedModel folders, frozen graphs, Keras metadata, checkpoints.

Source of field numbers: tensorflow/core/protobuf/{saved_model,meta_graph}.proto, framework/*.proto.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from bench.corpus import keras_configs
from bench.corpus.unit import Family, Link, Unit
from bench.corpus.writers import binaries, bundle, safetensors
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.protobuf import field, message
from bench.corpus.writers.tensorflow import (
    STRING,
    attr,
    float_const,
    folder,
    function,
    graph,
    metadata,
    node,
    saved_model,
    text_const,
    usual,
)

TF = Family("tensorflow", "tf.saved_model.load, TensorFlow Serving")


def hostile_nodes() -> dict[tuple[str, str], list[bytes]]:
    """Nodes that touch files, Python or the network when the graph runs."""
    passwd, out = text_const("p", "/etc/passwd"), text_const("o", "/tmp/corpus-marker")
    body = text_const("c", "content")
    string = attr("T", field(6, STRING))
    return {
        ("read-file", "const"): [passwd, node("r", "ReadFile", ("p",))],
        ("read-file", "placeholder"): [
            node("n", "Placeholder", (), string),
            node("r", "ReadFile", ("n",)),
        ],
        ("write-file", "const"): [out, body, node("w1", "WriteFile", ("o", "c"))],
        ("write-file", "save"): [
            text_const("o", "/tmp/corpus-marker"),
            body,
            node("s", "Save", ("o", "c", "c")),
        ],
        ("write-file", "print"): [
            body,
            node(
                "p1",
                "PrintV2",
                ("c",),
                attr("output_stream", field(2, "file:///tmp/corpus-marker")),
            ),
        ],
        ("write-file", "record"): [out, node("d", "DatasetToTFRecord", ("d0", "o", "c"))],
        ("write-file", "summary"): [
            out,
            node("q", "CreateSummaryFileWriter", ("h0", "o", "m", "f", "s")),
        ],
        ("py-func", "py"): [node("f", "PyFunc", ("x",), attr("token", field(2, "pyfunc_0")))],
        ("py-func", "eager"): [
            node("f", "EagerPyFunc", ("x",), attr("token", field(2, "pyfunc_1")))
        ],
        ("py-func", "stateless"): [
            node("f", "PyFuncStateless", ("x",), attr("token", field(2, "pyfunc_2")))
        ],
        ("list-files", "matching"): [
            text_const("g", "/home/*/.ssh/*"),
            node("m", "MatchingFiles", ("g",)),
        ],
        ("list-files", "dataset"): [
            text_const("g", "/root/*"),
            node("m", "MatchingFilesDataset", ("g",)),
        ],
        ("read-file", "lines"): [passwd, node("t", "TextLineDataset", ("p", "c", "b"))],
        ("read-file", "table"): [passwd, node("t", "InitializeTableFromTextFileV2", ("h0", "p"))],
        ("read-file", "mapped"): [
            node("i", "ImmutableConst", (), attr("memory_region_name", field(2, "/etc/passwd")))
        ],
        ("read-file", "reader"): [
            passwd,
            node("w1", "WholeFileReaderV2"),
            node("q", "ReaderReadV2", ("w1", "p")),
        ],
        ("network", "debug"): [
            node(
                "d",
                "DebugIdentityV3",
                ("x",),
                attr("debug_urls", field(1, field(2, "grpc://example.invalid:443"))),
            )
        ],
        ("network", "rpc"): [
            text_const("a", "example.invalid:443"),
            node("r", "RpcCall", ("a", "m", "c")),
        ],
        ("network", "worker"): [
            text_const("a", "grpc://example.invalid"),
            node("d", "RegisterDatasetV2", ("d0", "a")),
        ],
        ("custom-library", "unknown-op"): [
            node("e", "EvilNativeOp", ("x",), attr("library", field(2, "/tmp/libevil.so")))
        ],
    }


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _saved(rng)
    yield from _frozen(rng)
    yield from _keras(rng)
    yield from _honest(rng)


def _saved(rng: random.Random) -> Iterator[Unit]:
    for index, ((technique, variant), nodes) in enumerate(hostile_nodes().items()):
        pb = saved_model(
            graph([*usual(rng), *nodes])
            if index % 2
            else graph(usual(rng), [function("__inference_call_1", nodes)]),
            ["MatMul", "Softmax"],
        )
        yield TF.bad(
            technique, variant, folder(rng, pb), payload="touches files, Python or network when run"
        )
    inner = hostile_nodes()["write-file", "const"]
    calls = [
        function("then", inner),
        function(
            "outer", [node("i", "If", ("x",), attr("then_branch", field(10, field(1, "then"))))]
        ),
    ]
    yield TF.bad("write-file", "if-branch", folder(rng, saved_model(graph(usual(rng), calls))))
    twice = message(
        (1, 1),
        (2, field(2, graph(usual(rng)))),
        (2, field(2, graph(hostile_nodes()["read-file", "const"]))),
    )
    yield TF.bad("read-file", "second-meta-graph", folder(rng, twice), payload="reads a file")
    safe = saved_model(graph(usual(rng)))
    library = {"assets.extra__custom_ops.so": binaries.elf(b"TF_RegisterOp")}
    yield TF.bad(
        "custom-library",
        "extra-asset",
        folder(rng, safe, **library),
        payload="a native library to load",
    )
    yield TF.bad(
        "custom-library",
        "assets",
        folder(rng, safe, assets__libops=binaries.elf(b"x")),
        payload="carries code",
    )
    asset = field(6, message((1, field(1, "a:0")), (2, "../../../../etc/passwd")))
    yield TF.bad(
        "asset-traversal",
        "parent",
        folder(rng, saved_model(graph(usual(rng)), (), asset)),
        payload="reads outside the folder",
    )
    yield TF.bad(
        "asset-traversal",
        "link",
        folder(rng, safe, assets__vocab=Link("/etc/passwd")),
        payload="reads outside the folder",
    )
    evil = op.pickle4(op.call(op.stacked("os", "system"), op.text("true")))
    yield TF.bad("disguised", "pickle-as-pb", {"saved_model.pb": evil}, loader="pickle.load")


def _frozen(rng: random.Random) -> Iterator[Unit]:
    for key in (
        ("read-file", "const"),
        ("write-file", "const"),
        ("py-func", "py"),
        ("list-files", "matching"),
    ):
        body = graph([*usual(rng)[:4], *hostile_nodes()[key]])
        yield TF.bad(
            f"frozen-{key[0]}",
            key[1],
            {"frozen_inference_graph.pb": body},
            payload="touches files when run",
            loader="tf.import_graph_def",
        )
    for key in (
        ("read-file", "lines"),
        ("py-func", "eager"),
        ("list-files", "dataset"),
        ("network", "rpc"),
    ):
        body = graph([*usual(rng)[:4], *hostile_nodes()[key]])
        yield TF.bad(
            f"frozen-{key[0]}",
            key[1],
            {"graph.pb": body},
            payload="touches files, Python or network when run",
            loader="tf.import_graph_def",
        )
    body = graph(usual(rng)[:4], [function("f", hostile_nodes()["write-file", "const"])])
    yield TF.bad("frozen-write-file", "library", {"model.pb": body}, loader="tf.import_graph_def")
    elf = binaries.elf(b"execve")
    body = graph([*usual(rng)[:4], float_const("blob", (len(elf) // 4,), elf)])
    yield TF.bad(
        "embedded-executable",
        "const",
        {"model.pb": body},
        payload="carries code",
        loader="tf.import_graph_def",
    )
    meta = message(
        (1, field(4, "train")), (2, graph([*usual(rng), *hostile_nodes()["write-file", "const"]]))
    )
    yield TF.bad(
        "meta-graph", "write-file", {"model.ckpt.meta": meta}, loader="tf.train.import_meta_graph"
    )
    meta = message((1, field(4, "train")), (2, graph(hostile_nodes()["py-func", "eager"])))
    yield TF.bad(
        "meta-graph", "py-func", {"model.ckpt.meta": meta}, loader="tf.train.import_meta_graph"
    )


def _keras(rng: random.Random) -> Iterator[Unit]:
    pb = saved_model(graph(usual(rng)))
    lam = {
        "class_name": "Lambda",
        "config": {
            "name": "l",
            "function": {
                "class_name": "__tuple__",
                "items": [keras_configs.lambda_code(), None, None],
            },
            "function_type": "lambda",
        },
    }
    layers = {"root": {"class_name": "Sequential", "config": {}}, "root.layer-0": lam}
    yield TF.bad(
        "keras-metadata",
        "lambda",
        folder(rng, pb, **{"keras_metadata.pb": metadata(layers)}),
        payload="runs when Keras loads the folder",
    )
    model = {
        "class_name": "Sequential",
        "config": keras_configs.hostile_configs()["lambda", "old-list"]["config"],
    }
    yield TF.bad(
        "keras-metadata",
        "in-model-config",
        folder(rng, pb, **{"keras_metadata.pb": metadata({"root": model})}),
        payload="runs when Keras loads the folder",
    )
    objects = field(7, field(1, field(4, message((1, "_tf_keras_layer"), (3, json.dumps(lam))))))
    yield TF.bad(
        "keras-metadata",
        "object-graph",
        folder(rng, saved_model(graph(usual(rng)), (), objects)),
        payload="runs when Keras loads the folder",
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(
        variant: str,
        nodes: Sequence[bytes] = (),
        functions: Sequence[bytes] = (),
        more: bytes = b"",
        **files: object,
    ) -> Unit:
        pb = saved_model(
            graph([*usual(rng), *nodes], functions), ["MatMul", "SaveV2", "RestoreV2"], more
        )
        return TF.good("saved-model", variant, folder(rng, pb, **files))

    yield good("plain")
    yield good("function", (), [function("__inference_call_1", usual(rng)[:4])])
    table = [
        node("t", "HashTableV2"),
        node("p", "Placeholder", (), attr("dtype", field(6, STRING))),
        node("i", "InitializeTableFromTextFileV2", ("t", "p")),
    ]
    asset = field(6, message((1, field(1, "p:0")), (2, "vocab.txt")))
    yield good("vocabulary-asset", table, (), asset, assets__vocab_dot_txt=b"a\nb\n")
    dense = {
        "root": {"class_name": "Sequential", "config": {"name": "s"}},
        "root.layer-0": keras_configs.dense(),
    }
    yield good("keras-metadata", keras_metadata_dot_pb=metadata(dense))
    decode = [
        node("d", "DecodeJpeg", ("image",)),
        node("r", "ResizeBilinear", ("d", "s")),
        node("b", "DecodeBase64", ("t",)),
    ]
    yield good("images", decode)
    texts = [
        node("s", "StringSplitV2", ("t", "u")),
        node("r", "StaticRegexReplace", ("t",), attr("pattern", field(2, "[^a-z]"))),
        node("l", "StringLower", ("t",)),
    ]
    yield good("texts", texts)
    control = [
        node("w1", "While", ("x",)),
        node("i", "If", ("x",)),
        node("a", "Assert", ("x", "m")),
        node("pr", "PrintV2", ("m",), attr("output_stream", field(2, "stderr"))),
    ]
    yield good("control-flow", control)
    yield good("examples", [node("p", "ParseExampleV2", ("e", "n", "k"))])
    yield good("words", [text_const("labels", "ReadFile", "PyFunc", "/etc/passwd", "os.system")])
    yield good(
        "debug-name", [node("WriteFile", "Identity", ("x",)), node("PyFunc", "Relu", ("x",))]
    )
    yield good("extra-warmup", assets_dot_extra__tf_serving_warmup_requests=b"\x0a\x00")
    for variant, nodes in {
        "classifier": usual(rng)[:4],
        "detector": [*usual(rng)[:4], node("n", "NonMaxSuppressionV5", ("b", "s"))],
    }.items():
        yield TF.good("frozen", variant, {"frozen_inference_graph.pb": graph(nodes)})
    yield TF.good(
        "meta-graph",
        "plain",
        {"model.ckpt.meta": message((1, field(4, "train")), (2, graph(usual(rng))))},
    )
    tensors = {
        "dense/kernel": ((4, 4), safetensors.floats(rng, 16)),
        "dense/bias": ((4,), bytes(16)),
    }
    files = {
        "checkpoint": 'model_checkpoint_path: "model.ckpt-1"\n',
        "model.ckpt-1.index": bundle.index(tensors),
        "model.ckpt-1.data-00000-of-00001": bundle.data(tensors),
    }
    yield TF.good("checkpoint", "plain", files)
    names = {
        "labels.pbtxt": "item {\n  id: 1\n  name: 'person'\n}\n",
        "frozen_inference_graph.pb": graph(usual(rng)[:4]),
    }
    yield TF.good("frozen", "with-labels", names)
