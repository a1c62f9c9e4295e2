"""Word vectors in word2vec's binary form: a line with two numbers, then word, space, numbers.

Source: `word2vec.c` (`TrainModel`), and gensim's `KeyedVectors.load_word2vec_format`.
"""

from __future__ import annotations

import re

from assay.scanning.subject import Answer, Buffer, Subject

_HEADER = re.compile(rb"([1-9][0-9]{0,8}) ([1-9][0-9]{0,4})\n")
_WIDTH = 4
_LONGEST = 2000
_SEEN = 8
_MOST = 20_000_000


def is_word_vectors(data: Buffer, subject: Subject) -> bool:
    """Whether the header is followed by words where they must be."""
    del subject
    found = _HEADER.match(bytes(data[:24]))
    if found is None:
        return False
    at, step = found.end(), int(found.group(2)) * _WIDTH
    for _ in range(min(_SEEN, int(found.group(1)))):
        following = _after_word(data, at)
        if following is None or following + step > len(data):
            return False
        at = following + step
    return True


def scan(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Walk the words to the end of the file."""
    del subject
    found = _HEADER.match(bytes(data[:24]))
    if found is None:
        answer.unread("word vectors without a header")
        return
    at, step = found.end(), int(found.group(2)) * _WIDTH
    count = int(found.group(1))
    if count > _MOST or count * (step + 2) > len(data) + count:
        answer.unread("the word vectors are cut off, or more than the budget")
        return
    for _ in range(count):
        following = _after_word(data, at)
        if following is None:
            answer.unread(f"no word at byte {at}")
            return
        at = following + step
    if at > len(data) or bytes(data[at : at + 2]) not in (b"", b"\n"):
        answer.unread("the word vectors are cut off, or bytes follow them")


def _after_word(data: Buffer, at: int) -> int | None:
    """The offset behind a word and its space; a line may end before the word."""
    head = bytes(data[at : at + _LONGEST])
    end = head.find(b" ")
    word = head[:end].lstrip(b"\n")
    return at + end + 1 if end > 0 and word and b"\0" not in word else None
