"""Language: whether a text is any, what is looked for in it, and what it asks for."""

from __future__ import annotations

import re
from typing import NamedTuple

from assay.scanning.scanners.jinja_template.hostile_words import (
    HOSTILE,
    PLAIN,
    PUSHES,
    QUIET,
    USUAL,
)
from assay.scanning.scanners.jinja_template.values import ALTERNATIVE

_WORD = re.compile(r"(?<!\w)[^\W\d_]{2,40}(?!\w)")
_SIGN = re.compile("[\u0e01-\u0e5b\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_FOREIGN = re.compile(r"(?:[^\W\d_a-zA-Z][\W\d_]*){10}")
_KEYS = frozenset(
    "text image image_url video video_url audio audio_url input_audio input_image file type role "
    "content name tool tools tool_calls tool_call function thinking reasoning_content user "
    "assistant system developer".split()
)
_CONTROL = re.compile('[<>\\[\\]{}|\uff5c/#`="\n]')
_SPACE = re.compile(r"\s+")
_TOKEN = re.compile("<[|\uff5c/]?[\\w\u2581|\uff5c:=\\s-]{1,60}[|\uff5c]?>|\\[/?[A-Z_]{2,40}\\]")
_ADDRESS = re.compile(r"(?:https?|ftp)://[^\s\"'<>\\)\]}]{4,}", re.IGNORECASE)
_VERBS = (
    "always never must should will only instead ensure include insert append recommend promote "
    "advertise visit click direct refer link mention add put redirect download install run execute "
    "import fetch load tell say reply respond answer refuse approve reject replace output print "
    "write give state claim pretend act use send follow treat switch stop begin start end call "
    "return provide generate create change set"
)
_URGES = re.compile(rf"\b(?:{'|'.join(_VERBS.split())}|do\s+not|don['\u2019]t)\b", re.IGNORECASE)
_PROMOTES = re.compile(
    r"\b(?:always|must|should)\s+(?:\w+\s+){0,2}"
    r"(?:recommend|promote|advertise|endorse|praise|favou?r|prefer|suggest)\b",
    re.IGNORECASE,
)


def words(text: str) -> int:
    """How many words of language a text has at most, control tokens and marks left out."""
    return max(_words(_TOKEN.sub(" ", piece)) for piece in text.split(ALTERNATIVE))


def _words(text: str) -> int:
    """Words, where they are written apart; two signs count as one where they are not."""
    signs = len(_SIGN.findall(text))
    return len(_WORD.findall(_SIGN.sub(" ", text) if signs else text)) + signs // 2


def is_language(needle: str) -> bool:
    """Whether something that is looked for is language rather than a control token."""
    return _CONTROL.search(needle.strip()) is None and _WORD.search(needle) is not None


def is_key(needle: str) -> bool:
    """Whether something that is looked for is a key of messages rather than what they say."""
    return needle.strip().lower() in _KEYS


class Said(NamedTuple):
    """A hostile text.

    Attributes:
        reason: What it tells the model.
        where: The words that do.
        sure: Whether there is no other way to read it.
    """

    reason: str
    where: str
    sure: bool

    @property
    def shown(self) -> str:
        """For a finding's evidence."""
        return f"{self.reason}: {self.where}"


def hostile(text: str, *, sometimes: bool) -> Said | None:
    """What a hostile text tells a model; None for any other.

    Args:
        text: What is emitted.
        sometimes: Whether only some conversations get it.
    """
    unsure = None
    for piece in dict.fromkeys(text.split(ALTERNATIVE)):
        plain = _SPACE.sub(" ", piece).translate(PLAIN).lower()
        found = _hostile(plain, sometimes=sometimes)
        if found is not None and found.sure:
            return found
        unsure = unsure or found
    return unsure


def _hostile(plain: str, *, sometimes: bool) -> Said | None:
    quiet = QUIET.search(plain) if sometimes else None
    if quiet is not None:
        return Said("tells the model to hide something", quiet[0], sure=True)
    for reason, patterns in HOSTILE.items():
        for pattern in patterns:
            found = pattern.search(plain)
            if found is not None:
                return Said(reason, found[0], sure=sometimes or reason not in USUAL)
    return None


def address(text: str) -> str:
    """An address in a text; "" for none."""
    found = _ADDRESS.search(text)
    return found[0] if found else ""


def pushes(text: str) -> bool:
    """Whether a text tells a model to pass an address on."""
    return PUSHES.search(_SPACE.sub(" ", text).lower()) is not None


def urges(text: str) -> bool:
    """Whether a text tells somebody to do something, or is in a script other than Latin."""
    return _URGES.search(text) is not None or _FOREIGN.search(text) is not None


def promotes(text: str) -> bool:
    """Whether a text tells a model what to recommend."""
    return _PROMOTES.search(text) is not None
