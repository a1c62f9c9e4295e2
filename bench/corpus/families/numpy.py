"""NumPy files: object arrays are pickles; headers and archives can lie."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import npy, zips
from bench.corpus.writers import opcodes as op

NUMPY = Family("numpy", "numpy.load(allow_pickle=True)")
RUN = op.call(op.stacked("os", "system"), op.text(COMMAND))
P4 = op.pickle4(RUN)
P0 = b"cposix\nsystem\n(S'" + COMMAND.encode() + b"'\ntR."


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _hostile(rng)
    yield from _honest(rng)


def object_array(items: list[bytes]) -> bytes:
    """An object array as numpy pickles it, the items given as opcodes."""
    made = op.call(
        op.name("numpy.core.multiarray", "_reconstruct"),
        op.name("numpy", "ndarray"),
        op.value((0,)),
        op.data(b"b"),
    )
    kind = op.call(op.name("numpy", "dtype"), op.text("O8"), b"\x89", b"\x88")
    dtype = op.build(kind, op.value((3, "|", None, None, None, -1, -1, 63)))
    state = [op.integer(1), op.value((len(items),)), dtype, b"\x89", op.pack_list(items)]
    return op.proto(4) + op.build(made, op.pack_tuple(state)) + op.STOP


def _hostile(rng: random.Random) -> Iterator[Unit]:
    for variant, version, body in (
        ("p4", 1, P4),
        ("p0", 1, P0),
        ("version-2", 2, P4),
        ("version-3", 3, P4),
        ("array-item", 1, object_array([op.text("a"), RUN])),
        (
            "array-first-of-many",
            1,
            object_array([RUN, *(op.real(rng.random()) for _ in range(200))]),
        ),
    ):
        yield NUMPY.bad("object-npy", variant, {"labels.npy": npy.array("|O", (2,), body, version)})
    loader = "numpy.load, called twice on one open file"
    yield NUMPY.bad(
        "object-npy", "fields", {"x.npy": npy.array([("a", "|O"), ("b", "<f4")], (1,), P4)}
    )
    yield NUMPY.bad("object-npy", "fortran", {"x.npy": npy.header("|O", (3, 1), fortran=True) + P4})
    yield NUMPY.bad(
        "object-npy",
        "second-array",
        {"x.npy": npy.array("<f4", (2,), bytes(8)) + npy.array("|O", (1,), P4)},
        loader=loader,
    )
    plain = npy.array("<f4", (4,), struct.pack("<4f", 1, 2, 3, 4))
    evil = npy.array("|O", (1,), P4)
    for variant, files in {
        "only": {"arr_0.npy": evil},
        "last": {"w.npy": plain, "b.npy": plain, "meta.npy": evil},
        "bare-pickle-member": {"w.npy": plain, "meta.npy": P4},
        "no-suffix": {"w": plain, "labels": evil},
        "in-folder": {"model/w.npy": plain, "model/hook.npy": evil},
    }.items():
        method = zips.DEFLATED if variant in ("last", "in-folder") else zips.STORED
        technique = "object-npz" if variant != "bare-pickle-member" else "pickle-in-npz"
        if variant == "bare-pickle-member":
            continue
        yield NUMPY.bad(technique, variant, {"weights.npz": zips.pack(files, method)})
    yield NUMPY.bad("disguised", "pickle-named-npy", {"embeddings.npy": P4})
    yield NUMPY.bad("disguised", "p0-named-npy", {"embeddings.npy": P0})
    double = zips.archive([zips.Member("w.npy", plain), zips.Member("w.npy", evil)])
    yield NUMPY.bad("duplicate-member", "second-hostile", {"w.npz": double})
    yield NUMPY.bad(
        "member-name-case", "two-cases", {"w.npz": zips.pack({"w.npy": plain, "W.NPY": evil})}
    )
    yield NUMPY.bad(
        "header",
        "shape-bomb",
        {"x.npy": npy.array("<f8", (1 << 40, 1 << 20), bytes(64))},
        payload="claims 2**63 bytes",
        expect="suspicious",
    )


def _honest(rng: random.Random) -> Iterator[Unit]:
    def numbers(code: str, shape: tuple[int, ...], version: int = 1) -> bytes:
        count = 1
        for size in shape:
            count *= size
        return npy.array(code, shape, rng.randbytes(count * int(code[2:])), version)

    for code in ("<f4", "<f8", "<f2", "<i8", "|u1", "|b1", "<c16", ">i4"):
        name = code.replace("<", "le-").replace("|", "").replace(">", "be-")
        yield NUMPY.good("array", name, {"features.npy": numbers(code, (7, 5))})
    yield NUMPY.good("array", "empty", {"empty.npy": npy.array("<f4", (0, 128), b"")})
    yield NUMPY.good("array", "scalar", {"bias.npy": npy.array("<f8", (), struct.pack("<d", 0.5))})
    yield NUMPY.good(
        "array", "text", {"names.npy": npy.array("<U4", (2,), "abcdefgh".encode("utf-32-le"))}
    )
    fields = [("id", "<i4"), ("score", "<f4", (2,))]
    yield NUMPY.good(
        "array", "structured", {"rows.npy": npy.array(fields, (3,), rng.randbytes(36))}
    )
    unicode_fields = [("größe", "<i4")]
    yield NUMPY.good(
        "array", "version-3", {"rows.npy": npy.array(unicode_fields, (3,), bytes(12), 3)}
    )
    yield NUMPY.good("array", "version-2", {"rows.npy": numbers("<f4", (3, 3), 2)})
    yield NUMPY.good(
        "array", "dates", {"days.npy": npy.array("<M8[D]", (4,), struct.pack("<4q", 1, 2, 3, 4))}
    )
    words = object_array([op.text("cat"), op.text("dog"), op.NONE])
    yield NUMPY.good("object-npy", "words", {"classes.npy": npy.array("|O", (3,), words)})
    ragged = object_array([op.value([1, 2]), op.value([3])])
    yield NUMPY.good("object-npy", "ragged", {"tokens.npy": npy.array("|O", (2,), ragged)})
    for variant, method in (("stored", zips.STORED), ("deflated", zips.DEFLATED)):
        files = {f"layer{i}/w.npy": numbers("<f4", (4, 4)) for i in range(5)}
        yield NUMPY.good("npz", variant, {"weights.npz": zips.pack(files, method)})
    files = {"data.npy": numbers("<f4", (6,)), "words.npy": npy.array("|O", (3,), words)}
    yield NUMPY.good("npz", "with-words", {"vocab.npz": zips.pack(files)})
    sparse = {"indices.npy": numbers("<i4", (6,)), "indptr.npy": numbers("<i4", (4,))}
    sparse |= {"format.npy": npy.array("|S3", (), b"csr"), "shape.npy": numbers("<i8", (2,))}
    yield NUMPY.good("npz", "scipy-sparse", {"tfidf.npz": zips.pack(sparse, zips.DEFLATED)})
    looks = b"cos\nsystem\n(S'ls'\ntR."
    yield NUMPY.good(
        "array", "bytes-look-like-pickle", {"x.npy": npy.array("|u1", (len(looks),), looks)}
    )
