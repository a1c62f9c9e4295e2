"""PaddlePaddle: pickled parameters and programs.

Source: paddle/fluid/framework/framework.proto; python/paddle/framework/io.py.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, safetensors
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.protobuf import field, many, message

PADDLE = Family("paddle", "paddle.load, paddle.jit.load")
RUN = op.call(op.name("posix", "system"), op.long_text(COMMAND))


def ndarray(rng: random.Random, rows: int) -> bytes:
    """A float array as numpy pickles it in protocol 2."""
    made = op.call(
        op.name("numpy.core.multiarray", "_reconstruct"),
        op.name("numpy", "ndarray"),
        op.value((0,)),
        b"U\x01b",
    )
    dtype = op.build(
        op.call(op.name("numpy", "dtype"), op.long_text("f4"), b"\x89", b"\x88"),
        op.value((3, "<", None, None, None, -1, -1, 0)),
    )
    data = safetensors.floats(rng, rows)
    raw = b"T" + struct.pack("<I", len(data)) + data
    return op.build(made, op.pack_tuple([op.integer(1), op.value((rows,)), dtype, b"\x89", raw]))


def parameters(rng: random.Random, extra: bytes = b"") -> bytes:
    items = b"".join(
        op.long_text(name) + ndarray(rng, 8) for name in ("linear_0.w_0", "linear_0.b_0")
    )
    names = op.long_text("StructuredToParameterName@@") + op.pack_dict(
        [(op.long_text("fc.weight"), op.long_text("linear_0.w_0"))]
    )
    return op.pickle2(op.EMPTY_DICT + op.MARK + items + names + extra + b"u")


def attr(name: str, kind: int, value: bytes) -> bytes:
    return field(4, message((1, name), (2, kind)) + value)


def operation(kind: str, attributes: bytes = b"") -> bytes:
    ports = field(1, message((1, "X"), (2, "x"))) + field(2, message((1, "Out"), (2, "y")))
    return field(4, ports + field(3, kind) + attributes)


def program(*operations: bytes) -> bytes:
    variables = many(3, [message((1, name), (2, message((1, 7)))) for name in ("x", "y", "w")])
    block = message((1, 0), (2, 0)) + variables + b"".join(operations)
    return field(1, block) + field(4, field(1, 0))


USUAL = (
    operation("feed"),
    operation("matmul_v2"),
    operation("relu"),
    operation("softmax"),
    operation("fetch"),
)


def units(rng: random.Random) -> Iterator[Unit]:
    hook = op.long_text("hook") + RUN
    yield PADDLE.bad("pickle", "value", {"model.pdparams": parameters(rng, hook)})
    yield PADDLE.bad(
        "pickle",
        "optimizer",
        {"model.pdopt": op.pickle2(op.pack_dict([(op.long_text("LR_Scheduler"), RUN)]))},
    )
    yield PADDLE.bad(
        "pickle",
        "bare",
        {
            "model.pdparams": op.pickle4(
                op.call(op.stacked("builtins", "exec"), op.text("import os"))
            )
        },
    )
    yield PADDLE.bad(
        "pickle", "before", {"ckpt.pdparams": op.proto(2) + RUN + b"0" + parameters(rng)[2:]}
    )
    states = op.pickle2(
        op.pack_dict([(op.long_text("epoch"), op.integer(1)), (op.long_text("s"), RUN)])
    )
    yield PADDLE.bad("pickle", "states", {"best.pdstates": states}, loader="PaddleDetection")

    def bad(technique: str, variant: str, body: bytes, payload: str) -> Unit:
        return PADDLE.bad(technique, variant, {"inference.pdmodel": body}, payload=payload)

    forward = attr("forward_callable_id", 0, field(3, 0))
    yield bad(
        "py-func",
        "plain",
        program(*USUAL[:4], operation("py_func", forward), USUAL[4]),
        "calls Python",
    )
    block = field(
        1, message((1, 0), (2, 0)) + operation("while", attr("sub_block", 8, field(12, 1)))
    ) + field(1, message((1, 1), (2, 0)) + operation("py_func", forward))
    yield bad("py-func", "sub-block", block, "calls Python")
    path = attr("file_path", 2, field(5, "../../../../../tmp/corpus-marker"))
    yield bad("file-operator", "save", program(*USUAL, operation("save", path)), "writes a file")
    yield bad(
        "file-operator",
        "save-combine",
        program(
            *USUAL, operation("save_combine", attr("file_path", 2, field(5, "/tmp/corpus-marker")))
        ),
        "writes a file",
    )
    yield bad(
        "file-operator",
        "load",
        program(operation("load", attr("file_path", 2, field(5, "/etc/passwd"))), *USUAL),
        "reads a file",
    )
    yield bad(
        "file-operator",
        "read-file",
        program(operation("read_file", attr("filename", 2, field(5, "/etc/passwd"))), *USUAL),
        "reads a file",
    )
    yield bad(
        "foreign-operator",
        "library",
        program(
            *USUAL, operation("evil_custom_op", attr("library", 2, field(5, "/tmp/libevil.so")))
        ),
        "names a library",
    )
    yield bad(
        "foreign-operator",
        "python",
        program(*USUAL, operation("custom_py_layer", attr("module", 2, field(5, "os")))),
        "calls Python",
    )
    yield bad(
        "executable",
        "pe-in-text",
        program(*USUAL, operation("assign_value", attr("blob", 2, field(5, binaries.pe(b"x"))))),
        "carries code",
    )
    yield bad(
        "executable",
        "elf-in-text",
        program(*USUAL, operation("assign_value", attr("blob", 2, field(5, binaries.elf(b"x"))))),
        "carries code",
    )

    yield PADDLE.good("pickle", "parameters", {"model.pdparams": parameters(rng)})
    optimizer = op.pickle2(
        op.value({"LR_Scheduler": {"last_epoch": 3, "last_lr": 0.001}, "master_weights": {}})
    )
    yield PADDLE.good("pickle", "optimizer", {"model.pdopt": optimizer})
    yield PADDLE.good("pickle", "one-array", {"w.pdparams": op.pickle2(ndarray(rng, 16))})
    tensor = (
        struct.pack("<IQ", 0, 0)
        + struct.pack("<I", 0)
        + struct.pack("<I", 4)
        + message((1, 5), (2, 4))
        + safetensors.floats(rng, 4)
    )
    names = {"inference.pdmodel": program(*USUAL), "inference.pdiparams": tensor}
    yield PADDLE.good("program", "inference", names)
    yield PADDLE.good("program", "model-only", {"__model__": program(*USUAL)})
    control = program(
        *USUAL[:2],
        operation("while", attr("sub_block", 8, field(12, 1))),
        operation("conditional_block", attr("sub_block", 8, field(12, 1))),
        USUAL[4],
    )
    yield PADDLE.good("program", "control-flow", {"inference.pdmodel": control})
    yield PADDLE.good(
        "program",
        "detection",
        {"model.pdmodel": program(*USUAL, operation("multiclass_nms3"), operation("yolo_box"))},
    )
    yield PADDLE.good(
        "program",
        "words",
        {
            "model.pdmodel": program(
                *USUAL, operation("assign_value", attr("name", 2, field(5, "py_func /etc/passwd")))
            )
        },
    )
    config = "Global:\n  model_name: PP-OCRv4\nPreProcess:\n  transform_ops:\n  - DecodeImage:\n      img_mode: BGR\nPostProcess:\n  name: CTCLabelDecode\n"
    yield PADDLE.good("program", "with-config", {**names, "inference.yml": config})
