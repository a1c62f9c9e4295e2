"""GGUF and older ggml files made by hand, right and wrong."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
_FORMS = {
    U8: "B",
    I8: "b",
    U16: "H",
    I16: "h",
    U32: "I",
    I32: "i",
    F32: "f",
    BOOL: "?",
    U64: "Q",
    I64: "q",
    F64: "d",
}
F32_TENSOR, F16_TENSOR, Q4_0_TENSOR, Q8_0_TENSOR = 0, 1, 2, 8
Value = tuple[int, object]
"""A type and a value; of a list the value is a pair of a type and items."""

USUAL: Mapping[str, Value] = {
    "general.architecture": (STRING, "llama"),
    "general.name": (STRING, "A model"),
    "general.url": (STRING, "https://example.org/model"),
    "llama.context_length": (U32, 2048),
    "llama.rope.freq_base": (F32, 10000.0),
    "tokenizer.ggml.model": (STRING, "gpt2"),
    "tokenizer.ggml.tokens": (ARRAY, (STRING, ["a", "b", "<s>"])),
    "tokenizer.ggml.scores": (ARRAY, (F32, [0.0, -1.0, -2.0])),
    "tokenizer.ggml.token_type": (ARRAY, (I32, [1, 1, 3])),
    "tokenizer.ggml.add_bos_token": (BOOL, True),
}


@dataclass
class Row:
    """One tensor; what its row says can be set apart from what is written."""

    name: str
    shape: Sequence[int]
    kind: int
    body: bytes
    offset: int | None = None
    dimensions: int | None = None


def zeros(name: str, *shape: int) -> Row:
    size = 4
    for n in shape:
        size *= n
    return Row(name, shape, F32_TENSOR, bytes(size))


@dataclass
class Gguf:
    """A file to be written."""

    entries: Sequence[tuple[str, Value]] = field(default_factory=lambda: list(USUAL.items()))
    tensors: Sequence[Row] = field(
        default_factory=lambda: [zeros("a.weight", 8, 2), zeros("b.weight", 3), zeros("c", 32)]
    )
    version: int = 3
    big: bool = False
    alignment: int = 32
    counts: tuple[int | None, int | None] = (None, None)
    behind: bytes = b""

    def with_entry(self, key: str, value: Value) -> Gguf:
        """The same with one key more."""
        return Gguf([*self.entries, (key, value)], self.tensors, self.version, self.big)

    def write(self) -> bytes:
        """The bytes."""
        tensors, entries = self.counts
        head = b"GGUF" + self._pack("I", self.version)
        head += self._long(len(self.tensors) if tensors is None else tensors)
        head += self._long(len(self.entries) if entries is None else entries)
        for key, (kind, value) in self.entries:
            head += self._text(key) + self._pack("I", kind) + self._value(kind, value)
        body = b""
        for row in self.tensors:
            body += bytes(-len(body) % self.alignment)
            offset = len(body) if row.offset is None else row.offset
            count = len(row.shape) if row.dimensions is None else row.dimensions
            head += self._text(row.name) + self._pack("I", count)
            head += b"".join(map(self._long, row.shape))
            head += self._pack("I", row.kind) + self._pack("Q", offset)
            body += row.body
        if body:
            head += bytes(-len(head) % self.alignment)
            body += bytes(-len(body) % self.alignment)
        return head + body + self.behind

    def _pack(self, form: str, value: object) -> bytes:
        return struct.pack((">" if self.big else "<") + form, value)

    def _long(self, value: int) -> bytes:
        return self._pack("I" if self.version == 1 else "Q", value)

    def _text(self, text: str | bytes) -> bytes:
        raw = text.encode() if isinstance(text, str) else text
        return self._long(len(raw)) + raw

    def _value(self, kind: int, value: object) -> bytes:
        if isinstance(value, bytes) and kind != STRING:
            return value  # as it is, however wrong
        if kind == STRING:
            assert isinstance(value, (str, bytes))
            return self._text(value)
        if kind == ARRAY:
            assert isinstance(value, tuple)
            item, items = value
            raw = b"".join(self._value(item, i) for i in items)
            return self._pack("I", item) + self._long(len(items)) + raw
        return self._pack(_FORMS[kind], value)


def old_tensors(rows: Sequence[Row], *, aligned: bool = False, before: int = 0) -> bytes:
    """Tensors as they lie in files before GGUF."""
    out = b""
    for row in rows:
        name = row.name.encode()
        out += struct.pack("<3i", len(row.shape), len(name), row.kind)
        out += struct.pack(f"<{len(row.shape)}i", *row.shape) + name
        if aligned:
            out += bytes(-(before + len(out)) % 32)
        out += row.body
    return out


def _words(words: Sequence[bytes], *, scored: bool = False) -> bytes:
    return b"".join(
        struct.pack("<I", len(word)) + word + (bytes(4) if scored else b"") for word in words
    )


def whisper(rows: Sequence[Row], words: Sequence[bytes] = (b"a", b"bc")) -> bytes:
    """As whisper.cpp's converter writes it."""
    head = b"lmgg" + struct.pack("<11i", 51864, 1500, 8, 2, 1, 448, 8, 2, 1, 80, 1)
    head += struct.pack("<2i", 2, 3) + bytes(4 * 6)
    return head + struct.pack("<i", len(words)) + _words(words) + old_tensors(rows)


def llama_ggjt(
    rows: Sequence[Row], words: Sequence[bytes] = (b"a", b"bc"), tokens: int = 2
) -> bytes:
    """As llama.cpp wrote it in the summer of 2023."""
    head = b"tjgg" + struct.pack("<8i", 3, tokens, 8, 256, 2, 1, 4, 2)
    head += _words(words, scored=True)
    return head + old_tensors(rows, aligned=True, before=len(head))


def adapter(rows: Sequence[Row]) -> bytes:
    """A LoRA adapter as llama.cpp's converter wrote it."""
    head = b"algg" + struct.pack("<3i", 1, 8, 16)
    return head + old_tensors(rows, aligned=True, before=len(head))


def gpt2(rows: Sequence[Row], words: Sequence[bytes] = (b"a", b"bc")) -> bytes:
    """As ggml's example for GPT-2 wrote it."""
    head = b"lmgg" + struct.pack("<6i", len(words), 1024, 8, 2, 1, 0)
    return head + struct.pack("<i", len(words)) + _words(words) + old_tensors(rows)
