"""Checkpoints: the table of what is where, the shards of bytes, and the small files beside them.

A table is a sorted string table of LevelDB's form, whose values say where in a shard a
tensor's bytes lie. Nothing in a checkpoint runs. Sources: TensorFlow's `tensor_bundle.proto`
and `lib/io/format.cc`; LevelDB's "Table format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from assay.scanning.formats import old_pickle
from assay.scanning.parsers.lines import lines
from assay.scanning.parsers.protobuf import (
    FIXED32,
    LENGTH,
    VARINT,
    Field,
    Message,
    WireError,
    leading,
    varint,
)
from assay.scanning.scanners.embedded import programs
from assay.scanning.scanners.tensorflow.rules import RULES
from assay.scanning.subject import Answer, Buffer, Subject

_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_FOOTER_BYTES = 48
_TRAILER_BYTES = 5
_RAW, _SNAPPY = 0, 1
_MOST_ENTRIES = 20_000_000
_LONGEST_KEY = 64 * 1024
_MOST_FIELDS = 100_000
_SHARD = re.compile(r"(.*/)?[^/]*\.data-\d{5}-of-\d{5}\Z")
_ENTRY = {1: VARINT, 2: LENGTH, 3: VARINT, 4: VARINT, 5: VARINT, 6: FIXED32, 7: LENGTH}
_HEADER = {1: VARINT, 2: VARINT, 3: LENGTH}
_FINGERPRINT = dict.fromkeys(range(1, 6), VARINT) | {6: LENGTH, 7: LENGTH}
_MOST_NOTE_BYTES = 4096
_HUB_MODULE = b"\x08\x03"
_STATE_LINE = re.compile(
    r"\s*(?:(?:all_)?model_checkpoint_paths?\s*:\s*\"(?:[^\"\\]|\\.)*\""
    r"|(?:all_model_checkpoint_timestamps|last_preserved_timestamp)\s*:\s*[\d.e+-]+)?\s*\Z"
)
_STATE_START = b"model_checkpoint_path:"


def is_table(data: Buffer, subject: Subject) -> bool:
    """Whether bytes end as a table does."""
    del subject
    return len(data) >= _FOOTER_BYTES and bytes(data[len(data) - 8 : len(data)]) == _MAGIC


def is_shard(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are a shard of tensors, by the name: they have no mark of their own."""
    return _SHARD.match(subject.name) is not None and old_pickle(data, subject) is None


def is_note(data: Buffer, subject: Subject) -> bool:
    """Whether bytes are the fingerprint of a SavedModel, or the mark of a Hub module."""
    del subject
    if len(data) > _MOST_NOTE_BYTES:
        return False
    if bytes(data) == _HUB_MODULE:
        return True
    found = leading(data, _FINGERPRINT)
    return found is not None and {1, 2} <= {field.number for field in found}


def is_state(data: Buffer, subject: Subject) -> bool:
    """Whether a text says which checkpoint is the latest."""
    del subject
    return bytes(data[:64]).lstrip().startswith(_STATE_START)


def scan_note(data: Buffer, subject: Subject, answer: Answer) -> None:
    """A fingerprint is numbers; it was read when it was recognised."""
    del data, subject, answer


def scan_state(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Every line names a checkpoint or a time."""
    del subject
    for number, line in lines(data):
        if not _STATE_LINE.match(line):
            answer.unread(f"line {number} is not one of a checkpoint's state")
            return


def scan_shard(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Tensors end to end; nothing reads them as anything else, unless one is a program."""
    del subject
    for found in programs(data):
        answer.find(RULES["tensorflow.executable"], found.kind, offset=found.offset)


def scan_table(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Check that every block and entry of a table is in its place."""
    del subject
    try:
        for handle in _blocks(data, answer):
            for _, value in _entries(data, *handle):
                _judge_entry(data, value, answer)
    except WireError as error:
        answer.unread(f"the table is broken at offset {error.offset}: {error}")


def _blocks(data: Buffer, answer: Answer) -> Iterator[tuple[int, int]]:
    """Begin and end of every block that can be read where it lies."""
    end = len(data) - _FOOTER_BYTES
    at = end
    for _ in range(2):  # the handle of the meta index, which is passed over
        _, at = varint(data, at, len(data) - 8)
    offset, at = varint(data, at, len(data) - 8)
    size, _ = varint(data, at, len(data) - 8)
    index = _block(data, offset, size, answer)
    before = 0
    for _, (begin, stop) in _entries(data, *index) if index else ():
        offset, after = varint(data, begin, stop)
        size, _ = varint(data, after, stop)
        if offset < before:
            raise WireError("blocks that overlap", offset)
        before = offset + size
        block = _block(data, offset, size, answer)
        if block:
            yield block


def _block(data: Buffer, offset: int, size: int, answer: Answer) -> tuple[int, int] | None:
    end = offset + size
    if end + _TRAILER_BYTES > len(data):
        raise WireError("a block that reaches past the end", offset)
    form = data[end]
    if form == _SNAPPY:
        return None  # names and slices of tensors, packed: the first version of checkpoints
    if form != _RAW:
        answer.unread(f"a block packed in a way that is not known: {form}")
        return None
    return offset, end


def _entries(data: Buffer, begin: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Keys of a block, and where their values lie."""
    if end - begin < 4:
        raise WireError("a block that is too short", begin)
    restarts = int.from_bytes(data[end - 4 : end], "little")
    stop = end - 4 - 4 * restarts
    if stop < begin:
        raise WireError("a block with more restarts than bytes", begin)
    key, at, count = b"", begin, 0
    while at < stop:
        count += 1
        if count > _MOST_ENTRIES:
            raise WireError("more entries than the budget allows", at)
        start = at
        shared, at = varint(data, at, stop)
        own, at = varint(data, at, stop)
        size, at = varint(data, at, stop)
        if shared > len(key) or own + size > stop - at or shared + own > _LONGEST_KEY:
            raise WireError("an entry that reaches past its block", start)
        key = key[:shared] + bytes(data[at : at + own])
        yield key, (at + own, at + own + size)
        at += own + size


def _judge_entry(data: Buffer, span: tuple[int, int], answer: Answer) -> None:
    """Every value is an entry, or the header, of a bundle."""
    message = Message(data, *span)
    fields: list[Field] = list(islice(message, _MOST_FIELDS))
    known = all(_ENTRY.get(f.number) == f.wire for f in fields) or all(
        _HEADER.get(f.number) == f.wire for f in fields
    )
    if not known:
        answer.unread("an entry that is none of a checkpoint's")
        return
    for field in fields:
        if field.number in (4, 5) and field.wire == VARINT and field.signed < 0:
            shown = f"an offset or size of {field.signed}"
            answer.find(RULES["tensorflow.structure"], shown, offset=field.start)
