"""What tensors hold besides numbers: programs, pickles, scripts, text, hidden low bits.

Only the beginning of a tensor is looked at, and a block in its middle for values that are no
numbers, so that a file of any size costs little. Encrypted or compressed data in the low bits
looks like any trained weights and is not found; neither is what begins elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from assay.core.finding import Confidence, Severity
from assay.scanning.pickle import scan_pickle
from assay.scanning.pickle.executables import executable
from assay.scanning.references import HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.subject import Answer, Buffer, Subject

_HEAD = 1024
_PICKLE_BYTES = 1024 * 1024
_TEXT_BYTES = 512
_ELEMENTS = 8192
_FEWEST = 2048
_PROTO = b"\x80"
_PICKLE_IN_BASE64 = tuple(f"gA{third}" for third in "IJKLMNOPQRSTUVWX")
"""PROTO and a protocol of 2 to 5, with any byte behind them."""
_ITEM = {"F32": 4, "F64": 8, "F16": 2, "BF16": 2}
_TEXT = bytes((9, 10, 13, *range(32, 127)))
_REMOVE = "Do not load the file; find out who put it there."

TITLE = "Tensors"
RULES = table(
    (
        Rule(
            "tensor.executable",
            "A program inside a tensor",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor begins with the header of a native program or library.",
            _REMOVE,
            HIDDEN_CODE,
        ),
        Rule(
            "tensor.pickle",
            "A pickle that acts inside a tensor",
            Severity.HIGH,
            Confidence.HIGH,
            "A tensor begins with a pickle that imports and calls what no model needs. Code that "
            "unpickles the tensor's bytes runs it.",
            _REMOVE,
            HIDDEN_CODE,
        ),
        Rule(
            "tensor.script",
            "A script inside a tensor",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A tensor begins with text that is written to be run.",
            _REMOVE,
            HIDDEN_CODE,
        ),
        Rule(
            "tensor.text",
            "Text where numbers are expected",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A tensor of floating-point numbers begins with readable text.",
            "Look at the text; ask the publisher why it is there.",
            HIDDEN_CODE,
        ),
        Rule(
            "tensor.low-bits",
            "Something hidden in the low bits of a tensor",
            Severity.HIGH,
            Confidence.HIGH,
            "The lowest bits of the first numbers, put together, are a program, an archive or a "
            "pickle. They change the numbers too little to be noticed.",
            _REMOVE,
            HIDDEN_CODE,
        ),
        Rule(
            "tensor.not-finite",
            "Values that are no numbers",
            Severity.LOW,
            Confidence.HIGH,
            "A tensor holds infinities or values that are not a number. What is computed from "
            "them is worth nothing; training that diverged leaves such weights, and so does "
            "somebody who wants a model to fail.",
            "Ask the publisher for weights without them.",
        ),
    )
)


def judge_tensor(
    data: Buffer, span: tuple[int, int], dtype: str, name: str, subject: Subject, answer: Answer
) -> None:
    """Look at the beginning of a tensor.

    Args:
        data: The file.
        span: Begin and end of the tensor in it.
        dtype: As safetensors names it; another name is looked at as bytes.
        name: The tensor's.
        subject: The file.
        answer: Where findings go.
    """
    begin, end = span
    head = bytes(data[begin : min(end, begin + _HEAD)])
    if not head:
        return
    if found := _carried(head):
        rule, what = found
        answer.find(RULES[rule], f"{what} in {name}", offset=begin)
    elif head[:1] == _PROTO and _is_hostile(data, begin, end, subject):
        answer.find(RULES["tensor.pickle"], name, offset=begin)
    elif dtype in _ITEM and len(head) >= _TEXT_BYTES and _is_text(head[:_TEXT_BYTES]):
        answer.find(RULES["tensor.text"], f"{name}: {_shown(head)}", offset=begin)
    if dtype in _ITEM:
        _look_at_numbers(data, begin, end, dtype, name, subject, answer)


def encoded_pickle(text: str, subject: Subject) -> bool:
    """Whether a text is Base64 of a pickle that does what no model needs."""
    if not text.startswith(_PICKLE_IN_BASE64) or len(text) > 2 * _PICKLE_BYTES:
        return False
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return _is_hostile(content, 0, len(content), subject)


def is_hostile_pickle(content: bytes, subject: Subject) -> bool:
    """Whether bytes, read as a pickle, import what no model needs."""
    result = scan_pickle(content, path=subject.path, limits=subject.limits, policy=subject.policy)
    return result.is_dangerous


def _carried(head: bytes) -> tuple[str, str] | None:
    """The rule for what bytes begin with, and what that is."""
    program = executable(head)
    if program:
        return "tensor.executable", program
    text = head[: _leading_text(head)]
    if text.startswith(b"#!/") or len(text) >= 16:
        script = acting(text)
        if script:
            return "tensor.script", script
    return None


def _leading_text(head: bytes) -> int:
    """How many bytes at the beginning are text."""
    return len(head) - len(head.lstrip(_TEXT))


def _is_text(head: bytes) -> bool:
    return not head.translate(None, _TEXT) and b" " in head


def _shown(head: bytes) -> str:
    return head[:60].decode("ascii", "replace")


def _is_hostile(data: Buffer, begin: int, end: int, subject: Subject) -> bool:
    """Whether a pickle that begins here would do what no model needs."""
    if end - begin < 2 or not 2 <= data[begin + 1] <= 5:
        return False
    raw = bytes(data[begin : min(end, begin + _PICKLE_BYTES)])
    return is_hostile_pickle(raw, subject)


def _look_at_numbers(
    data: Buffer, begin: int, end: int, dtype: str, name: str, subject: Subject, answer: Answer
) -> None:
    width = _ITEM[dtype]
    count = (end - begin) // width
    raw = bytes(data[begin : begin + min(count, _ELEMENTS) * width])
    if count >= _FEWEST:
        for bits, hidden in _low_bits(raw, width):
            what = _hidden(hidden, subject)
            if what:
                shown = f"{what} in the lowest {bits} bits of {name}"
                answer.find(RULES["tensor.low-bits"], shown, offset=begin)
                break
    middle = begin + (count // 2) * width
    block = bytes(data[middle : min(end, middle + _ELEMENTS * width)])
    if _not_finite(raw, dtype) or _not_finite(block, dtype):
        answer.find(RULES["tensor.not-finite"], name, offset=begin)


def _low_bits(raw: bytes, width: int) -> Iterator[tuple[int, bytes]]:
    """The low bits of little-endian numbers, put together in the usual orders."""
    lowest = raw[0::width]
    for bits in (1, 2, 4):
        mask = (1 << bits) - 1
        table = bytes(value & mask for value in range(256))
        values = lowest.translate(table)
        yield bits, _packed(values, bits, first_is_high=True)
        yield bits, _packed(values, bits, first_is_high=False)
    for count in range(1, width):
        joined = bytearray(len(lowest) * count)
        for place in range(count):
            joined[place::count] = raw[place::width]
        yield 8 * count, bytes(joined)


def _packed(values: bytes, bits: int, *, first_is_high: bool) -> bytes:
    """Values of so many bits as bytes, the first of each byte in its high or low end."""
    each = 8 // bits
    length = len(values) // each
    found = bytes(length)
    total = 0
    for place in range(each):
        shift = bits * (each - 1 - place if first_is_high else place)
        column = values[place : length * each : each]
        total |= int.from_bytes(column, "little") << shift
    if total:
        found = total.to_bytes(length, "little")
    return found


def _hidden(content: bytes, subject: Subject) -> str | None:
    """What low bits hold, at their beginning or behind a length."""
    for start in (0, 4, 8):
        head = content[start : start + _HEAD]
        found = _carried(head)
        if found:
            return found[1]
        if head[:4] == b"PK\x03\x04" and head[4:8] < b"\x40" and head[26:28] != b"\0\0":
            return "a zip archive"
        if head[:1] == _PROTO and _is_hostile(content, start, len(content), subject):
            return "a pickle that acts"
    return None


def _not_finite(raw: bytes, dtype: str) -> bool:
    """Whether an exponent is all ones (IEEE 754); for most weights two searches tell."""
    width = _ITEM[dtype]
    high = raw[width - 1 :: width]
    if dtype == "F16":
        tops = bytes(value for value in range(256) if value & 0x7C == 0x7C)
        return bool(high.translate(None, bytes(set(range(256)) - set(tops))))
    if 0x7F not in high and 0xFF not in high:
        return False
    least = 0xF0 if dtype == "F64" else 0x80
    second = raw[width - 2 :: width]
    return any(h & 0x7F == 0x7F and s >= least for h, s in zip(high, second, strict=False))
