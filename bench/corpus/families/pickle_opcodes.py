"""Pickles whose opcodes hide a call: protocols, arguments, errors after the payload, names."""

from __future__ import annotations

import pickle
import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import opcodes as op

PICKLE = Family("pickle_opcodes", "pickle.load")
LINE = COMMAND.encode()
SYSTEM0 = b"cos\nsystem\n(S'" + LINE + b"'\ntR"
SYSTEM2 = op.call(op.name("posix", "system"), op.long_text(COMMAND))
SYSTEM4 = op.call(op.stacked("os", "system"), op.text(COMMAND))
Case = tuple[str, str, bytes]


def units(rng: random.Random) -> Iterator[Unit]:
    for technique, variant, body in (
        *_protocols(rng),
        *_number_bases(),
        *_after_payload(),
        *_dotted(),
        *_text_forms(),
        *_framing(rng),
    ):
        yield PICKLE.bad(technique, variant, {f"{rng.choice(NAMES)}.pkl": body})
    yield from _honest(rng)


NAMES = ("model", "weights", "data", "features", "encoder", "vocab", "state", "scaler")


def _protocols(rng: random.Random) -> Iterator[Case]:
    yield "protocol", "p0", b"(dp0\nS'w'\np1\nF0.5\ns" + SYSTEM0 + b"."
    yield "protocol", "p1", b"}(U\x01wG?\xe0\0\0\0\0\0\0U\x01x" + SYSTEM0 + b"u."
    yield "protocol", "p2", op.pickle2(op.pack_dict([(op.long_text("w"), SYSTEM2)]))
    yield (
        "protocol",
        "p3",
        op.proto(3) + op.pack_tuple([op.data(rng.randbytes(64)), SYSTEM2]) + b".",
    )
    yield "protocol", "p4", op.pickle4(op.pack_list([op.real(0.5), SYSTEM4]))
    body = b"\x96" + struct.pack("<Q", 32) + rng.randbytes(32)
    yield "protocol", "p5", op.proto(5) + op.frame(op.pack_tuple([body, SYSTEM4]) + b".")
    yield "protocol", "none", SYSTEM0 + b"."


def _number_bases() -> Iterator[Case]:
    for variant, line in {
        "int-hex": b"I0x10\n",
        "int-octal": b"I0o17\n",
        "int-underscore": b"I1_000\n",
        "int-blanks": b"I  7  \n",
        "long-hex": b"L0x10L\n",
        "long-binary": b"L0b101L\n",
        "long-plus": b"L+5\n",
    }.items():
        yield "number-base", variant, line + b"0" + SYSTEM0 + b"."
    yield "number-base", "memo-index-signed", b"Np+3\n0g003\n0" + SYSTEM0 + b"."


def _after_payload() -> Iterator[Case]:
    tails = {
        "bad-opcode": b"\xff\xfe",
        "no-stop": b"",
        "truncated-text": b"X\xff\xff\0\0abc",
        "huge-text": b"\x8d" + struct.pack("<Q", 1 << 62),
        "bad-utf8": b"\x8c\x02\xff\xfe.",
        "missing-memo": b"h\x77.",
        "empty-stack": b"0000.",
        "bad-line": b"Inot-a-number\n.",
        "buffer-without-buffers": b"\x97.",
        "persistent-id": b"0S'x'\nQ.",
        "unknown-extension": b"\x82\xee.",
        "negative-long": b"\x8b\xff\xff\xff\xff.",
        "mark-missing": b"t.",
        "future-protocol": b"\x80\x09.",
        "missing-module": b"cno_such_module_anywhere\nthing\n.",
        "short-frame": b"\x95" + struct.pack("<Q", 1 << 40) + b"N.",
    }
    for variant, tail in tails.items():
        start = SYSTEM0 if variant != "short-frame" else op.proto(4) + SYSTEM4
        yield "error-after-payload", variant, start + tail
    yield "error-after-payload", "non-ascii-global", SYSTEM0 + "cmodèle\nclassé\n.".encode()
    yield "error-after-payload", "in-frame", op.proto(4) + op.frame(SYSTEM4 + b"\xff")


def _dotted() -> Iterator[Case]:
    for module, attribute in (
        ("logging", "os.system"),
        ("shutil", "os.popen"),
        ("tarfile", "os.system"),
        ("random", "_os.system"),
        ("json.tool", "argparse._os.system"),
        ("pathlib", "os.posix_spawnp.__self__.system"),
    ):
        slug = f"{module}-{attribute}".replace(".", "-").replace("_", "")
        yield (
            "dotted-name",
            slug,
            op.pickle4(op.call(op.stacked(module, attribute), op.text(COMMAND))),
        )
    inline = op.name("logging", "os.system")
    yield "dotted-name", "line-global", op.proto(4) + op.call(inline, op.text(COMMAND)) + b"."
    chain = op.call(
        op.stacked("collections", "_sys.modules.get"),
        op.text("os"),
    )
    getter = op.call(op.stacked("builtins", "getattr"), chain, op.text("system"))
    yield "dotted-name", "modules-get", op.pickle4(op.call(getter, op.text(COMMAND)))
    build = op.call(op.stacked("typing", "sys.modules.__getitem__"), op.text("posix"))
    getter = op.call(op.stacked("operator", "attrgetter"), op.text("system"))
    yield "dotted-name", "attrgetter", op.pickle4(op.call(op.call(getter, build), op.text(COMMAND)))


def _text_forms() -> Iterator[Case]:
    arguments = op.pack_tuple([op.text(COMMAND)]) + op.REDUCE
    stack = {
        "unicode-escapes": b"V\\u006f\\u0073\nV\\u0073ystem\n",
        "binunicode": op.long_text("os") + op.long_text("system"),
        "binunicode8": b"".join(
            b"\x8d" + struct.pack("<Q", len(x)) + x for x in (b"os", b"system")
        ),
        "through-memo": op.text("system") + op.MEMOIZE + b"0" + op.text("os") + op.get(0),
        "through-dup": op.text("os") + op.DUP + b"0" + op.text("system"),
    }
    for variant, names in stack.items():
        yield "name-form", variant, op.proto(4) + names + op.STACK_GLOBAL + arguments + b"."
    yield "name-form", "string-escapes", b"cos\nsystem\n(S'\\x74ouch\\040corpus-marker'\ntR."
    yield "name-form", "string-double-quotes", b'cos\nsystem\n(S"' + LINE + b'"\ntR.'
    yield (
        "name-form",
        "old-builtin",
        b'c__builtin__\neval\n(S\'__import__("os").system("true")\'\ntR.',
    )
    yield "name-form", "old-import-map", b"ccommands\ngetoutput\n(S'" + LINE + b"'\ntR."
    yield (
        "name-form",
        "binstring",
        b"cos\nsystem\n(T" + struct.pack("<I", len(LINE)) + LINE + b"tR.",
    )
    yield "name-form", "inst", b"(S'" + LINE + b"'\nios\nsystem\n."
    yield "name-form", "obj", b"(cos\nsystem\nS'" + LINE + b"'\no."
    yield (
        "name-form",
        "list-as-arguments",
        b"cos\nsystem\n(S'" + LINE + b"'\nlp0\n0(S'" + LINE + b"'\ntR.",
    )


def _framing(rng: random.Random) -> Iterator[Case]:
    yield "framing", "many-protos", op.proto(2) + op.proto(4) + op.proto(0) + SYSTEM0 + b"."
    split = len(SYSTEM4) // 2
    frames = op.frame(op.pack_list([])) + b"0" + op.frame(SYSTEM4 + b".")
    yield "framing", "two-frames", op.proto(4) + frames
    yield "framing", "zero-frame", op.proto(4) + op.frame(b"") + SYSTEM4 + b"."
    yield "framing", "long-lead", b"N0" * 200_000 + SYSTEM0 + b"."
    yield "framing", "deep-marks", b"(" * 50_000 + b"1" * 49_999 + b"0" * 0 + SYSTEM0 + b"."
    pad = op.data(rng.randbytes(70_000)) + b"0"
    yield "framing", "long-bytes-before", op.proto(4) + pad + op.frame(SYSTEM4 + b".") + b""
    yield "framing", "after-stop-zip", op.pickle4(SYSTEM4) + b"PK\5\6" + bytes(18)
    yield "framing", "proto-4-in-old", b"\x80\x02" + SYSTEM4[:split] + SYSTEM4[split:] + b"."
    values = op.pack_list(op.real(rng.random()) for _ in range(5000))
    yield "framing", "last-after-data", op.pickle4(op.pack_tuple([values, SYSTEM4]))
    state = op.pack_dict([(op.text("weights"), values), (op.text("meta"), SYSTEM4)])
    yield "framing", "inside-state", op.pickle4(state)


def _honest(rng: random.Random) -> Iterator[Unit]:
    """What pickle.dump itself writes for data, in every protocol."""
    vocabulary = {f"token_{index}": index for index in range(500)}
    samples: dict[str, object] = {
        "vocabulary": vocabulary,
        "rows": [[rng.random() for _ in range(8)] for _ in range(60)],
        "settings": {
            "lr": 1e-3,
            "layers": (2, 4),
            "name": "bert",
            "flags": {"a"},
            "none": None,
        },
        "bytes": {"blob": rng.randbytes(4000), "table": bytearray(rng.randbytes(50))},
        "numbers": [1, -1, 255, 256, 65536, 2**40, -(2**70), 10**60, 1.5, float("inf"), True],
        "texts": ["os.system is a function", "eval(", "naïve café", "日本語", "\x00\n", "x" * 300],
        "code-as-text": {"readme": "import os\nos.system('ls')\n", "cmd": "__import__('os')"},
        "labels": [f"class {index}" for index in range(90)],
        "nested": {"a": {"b": [{"c": (index, [index])} for index in range(40)]}},
    }
    for variant, value in samples.items():
        protocol = rng.randrange(6)
        body = pickle.dumps(value, protocol)
        yield PICKLE.good("data", f"{variant}-p{protocol}", {f"{variant}.pkl": body})
    for protocol in range(6):
        body = pickle.dumps(samples["settings"], protocol)
        yield PICKLE.good("protocol", f"p{protocol}", {"settings.pickle": body})
    yield PICKLE.good(
        "stream", "two-pickles", {"log.pkl": pickle.dumps([1]) + pickle.dumps({"a": 2})}
    )
    yield PICKLE.good("hand-made", "hex-int", {"count.pkl": b"I0x10\n."})
    yield PICKLE.good("hand-made", "memo-p0", {"x.pkl": b"(lp0\nS'a'\np1\nag1\na."})
    unused = op.proto(4) + op.text("os") + b"0" + op.text("system") + b"0" + op.EMPTY_DICT + b"."
    yield PICKLE.good("hand-made", "names-never-joined", {"x.pkl": unused})
    large = pickle.dumps([{"id": index, "text": f"row {index}"} for index in range(3000)], 4)
    yield PICKLE.good("data", "many-rows", {"rows.pickle": large})
