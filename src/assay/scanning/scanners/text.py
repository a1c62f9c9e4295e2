"""Text for people, lists of words, and text of no known use: nothing in it acts by itself."""

from __future__ import annotations

import codecs
import re

from assay.core.finding import Confidence, Severity
from assay.scanning.kinds import by_family
from assay.scanning.references import DISAGREEMENT
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.text_names import extension, is_inert_name
from assay.scanning.subject import Answer, Buffer, Subject

_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_HIDDEN = re.compile("[\U000e0020-\U000e007e]{8}")
_PEOPLE = frozenset({".md", ".markdown", ".rst"})
_WORDS = frozenset(".txt .vocab .bpe .merges .csv .tsv".split())
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 64 * 1024
_FRONT = "---"

TITLE = "Text"
RULES = table(
    (
        Rule(
            "text.direction-override",
            "Text that shows in another order than it is stored",
            Severity.LOW,
            Confidence.HIGH,
            "The text holds characters that reverse the direction of what follows. A reader sees "
            "something else than a program, or a person who copies it.",
            "Look at the text in an editor that shows control characters.",
            DISAGREEMENT,
        ),
        Rule(
            "text.invisible",
            "Text nobody sees",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The text holds a run of characters that stand for letters and are never shown. A "
            "model or another program that reads the text sees them.",
            "Remove the characters, and find out who put them there.",
            DISAGREEMENT,
        ),
    )
)


def is_text(data: Buffer, subject: Subject) -> bool:
    """Whether nothing but a reader takes it: the last kind asked, so that all other text is."""
    del data, subject
    return True


def is_encoded_text(data: Buffer, subject: Subject) -> bool:
    """Whether a text for people by its name is in another encoding than UTF-8."""
    if not is_inert_name(subject.name):
        return False
    sample = bytes(data[:_SAMPLE])
    if sample.startswith(_MARKS):
        return sample[2:4].count(b"\0") == 1 or not sample[2:4].isascii()
    return _CONTROL.search(sample) is None


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Report what makes a text misleading; a list of words may hold any character."""
    ending = extension(subject.name)
    if ending in _WORDS and ending != ".txt":
        return
    text = bytes(data).decode("utf-8", "replace")
    if ending in _PEOPLE or not is_inert_name(subject.name):
        _characters(text, answer)
    if ending in _PEOPLE and text.startswith(_FRONT):
        by_family()["yaml"].call("judge_front_matter", text, subject, answer)


def _characters(text: str, answer: Answer) -> None:
    if text.isascii():
        return
    found = _OVERRIDES.search(text)
    if found:
        at = len(text[: found.start()].encode("utf-8", "replace"))
        shown = f"U+{ord(found.group()):04X}"
        answer.find(RULES["text.direction-override"], shown, offset=at)
    hidden = _HIDDEN.search(text)
    if hidden:
        spelled = "".join(chr(ord(char) - 0xE0000) for char in hidden.group())
        at = len(text[: hidden.start()].encode("utf-8", "replace"))
        answer.find(RULES["text.invisible"], f"{spelled}…", offset=at)
