"""Characters of a template that are not seen."""

from __future__ import annotations

import re

_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_SELECTORS = re.compile("[\U000e0100-\U000e01ef]{2,}")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b\u200e\u200f\u2060-\u2064\u3164\ufeff\uffa0]")
_FAR = re.compile(r"(?<!\s)\s{400,}+\S")
_FLAG = "\U0001f3f4"
_MANY = 8


def spelled(text: str) -> tuple[int, str] | None:
    """Where invisible characters spell something, and what; flags' own are left out."""
    for found in _TAGS.finditer(text):
        if text[found.start() - 1 : found.start()] != _FLAG or len(found[0]) > 6:
            return found.start(), "".join(chr(ord(c) - 0xE0000) for c in found[0])
    row = _SELECTORS.search(text)
    return (row.start(), f"{len(row[0])} variation selectors in a row") if row else None


def turned(text: str) -> tuple[int, str] | None:
    """Where the direction of the text is changed."""
    found = _DIRECTIONS.search(text)
    return (found.start(), f"U+{ord(found[0]):04X}") if found else None


def invisible(text: str) -> tuple[int, str, bool] | None:
    """The first invisible character, how many there are, and whether they are many."""
    found = _INVISIBLE.search(text, 1 if text.startswith("\ufeff") else 0)
    if found is None:
        return None
    count = len(_INVISIBLE.findall(text))
    return found.start(), f"U+{ord(found[0]):04X}, {count} of them", count >= _MANY


def far_away(text: str) -> tuple[int, str] | None:
    """Where text stands so far behind the rest that nobody scrolls to it."""
    found = _FAR.search(text)
    return (found.start(), f"{found.end() - found.start() - 1} spaces") if found else None
