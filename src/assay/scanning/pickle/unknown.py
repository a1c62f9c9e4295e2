"""Calls of names that are on no list, or otherwise than a list says: judged by what they are given."""

from __future__ import annotations

import re

from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.judgement import Safety
from assay.scanning.pickle.names import class_like
from assay.scanning.pickle.reading import constant
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.shapes import constant_kind, holds_text, holds_words, makes_text
from assay.scanning.pickle.values import Global, Instance, Tuple, Value

_TEXT = "a class called with text, bytes or what may hold them"
_EXCEPTION = re.compile(r"(?:Error|Exception|Warning|Interrupt|Exit)\Z")
_COMMAND = re.compile(
    r"(?:whoami|calc|notepad|cmd|bash|zsh|powershell|xcalc)\Z|"
    r"(?:touch|rm|curl|wget|cat|bash|sh|nc|ncat|python3?|perl|ruby|echo|mkdir|chmod|open|id|ls|"
    r"ping|nslookup|sudo|cp|mv|dd|kill|env|uname|calc|start|cmd) "
)
_LONGEST = 256


def unknown(
    data: Buffer, callee: Global, arguments: Value, *, constructs: bool
) -> tuple[Safety, str]:
    """Judge a call of an unknown name, and say why.

    Making an instance runs code that is not in the file, on data: a person must look. Text,
    or a function, tells what is called what to do; without arguments it can only act.
    """
    judgement = callee.judgement
    if constructs:
        return judgement.built, ""
    if judgement.kind == "class":
        told = _is_told(data, arguments, strict=not judgement.library)
        if told and not _EXCEPTION.search(callee.name):
            return Safety.UNKNOWN, _TEXT
        return judgement.built, ""
    reason = _reason(data, arguments)
    return (Safety.UNKNOWN, reason) if reason else (Safety.REVIEW, "called with numbers or objects")


def _is_told(data: Buffer, value: Value, *, strict: bool) -> bool:
    """Whether an argument may be a command, a path or source: text that is no short word.

    A class of a known library may be given a list or a dict, of which no more is known.
    """
    if isinstance(value, Tuple):
        return any(_is_told(data, item, strict=strict) for item in value.items)
    if type(value) is int and data[value] in op.TEXT_CONSTANTS:
        command = _COMMAND.match(str(constant(data, value, _LONGEST)))
        return command is not None or not holds_words(data, value)
    if strict:
        return holds_text(data, value)
    if type(value) is int:
        return constant_kind(data[value]) == "bytes"
    return isinstance(value, Instance) and makes_text(value)


def _reason(data: Buffer, arguments: Value) -> str:
    """Why an unknown function may not be called with these arguments; "" where it may."""
    if not isinstance(arguments, Tuple) or holds_text(data, arguments):
        return "called with text, bytes or what may hold them"
    if any(isinstance(item, Global) and not class_like(item.name) for item in arguments.items):
        return "called with a function, which it may call"
    return "" if arguments.items else "called without arguments, so that it can only act"
