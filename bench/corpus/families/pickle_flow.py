"""Pickles whose stack, memo or later streams hide the call, or that call without REDUCE."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import pickle
import random
import struct
import uuid
import zlib
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import opcodes as op

PICKLE = Family("pickle_flow", "pickle.load")
ARG = op.text(COMMAND)
SYSTEM = op.stacked("os", "system")
PLAIN = op.pickle4(op.call(SYSTEM, ARG))
Case = tuple[str, str, bytes]


def units(rng: random.Random) -> Iterator[Unit]:
    for technique, variant, body in (
        *_extensions(),
        *_decoys(),
        *_memo(),
        *_computed_names(),
        *_without_reduce(),
        *_build(),
        *_modules(),
        *_nested(),
    ):
        yield PICKLE.bad(
            technique, variant, {f"{rng.choice(['model', 'clf', 'objects'])}.pkl": body}
        )
    for variant, body in _later(rng):
        loader = "pickle.load, repeated to the end of the file"
        yield PICKLE.bad("later-stream", variant, {"objects.pkl": body}, loader=loader)
    yield from _honest(rng)


def _extensions() -> Iterator[Case]:
    for variant, opcode, code in (
        ("ext1", b"\x82\x77", 0x77),
        ("ext2", b"\x83" + struct.pack("<H", 0x1234), 0x1234),
        ("ext4", b"\x84" + struct.pack("<I", 0x123456), 0x123456),
    ):
        add = op.stacked("copyreg", "add_extension")
        register = op.call(add, op.text("os"), op.text("system"), op.integer(code)) + b"0"
        yield "extension-code", variant, op.pickle4(register + op.call(opcode, ARG))
    table = op.stacked("copyreg", "_inverted_registry")
    key = op.integer(5) + op.pack_tuple([op.text("os"), op.text("system")])
    yield (
        "extension-code",
        "registry-item",
        op.pickle4(table + key + b"s0" + op.call(b"\x82\x05", ARG)),
    )


def _decoys() -> Iterator[Case]:
    run = op.call(SYSTEM, ARG)
    yield "decoy", "pop", op.pickle4(run + b"0" + op.pack_dict([(op.text("a"), op.integer(1))]))
    yield (
        "decoy",
        "pop-mark",
        op.pickle4(b"(" + run + op.text("x") + b"1" + op.pack_list([op.NONE])),
    )
    yield "decoy", "pop-is-mark", op.pickle4(b"(0" + run + b"0N")
    safe = op.stacked("collections", "OrderedDict")
    yield "decoy", "safe-first", op.pickle4(op.call(safe) + b"0" + run)
    yield (
        "decoy",
        "dup-function",
        op.pickle4(SYSTEM + op.DUP + op.pack_tuple([ARG]) + b"R0" + b"0N"),
    )
    many = b"".join(op.call(safe) + b"0" for _ in range(300))
    yield "decoy", "many-safe", op.pickle4(many + run)
    yield "decoy", "dict-key", op.pickle4(op.EMPTY_DICT + b"(" + run + op.NONE + b"u")
    yield "decoy", "set-item", op.pickle4(op.EMPTY_SET + b"(" + run + b"\x90")
    yield "decoy", "frozenset", op.pickle4(b"(" + run + b"\x91")
    yield "decoy", "dict-opcode", op.pickle4(b"(" + op.text("k") + run + b"d")


def _memo() -> Iterator[Case]:
    safe = op.stacked("collections", "OrderedDict")
    over = safe + op.put(0) + b"0" + SYSTEM + op.put(0) + b"0"
    yield "memo", "overwritten", op.pickle4(over + op.get(0) + op.pack_tuple([ARG]) + b"R")
    over = safe + b"r" + struct.pack("<I", 300) + b"0" + SYSTEM + b"p300\n0"
    use = b"j" + struct.pack("<I", 300)
    yield "memo", "mixed-forms", op.pickle4(over + use + op.pack_tuple([ARG]) + b"R")
    over = SYSTEM + op.MEMOIZE + b"0" + safe + op.put(7) + b"0"
    yield "memo", "memoize-counts", op.pickle4(over + op.get(0) + op.pack_tuple([ARG]) + b"R")
    over = safe + op.put(1) + b"0" + safe + op.put(0) + b"0" + SYSTEM + op.MEMOIZE + b"0"
    yield "memo", "memoize-after-put", op.pickle4(over + op.get(2) + op.pack_tuple([ARG]) + b"R")
    over = op.text("path") + op.put(3) + b"0" + op.text("system") + op.put(3) + b"0"
    name = op.text("os") + op.get(3) + op.STACK_GLOBAL
    yield "memo", "name-overwritten", op.pickle4(over + op.call(name, ARG))
    shared = op.pack_list([]) + op.put(9) + op.call(SYSTEM, ARG) + b"a0" + op.get(9)
    yield "memo", "appended-later", op.pickle4(shared)


def _computed_names() -> Iterator[Case]:
    decode = op.call(op.stacked("_codecs", "decode"), op.text("flfgrz"), op.text("rot13"))
    yield "computed-name", "rot13", op.pickle4(op.call(op.text("os") + decode + b"\x93", ARG))
    join = op.call(
        op.stacked("builtins", "str.join"), op.text(""), op.pack_list(map(op.text, "system"))
    )
    yield "computed-name", "join", op.pickle4(op.call(op.text("os") + join + b"\x93", ARG))
    add = op.call(op.stacked("operator", "add"), op.text("sys"), op.text("tem"))
    yield "computed-name", "add", op.pickle4(op.call(op.text("posix") + add + b"\x93", ARG))
    item = op.call(
        op.stacked("operator", "getitem"), op.pack_list([op.text("system")]), op.integer(0)
    )
    yield "computed-name", "getitem", op.pickle4(op.call(op.text("os") + item + b"\x93", ARG))
    low = op.call(op.stacked("builtins", "str.lower"), op.text("SYSTEM"))
    yield "computed-name", "lower", op.pickle4(op.call(op.text("os") + low + b"\x93", ARG))
    module = op.call(op.stacked("builtins", "str.format"), op.text("{}s"), op.text("o"))
    yield "computed-name", "module", op.pickle4(op.call(module + op.text("system") + b"\x93", ARG))


def _without_reduce() -> Iterator[Case]:
    lazy = op.stacked("builtins", "map") + op.pack_tuple([SYSTEM, op.pack_list([ARG])]) + op.NEWOBJ
    for name in ("tuple", "bytes", "frozenset"):
        outer = op.stacked("builtins", name) + op.pack_tuple([lazy]) + op.NEWOBJ
        yield "no-reduce", f"newobj-{name}", op.pickle4(outer)
    outer = op.stacked("builtins", "tuple") + op.pack_tuple([lazy]) + op.EMPTY_DICT + op.NEWOBJ_EX
    yield "no-reduce", "newobj-ex", op.pickle4(outer)
    popen = b"(csubprocess\nPopen\n" + op.pack_list(map(op.text, COMMAND.split())) + b"o."
    yield "no-reduce", "obj-popen", op.proto(4) + popen
    yield "no-reduce", "inst-popen", b"((S'touch'\nS'corpus-marker'\nlisubprocess\nPopen\n."
    lazy = op.stacked("builtins", "filter") + op.pack_tuple([SYSTEM, op.pack_list([ARG])]) + b"\x81"
    outer = op.pack_list([]) + b"(" + lazy + b"e"
    star = op.stacked("builtins", "tuple") + op.pack_tuple([lazy]) + b"\x81"
    yield "no-reduce", "newobj-filter", op.pickle4(outer + b"0" + star)
    chain = op.stacked("itertools", "starmap") + op.pack_tuple(
        [SYSTEM, op.pack_list([op.pack_tuple([ARG])])]
    )
    outer = op.stacked("builtins", "frozenset") + op.pack_tuple([chain + b"\x81"]) + b"\x81"
    yield "no-reduce", "starmap", op.pickle4(outer)


def _build() -> Iterator[Case]:
    space = b"(" + op.name("argparse", "Namespace") + b"o"
    hook = op.build(space, op.pack_dict([(op.text("__setstate__"), SYSTEM)]))
    yield "build", "setstate", op.pickle4(op.build(hook, ARG))
    hook = op.build(b"(ctypes\nSimpleNamespace\no", op.pack_dict([(op.text("append"), SYSTEM)]))
    yield "build", "append", op.pickle4(hook + ARG + b"a")
    hook = op.build(space, op.pack_dict([(op.text("extend"), SYSTEM), (op.text("append"), SYSTEM)]))
    state = op.pack_dict([(op.text("append"), SYSTEM)])
    yield (
        "build",
        "appends",
        op.pickle4(op.build(space, state) + b"(" + ARG + b"e") if hook else b"",
    )
    hook = op.build(space, op.pack_dict([(op.text("add"), SYSTEM)]))
    yield "build", "additems", op.pickle4(hook + b"(" + ARG + b"\x90")
    slots = op.pack_tuple([op.NONE, op.pack_dict([(op.text("__setstate__"), SYSTEM)])])
    yield "build", "slot-state", op.pickle4(op.build(op.build(space, slots), ARG))


def _modules() -> Iterator[Case]:
    table = b"csys\nmodules\n"
    swap = table + b"p0\n(S'sys'\ng0\nu0csys\nget\np1\n0"
    take = swap + b"g1\n(S'os'\ntRp2\n0g0\n(S'sys'\ng2\nu0csys\nsystem\n(S'" + COMMAND.encode()
    yield "module-overwrite", "sys-modules", take + b"'\ntR."
    getter = op.call(op.stacked("operator", "getitem"), op.name("sys", "modules"), op.text("os"))
    put = op.stacked("sys", "modules") + op.text("json") + getter + b"s0"
    yield (
        "module-overwrite",
        "json-is-os",
        op.pickle4(put + op.call(op.stacked("json", "system"), ARG)),
    )
    patch = op.call(
        op.stacked("builtins", "setattr"),
        op.call(op.stacked("sys", "modules.get"), (op.text("json"))),
        op.text("loads"),
        SYSTEM,
    )
    lead = op.call(op.stacked("builtins", "__import__"), op.text("json")) + b"0"
    yield (
        "module-overwrite",
        "setattr",
        op.pickle4(lead + patch + b"0" + op.call(op.stacked("json", "loads"), ARG)),
    )


def _nested() -> Iterator[Case]:
    loads = op.stacked("pickle", "loads")
    yield "nested-pickle", "loads", op.pickle4(op.call(loads, op.data(PLAIN)))
    yield (
        "nested-pickle",
        "underscore",
        op.pickle4(op.call(op.stacked("_pickle", "loads"), op.data(PLAIN))),
    )
    stream = op.call(op.stacked("_io", "BytesIO"), op.data(PLAIN))
    yield "nested-pickle", "bytesio", op.pickle4(op.call(op.stacked("_pickle", "load"), stream))
    packed = op.call(op.stacked("zlib", "decompress"), op.data(zlib.compress(PLAIN)))
    yield "nested-pickle", "zlib", op.pickle4(op.call(loads, packed))
    coded = op.call(
        op.stacked("_codecs", "encode"), op.text(PLAIN.decode("latin-1")), op.text("latin1")
    )
    yield "nested-pickle", "codecs", op.pickle4(op.call(loads, coded))
    array = b"\x96" + struct.pack("<Q", len(PLAIN)) + PLAIN
    yield "nested-pickle", "bytearray", op.proto(5) + op.frame(op.call(loads, array) + b".")
    twice = op.pickle4(op.call(loads, op.data(PLAIN)))
    yield "nested-pickle", "twice", op.pickle4(op.call(loads, op.data(twice)))


def _later(rng: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "second", pickle.dumps({"version": 2}, 2) + PLAIN
    yield "after-many", b"".join(pickle.dumps([rng.random()], 4) for _ in range(200)) + PLAIN
    yield "old-after-new", pickle.dumps(list(range(99)), 4) + b"cos\nsystem\n(S'true'\ntR."
    yield "before-broken", pickle.dumps([], 4) + PLAIN + b"\xff"


def _honest(rng: random.Random) -> Iterator[Unit]:
    """Standard library objects as they pickle themselves."""
    point = {"x": decimal.Decimal("1.50"), "y": fractions.Fraction(1, 3), "z": complex(1, 2)}
    samples: dict[str, object] = {
        "ordered": collections.OrderedDict((f"layer{i}", [0.1] * 4) for i in range(9)),
        "counter": collections.Counter("a model of words and words of a model".split()),
        "defaultdict": collections.defaultdict(list, {"a": [1]}),
        "deque": collections.deque(range(20), maxlen=50),
        "dates": [
            dt.datetime(2024, 1, 2, 3, 4, tzinfo=dt.UTC),
            dt.date(2024, 5, 6),
        ],
        "timedelta": {"train": dt.timedelta(hours=3), "eval": dt.timedelta(seconds=9)},
        "uuid": {"run": uuid.UUID(int=rng.getrandbits(128))},
        "numbers": point,
        "sets": {frozenset({1, 2}), frozenset()},
        "ranges": [range(5), slice(1, 9, 2)],
        "builtins": {"types": [int, str, list, dict], "functions": [len, max]},
        "nested-bytes": {"inner": pickle.dumps({"a": 1}), "note": b"harmless"},
        "bytearrays": [bytearray(b"abc"), bytearray(rng.randbytes(300))],
    }
    for variant, value in samples.items():
        for protocol in rng.sample((2, 4, 5), 2):
            name = f"{variant}-p{protocol}"
            yield PICKLE.good(
                "library-objects", name, {"object.pkl": pickle.dumps(value, protocol)}
            )
    shared = [1, 2]
    yield PICKLE.good(
        "memo", "shared", {"shared.pkl": pickle.dumps([shared, shared, {"x": shared}], 4)}
    )
