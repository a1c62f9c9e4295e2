"""Text for people and lists of words: nothing in them acts, once they are what they say."""

from __future__ import annotations

from assay.core.finding import Confidence, Severity
from assay.scanning.references import DISAGREEMENT
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.text_names import is_inert_name
from assay.scanning.subject import Answer, Buffer, Subject

_OVERRIDES = tuple(
    chr(point).encode() for point in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_PEOPLE = (".md", ".markdown", ".rst")

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
    )
)


def is_inert(data: Buffer, subject: Subject) -> bool:
    """Whether only people read a text of this name."""
    del data
    return is_inert_name(subject.name)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Report what makes a text for people misleading; a list of words may hold anything."""
    if not subject.name.lower().endswith(_PEOPLE):
        return
    text = bytes(data)
    for mark in _OVERRIDES:
        at = text.find(mark)
        if at >= 0:
            shown = f"U+{ord(mark.decode()):04X}"
            answer.find(RULES["text.direction-override"], shown, offset=at)
            return
