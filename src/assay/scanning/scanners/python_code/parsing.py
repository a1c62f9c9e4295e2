"""From bytes to a syntax tree, within bounds, as the interpreter would read them.

Source: Python language reference, sections 2.1.4 (encoding declarations) and PEP 263.
"""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from dataclasses import dataclass

MOST_CHARACTERS = 1024 * 1024
"""Longest program whose tree is made: a tree takes up to a hundred times its text."""
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?\r?$")
_PLAIN = frozenset(
    "utf-8 utf8 utf_8 utf-8-sig ascii us-ascii latin-1 latin1 iso-8859-1 iso-8859-15 iso8859-1 "
    "cp1252 windows-1252 latin_1 utf8-unix utf-8-unix".split()
)
_OTHER_SCRIPTS = re.compile(
    r"(?:gbk|gb2312|gb18030|big5|euc[-_](?:jp|kr)|shift[-_]jis|sjis|koi8[-_][ru]|cp\d+|"
    r"windows-\d+|iso-?8859-\d+|iso-2022-\w+|mac[-_]?roman|emacs.*)\Z"
)
_NESTED = re.compile(r"[(\[{]")


@dataclass(frozen=True, slots=True)
class Source:
    """A program's text.

    Attributes:
        text: As far as it can be decoded.
        encoding: What it declares, where that is no plain character set; else "".
        decoded: Whether the text is what the interpreter reads.
    """

    text: str
    encoding: str = ""
    decoded: bool = True


def decode(raw: bytes) -> Source:
    """The text of a program by its own declaration."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Source(raw.decode("utf-16", "replace"), "utf-16 (which no interpreter reads)")
    text = raw.removeprefix(b"\xef\xbb\xbf")
    lines = text.split(b"\n", 2)[:2]
    for number, line in enumerate(lines):
        found = _COOKIE.match(line)
        if found and (number == 0 or _BLANK.match(lines[0])):
            return _declared(text, found.group(1).decode("ascii", "replace").lower())
    try:
        return Source(text.decode("utf-8"))
    except UnicodeDecodeError:
        return Source(text.decode("latin-1"), decoded=False)


def _declared(raw: bytes, name: str) -> Source:
    if name.replace("_", "-") in _PLAIN or name in _PLAIN:
        plain = "latin-1" if "1" in name else "utf-8"
        return Source(raw.decode(plain, "replace"))
    if _OTHER_SCRIPTS.match(name):
        try:
            return Source(raw.decode(name))
        except (LookupError, UnicodeDecodeError, OSError):
            return Source(raw.decode("latin-1"), decoded=raw.isascii())
    try:
        return Source(str(codecs.decode(raw, name)), name)
    except (LookupError, ValueError, TypeError, OSError, AttributeError):
        return Source(raw.decode("latin-1"), name, decoded=False)


class UnparsableError(ValueError):
    """No syntax tree: the reason is the message.

    Attributes:
        invalid: Whether the interpreter would refuse the program, too.
    """

    def __init__(self, reason: str, *, invalid: bool = False) -> None:
        super().__init__(reason)
        self.invalid = invalid


def parse(text: str) -> ast.Module:
    """The syntax tree of a program.

    Raises:
        UnparsableError: it is too long, nests too deeply or is not of this Python.
    """
    if len(text) > MOST_CHARACTERS:
        raise UnparsableError(f"over {MOST_CHARACTERS} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise UnparsableError(f"not valid Python: {error.msg}"[:160], invalid=True) from None
    except ValueError as error:
        raise UnparsableError(str(error)[:160]) from None
    except (RecursionError, MemoryError):
        raise UnparsableError("nested too deeply") from None
