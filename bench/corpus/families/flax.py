"""Flax parameters in MessagePack. Source: flax/serialization.py (extension codes 1, 2, 3)."""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, safetensors
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.msgpack import Ext, Raw, pack

FLAX = Family("flax", "flax.serialization.msgpack_restore")
NAME = "flax_model.msgpack"
EVIL = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))


def array(shape: list[int], dtype: str, data: bytes) -> Ext:
    return Ext(1, pack([shape, dtype, data]))


def weights(rng: random.Random) -> dict[str, object]:
    def kernel(rows: int, columns: int) -> Ext:
        return array([rows, columns], "float32", safetensors.floats(rng, rows * columns))

    layers = {
        f"layers_{i}": {"kernel": kernel(4, 4), "bias": array([4], "float32", bytes(16))}
        for i in range(3)
    }
    return {"params": {"encoder": layers, "head": {"kernel": kernel(4, 2)}}}


def units(rng: random.Random) -> Iterator[Unit]:
    def bad(
        technique: str, variant: str, body: bytes, payload: str = "exhausts memory or the stack"
    ) -> Unit:
        return FLAX.bad(technique, variant, {NAME: body}, payload=payload)

    yield bad("bomb", "array-count", pack({"params": Raw(b"\xdd\xff\xff\xff\xff" + b"\xc0" * 100)}))
    yield bad("bomb", "map-count", pack({"params": Raw(b"\xdf\x7f\xff\xff\xff")}))
    yield bad("bomb", "binary-length", pack({"w": Raw(b"\xc6\xff\xff\xff\xf0abc")}))
    yield bad("bomb", "deep-arrays", b"\x91" * 200_000 + b"\xc0")
    yield bad("bomb", "deep-maps", b"\x81\xa1a" * 100_000 + b"\xc0")
    yield bad("bomb", "shape", pack({"w": array([1 << 40, 1 << 20], "float32", bytes(16))}))
    yield bad("bomb", "ext-length", pack({"w": Raw(b"\xc9\xff\xff\xff\xff\x01")}))
    yield bad(
        "extension-type",
        "unknown-code",
        pack({**weights(rng), "hook": Ext(42, EVIL)}),
        "a pickle for a custom hook",
    )
    yield bad(
        "extension-type",
        "pickle-as-array",
        pack({"w": Ext(1, EVIL)}),
        "a pickle in an array's place",
    )
    yield bad(
        "extension-type", "object-dtype", pack({"w": array([1], "O", EVIL)}), "an object array"
    )
    yield bad(
        "extension-type",
        "object-dtype-long",
        pack({"w": array([1], "object", struct.pack("<Q", 0x41414141))}),
        "an object array",
    )
    yield bad(
        "embedded-pickle",
        "bytes",
        pack({**weights(rng), "optimizer": EVIL}),
        "a pickle for a later loads",
    )
    elf = binaries.elf(b"execve")
    yield bad(
        "executable", "in-array", pack({"w": array([len(elf)], "uint8", elf)}), "carries code"
    )
    yield bad(
        "size-mismatch",
        "array",
        pack({"w": array([64, 64], "float32", bytes(16))}),
        "reads outside its buffer",
    )
    yield bad("trailing", "pickle", pack(weights(rng)) + EVIL, "a second reading")
    yield bad(
        "embedded-pickle",
        "text",
        pack({"state": base64.b64encode(EVIL).decode()}),
        "a pickle in base 64",
    )
    yield bad("executable", "in-bytes", pack({**weights(rng), "lib": elf}), "carries code")
    yield bad("trailing", "script", pack(weights(rng)) + b"\n#!/bin/sh\ntrue\n", "a second reading")
    yield bad("disguised", "pickle", EVIL, "runs a command")
    yield bad("truncated", "half", pack(weights(rng))[:90], "breaks readers")

    def good(variant: str, tree: object) -> Unit:
        return FLAX.good("parameters", variant, {NAME: pack(tree)})

    yield good("encoder", weights(rng))
    half = {
        "w": array([4, 4], "float16", safetensors.floats(rng, 16, "F16")),
        "b": array([8], "bfloat16", safetensors.floats(rng, 8, "BF16")),
    }
    yield good("half", {"params": half})
    yield good(
        "integers",
        {"ids": array([4], "int32", struct.pack("<4i", 1, 2, 3, 4)), "step": 17, "flag": True},
    )
    yield good(
        "scalar",
        {
            "scale": Ext(3, pack([[], "float32", struct.pack("<f", 0.5)])),
            "z": Ext(2, pack([1.0, 2.0])),
        },
    )
    chunks = {
        "__msgpack_chunked_array__": True,
        "shape": {"0": 8},
        "chunks": {"0": array([4], "float32", bytes(16)), "1": array([4], "float32", bytes(16))},
    }
    yield good("chunked", {"params": {"big": chunks}})
    yield good(
        "training-state",
        {**weights(rng), "opt_state": {"0": {"count": 3, "mu": weights(rng)["params"]}}, "step": 3},
    )
    yield good("empty", {"params": {}})
    yield good(
        "texts",
        {"config": {"name": "t5", "note": "os.system is a word", "items": ["a", None, 1.5, -4]}},
    )
    yield good("many", {f"block_{i}": {"w": array([2], "float32", bytes(8))} for i in range(300)})
    yield good("bytes", {"tokenizer": rng.randbytes(500), "w": array([0, 4], "float32", b"")})
