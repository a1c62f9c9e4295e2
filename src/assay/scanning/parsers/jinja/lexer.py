"""A template's text as tokens: text, the delimiters, and what stands between them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Iterator
from typing import NamedTuple

TEXT, BEGIN_BLOCK, END_BLOCK, BEGIN_OUTPUT, END_OUTPUT = "text", "{%", "%}", "{{", "}}"
"""Kinds of tokens outside tags, and of their delimiters."""
NAME, STRING, INTEGER, FLOAT, OPERATOR, END = "name", "string", "integer", "float", "op", "end"
"""Kinds of tokens inside tags, and the token behind the last."""

_MOST_TOKENS = 400_000
_MOST_DIGITS = 1_000
_OPENING = re.compile(r"\{([%{#])")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*(-?)%\}")
_RAW_END = re.compile(r"\{%([-+]?)\s*endraw\s*([-+]?)%\}")
_COMMENT_END = re.compile(r"([-+]?)#\}")
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<float>\d+(?:_\d+)*(?:\.\d+(?:_\d+)*(?:[eE][-+]?\d+(?:_\d+)*)?|[eE][-+]?\d+(?:_\d+)*))"
    r"|(?P<integer>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|\d+(?:_\d+)*)"
    r"|(?P<name>\w+)"
    r"|(?P<string>'[^'\\]*+(?:\\.[^'\\]*+)*+'|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\")"
    r"|(?P<op>//|\*\*|==|!=|>=|<=|[-+/*%~\[\](){}<>=.:|,;])",
    re.DOTALL,
)
_CLOSES = {END_BLOCK: re.compile(r"([-+]?)%\}"), END_OUTPUT: re.compile(r"(-?)\}\}")}
_NOTHING = ("", "\n", "\r\n", "\r")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_ESCAPE = re.compile(
    r"\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|N\{([^}]*)\}|(.))",
    re.DOTALL,
)
_SIMPLE = {
    **{c: c for c in "\\'\""},
    **dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)),
    "\n": "",
}


class TemplateError(ValueError):
    """The text is no template Jinja would take, or it is over a budget.

    Attributes:
        offset: Where, in characters.
    """

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: One of this module's constants.
        value: The text, the name, the operator, or a number's or string's literal.
        offset: Of its first character.
    """

    kind: str
    value: str
    offset: int


def tokens(source: str) -> Iterator[Token]:
    """Every token of a template, in order, with one of the kind `END` behind the last.

    Raises:
        TemplateError: a tag is not closed, holds what is no token, or there are too many.
    """
    left = _MOST_TOKENS
    for token in _tokens(source):
        left -= 1
        if left < 0:
            raise TemplateError("more tokens than the budget allows", token.offset)
        yield token


def _tokens(source: str) -> Iterator[Token]:
    at, strip = 0, False
    while True:
        found = _OPENING.search(source, at)
        end = found.start() if found else len(source)
        text = source[at:end]
        start = at
        if strip:
            text = text.lstrip()
            start = end - len(text)
        if found is None:
            if text:
                yield Token(TEXT, text, start)
            yield Token(END, "", len(source))
            return
        if source[end + 2 : end + 3] == "-":
            text = text.rstrip()
        if text:
            yield Token(TEXT, text, start)
        if found[1] == "#":
            at, strip = _past_comment(source, end)
            continue
        raw = _RAW.match(source, end) if found[1] == "%" else None
        if raw is not None:
            at, strip = yield from _raw(source, raw)
            continue
        at, strip = yield from _tag(source, end, found[0])


def _past_comment(source: str, start: int) -> tuple[int, bool]:
    if _is_last(source, start + 2):
        return start + 2, False
    end = _COMMENT_END.search(source, start + 2)
    if end is None:
        raise TemplateError("a comment that does not end", start)
    return end.end(), end[1] == "-"


def _is_last(source: str, at: int) -> bool:
    """Whether nothing follows but the end of a line; then Jinja misses no closing tag."""
    return len(source) - at <= 2 and source[at:] in _NOTHING


def _raw(source: str, begin: re.Match[str]) -> Generator[Token, None, tuple[int, bool]]:
    """The text of a raw block; returns where it ends and whether space behind it goes."""
    if _is_last(source, begin.end()):
        return begin.end(), False
    end = _RAW_END.search(source, begin.end())
    if end is None:
        raise TemplateError("a raw block that does not end", begin.start())
    text = source[begin.end() : end.start()]
    text = text.lstrip() if begin[1] else text
    yield Token(TEXT, text.rstrip() if end[1] == "-" else text, begin.end())
    return end.end(), end[2] == "-"


def _tag(source: str, start: int, opening: str) -> Generator[Token, None, tuple[int, bool]]:
    """The tokens of one tag; returns where it ends and whether space behind it goes."""
    closing = END_BLOCK if opening == BEGIN_BLOCK else END_OUTPUT
    closes = _CLOSES[closing]
    yield Token(opening, opening, start)
    at = start + 2
    if source[at : at + 1] in ("-", "+"):
        at += 1
    open_pairs: list[str] = []
    while True:
        if not open_pairs:
            end = closes.match(source, at)
            if end is not None:
                yield Token(closing, closing, at)
                return end.end(), end[1] == "-"
        found = _TOKEN.match(source, at)
        if found is None:
            what = "a tag that does not end" if at >= len(source) else "what is no token"
            raise TemplateError(what, at)
        kind = str(found.lastgroup)
        if kind != "space":
            _check(kind, found[0], at, open_pairs)
            yield Token(kind, found[0], at)
        at = found.end()


def _check(kind: str, value: str, at: int, open_pairs: list[str]) -> None:
    """Keep count of brackets, and refuse names and numbers that are none."""
    if kind == OPERATOR and value in "([{":
        open_pairs.append(value)
    elif kind == OPERATOR and value in _PAIRS:
        if not open_pairs or open_pairs.pop() != _PAIRS[value]:
            raise TemplateError(f"a {value} that closes nothing", at)
    elif kind == NAME and not value.isidentifier():
        raise TemplateError("a name that is none", at)
    elif kind in (INTEGER, FLOAT) and len(value) > _MOST_DIGITS:
        raise TemplateError("a number over the budget", at)


def text_of(literal: str, offset: int) -> str:
    """The text a string literal stands for.

    Raises:
        TemplateError: an escape in it is malformed.
    """
    body = literal[1:-1]
    if "\\" not in body:
        return body

    def resolved(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code or found[4]:
            point = int(code, 16) if code else int(found[4], 8)
            if point > 0x10FFFF:
                raise TemplateError("an escape for no character", offset)
            return chr(point)
        if found[5] is not None:
            return _by_name(found[5], offset)
        if found[6] in "xuUN":
            raise TemplateError("an escape that is cut off", offset)
        return _SIMPLE.get(found[6], found[0])

    return _ESCAPE.sub(resolved, body)


def _by_name(name: str, offset: int) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        raise TemplateError("an escape for no character", offset) from None
