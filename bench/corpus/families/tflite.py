"""TensorFlow Lite and ExecuTorch: foreign operators and offsets that lie.

Source: tensorflow/lite/schema/schema.fbs; executorch/schema/program.fbs.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, safetensors, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.flatbuffers import Counted, Offset, Table, encode, i8, i32, u8, u32, u64

LITE = Family("tflite", "TensorFlow Lite interpreter")
TORCH = Family("executorch", "ExecuTorch runtime")
NAME = "model.tflite"
CONV, FULL, SOFTMAX, CUSTOM = 3, 9, 25, 32


def code(builtin: int, custom: str = "") -> Table:
    fields: dict[int, object] = {0: i8(min(builtin, 127)), 2: i32(1), 3: i32(builtin)}
    return Table(fields | ({1: custom} if custom else {}))


def operator(index: int, options: bytes = b"") -> Table:
    fields: dict[int, object] = {0: u32(index), 1: [i32(0), i32(1)], 2: [i32(2)]}
    return Table(fields | ({5: options, 6: i8(0)} if options else {}))


def tensor(name: str, shape: Sequence[int], buffer: int) -> Table:
    return Table({0: [i32(n) for n in shape], 1: i8(0), 2: u32(buffer), 3: name})


def lite(
    codes: Sequence[Table],
    buffers: Sequence[object],
    *,
    options: bytes = b"",
    tensors: Sequence[Table] = (),
    metadata: Sequence[Table] = (),
    graphs: int = 1,
) -> bytes:
    held = list(tensors) or [tensor("x", (1, 4), 0), tensor("w", (4, 4), 1), tensor("y", (1, 4), 0)]
    operators = [operator(index, options) for index in range(len(codes))]
    main = Table({0: held, 1: [i32(0)], 2: [i32(2)], 3: operators, 4: "main"})
    fields: dict[int, object] = {
        0: u32(3),
        1: list(codes),
        2: [main] * graphs,
        3: "MLIR Converted.",
        4: list(buffers),
    }
    if metadata:
        fields[6] = list(metadata)
    return encode(Table(fields), b"TFL3")


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _foreign(rng)
    yield from _bounds(rng)
    yield from _honest(rng)
    yield from _executorch(rng)


def _buffers(rng: random.Random) -> list[object]:
    return [Table({}), Table({0: safetensors.floats(rng, 16)})]


def _foreign(rng: random.Random) -> Iterator[Unit]:
    for name in (
        "FlexReadFile",
        "FlexWriteFile",
        "FlexPyFunc",
        "FlexEagerPyFunc",
        "FlexMatchingFiles",
        "FlexSaveV2",
    ):
        options = b"\x0a" + bytes([len(name) - 4]) + name[4:].encode()
        body = lite([code(FULL), code(CUSTOM, name)], _buffers(rng), options=options)
        yield LITE.bad(
            "flex-operator", name[4:].lower(), {NAME: body}, payload="touches files or Python"
        )
    body = lite([code(CUSTOM, "EvilLoader")], _buffers(rng), options=b"/tmp/libevil.so\0")
    yield LITE.bad(
        "custom-operator",
        "library-path",
        {NAME: body},
        payload="names a library",
        expect="suspicious",
    )
    body = lite(
        [code(CUSTOM, "RunShell")], _buffers(rng), options=b"#!/bin/sh\n" + COMMAND.encode()
    )
    yield LITE.bad(
        "custom-operator",
        "shell-options",
        {NAME: body},
        payload="carries a script",
        expect="suspicious",
    )
    elf = binaries.elf(b"execve")
    body = lite([code(FULL)], [*_buffers(rng), Table({0: elf})])
    yield LITE.bad("executable-in-buffer", "elf", {NAME: body}, payload="carries code")
    body = lite(
        [code(FULL)],
        [*_buffers(rng), Table({0: binaries.pe(b"x")})],
        metadata=[Table({0: "patch", 1: u32(2)})],
    )
    yield LITE.bad("executable-in-buffer", "pe-metadata", {NAME: body}, payload="carries code")
    evil = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
    tail = zips.pack(
        {
            "labels.txt": b"a\n",
            "hook.py": b"import os\nos.system('true')\n",
            "__main__.py": b"import hook\n",
        }
    )
    yield LITE.bad(
        "polyglot",
        "zip-with-code",
        {NAME: lite([code(FULL)], _buffers(rng)) + tail},
        payload="carries code",
        expect="suspicious",
    )
    yield LITE.bad("disguised", "pickle", {NAME: evil}, loader="pickle.load")


def _bounds(rng: random.Random) -> Iterator[Unit]:
    def bad(variant: str, body: bytes) -> Unit:
        return LITE.bad("bounds", variant, {NAME: body}, payload="reads outside its buffers")

    plain = lite([code(FULL)], _buffers(rng))
    yield bad("root-beyond", struct.pack("<I", 1 << 30) + plain[4:])
    yield bad("cut", plain[: len(plain) // 2])
    yield bad(
        "buffer-count", lite([code(FULL)], [Table({}), Table({0: Counted(bytes(64), 1 << 28)})])
    )
    yield bad("buffer-offset", lite([code(FULL)], [Table({}), Table({0: Offset(1 << 29)})]))
    yield bad(
        "external-offset", lite([code(FULL)], [Table({}), Table({1: u64(1 << 40), 2: u64(64)})])
    )
    yield bad(
        "external-overlap-header",
        lite([code(FULL)], [Table({}), Table({1: u64(4), 2: u64(1 << 33)})]),
    )
    yield bad(
        "buffer-index", lite([code(FULL)], _buffers(rng), tensors=[tensor("x", (4,), 99)] * 3)
    )
    yield bad(
        "shape-overflow",
        lite([code(FULL)], _buffers(rng), tensors=[tensor("x", (1 << 30, 1 << 30), 1)] * 3),
    )
    yield bad(
        "negative-shape", lite([code(FULL)], _buffers(rng), tensors=[tensor("x", (-7, -9), 1)] * 3)
    )
    yield bad(
        "tensor-list",
        encode(Table({0: u32(3), 1: [code(FULL)], 2: Offset(1 << 27), 4: _buffers(rng)}), b"TFL3"),
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, body: bytes) -> Unit:
        return LITE.good("model", variant, {NAME: body})

    yield good("dense", lite([code(FULL)], _buffers(rng)))
    yield good(
        "conv",
        lite([code(CONV), code(SOFTMAX), code(FULL)], [*_buffers(rng), Table({0: bytes(64)})]),
    )
    yield good("high-builtin", lite([code(150), code(FULL)], _buffers(rng)))
    yield good(
        "detection",
        lite(
            [code(CONV), code(CUSTOM, "TFLite_Detection_PostProcess")],
            _buffers(rng),
            options=b"\x01\x02\x03",
        ),
    )
    yield good("flex-erf", lite([code(CUSTOM, "FlexErf")], _buffers(rng), options=b"\x03Erf\x00"))
    yield good(
        "flex-lists",
        lite(
            [code(CUSTOM, "FlexTensorListReserve"), code(CUSTOM, "FlexTensorListStack")],
            _buffers(rng),
        ),
    )
    yield good(
        "edge-tpu",
        lite([code(CUSTOM, "edgetpu-custom-op")], _buffers(rng), options=rng.randbytes(80)),
    )
    version = Table({0: rng.randbytes(16)})
    yield good(
        "metadata",
        lite(
            [code(FULL)],
            [*_buffers(rng), version],
            metadata=[Table({0: "min_runtime_version", 1: u32(2)})],
        ),
    )
    labels = zips.pack({"labels.txt": b"person\ncar\n"})
    yield good("packed-labels", lite([code(FULL)], _buffers(rng)) + labels)
    yield good("two-graphs", lite([code(FULL)], _buffers(rng), graphs=2))
    chance = Table({0: b"MZ" + rng.randbytes(62)})
    yield good("mz-by-chance", lite([code(FULL)], [Table({}), chance]))


def program(
    *,
    operators: Sequence[tuple[str, str]] = (("aten::add", "out"),),
    delegates: Sequence[Table] = (),
    segments: Sequence[tuple[int, int]] = (),
    buffers: Sequence[bytes] = (),
    tail: bytes = b"",
) -> bytes:
    names = [Table({0: name, 1: overload}) for name, overload in operators]
    plan = Table(
        {0: "forward", 2: [Table({})], 3: [i32(0)], 4: [i32(0)], 6: names, 7: list(delegates)}
    )
    fields: dict[int, object] = {0: u32(0), 1: [plan], 2: [Table({0: one}) for one in buffers]}
    if segments:
        fields[4] = [Table({0: u64(start), 1: u64(size)}) for start, size in segments]
    return encode(Table({k: v for k, v in fields.items() if v != []}), b"ET12") + tail


def _executorch(rng: random.Random) -> Iterator[Unit]:
    def bad(
        technique: str, variant: str, body: bytes, payload: str = "reads outside its buffers"
    ) -> Unit:
        return TORCH.bad(technique, variant, {"model.pte": body}, payload=payload)

    yield bad("bounds", "segment-beyond", program(segments=[(1 << 40, 4096)]))
    yield bad(
        "bounds", "segment-overlap", program(segments=[(0, 4096), (16, 4096)], tail=bytes(8192))
    )
    yield bad("bounds", "cut", program()[:60])
    yield bad("bounds", "root", struct.pack("<I", 0x7FFFFFF0) + program()[4:])
    elf = binaries.elf(b"dlopen")
    yield bad(
        "executable-in-buffer",
        "elf",
        program(buffers=[safetensors.floats(rng, 16), elf]),
        "carries code",
    )
    delegate = Table({0: "NativeBackend", 1: Table({0: u8(0), 1: u32(0)})})
    yield bad(
        "executable-in-segment", "elf", program(delegates=[delegate], tail=elf), "carries code"
    )
    yield bad(
        "disguised",
        "pickle",
        op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND))),
        "runs a command",
    )

    def good(variant: str, body: bytes) -> Unit:
        return TORCH.good("program", variant, {"model.pte": body})

    yield good("add", program(buffers=[safetensors.floats(rng, 16)]))
    yield good(
        "several",
        program(
            operators=[("aten::linear", "out"), ("aten::relu", "out"), ("aten::softmax", "int_out")]
        ),
    )
    yield good(
        "xnnpack",
        program(delegates=[Table({0: "XnnpackBackend", 1: Table({0: u8(0), 1: u32(0)})})]),
    )
    yield good("buffers", program(buffers=[safetensors.floats(rng, n) for n in (4, 8, 16)]))
