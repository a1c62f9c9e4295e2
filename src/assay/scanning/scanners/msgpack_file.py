"""MessagePack: parameters as Flax keeps them, arrays as extensions of types 1 to 3.

Source: `flax/serialization.py`. An array is a document of its own inside the extension:
shape, name of the type, bytes.
"""

from __future__ import annotations

import math
import re
from itertools import islice

from assay.core.finding import Confidence, Severity
from assay.scanning.formats import identify
from assay.scanning.inspection import inspect_inside
from assay.scanning.kinds import by_family, extension
from assay.scanning.parsers.msgpack import (
    BudgetError,
    CutOffError,
    Item,
    Kind,
    MsgpackError,
    Reader,
)
from assay.scanning.references import DISAGREEMENT, DO_NOT_LOAD, EXHAUSTION, HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.tensor_bytes import judge_tensor
from assay.scanning.scanners.trailing import report_rest
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "MessagePack"
RULES = table(
    (
        Rule(
            "msgpack.claimed-size",
            "A size no writer writes",
            Severity.HIGH,
            Confidence.MEDIUM,
            "A value claims to be far larger than the file, or is nested deeper than readers go. "
            "A reader that trusts the number runs out of memory or of stack.",
            DO_NOT_LOAD,
            EXHAUSTION,
        ),
        Rule(
            "msgpack.array",
            "An array that is none",
            Severity.HIGH,
            Confidence.HIGH,
            "An array's bytes are not those of its shape and type, or are no array at all. The "
            "library that reads it does not write such arrays.",
            DO_NOT_LOAD,
            DISAGREEMENT,
        ),
        Rule(
            "msgpack.object-array",
            "An array of Python objects",
            Severity.HIGH,
            Confidence.HIGH,
            "The array's type is that of Python objects: its bytes would be taken for addresses "
            "in memory, or for a pickle.",
            DO_NOT_LOAD,
            LOADS_CODE,
        ),
        Rule(
            "msgpack.extension",
            "An extension of unknown type",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A value is of a type that only the program knows which wrote it. What a reader makes "
            "of it depends on its hook for such values.",
            "Ask the publisher what the values are for.",
            LOADS_CODE,
        ),
        Rule(
            "msgpack.trailing-data",
            "Bytes behind the document",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The file goes on behind its only value. Strict readers refuse it, others ignore it.",
            DO_NOT_LOAD,
            HIDDEN_CODE,
        ),
    )
)
_ARRAY, _COMPLEX, _SCALAR, _TIMESTAMP = 1, 2, 3, -1
_BYTE_SIZES = {
    **dict.fromkeys("bool bool_ int8 uint8".split(), 1),
    **dict.fromkeys("int16 uint16 float16 bfloat16".split(), 2),
    **dict.fromkeys("int32 uint32 float32".split(), 4),
    **dict.fromkeys("int64 uint64 float64 complex64".split(), 8),
    "complex128": 16,
    "longdouble": 16,
    "float128": 16,
    "clongdouble": 32,
}
_BYTE_TYPES = re.compile(r"(?:float8_\w+|float6_\w+|float4_\w+|u?int[24])\Z")
_CODES = re.compile(r"[|<>=]?[a-zA-Z]\d*")
_OBJECTS = re.compile(r"[|<>=]?O\d*\Z|object_?\Z")
_TENSORS = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64"}
_ABSURD = 1 << 24
"""Items or bytes missing beyond which a file was not just cut off in a download."""
_LONGEST_BYTES = (1 << 31) - 1
_MOST_DIMENSIONS = 64
_SNIFFED = 64
_SHOWN = 120


def is_document(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin as a map with a text for a key, or as any container if so named."""
    named = extension(subject.name) in (".msgpack", ".mpk", ".msgpk")
    try:
        return _begins_as_document(data, named=named)
    except (CutOffError, BudgetError):
        return named
    except (MsgpackError, StopIteration):
        return False


def _begins_as_document(data: Buffer, *, named: bool) -> bool:
    reader = iter(Reader(data))
    first = next(reader)
    if named or first.kind is not Kind.MAP or not first.value:
        return named and first.kind in (Kind.MAP, Kind.LIST)
    key = next(reader)
    keys = [key, *(item for item in islice(reader, _SNIFFED) if item.key)]
    return key.kind is Kind.TEXT and all(
        item.kind is not Kind.TEXT or _is_name(bytes(data[item.begin : item.end])) for item in keys
    )


def _is_name(raw: bytes) -> bool:
    try:
        return 0 < len(raw) <= 4096 and raw.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk the document; look into its arrays and bytes."""
    reader = Reader(data)
    path: list[str] = []
    try:
        for item in reader:
            del path[item.depth :]
            if item.key:
                path.append(_text(data, item) if item.kind is Kind.TEXT else str(item.value))
            elif item.kind is Kind.EXTENSION:
                _judge_extension(data, item, _shown(path), subject, answer)
            elif item.kind is Kind.BYTES:
                judge_tensor(data, (item.begin, item.end), "", _shown(path), subject, answer)
            elif item.kind is Kind.LIST:
                path.append("[]")
    except CutOffError as error:
        _cut_off(error, answer)
        return
    except BudgetError as error:
        answer.find(RULES["msgpack.claimed-size"], str(error), offset=error.offset)
        answer.unread(str(error))
        return
    except MsgpackError as error:
        answer.unread(f"no MessagePack at byte {error.offset}: {error}")
        return
    if reader.at < len(data):
        report_rest(RULES["msgpack.trailing-data"], data, reader.at, subject, answer)


def _text(data: Buffer, item: Item) -> str:
    return bytes(data[item.begin : min(item.end, item.begin + 80)]).decode("utf-8", "replace")


def _shown(path: list[str]) -> str:
    return "/".join(path)[-_SHOWN:]


def _cut_off(error: CutOffError, answer: Answer) -> None:
    """A download that broke off lacks the rest of an array; a bomb lacks gigabytes."""
    if error.claimed >= _LONGEST_BYTES or (error.claimed >= _ABSURD and "items" in str(error)):
        answer.find(RULES["msgpack.claimed-size"], str(error), offset=error.offset)
    answer.unread(f"the document is cut off at byte {error.offset}: {error}")


def _judge_extension(
    data: Buffer, item: Item, where: str, subject: Subject, answer: Answer
) -> None:
    if item.value in (_ARRAY, _SCALAR):
        mistake = _judge_array(data, item, where, subject, answer)
        if mistake:
            answer.find(RULES["msgpack.array"], f"{where}: {mistake}", offset=item.begin)
            _look_inside(data, item, where, subject, answer)
    elif item.value == _COMPLEX:
        found = _values(data, item)
        if found is None or len(found) != 3:
            answer.find(RULES["msgpack.array"], f"{where}: no complex number", offset=item.begin)
    elif item.value != _TIMESTAMP:
        shown = f"{where}: type {item.value}, {item.end - item.begin} bytes"
        answer.find(RULES["msgpack.extension"], shown, offset=item.begin)
        _look_inside(data, item, where, subject, answer)


def _look_inside(data: Buffer, item: Item, where: str, subject: Subject, answer: Answer) -> None:
    """Content that acts is judged; what it else may be is the writer's own business."""
    inner = subject.inside(f"{where} (extension {item.value})", subject.base + item.begin)
    with memoryview(data) as whole, whole[item.begin : item.end] as body:
        kind = by_family().get(identify(body, inner).family)
        if kind is not None and kind.acts:
            part = Answer(inner)
            inspect_inside(body, inner, part)
            answer.take(part.findings, part.unread_parts)


def _values(data: Buffer, item: Item) -> list[Item] | None:
    """The few values of a small document inside an extension."""
    found: list[Item] = []
    reader = Reader(data, item.begin, item.end)
    try:
        for value in reader:
            found.append(value)
            if len(found) > _MOST_DIMENSIONS + 4:
                return None
    except MsgpackError:
        return None
    return found if reader.at == item.end else None


def _judge_array(data: Buffer, item: Item, where: str, subject: Subject, answer: Answer) -> str:
    """What is wrong with an array; "" where it is one."""
    found = _values(data, item)
    if found is None or len(found) < 4 or found[0].kind is not Kind.LIST or found[0].value != 3:
        return "no shape, type and bytes"
    shape, (dtype, body) = found[1:-2], found[-2:]
    sizes = [int(size.value) for size in shape[1:] if size.kind is Kind.INTEGER]
    if shape[0].kind is not Kind.LIST or len(sizes) != shape[0].value or min(sizes, default=0) < 0:
        return "no shape"
    if dtype.kind is not Kind.TEXT or body.kind is not Kind.BYTES:
        return "no type or no bytes"
    name = _text(data, dtype)
    if _OBJECTS.match(name):
        answer.find(RULES["msgpack.object-array"], f"{where}: {name}", offset=item.begin)
        return ""
    span = (body.begin, body.end)
    judge_tensor(data, span, _TENSORS.get(name, ""), where, subject, answer)
    return _wrong_size(name, sizes, body.end - body.begin)


def _wrong_size(name: str, sizes: list[int], held: int) -> str:
    """What is wrong with an array's type, or with how many bytes it has."""
    width = 1 if _BYTE_TYPES.match(name) else _BYTE_SIZES.get(name, 0)
    if not width:
        return "" if _CODES.fullmatch(name) else f"type {name!r}"
    return "" if math.prod(sizes) * width == held else f"{held} bytes for {name} {sizes[:8]}"
