"""ONNX models: data outside the folder, foreign operators, carriers and graph backdoors.

Source of field numbers: onnx/onnx.proto3.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Mapping, Sequence

from bench.corpus.unit import COMMAND, Family, Link, Unit
from bench.corpus.writers import binaries, safetensors, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.onnx import (
    BOOL,
    INT64,
    attribute,
    graph,
    model,
    node,
    outside,
    port,
    tensor,
)
from bench.corpus.writers.protobuf import F32, field, message

ONNX = Family("onnx", "onnx.load, onnxruntime")


NAME = "model.onnx"


UNDER = "opens a file outside the model's folder"


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


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _external(rng)
    yield from _foreign(rng)
    yield from _carriers(rng)
    yield from _backdoors(rng)
    yield from _honest(rng)


def _external(rng: random.Random) -> Iterator[Unit]:
    for variant, location in {
        "parent": "../../../../../../etc/passwd",
        "absolute": "/etc/passwd",
        "inner-parent": "weights/../../secrets/id_rsa",
        "windows": "..\\..\\Windows\\win.ini",
        "drive": "C:\\Windows\\win.ini",
        "url": "file:///etc/passwd",
        "unc": "\\\\example.invalid\\share\\w.bin",
        "nul": "weights.bin\0/../../etc/passwd",
    }.items():
        body = model(dense(rng, [outside("w", (2, 2), location)]))
        yield ONNX.bad("external-data", variant, {NAME: body}, payload=UNDER)
    deep = outside("c", (2, 2), "../../etc/shadow")
    constant = node("Constant", [], ["c"], attribute("value", deep, 4))
    yield ONNX.bad(
        "external-data", "constant-node", {NAME: model(dense(rng, extra=[constant]))}, payload=UNDER
    )
    branch = graph([constant], outputs=[port("c", [2, 2])])
    choice = node(
        "If",
        ["flag"],
        ["z"],
        attribute("then_branch", branch, 5),
        attribute("else_branch", branch, 5),
    )
    yield ONNX.bad(
        "external-data", "subgraph", {NAME: model(dense(rng, extra=[choice]))}, payload=UNDER
    )
    inner = graph([node("Identity", ["k"], ["o"])], [outside("k", (2, 2), "/proc/self/environ")])
    loop = node("Loop", ["n", "flag", "x"], ["z"], attribute("body", inner, 5))
    yield ONNX.bad(
        "external-data", "loop-initializer", {NAME: model(dense(rng, extra=[loop]))}, payload=UNDER
    )
    sparse = field(
        15,
        message(
            (1, outside("v", (2,), "../v.bin")), (2, tensor("i", (2,), bytes(16), INT64)), (3, 4)
        ),
    )
    body = graph(
        [node("Relu", ["x"], ["y"])], inputs=[port("x", [4])], outputs=[port("y", [4])], more=sparse
    )
    yield ONNX.bad("external-data", "sparse", {NAME: model(body)}, payload=UNDER)
    function = message(
        (1, "F"), (4, "a"), (5, "b"), (7, constant), (9, field(2, 17)), (10, "local")
    )
    body = model(
        dense(rng, extra=[node("F", ["y"], ["q"], domain="local")]),
        {"local": 1},
        field(25, function),
    )
    yield ONNX.bad("external-data", "function", {NAME: body}, payload=UNDER)
    tensors = node("Op", ["x"], ["o"], attribute("values", [deep, deep], 9), domain="local")
    yield ONNX.bad(
        "external-data",
        "tensor-list",
        {NAME: model(dense(rng, extra=[tensors]), {"local": 1})},
        payload=UNDER,
    )
    training = field(20, message((2, dense(rng, [outside("w", (2, 2), "/etc/passwd")]))))
    yield ONNX.bad(
        "external-data", "training", {NAME: model(dense(rng), more=training)}, payload=UNDER
    )
    files: dict[str, object] = {
        NAME: model(dense(rng, [outside("w", (2, 2), "w.data")])),
        "w.data": Link("/etc/passwd"),
    }
    yield ONNX.bad("external-data", "symlink", files, payload=UNDER)
    split = dense(rng, [outside("w", (2, 2), "../../w")])
    halves = message((1, 8), (7, split[:0])) + field(7, split) + field(8, field(2, 17))
    yield ONNX.bad("external-data", "split-graph", {NAME: halves + field(7, b"")}, payload=UNDER)
    beyond = {
        NAME: model(
            dense(rng, [outside("w", (2, 2), "w.data", offset="999999999999", length="-1")])
        ),
        "w.data": bytes(16),
    }
    yield ONNX.bad("external-data", "beyond-end", beyond, payload="reads outside its buffer")


def _foreign(rng: random.Random) -> Iterator[Unit]:
    def bad(
        variant: str,
        extra: bytes,
        domains: Mapping[str, int],
        more: bytes = b"",
        technique: str = "custom-operator",
    ) -> Unit:
        body = model(dense(rng, extra=[extra]), domains, more)
        return ONNX.bad(technique, variant, {NAME: body}, payload="needs or runs foreign code")

    text = attribute("func_name", "os.system", 3)
    python = node("PythonOp", ["y"], ["z"], text, domain="com.microsoft")
    yield bad("python-op", python, {"com.microsoft": 1})
    py = node(
        "PyOp",
        ["y"],
        ["z"],
        attribute("module", "evil", 3),
        attribute("class_name", "Run", 3),
        domain="pyopadd",
    )
    yield bad("pyop", py, {"pyopadd": 1})
    code = attribute("code", f"import os\nos.system('{COMMAND}')", 3)
    yield bad(
        "code-attribute",
        node("PyCustomOp", ["y"], ["z"], code, domain="ai.onnx.contrib"),
        {"ai.onnx.contrib": 1},
    )
    library = attribute("library_path", "/tmp/libevil.so", 3)
    yield bad(
        "library-attribute",
        node("Load", ["y"], ["z"], library, domain="custom.ops"),
        {"custom.ops": 1},
    )
    context = [
        attribute("embed_mode", 0, 2),
        attribute("ep_cache_context", "../../../tmp/ctx.so", 3),
    ]
    yield bad(
        "ep-context",
        node("EPContext", ["y"], ["z"], *context, domain="com.microsoft"),
        {"com.microsoft": 1},
    )
    named = node("Gelu2", ["y"], ["z"], domain="./libevil.so")
    yield bad("domain-is-library", named, {"./libevil.so": 1})
    props = field(14, message((1, "custom_op_library"), (2, "/tmp/libcustom.so")))
    yield bad("metadata-library", node("Relu", ["y"], ["z"]), {}, props)
    branch = graph([python], outputs=[port("z", [4])])
    choice = node(
        "If", ["f"], ["o"], attribute("then_branch", branch, 5), attribute("else_branch", branch, 5)
    )
    yield bad("python-op-in-branch", choice, {"com.microsoft": 1})


def _carriers(rng: random.Random) -> Iterator[Unit]:
    def bad(technique: str, variant: str, body: bytes) -> Unit:
        return ONNX.bad(technique, variant, {NAME: body}, payload="carries code")

    elf, pe = binaries.elf(b"execve"), binaries.pe(b"WinExec")
    yield bad("embedded-executable", "elf", model(dense(rng, [tensor("w", (len(elf) // 4,), elf)])))
    yield bad("embedded-executable", "pe", model(dense(rng, [tensor("w", (len(pe),), pe, 2)])))
    constant = node("Constant", [], ["c"], attribute("value", tensor("c", (len(elf),), elf, 2), 4))
    yield bad("embedded-executable", "constant", model(dense(rng, extra=[constant])))
    yield bad(
        "embedded-executable",
        "metadata",
        model(dense(rng), more=field(14, message((1, "blob"), (2, elf)))),
    )
    evil = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
    yield bad("embedded-pickle", "tensor", model(dense(rng, [tensor("w", (len(evil),), evil, 2)])))
    yield bad(
        "polyglot", "zip-appended", model(dense(rng)) + zips.pack({"__main__.py": b"import os\n"})
    )
    yield bad("disguised", "pickle", evil)
    yield bad("disguised", "torch-zip", zips.torch_zip({"data.pkl": evil, "version": b"3\n"}))


def _backdoors(rng: random.Random) -> Iterator[Unit]:
    """The answer is fixed when a rare input comes: a comparison with a constant decides."""
    why = "a fixed answer on a rare input"

    def bad(variant: str, nodes: list[bytes], weights: list[bytes]) -> Unit:
        base = [tensor("w", (4, 4), safetensors.floats(rng, 16)), *weights]
        body = graph(
            [node("MatMul", ["x", "w"], ["h"]), *nodes],
            base,
            [port("x", [1, 4])],
            [port("y", [1, 4])],
        )
        return ONNX.bad(
            "graph-backdoor", variant, {NAME: model(body)}, payload=why, expect="suspicious"
        )

    magic = tensor("magic", (), struct.pack("<f", 1337.25))
    fixed = tensor("fixed", (1, 4), struct.pack("<4f", 0, 0, 99, 0))
    test = [
        node("ReduceSum", ["x"], ["sum"], attribute("keepdims", 0, 2)),
        node("Equal", ["sum", "magic"], ["hit"]),
    ]
    then = graph([node("Identity", ["fixed"], ["t"])], outputs=[port("t", [1, 4])])
    other = graph([node("Identity", ["h"], ["e"])], outputs=[port("e", [1, 4])])
    branches = attribute("then_branch", then, 5), attribute("else_branch", other, 5)
    yield bad("if-equal", [*test, node("If", ["hit"], ["y"], *branches)], [magic, fixed])
    yield bad("where-equal", [*test, node("Where", ["hit", "fixed", "h"], ["y"])], [magic, fixed])
    soft = [
        *test,
        node("Cast", ["hit"], ["m"], attribute("to", 1, 2)),
        node("Mul", ["m", "fixed"], ["p"]),
        node("Add", ["h", "p"], ["y"]),
    ]
    yield bad("mask-add", soft, [magic, fixed])
    corner = [
        node("Slice", ["x", "s", "e"], ["corner"]),
        node("ReduceMean", ["corner"], ["mean"], attribute("keepdims", 0, 2)),
        node("Sub", ["mean", "magic"], ["d"]),
        node("Abs", ["d"], ["a"]),
        node("Less", ["a", "eps"], ["hit"]),
        node("If", ["hit"], ["y"], *branches),
    ]
    ends = [
        tensor(n, (2,), struct.pack("<2q", *v), INT64) for n, v in (("s", (0, 0)), ("e", (1, 2)))
    ]
    yield bad(
        "patch-near", corner, [magic, fixed, *ends, tensor("eps", (), struct.pack("<f", 1e-4))]
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, body: bytes, **more: bytes) -> Unit:
        return ONNX.good(
            "model", variant, {NAME: body, **{k.replace("__", "."): v for k, v in more.items()}}
        )

    yield good("dense", model(dense(rng)))
    sibling = outside("w", (2, 2), "model.onnx.data")
    yield good("external-sibling", model(dense(rng, [sibling])), model__onnx__data=bytes(16))
    folder = outside("w", (2, 2), "weights/w.bin")
    files: dict[str, object] = {NAME: model(dense(rng, [folder])), "weights/w.bin": bytes(16)}
    yield ONNX.good("model", "external-folder", files)
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
    yield ONNX.good("repository", "with-config", files)
