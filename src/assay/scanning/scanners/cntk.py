"""CNTK: a dictionary of values as Protocol Buffers, in which functions are dictionaries.

A user's function names a Python module and a method to make it with, or native code. Sources:
CNTK's `CNTK.proto`, `Serialization.h`, `UserDefinedFunction.cpp`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.protobuf import (
    LENGTH,
    VARINT,
    Message,
    WireError,
    leading,
)
from assay.scanning.references import HIDDEN_CODE, LOADS_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.embedded import programs
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "CNTK"
RULES = table(
    (
        Rule(
            "cntk.user-function",
            "A function that is a Python module",
            Severity.HIGH,
            Confidence.HIGH,
            "The model has a user's function: CNTK imports the module it names and calls a method "
            "of it when the model is loaded.",
            "Do not load the model before the module was read.",
            LOADS_CODE,
        ),
        Rule(
            "cntk.native-function",
            "A function that is native code by its name",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The model has a native function, which a program registers by a name. What it does "
            "cannot be seen here.",
            "Ask the publisher which program is meant, and look at its code.",
            LOADS_CODE,
        ),
        Rule(
            "cntk.acting-text",
            "Text in a model that is written to be run",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "A value of the model holds a command or code.",
            "Read the text, and find out what uses it.",
            HIDDEN_CODE,
        ),
        Rule(
            "cntk.executable",
            "A program inside the model",
            Severity.HIGH,
            Confidence.HIGH,
            "The model holds a native program or library.",
            "Do not load the model; find out who put the program there.",
            HIDDEN_CODE,
        ),
    )
)
_DICTIONARY = {1: VARINT, 2: LENGTH}
_TEXT, _VECTOR, _DICTIONARY_VALUE = 8, 11, 12
_KEYS = frozenset({"type", "version", "uid", "root", "primitive_functions", "inputs"})
_MODULE, _METHOD, _NATIVE = "module", "deserialize_method", "native"
_USERS_TYPES = frozenset({"UserDefinedFunction"})
_NATIVE_TYPES = frozenset({"NativeUserDefinedFunction"})
_OLD = "BCN".encode("utf-16-le")
_OLD_USERS = re.compile("UserDefinedV2FunctionNode|UserDefinedFunction".encode("utf-16-le"))
_TEXT_BYTES = 64 * 1024
_MOST_SNIFFED = 1000


def is_model(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a dictionary with the keys a function has."""
    del subject
    found = leading(data, _DICTIONARY, 32, complete=False)
    if not found:
        return False
    message = Message(data, most_fields=_MOST_SNIFFED)
    try:
        keys = {_entry(message.inside(f))[0] for f in found if f.number == 2}
    except WireError:
        return False
    return len(keys & _KEYS) >= 2


def is_old_model(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin as the first version wrote them."""
    del subject
    return bytes(data[: len(_OLD)]) == _OLD


def _entry(message: Message) -> tuple[str, Message | None]:
    """A key of a dictionary and its value."""
    key, value = "", None
    for field in message:
        if field.number == 1 and field.wire == LENGTH:
            key = message.text(field, 256)
        elif field.number == 2 and field.wire == LENGTH:
            value = message.inside(field)
    return key, value


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Judge every dictionary."""
    del subject
    try:
        for dictionary in _dictionaries(Message(data)):
            _judge(dictionary, answer)
    except WireError as error:
        answer.unread(f"the model is broken at offset {error.offset}: {error}")
    _programs(data, answer)


def scan_old(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Look for functions of users among the names of the first version."""
    del subject
    found = _OLD_USERS.search(data)
    if found is not None:
        shown = found.group().decode("utf-16-le")
        answer.find(RULES["cntk.user-function"], shown, offset=found.start())
    _programs(data, answer)


def _programs(data: Buffer, answer: Answer) -> None:
    for found in programs(data):
        answer.find(RULES["cntk.executable"], found.kind, offset=found.offset)


def _dictionaries(root: Message) -> Iterator[Message]:
    """Every dictionary, without recursion: inside values, and inside vectors of them."""
    waiting = [("dictionary", root)]
    while waiting:
        kind, message = waiting.pop()
        if kind == "dictionary":
            yield message
        for field in message:
            if field.wire != LENGTH:
                continue
            if kind == "dictionary" and field.number == 2:
                value = _entry(message.inside(field))[1]
                if value is not None:
                    waiting.append(("value", value))
            elif kind == "value" and field.number in (_DICTIONARY_VALUE, _VECTOR):
                inner = "dictionary" if field.number == _DICTIONARY_VALUE else "vector"
                waiting.append((inner, message.inside(field)))
            elif kind == "vector" and field.number == 1:
                waiting.append(("value", message.inside(field)))


def _judge(dictionary: Message, answer: Answer) -> None:
    texts: dict[str, str] = {}
    keys: set[str] = set()
    for field in dictionary:
        if field.number != 2 or field.wire != LENGTH:
            continue
        key, value = _entry(dictionary.inside(field))
        keys.add(key)
        for part in value if value is not None else ():
            if value is not None and part.number == _TEXT and part.wire == LENGTH:
                texts[key] = value.text(part, _TEXT_BYTES)
    kind = texts.get("type", "")
    if kind in _USERS_TYPES or {_MODULE, _METHOD} <= keys:
        shown = f"{texts.get(_MODULE, kind)}.{texts.get(_METHOD, '')}"
        answer.find(RULES["cntk.user-function"], shown, offset=dictionary.begin)
    elif kind in _NATIVE_TYPES or _NATIVE in keys:
        shown = texts.get("op_name", "") or kind or _NATIVE
        answer.find(RULES["cntk.native-function"], shown, offset=dictionary.begin)
    for key, text in texts.items():
        found = acting(text.encode("utf-8", "replace")) if len(text) >= 8 else None
        if found:
            answer.find(RULES["cntk.acting-text"], f"{key}: {found}", offset=dictionary.begin)
