"""joblib files: raw array bytes inside the pickle stream, under several compressors.

Source of the layout: joblib/numpy_pickle.py (NumpyArrayWrapper) and numpy_pickle_compat.py.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import struct
import zlib
from collections.abc import Callable, Iterator

from bench.corpus.families.numpy import object_array
from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import opcodes as op

JOBLIB = Family("joblib", "joblib.load")
RUN = op.call(op.stacked("os", "system"), op.text(COMMAND))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda body: lzma.compress(body, format=lzma.FORMAT_ALONE),
}


def dtype(code: str) -> bytes:
    """`numpy.dtype(code)` as it pickles itself."""
    made = op.call(op.stacked("numpy", "dtype"), op.text(code), b"\x89", b"\x88")
    order = "|" if code in ("O8", "u1") else "<"
    state = [op.integer(3), op.text(order), op.NONE, op.NONE, op.NONE]
    state += [op.integer(-1), op.integer(-1), op.integer(63 if code == "O8" else 0)]
    return op.build(made, op.pack_tuple(state))


def wrapper(code: str, shape: tuple[int, ...], *, alignment: bool = True) -> bytes:
    """A NumpyArrayWrapper; the array's bytes must follow at once."""
    state = [
        (op.text("subclass"), op.stacked("numpy", "ndarray")),
        (op.text("shape"), op.value(shape)),
        (op.text("order"), op.text("C")),
        (op.text("dtype"), dtype(code)),
        (op.text("allow_mmap"), b"\x88"),
    ]
    if alignment:
        state.append((op.text("numpy_array_alignment_bytes"), op.integer(16)))
    made = op.stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + op.EMPTY_TUPLE + op.NEWOBJ
    return op.build(made, op.pack_dict(state))


class Stream:
    """A joblib stream under construction."""

    def __init__(self, lead: bytes = op.proto(4)) -> None:
        self.body = lead

    def opcodes(self, code: bytes, *, framed: bool = True) -> Stream:
        self.body += op.frame(code) if framed else code
        return self

    def array(self, data: bytes, code: str, shape: tuple[int, ...]) -> Stream:
        """Wrapper, padding to 16 as joblib pads, and the bytes."""
        self.opcodes(wrapper(code, shape))
        pad = 16 - (len(self.body) + 1) % 16
        self.body += bytes([pad]) + b"\xff" * pad + data
        return self

    def objects(self, inner: bytes, count: int) -> Stream:
        """An object array: a whole pickle follows the wrapper."""
        self.opcodes(wrapper("O8", (count,)))
        self.body += inner
        return self

    def end(self, code: bytes = b"") -> bytes:
        return self.opcodes(code + op.STOP).body


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _hostile(rng)
    yield from _honest(rng)


def _floats(rng: random.Random, count: int) -> bytes:
    return struct.pack(f"<{count}d", *(rng.gauss(0, 1) for _ in range(count)))


def _hostile(rng: random.Random) -> Iterator[Unit]:
    plain = op.pickle4(op.pack_dict([(op.text("steps"), RUN)]))
    yield JOBLIB.bad("plain", "p4", {"model.joblib": plain})
    yield JOBLIB.bad(
        "plain",
        "p2-renamed",
        {
            "model.pkl": op.proto(2)
            + RUN.replace(b"\x8c\x02os\x8c\x06system\x93", b"cos\nsystem\n").replace(
                b"\x8c\x13", b"X\x13\0\0\0"
            )
            + b"."
        },
    )
    for variant, pack in PACKERS.items():
        yield JOBLIB.bad("compressed", variant, {"model.joblib": pack(plain)})
        yield JOBLIB.bad(
            "compressed-after-array", variant, {"pipeline.joblib.z": pack(_after(rng))}
        )
    yield JOBLIB.bad("after-array", "tuple", {"model.joblib": _after(rng)})
    two = (
        Stream()
        .opcodes(b"(")
        .array(_floats(rng, 9), "f8", (3, 3))
        .array(_floats(rng, 4), "f8", (4,))
    )
    yield JOBLIB.bad("after-array", "two-arrays", {"scaler.joblib": two.end(RUN + b"l")})
    decoy = (RUN + b".") * 3
    shaped = (
        Stream().opcodes(b"(").array(b"\x80\x04N." * 8, "f8", (4,)).opcodes(b"0").end(RUN + b"t")
    )
    yield JOBLIB.bad("after-array", "stop-in-array", {"model.joblib": shaped})
    wide = Stream().opcodes(b"(").array(rng.randbytes(80_000), "u1", (80_000,)).end(RUN + b"t")
    yield JOBLIB.bad("after-array", "large-u1", {"model.joblib": wide})
    yield JOBLIB.bad(
        "object-array", "nested", {"encoder.joblib": Stream().objects(op.pickle4(RUN), 1).end()}
    )
    inner = op.pickle2(op.call(op.name("posix", "system"), op.long_text(COMMAND)))
    after = Stream().opcodes(b"(").array(_floats(rng, 8), "f8", (8,)).objects(inner, 2).end(b"t")
    yield JOBLIB.bad("object-array", "after-array", {"encoder.joblib": after})
    packed = zlib.compress(Stream().opcodes(b"(").objects(inner, 2).end(b"t"))
    yield JOBLIB.bad("object-array", "compressed", {"encoder.joblib": packed})
    size = hex(len(plain)).encode().ljust(19)
    yield JOBLIB.bad("old-format", "zfile", {"model.pkl.z": b"ZF" + size + zlib.compress(plain)})
    old = Stream().opcodes(wrapper("f8", (2,), alignment=False)).body + _floats(rng, 2)
    yield JOBLIB.bad("old-format", "no-padding", {"model.joblib": old + b"0" + RUN + b"."})
    yield JOBLIB.bad("after-array", "shape-lies", {"model.joblib": _after(rng) + decoy})
    yield JOBLIB.bad(
        "disguised", "named-npy", {"weights.npy": plain}, loader="joblib.load or pickle.load"
    )
    yield JOBLIB.bad("disguised", "gz-named-json", {"params.json": PACKERS["gzip"](plain)})


def _after(rng: random.Random) -> bytes:
    return Stream().opcodes(b"(").array(_floats(rng, 12), "f8", (3, 4)).end(RUN + b"t")


def _honest(rng: random.Random) -> Iterator[Unit]:
    plain = op.pickle4(op.value({"threshold": 0.5, "classes": ["ham", "spam"]}))
    yield JOBLIB.good("plain", "settings", {"settings.joblib": plain})
    for variant, pack in PACKERS.items():
        body = Stream().opcodes(b"(").array(_floats(rng, 40), "f8", (10, 4)).end(b"t")
        yield JOBLIB.good("compressed", variant, {"matrix.joblib": pack(body)})
    for variant, code, width in (
        ("f4", "f4", 4),
        ("i8", "i8", 8),
        ("u1", "u1", 1),
        ("i4", "i4", 4),
    ):
        stream = (
            Stream()
            .opcodes(op.EMPTY_DICT + op.text("data"))
            .array(rng.randbytes(64 * width), code, (8, 8))
        )
        yield JOBLIB.good("array", variant, {"array.joblib": stream.end(b"s")})
    texts = object_array([op.text("spam"), op.text("ham")])
    several = Stream().opcodes(b"(")
    for rows in (3, 5, 7):
        several.array(_floats(rng, rows * 2), "f8", (rows, 2))
    yield JOBLIB.good("array", "several", {"folds.joblib": several.end(op.value("end") + b"t")})
    hostile_looking = b"cos\nsystem\n(S'ls'\ntR." * 4
    body = Stream().array(hostile_looking, "u1", (len(hostile_looking),)).end()
    yield JOBLIB.good("array", "bytes-look-like-pickle", {"table.joblib": body})
    yield JOBLIB.good("object-array", "words", {"vocab.joblib": Stream().objects(texts, 2).end()})
    size = hex(len(plain)).encode().ljust(19)
    yield JOBLIB.good(
        "old-format", "zfile", {"settings.pkl.z": b"ZF" + size + zlib.compress(plain)}
    )
