"""SentencePiece: a tokenizer's pieces and rules as one Protocol Buffers message.

Nothing in it runs. It is read to its end, so that what a reader passes over is found.
Source: `sentencepiece_model.proto`.
"""

from __future__ import annotations

from itertools import islice

from assay.core.finding import Confidence, Severity
from assay.scanning.parsers.protobuf import (
    FIXED32,
    LENGTH,
    VARINT,
    Message,
    WireError,
    leading,
)
from assay.scanning.references import DISAGREEMENT, HIDDEN_CODE
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.embedded import programs
from assay.scanning.subject import Answer, Buffer, Subject

TITLE = "SentencePiece"
RULES = table(
    (
        Rule(
            "sentencepiece.executable",
            "A program inside a tokenizer",
            Severity.HIGH,
            Confidence.HIGH,
            "The tokenizer holds a native program or library.",
            "Do not load the file; find out who put the program there.",
            HIDDEN_CODE,
        ),
        Rule(
            "sentencepiece.unknown-field",
            "A part no reader knows",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The tokenizer has a field the format does not have. Readers pass over it, so it can "
            "hold anything.",
            "Ask the publisher what it is, or train the tokenizer again.",
            DISAGREEMENT,
        ),
    )
)
_MODEL = dict.fromkeys(range(1, 6), LENGTH)
_PIECE = {1: LENGTH, 2: FIXED32, 3: VARINT}
_EXTENSIONS = range(200, 2**29)
_FEWEST_PIECES = 2


def is_model(data: Buffer, subject: Subject) -> bool:
    """Whether bytes begin with pieces: a text, a score, and a type."""
    del subject
    found = leading(data, _MODEL, _FEWEST_PIECES, complete=False)
    if not found or sum(field.number == 1 for field in found) < _FEWEST_PIECES:
        return False
    message = Message(data)
    return all(_is_piece(message.inside(field)) for field in found if field.number == 1)


def _is_piece(message: Message) -> bool:
    try:
        fields = list(islice(message, len(_PIECE) + 1))
    except WireError:
        return False
    numbers = {field.number for field in fields}
    return {1, 2} <= numbers and all(_PIECE.get(f.number) == f.wire for f in fields)


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Read every piece and specification."""
    del subject
    message = Message(data)
    try:
        for field in message:
            known = _MODEL.get(field.number) == field.wire
            if not known and field.number not in _EXTENSIONS:
                shown = f"field {field.number}"
                answer.find(RULES["sentencepiece.unknown-field"], shown, offset=field.start)
            if known and field.number == 1 and not _is_piece(message.inside(field)):
                answer.unread(f"a piece at offset {field.start} is none")
                return
    except WireError as error:
        answer.unread(f"the tokenizer is broken at offset {error.offset}: {error}")
    for found in programs(data):
        answer.find(RULES["sentencepiece.executable"], found.kind, offset=found.offset)
