"""Programs as they were written before version 3, and parameters.

Field numbers: PaddlePaddle's `framework.proto`; the form of parameters:
`paddle/fluid/framework/lod_tensor.cc`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

from assay.scanning.parsers.protobuf import LENGTH, VARINT, Message, WireError
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.paddle.operators import carried_program, judge_operator
from assay.scanning.scanners.paddle.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_PROGRAM = {1: LENGTH, 4: LENGTH, 5: LENGTH}
_BLOCK = {1: VARINT, 2: VARINT, 3: LENGTH, 4: LENGTH, 5: VARINT}
_NAME = re.compile(r"[A-Za-z_]\w{0,200}\Z")
_SIZES = {0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 19: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16,
          32: 1, 33: 1}  # fmt: skip
"""Bytes of an element by the number of its type (`VarType.Type`)."""
_HEAD_BYTES = 1024
_DESCRIPTION_BYTES = 4096
_MOST_LEVELS = 16
_MOST_SNIFFED = 16
_MOST_FIELDS = 100_000


def is_program(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a `ProgramDesc`: blocks with variables and operators."""
    del subject
    blocks = 0
    message = Message(data, most_fields=_MOST_FIELDS)
    try:
        for count, field in enumerate(message):
            if _PROGRAM.get(field.number) != field.wire or count > _MOST_SNIFFED:
                return blocks > 0 and count > _MOST_SNIFFED
            if field.number == 1:
                if not _is_block(message.inside(field)):
                    return False
                blocks += 1
    except WireError:
        return False
    return blocks > 0


def _is_block(message: Message) -> bool:
    """Whether it has its two numbers, and an operator or a variable that is one."""
    numbers: set[int] = set()
    for field in message:
        if _BLOCK.get(field.number) != field.wire:
            return False
        if field.wire == VARINT:
            numbers.add(field.number)
        else:
            named = 3 if field.number == 4 else 1
            inner = message.inside(field)
            texts = [inner.text(f, 256) for f in inner if f.number == named and f.wire == LENGTH]
            return {1, 2} <= numbers and bool(texts)
    return False


def scan_program(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge every operator of every block."""
    del subject
    message = Message(data)
    try:
        for field in message:
            if field.number == 1 and field.wire == LENGTH:
                block = message.inside(field)
                for item in block:
                    if item.number == 4 and item.wire == LENGTH:
                        _operator(block.inside(item), answer)
    except WireError as error:
        answer.unread(f"the program is broken at offset {error.offset}: {error}")


def _operator(message: Message, answer: Answer) -> None:
    op = ""
    attributes: dict[str, list[str]] = {}
    for field in message:
        if field.wire != LENGTH:
            continue
        if field.number == 3:
            op = message.text(field, 256)
        elif field.number == 4:
            inner = message.inside(field)
            name, texts = "", []
            for part in inner:
                if part.number == 1 and part.wire == LENGTH:
                    name = inner.text(part, 256)
                elif part.number in (5, 8) and part.wire == LENGTH:
                    texts.append(inner.text(part))
                    program = carried_program(inner.raw(part, _HEAD_BYTES))
                    if program:
                        shown = f"{program} in {op or 'an operator'} {name}"
                        answer.find(RULES["paddle.executable"], shown, offset=part.begin)
            attributes[name] = texts
    judge_operator(op, attributes, message.begin, answer)


def is_parameters(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin with a tensor as PaddlePaddle stores it."""
    del subject
    if bytes(data[:4]) != bytes(4) or len(data) < 20:
        return False
    try:
        _, size = _tensor(data, 0)
    except WireError:
        return False
    return size >= 0


def scan_parameters(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check that tensor follows on tensor to the end."""
    del subject
    at = 0
    try:
        while at < len(data):
            begin, size = _tensor(data, at)
            if begin + size > len(data):
                answer.unread(f"the tensor at offset {at} is cut off")
                return
            program = executable(bytes(data[begin : begin + min(size, _HEAD_BYTES)]))
            if program:
                answer.find(RULES["paddle.executable"], program, offset=begin)
            at = begin + size
    except WireError as error:
        answer.unread(f"the parameters are broken at offset {error.offset}: {error}")


def _tensor(data: Buffer, start: int) -> tuple[int, int]:
    """Where a tensor's elements begin, and how many bytes they take.

    Raises:
        WireError: it is none.
    """
    at = start
    if _number(data, at, 4):
        raise WireError("another version of tensors", at)
    levels = _number(data, at + 4, 8)
    at += 12
    if levels > _MOST_LEVELS:
        raise WireError("a tensor with too many levels", at)
    for _ in range(levels):
        at += 8 + _number(data, at, 8)
    if _number(data, at, 4):
        raise WireError("another version of tensors", at)
    length = _number(data, at + 4, 4)
    at += 8
    if not 0 < length <= _DESCRIPTION_BYTES or at + length > len(data):
        raise WireError("a tensor without a description", at)
    kind = -1
    sizes: list[int] = []
    message = Message(data, at, at + length)
    for field in message:
        if field.number == 1 and field.wire == VARINT:
            kind = field.value
        elif field.number == 2:
            sizes.extend(message.integers(field))
        else:
            raise WireError("a description that is none of a tensor's", field.start)
    if kind not in _SIZES or any(size < 0 for size in sizes):
        raise WireError("a tensor of a type that is not known", at)
    return at + length, _SIZES[kind] * prod(sizes)


def _number(data: Buffer, at: int, size: int) -> int:
    raw = bytes(data[at : at + size])
    if len(raw) < size:
        raise WireError("the end within a tensor", at)
    return int.from_bytes(raw, "little")


def operators(document: object) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Operators of a program in the newer form, with the texts of their attributes.

    Each is an object whose `#` is a dialect and a name, and whose `A` is a list of attributes.
    """
    waiting: list[object] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            name = value.get("#")
            if isinstance(name, str) and "." in name and ("O" in value or "I" in value):
                yield name, dict(_attributes(value.get("A")))
            waiting.extend(v for v in value.values() if isinstance(v, (dict, list)))
        elif isinstance(value, list):
            waiting.extend(v for v in value if isinstance(v, (dict, list)))


def _attributes(rows: object) -> Iterator[tuple[str, list[str]]]:
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("N"), str):
            yield row["N"], list(_texts(row.get("AT")))


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            held = item.get("D")
            if isinstance(held, str):
                yield held
            elif isinstance(held, (list, dict)):
                waiting.append(held)
        elif isinstance(item, list):
            waiting.extend(item)
