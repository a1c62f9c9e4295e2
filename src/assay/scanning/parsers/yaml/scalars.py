"""Quoted and block scalars, as YAML 1.2 chapters 7.3 and 8.1 describe them."""

from __future__ import annotations

import re

_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_WIDTHS = {"x": 2, "u": 4, "U": 8}
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(\r?\n[ \t]*)|(.))"
)
_FOLD = re.compile(r"[ \t]*\r?\n([ \t]*(?:\r?\n[ \t]*)*)")


def fold(text: str) -> str:
    """A break becomes a blank, further ones stay breaks."""
    if "\n" not in text:
        return text
    return _FOLD.sub(lambda found: "\n" * found.group(1).count("\n") or " ", text)


def unescape(text: str) -> str:
    """The value of a double-quoted scalar.

    Raises:
        ValueError: an escape that is none.
    """
    if "\\" not in text:
        return fold(text)
    pieces: list[str] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        pieces.append(fold(text[at : found.start()]))
        pieces.append(_escaped(found))
        at = found.end()
    pieces.append(fold(text[at:]))
    return "".join(pieces)


def _escaped(found: re.Match[str]) -> str:
    digits = found.group(1) or found.group(2) or found.group(3)
    if digits:
        return chr(int(digits, 16))
    if found.group(4) is not None:
        return ""
    char = found.group(5)
    if char is None or char not in _ESCAPES:
        raise ValueError(f"the escape \\{char or ''}")
    return _ESCAPES[char]


def block(lines: list[str], *, folded: bool, chomping: str) -> str:
    """The value of a block scalar of lines without their indentation."""
    while lines and not lines[-1]:
        lines = lines[:-1] if chomping != "+" else lines
        if chomping == "+":
            break
    text = _folded(lines) if folded else "\n".join(lines)
    return text if chomping == "-" else f"{text}\n" if text else ""


def _folded(lines: list[str]) -> str:
    pieces: list[str] = []
    for number, line in enumerate(lines):
        pieces.append(line)
        if number + 1 == len(lines):
            break
        following = lines[number + 1]
        more = line.startswith((" ", "\t")) or following.startswith((" ", "\t"))
        pieces.append("\n" if more or not following else " " if line else "")
    return "".join(pieces)
