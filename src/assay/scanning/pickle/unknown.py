"""Calls of names that are on no list: judged by what they are given."""

from __future__ import annotations

from assay.scanning.pickle.imports import Safety, class_like
from assay.scanning.pickle.result import Buffer
from assay.scanning.pickle.shapes import holds_text, holds_words
from assay.scanning.pickle.values import Global, Tuple, Value


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
        if judgement.library or holds_words(data, arguments):
            return judgement.built, ""
        return Safety.UNKNOWN, "a class called with text, bytes or what may hold them"
    reason = _reason(data, arguments)
    return (Safety.UNKNOWN, reason) if reason else (Safety.REVIEW, "called with numbers or objects")


def _reason(data: Buffer, arguments: Value) -> str:
    """Why an unknown function may not be called with these arguments; "" where it may."""
    if not isinstance(arguments, Tuple) or holds_text(data, arguments):
        return "called with text, bytes or what may hold them"
    if any(isinstance(item, Global) and not class_like(item.name) for item in arguments.items):
        return "called with a function, which it may call"
    return "" if arguments.items else "called without arguments, so that it can only act"
