"""Honest ONNX models with what exporters really write."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import Family, Unit
from bench.corpus.writers.onnx import (
    BOOL,
    INT64,
    attribute,
    dense,
    graph,
    model,
    node,
    outside,
    port,
    tensor,
)
from bench.corpus.writers.protobuf import F32, field, message

NAME = "model.onnx"


def units(rng: random.Random, family: Family) -> Iterator[Unit]:
    def good(variant: str, body: bytes, **more: bytes) -> Unit:
        return family.good(
            "model", variant, {NAME: body, **{k.replace("__", "."): v for k, v in more.items()}}
        )

    yield good("dense", model(dense(rng)))
    sibling = outside("w", (2, 2), "model.onnx.data")
    yield good("external-sibling", model(dense(rng, [sibling])), model__onnx__data=bytes(16))
    folder = outside("w", (2, 2), "weights/w.bin")
    files: dict[str, object] = {NAME: model(dense(rng, [folder])), "weights/w.bin": bytes(16)}
    yield family.good("model", "external-folder", files)
    fused = node(
        "FusedMatMul", ["y", "w"], ["z"], attribute("alpha", F32(0.5), 1), domain="com.microsoft"
    )
    yield good("contrib", model(dense(rng, extra=[fused]), {"com.microsoft": 1}))
    attention = node(
        "GroupQueryAttention",
        ["y", "y", "y"],
        ["z"],
        attribute("num_heads", 8, 2),
        domain="com.microsoft",
    )
    yield good("attention", model(dense(rng, extra=[attention]), {"com.microsoft": 1}))
    trees = node(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "probability"],
        attribute("classlabels_int64s", [0, 1], 7),
        attribute("nodes_modes", ["BRANCH_LEQ", "LEAF"], 8),
        domain="ai.onnx.ml",
    )
    body = graph([trees], inputs=[port("x", ["n", 4])], outputs=[port("label", ["n"], INT64)])
    yield good("trees", model(body, {"ai.onnx.ml": 3}))
    branch = [
        graph([node("Relu" if i else "Sigmoid", ["y"], ["o"])], outputs=[port("o", [1, 4])])
        for i in (0, 1)
    ]
    cache = node(
        "If",
        ["use_cache_branch"],
        ["z"],
        attribute("then_branch", branch[0], 5),
        attribute("else_branch", branch[1], 5),
    )
    merged = graph(
        [node("MatMul", ["x", "w"], ["y"]), cache],
        [tensor("w", (4, 4), bytes(64))],
        [port("x", [1, 4]), port("use_cache_branch", [1], BOOL)],
        [port("z", [1, 4])],
    )
    yield good("merged-decoder", model(merged))
    inner = graph(
        [node("Add", ["s", "one"], ["s2"])],
        [tensor("one", (), struct.pack("<f", 1))],
        [port("s", [])],
        [port("s2", [])],
    )
    yield good(
        "loop",
        model(dense(rng, extra=[node("Loop", ["n", "", "y"], ["z"], attribute("body", inner, 5))])),
    )
    function = message(
        (1, "Swish"),
        (4, "a"),
        (5, "b"),
        (7, node("Sigmoid", ["a"], ["b"])),
        (9, field(2, 17)),
        (10, "pkg.onnxscript.torch_lib"),
    )
    body = model(
        dense(rng, extra=[node("Swish", ["y"], ["z"], domain="pkg.onnxscript.torch_lib")]),
        {"pkg.onnxscript.torch_lib": 1},
        field(25, function),
    )
    yield good("local-function", body)
    props = b"".join(
        field(14, message((1, k), (2, v)))
        for k, v in {"names": "{0: 'person'}", "stride": "32", "task": "detect"}.items()
    )
    yield good("metadata", model(dense(rng), more=props))
    quant = [
        node("QuantizeLinear", ["y", "scale", "zero"], ["q"]),
        node("DequantizeLinear", ["q", "scale", "zero"], ["z"]),
    ]
    yield good("quantised", model(dense(rng, extra=quant)))
    where = [node("Equal", ["ids", "pad"], ["mask"]), node("Where", ["mask", "minus", "y"], ["z"])]
    yield good("padding-mask", model(dense(rng, extra=where)))
    tokenizer = node(
        "BertTokenizer",
        ["t"],
        ["ids"],
        attribute("vocab_file", "[PAD]\n[UNK]\nthe\n", 3),
        domain="ai.onnx.contrib",
    )
    yield good("tokenizer", model(dense(rng, extra=[tokenizer]), {"ai.onnx.contrib": 1}))
    texts = node(
        "Constant", [], ["c"], attribute("value_strings", ["import os", "os.system", "eval("], 8)
    )
    yield good("texts", model(dense(rng, extra=[texts])))
    many_layers = [node("Relu", [f"r{i}" if i else "y"], [f"r{i + 1}"]) for i in range(400)]
    yield good("deep", model(dense(rng, extra=many_layers)))
    doc = field(6, "Exported from /home/user/train.py; see https://example.org")
    yield good("doc-string", model(dense(rng), more=doc))
    chance = b"MZ" + rng.randbytes(62)
    yield good("mz-by-chance", model(dense(rng, [tensor("w", (64,), chance, 2)])))
    files = {
        NAME: model(dense(rng)),
        "config.json": {"model_type": "bert"},
        "vocab.txt": "[PAD]\n[UNK]\n",
    }
    yield family.good("repository", "with-config", files)
