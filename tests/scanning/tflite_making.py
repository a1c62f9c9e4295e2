"""TensorFlow Lite models by hand: one subgraph with one operator, as right or wrong as asked for."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from scanning.flatbuffers_making import Number, Numbers, Table, Tables, flatbuffer
from scanning.protobuf_making import blob, message
from scanning.tensorflow_making import attribute

FLOAT, STRING = 0, 5
ADD, CUSTOM = 0, 32


def strings(*texts: str) -> bytes:
    """A tensor of texts as the runtime keeps it."""
    body = "".join(texts).encode()
    first = 4 + 4 * (len(texts) + 1)
    offsets = [first]
    for one in texts:
        offsets.append(offsets[-1] + len(one.encode()))
    return struct.pack(f"<I{len(offsets)}I", len(texts), *offsets) + body


def tensor(name: str, buffer: int, kind: int = FLOAT, shape: Sequence[int] = (2,)) -> Table:
    return Table({0: Numbers(list(shape)), 1: Number(kind, 1), 2: Number(buffer), 3: name})


def node_options(op: str, **attributes: bytes) -> bytes:
    """FlexBuffers of an operator's name and its `NodeDef`."""
    raw = message(
        blob(1, op), blob(2, op), *(attribute(key, value) for key, value in attributes.items())
    )
    first = bytes((len(op),)) + op.encode() + b"\0"
    wide = struct.pack("<H", len(raw)) + raw + b"\0"
    data = first + b"\0" * (len(first) % 2) + wide
    data += b"\0" * (len(data) % 2)
    start = len(data) + 2
    strings_at = (1, len(first) + len(first) % 2 + 2)
    vector = struct.pack("<H", 2)
    for index, at in enumerate(strings_at):
        vector += struct.pack("<H", start + 2 * index - at)
    # A text of one byte's width has its size in the byte before it, the other in two.
    types = bytes((5 << 2 | 0, 5 << 2 | 1))
    whole = data + vector + types
    root_at = len(whole)
    return whole + bytes((root_at - start, 10 << 2 | 1, 1))


def model(
    custom: str = "",
    *,
    options: bytes = b"",
    constant: bytes = b"\0\0\x80?\0\0\0@",
    constant_kind: int = FLOAT,
    input_kind: int = FLOAT,
    inputs: Sequence[int] = (0, 1),
    buffer: int = 1,
    code: int = 0,
    more: dict[int, object] | None = None,
    buffers: Sequence[Table] = (),
    shape: Sequence[int] = (2,),
) -> bytes:
    """An addition, or a custom operator of a name, of an input and a constant."""
    opcode = {0: Number(CUSTOM if custom else ADD, 1), 3: Number(CUSTOM if custom else ADD)}
    subgraph = Table(
        {
            0: Tables(
                [
                    tensor("x", 0, input_kind, shape),
                    tensor("w", buffer, constant_kind),
                    tensor("y", 0),
                ]
            ),
            1: Numbers([0]),
            2: Numbers([2]),
            3: Tables(
                [
                    Table(
                        {
                            0: Number(code),
                            1: Numbers(inputs),
                            2: Numbers([2]),
                            **({5: options} if options else {}),
                        }
                    )
                ]
            ),
            4: "main",
        }
    )
    fields: dict[int, object] = {
        0: Number(3),
        1: Tables([Table({**opcode, **({1: custom} if custom else {})})]),
        2: Tables([subgraph]),
        3: "MLIR Converted.",
        4: Tables([Table({}), Table({0: constant}), *buffers]),
        **(more or {}),
    }
    return flatbuffer(Table(fields), b"TFL3")


def choosing(pattern: bytes) -> bytes:
    """`SELECT(REDUCE_ALL(EQUAL(x, pattern)), x, w)`."""
    rows = [(71, [0, 1], [3]), (140, [3], [4]), (64, [4, 0, 1], [2])]
    subgraph = Table(
        {
            0: Tables([tensor("x", 0), tensor("w", 1), *(tensor(n, 0) for n in "yea")]),
            1: Numbers([0]),
            2: Numbers([2]),
            3: Tables(
                [
                    Table({0: Number(i), 1: Numbers(ins), 2: Numbers(outs)})
                    for i, (_, ins, outs) in enumerate(rows)
                ]
            ),
        }
    )
    codes = Tables([Table({0: Number(min(code, 127), 1), 3: Number(code)}) for code, _, _ in rows])
    buffers = Tables([Table({}), Table({0: pattern})])
    return flatbuffer(Table({0: Number(3), 1: codes, 2: Tables([subgraph]), 4: buffers}), b"TFL3")
