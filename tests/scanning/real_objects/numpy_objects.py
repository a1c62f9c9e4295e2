"""Arrays, scalars, types and random generators of NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

Named = Iterator[tuple[str, Callable[[], object]]]

_CODES = "?bhilqBHILQefdgFDG"


def objects() -> Named:
    """Names and makers of values."""
    for code in _CODES:
        yield f"array-{np.dtype(code).name}-{code}", partial(_numbers, code)
        yield f"scalar-{np.dtype(code).name}-{code}", partial(_scalar, code)
    yield from _arrays()
    yield from _structured()
    yield from _times()
    yield from _types()
    yield from _random()
    yield from _others()


def _numbers(code: str) -> object:
    return np.arange(12).reshape(3, 4).astype(code)


def _scalar(code: str) -> object:
    return np.dtype(code).type(1)


def _arrays() -> Named:
    yield "fortran", lambda: np.asfortranarray(np.ones((3, 4)))
    yield "strided", lambda: np.arange(20)[::2]
    yield "empty", lambda: [np.empty((0, 3)), np.array([]), np.array(5.0)]
    yield "big-endian", lambda: np.arange(4, dtype=">f8")
    yield "large", lambda: np.arange(20_000, dtype="f4")
    yield "readonly", _readonly
    yield "text", lambda: np.array(["a", "bcd", "é"])
    yield "bytes", lambda: np.array([b"a", b"bcd"])
    yield "void", lambda: np.array([b"ab", b"cd"], dtype="V2")
    yield "object", lambda: np.array([1, "a", None, 2.5, {"k": [1]}], dtype=object)
    yield "object-arrays", lambda: np.array([np.ones(2), np.zeros(3)], dtype=object)
    yield "object-2d", lambda: np.array([["a", 1], ["b", 2]], dtype=object)
    yield "string-dtype", lambda: np.array(["a", "long text " * 5], dtype=np.dtypes.StringDType())
    yield (
        "string-dtype-na",
        lambda: np.array(["a", None], dtype=np.dtypes.StringDType(na_object=None)),
    )
    yield "masked", lambda: np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
    yield "masked-no-mask", lambda: np.ma.array([1, 2, 3], fill_value=9)
    yield "masked-constant", lambda: np.ma.masked
    yield "masked-2d", lambda: np.ma.masked_greater(np.arange(6).reshape(2, 3), 3)
    yield (
        "masked-struct",
        lambda: np.ma.array([(1, 2.0)], mask=[(0, 1)], dtype=[("a", int), ("b", float)]),
    )
    yield "matrix", lambda: np.matrix([[1, 2], [3, 4]])
    yield "chararray", lambda: np.char.array(["ab", "c"])
    yield "memmap", _memmap
    yield "nested-list", lambda: [np.ones(2), {"w": np.zeros((2, 2)), "b": [np.float32(1)]}]
    yield "dict-of-arrays", lambda: {f"layer{n}": np.ones((4, 4), "f2") for n in range(20)}


def _readonly() -> object:
    made = np.arange(5)
    made.flags.writeable = False
    return made


def _memmap() -> object:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        return np.memmap(file.name, "f4", "w+", shape=(3,))


def _structured() -> Named:
    fields = [("name", "U10"), ("age", "i4"), ("w", "f8", (2,))]
    yield "structured", lambda: np.zeros(3, fields)
    yield "structured-scalar", lambda: np.zeros(3, fields)[0]
    yield (
        "structured-aligned",
        lambda: np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    )
    yield (
        "structured-nested",
        lambda: np.zeros(2, [("p", [("x", "f4"), ("y", "f4")]), ("o", object)]),
    )
    yield (
        "structured-titles",
        lambda: np.zeros(2, {"names": ["a"], "formats": ["i4"], "titles": ["t"]}),
    )
    yield (
        "structured-offsets",
        lambda: np.zeros(
            2, {"names": ["a", "b"], "formats": ["i4", "f4"], "offsets": [0, 8], "itemsize": 16}
        ),
    )
    yield "recarray", lambda: np.rec.array([(1, "a"), (2, "b")], dtype=[("n", int), ("s", "U2")])
    yield "record", lambda: np.rec.array([(1, 2.0)], dtype=[("n", int), ("s", float)])[0]


def _times() -> Named:
    for unit in ("Y", "D", "s", "ms", "ns"):
        yield f"datetime64-{unit}", partial(np.array, ["2026-01-02", "NaT"], f"M8[{unit}]")
        yield f"timedelta64-{unit}", partial(np.array, [1, 2], f"m8[{unit}]")
    yield (
        "datetime64-scalar",
        lambda: [np.datetime64("2026-01-02"), np.datetime64("NaT"), np.timedelta64(3, "h")],
    )
    yield "datetime64-multiple", lambda: np.array([1, 2], "M8[25s]")


def _types() -> Named:
    yield "dtypes", lambda: [np.dtype(code) for code in _CODES]
    yield (
        "dtypes-more",
        lambda: [
            np.dtype("U5"),
            np.dtype("S3"),
            np.dtype(object),
            np.dtype("M8[ns]"),
            np.dtype(">i2"),
        ],
    )
    yield "dtype-metadata", lambda: np.dtype("f4", metadata={"k": 1})
    yield (
        "scalar-types",
        lambda: [
            np.float32,
            np.int64,
            np.bool_,
            np.str_,
            np.object_,
            np.datetime64,
            np.generic,
            np.ndarray,
        ],
    )
    yield "dtype-classes", lambda: [type(np.dtype("f4")), type(np.dtype("U1"))]
    yield "text-scalars", lambda: [np.str_("abc"), np.bytes_(b"abc"), np.void(b"abc")]
    yield "specials", lambda: [np.nan, np.inf, np.float64("nan"), np.True_, np.newaxis]
    yield "finfo", lambda: [np.finfo("f4").eps, np.iinfo("i4").max]
    yield "object-scalar", lambda: np.array([None], dtype=object)[0]


def _random() -> Named:
    yield "random-state", lambda: np.random.RandomState(3)
    yield "random-state-used", _used_state
    yield "default-rng", lambda: np.random.default_rng(3)
    for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
        yield f"bit-generator-{name}", partial(getattr(np.random, name), 5)
        yield f"generator-{name}", partial(_generator, name)
        yield f"random-state-{name}", partial(_state, name)
    yield "seed-sequence", lambda: [np.random.SeedSequence(5), *np.random.SeedSequence(5).spawn(2)]
    yield "global-state", np.random.get_state
    yield "global-generator", lambda: np.random.mtrand._rand
    yield "random-module-function", lambda: np.random.rand


def _used_state() -> object:
    made = np.random.RandomState(3)
    made.randn(5)
    return made


def _generator(name: str) -> object:
    return np.random.Generator(getattr(np.random, name)(1))


def _state(name: str) -> object:
    return np.random.RandomState(getattr(np.random, name)(1))


def _others() -> Named:
    yield "ufuncs", lambda: [np.log1p, np.exp, np.add, np.maximum, np.sqrt, np.isnan, np.square]
    yield (
        "functions",
        lambda: [
            np.mean,
            np.median,
            np.std,
            np.sum,
            np.argmax,
            np.concatenate,
            np.asarray,
            np.array,
        ],
    )
    yield "linalg-functions", lambda: [np.linalg.norm, np.linalg.inv, np.linalg.svd]
    yield (
        "polynomial",
        lambda: [np.polynomial.Polynomial([1, 2]), np.polynomial.Chebyshev([1, 2, 3])],
    )
    yield "poly1d", lambda: np.poly1d([1, 2, 3])
    yield "vectorize", lambda: np.vectorize(abs)
    yield (
        "linalg-results",
        lambda: [np.linalg.eig(np.eye(2)), np.linalg.svd(np.eye(2)), np.linalg.qr(np.eye(2))],
    )
    yield (
        "unique-results",
        lambda: [np.unique_all(np.array([1, 1])), np.unique_counts(np.array([1, 1]))],
    )
    yield "errors", lambda: [np.linalg.LinAlgError("x"), np.exceptions.AxisError(1, 1)]
    yield "ufunc-bound", lambda: [np.add.reduce, np.maximum.accumulate]
    yield "method-bound", lambda: np.ones(2).sum
    yield "busday", lambda: np.busdaycalendar().weekmask
    yield "iterator", lambda: list(np.ndindex(2, 2))
