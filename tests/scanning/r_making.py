"""R objects serialized by hand: what R writes, and what it never does."""

from __future__ import annotations

import struct
from collections.abc import Sequence

NIL, GLOBAL, UNBOUND, BASE = 254, 253, 252, 247
_OBJECT, _ATTRIBUTES, _TAG = 1 << 8, 1 << 9, 1 << 10


class Writer:
    """Items in one of R's encodings."""

    def __init__(self, encoding: str = "X") -> None:
        self.encoding = encoding
        self._known: dict[str, int] = {}

    def integer(self, value: int) -> bytes:
        if self.encoding == "A":
            return f"{value}\n".encode()
        return struct.pack("<i" if self.encoding == "B" else ">i", value)

    def text(self, value: str) -> bytes:
        raw = value.encode()
        head = self.integer(0x40009) + self.integer(len(raw))
        if self.encoding != "A":
            return head + raw
        shown = "".join(chr(b) if 32 < b < 127 and b != 92 else f"\\{b:03o}" for b in raw)
        return head + shown.encode() + b"\n"

    def symbol(self, name: str) -> bytes:
        if name in self._known:
            return self.integer(self._known[name] << 8 | 255)
        self._known[name] = len(self._known) + 1
        return self.integer(1) + self.text(name)

    def nil(self) -> bytes:
        return self.integer(NIL)

    def texts(self, *values: str) -> bytes:
        return self.integer(16) + self.integer(len(values)) + b"".join(map(self.text, values))

    def reals(self, *values: float) -> bytes:
        head = self.integer(14) + self.integer(len(values))
        if self.encoding == "A":
            return head + "".join(f"{v}\n" for v in values).encode()
        form = "<" if self.encoding == "B" else ">"
        return head + struct.pack(f"{form}{len(values)}d", *values)

    def pairs(self, rows: Sequence[tuple[str, bytes | None]], kind: int = 2) -> bytes:
        """A pairlist; names of None have no tag, so that order of references is kept."""
        out = b""
        for name, value in rows:
            out += self.integer(kind | (_TAG if name else 0))
            out += self.symbol(name) if name else b""
            out += value if value is not None else self.nil()
        return out + self.nil()

    def call(self, name: str, *arguments: bytes) -> bytes:
        out = self.integer(6) + self.symbol(name)
        return out + b"".join(self.integer(2) + a for a in arguments) + self.nil()

    def promise(self, code: bytes, *, value: bytes | None = None) -> bytes:
        head = self.integer(5 | _TAG) + self.integer(GLOBAL)
        return head + (self.integer(UNBOUND) if value is None else value) + code

    def closure(self, body: bytes) -> bytes:
        return self.integer(3 | _TAG) + self.integer(GLOBAL) + self.nil() + body

    def compiled(self, *constants: bytes) -> bytes:
        """Bytecode with these constants, each with its type before it."""
        out = self.integer(21) + self.integer(1)
        code = self.integer(13) + self.integer(2) + self.integer(12) + self.integer(1)
        rows = b"".join(self.integer(0) + c for c in constants)
        return out + code + self.integer(len(constants)) + rows

    def environment(self, frame: bytes) -> bytes:
        self._known[f"environment {len(self._known)}"] = len(self._known) + 1
        return self.integer(4) + self.integer(0) + self.integer(GLOBAL) + frame + self.nil() * 2

    def items(self, values: Sequence[bytes]) -> bytes:
        return self.integer(19) + self.integer(len(values)) + b"".join(values)

    def with_attribute(self, vector: bytes, name: str, value: bytes) -> bytes:
        """A vector whose flags say that attributes follow."""
        width = 4 if self.encoding != "A" else vector.index(b"\n") + 1
        flags = int(vector[:width]) if self.encoding == "A" else struct.unpack(">i", vector[:4])[0]
        head = self.integer(flags | _ATTRIBUTES | _OBJECT)
        return head + vector[width:] + self.pairs([(name, value)])


def rds(item: bytes, *, encoding: str = "X", version: int = 2) -> bytes:
    """A file of one object."""
    writer = Writer(encoding)
    head = f"{encoding}\n".encode() + writer.integer(version)
    head += writer.integer(0x40301) + writer.integer(0x20300)
    if version == 3:
        head += writer.integer(5) + (b"UTF-8\n" if encoding == "A" else b"UTF-8")
    return head + item


def workspace(item: bytes, *, encoding: str = "X", version: int = 2) -> bytes:
    """A file of named objects, which `item` holds as a pairlist."""
    mark = {"X": "RDX", "A": "RDA", "B": "RDB"}[encoding]
    return f"{mark}{version}\n".encode() + rds(item, encoding=encoding, version=version)


def fitted(writer: Writer) -> bytes:
    """What a fitted model is: numbers, the call that made it, names, a class, a formula."""
    call = writer.call("lm", writer.symbol("formula"), writer.symbol("data"))
    formula = writer.call("~", writer.symbol("y"), writer.call("+", writer.symbol("a")))
    listed = writer.items([writer.reals(1.0, 2.0), call, formula])
    return writer.with_attribute(listed, "class", writer.texts("lm"))
