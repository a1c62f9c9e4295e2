"""Makes pickle streams: random programs of opcodes, and real pickles with mistakes put in."""

from __future__ import annotations

import pickle
import random
import struct
from collections import OrderedDict, defaultdict, deque
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from uuid import UUID

NAMES = (
    b"os",
    b"posix",
    b"builtins",
    b"__builtin__",
    b"collections",
    b"torch._utils",
    b"functools",
    b"types",
    b"copyreg",
    b"dill._dill",
    b"a",
    b"\xc3\xa9",
)
CALLS = (
    *(b"system", b"eval", b"getattr", b"OrderedDict", b"b.c", b"_rebuild_tensor_v2", b"x"),
    *(b"partial", b"CodeType", b"_reconstructor", b"__newobj__", b"_load_type", b"__new__"),
)

VALUES = (
    None,
    [1, 2.5, "three", b"four", True, 1 << 70, -(1 << 40)],
    {"a": {"b": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]}},
    OrderedDict(a=1, b=2),
    defaultdict(list, a=[1]),
    deque([1, 2], maxlen=4),
    {1, 2, 3},
    frozenset({4, 5}),
    bytearray(b"abc"),
    complex(1, 2),
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    date(2026, 1, 2),
    timedelta(seconds=3),
    Decimal("1.5"),
    Fraction(1, 3),
    PurePosixPath("a/b"),
    UUID(int=7),
    ["x" * 300, "é" * 50, b"y" * 300, "quote'\"\n\\"],
    list(range(300)),
    {str(n): n / 7 for n in range(200)},
)


TARGETS = {
    "list": b"]",
    "dict": b"}",
    "tuple": b")",
    "pair": b"K\x01K\x02\x86",
    "int": b"K\x01",
    "float": b"G" + bytes(8),
    "bool": b"\x88",
    "None": b"N",
    "text": b"\x8c\x01a",
    "bytes": b"C\x01a",
    "bytearray": b"\x96\x02" + bytes(7) + b"ab",
    "set": b"\x8f",
    "frozenset": b"(\x91",
    "import": b"ca\nB\n",
    "instance": b"ca\nB\n)R",
}
CHANGES = {
    "BUILD None": b"Nb",
    "BUILD {}": b"}b",
    "BUILD []": b"]b",
    "BUILD (None, None)": b"NN\x86b",
    "BUILD (None, {})": b"N}\x86b",
    "BUILD ({}, None)": b"}N\x86b",
    "BUILD ({}, {})": b"}}\x86b",
    "BUILD three": b"NNN\x87b",
    "BUILD slots": b"N}\x8c\x01aK\x01s\x86b",
    "APPEND": b"K\x01a",
    "APPENDS": b"(K\x01e",
    "APPENDS nothing": b"(e",
    "ADDITEMS": b"(K\x01\x90",
    "ADDITEMS nothing": b"(\x90",
    "SETITEM": b"K\x00K\x01s",
    "SETITEMS": b"(K\x00K\x01u",
    "SETITEMS nothing": b"(u",
    "REDUCE": b")R",
    "REDUCE list": b"]R",
    "REDUCE text": b"\x8c\x01aR",
    "NEWOBJ": b")\x81",
    "NEWOBJ_EX": b")}\x92",
    "BINPERSID": b"Q",
    "READONLY_BUFFER": b"\x98",
    "STACK_GLOBAL": b"\x8c\x01a\x93",
    "DUP": b"2",
    "POP_MARK": b"1",
}


def real_pickles() -> list[bytes]:
    """Every value at every protocol."""
    return [pickle.dumps(value, protocol) for value in VALUES for protocol in range(6)]


def program(rng: random.Random) -> bytes:
    """A random program that mostly keeps to what the machine allows."""
    parts = [b"\x80" + bytes((rng.choice((2, 3, 4, 5)),))] if rng.random() < 0.7 else []
    parts += [rng.choice(_PIECES)(rng) for _ in range(rng.randrange(1, 14))]
    if rng.random() < 0.9:
        parts.append(b".")
    if rng.random() < 0.2:
        parts.append(rng.randbytes(rng.randrange(6)))
    return b"".join(parts)


def mutated(rng: random.Random, data: bytes) -> bytes:
    """`data` with one to three bytes changed, removed, doubled or put in."""
    out = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(out) + 1) if out else 0
        kind = rng.randrange(4)
        if kind == 0 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 1:
            del out[at : at + rng.randrange(1, 4)]
        elif kind == 2:
            out[at:at] = rng.choice(_PIECES)(rng)
        else:
            out[at:at] = out[at : at + rng.randrange(1, 12)]
    return bytes(out)


def _text(rng: random.Random, word: bytes) -> bytes:
    form = rng.randrange(5)
    if form == 0:
        return b"\x8c" + bytes((len(word),)) + word
    if form == 1:
        return b"X" + struct.pack("<I", len(word)) + word
    if form == 2:
        return b"V" + word + b"\n"
    if form == 3:
        return b"S'" + word.replace(b"\xc3\xa9", b"e") + b"'\n"
    return b"\x8d" + struct.pack("<Q", len(word)) + word


def _global(rng: random.Random) -> bytes:
    return b"c" + rng.choice(NAMES) + b"\n" + rng.choice(CALLS) + b"\n"


def _stack_global(rng: random.Random) -> bytes:
    memo = rng.choice((b"", b"\x94"))
    return _text(rng, rng.choice(NAMES)) + memo + _text(rng, rng.choice(CALLS)) + memo + b"\x93"


def _number(rng: random.Random) -> bytes:
    return rng.choice(
        (
            b"K\x07",
            b"M\x01\x02",
            b"J\x01\x00\x00\x80",
            b"I12\n",
            b"I0x10\n",
            b"I01\n",
            b"I00\n",
            b"L5L\n",
            b"L0x1fL\n",
            b"L7\n",
            b"\x8a\x01\x80",
            b"\x8a\x00",
            b"F1.5\n",
            b"Fnan\n",
            b"G" + struct.pack(">d", 1.5),
            b"I 5\n",
            b"I1_0\n",
            b"L1_0L\n",
            b"I-0x1\n",
            b"F 1\n",
        )
    )


def _memo(rng: random.Random) -> bytes:
    n = rng.randrange(3)
    return rng.choice(
        (
            b"\x94",
            b"q" + bytes((n,)),
            b"h" + bytes((n,)),
            b"p%d\n" % n,
            b"g%d\n" % n,
            b"r" + struct.pack("<I", n),
            b"j" + struct.pack("<I", n),
        )
    )


def _act(rng: random.Random) -> bytes:
    return rng.choice(
        (
            *(b")R", b"(tR", b"K\x01\x85R", b")\x81", b")}\x92", b"Q", b"Pid\n"),
            *(b"}b", b"Nb", b"N}\x86b", b"}}\x86b"),
            *(b"(" + b"K\x01" * 70 + b"tR", b"(" + b"K\x01" * 70 + b"t\x94"),
        )
    )


def _inst(rng: random.Random) -> bytes:
    return (
        b"("
        + b"K\x01" * rng.randrange(3)
        + b"i"
        + rng.choice(NAMES)
        + b"\n"
        + rng.choice(CALLS)
        + b"\n"
    )


def _object(rng: random.Random) -> bytes:
    return b"(" + _global(rng) + b"K\x02" * rng.randrange(3) + b"o"


def _plain(rng: random.Random) -> bytes:
    return rng.choice(
        (
            b"N",
            b"]",
            b"}",
            b")",
            b"\x8f",
            b"(",
            b"0",
            b"1",
            b"2",
            b"\x88",
            b"\x89",
            b"t",
            b"l",
            b"d",
            b"a",
            b"e",
            b"s",
            b"u",
            b"\x85",
            b"\x86",
            b"\x87",
            b"\x90",
            b"\x91",
            b"\x97",
            b"\x98",
            b"]K\x01a",
            b"](K\x01K\x02e",
            b"}K\x01K\x02s",
            b"}(K\x01K\x02u",
            b"\x8f(K\x01\x90",
            b"(K\x01\x91",
            b"\x82\x01",
            b"\x83\x01\x00",
            b"\x96\x02\x00\x00\x00\x00\x00\x00\x00ab",
            b"C\x02ab",
            b"U\x02ab",
            b"\x95\x02\x00\x00\x00\x00\x00\x00\x00N0",
            b"B\x01\x00\x00\x00a",
            b"T\x01\x00\x00\x00a",
        )
    )


_PIECES = (_global, _stack_global, _number, _memo, _act, _inst, _object, _plain, _plain, _memo,
           lambda rng: _text(rng, rng.choice(NAMES)))  # fmt: skip
