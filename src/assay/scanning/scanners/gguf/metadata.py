"""GGUF metadata: templates, vocabularies, and values that hold something else."""

from __future__ import annotations

from assay.core.finding import Severity
from assay.scanning.parsers.gguf import (
    ARRAY,
    FLOAT32,
    FLOAT64,
    INT8,
    STRING,
    UINT8,
    Entry,
    Gguf,
)
from assay.scanning.pickle import PersistentIdRule, scan_pickle
from assay.scanning.pickle import opcodes as op
from assay.scanning.pickle.executables import executable
from assay.scanning.scanners.acting_text import acting
from assay.scanning.scanners.gguf.rules import RULES
from assay.scanning.scanners.jinja_template import judge_template
from assay.scanning.subject import Answer, Buffer, Subject

_TEMPLATES = "tokenizer.chat_template"
_TEMPLATE_WORDS = ("template", "prompt")
_TAGS = ("{{", "{%")
_TOKENS = "tokenizer.ggml.tokens"
_BESIDE_TOKENS = ("tokenizer.ggml.scores", "tokenizer.ggml.token_type")
_TEXTS = frozenset({"general.architecture", "tokenizer.ggml.model", "tokenizer.ggml.pre"})
_LISTS = {
    _TOKENS: (STRING,),
    "tokenizer.ggml.merges": (STRING,),
    "tokenizer.ggml.scores": (FLOAT32, FLOAT64),
}
_LEAST_PICKLE = _LEAST_TEXT = 16
_READ_BYTES = 16 << 20


def judge_metadata(data: Buffer, file: Gguf, subject: Subject, answer: Answer) -> None:
    """Judge every value of the metadata that was read."""
    seen: dict[str, Entry] = {}
    for entry in file.entries:
        if entry.key in seen:
            answer.find(RULES["gguf.duplicate"], f"key {entry.key}", offset=entry.begin)
        seen[entry.key] = entry
        _judge_type(entry, answer)
        if entry.kind == STRING:
            _judge_text(data, entry, subject, answer)
        if entry.kind == STRING or entry.item in (UINT8, INT8):
            _judge_bytes(data, entry, subject, answer)
    _judge_vocabulary(seen, answer)


def _judge_type(entry: Entry, answer: Answer) -> None:
    """Report a value of a type its key never has."""
    key = entry.key
    wrong = (key in _TEXTS or key.startswith(_TEMPLATES + ".")) and entry.kind != STRING
    if key == _TEMPLATES:
        wrong = entry.kind != STRING and (entry.kind, entry.item) != (ARRAY, STRING)
    elif key in _LISTS:
        wrong = entry.kind != ARRAY or (entry.item not in _LISTS[key] and entry.count > 0)
    if wrong:
        shown = f"{key}: type {entry.kind}" + (f" of {entry.item}" if entry.kind == ARRAY else "")
        answer.find(RULES["gguf.type"], shown, offset=entry.begin)


def _judge_text(data: Buffer, entry: Entry, subject: Subject, answer: Answer) -> None:
    """A template is judged whole; another text only for what a template in it would reach."""
    text = entry.value
    if text is None:
        answer.unread(f"{entry.key}: a text of {entry.count} bytes")
        return
    if entry.key == _TEMPLATES or any(word in entry.key for word in _TEMPLATE_WORDS):
        judge_template(text, subject, answer, what=entry.key)
        return
    if any(tag in text for tag in _TAGS):
        part = Answer(subject)
        judge_template(text, subject, part, what=entry.key)
        answer.take(part.findings, ())
    found = acting(data, entry.begin, entry.end) if entry.count >= _LEAST_TEXT else None
    if found:
        answer.find(RULES["gguf.program-text"], f"{entry.key}: {found}", offset=entry.begin)


def _judge_bytes(data: Buffer, entry: Entry, subject: Subject, answer: Answer) -> None:
    """A program or a pickle in place of text or numbers."""
    head = bytes(data[entry.begin : min(entry.end, entry.begin + 1024)])
    program = executable(head)
    if program:
        answer.find(RULES["gguf.executable"], f"{program} in {entry.key}", offset=entry.begin)
    if len(head) < _LEAST_PICKLE or head[0] != op.PROTO or head[1] > op.HIGHEST_PROTOCOL:
        return
    result = scan_pickle(
        bytes(data[entry.begin : min(entry.end, entry.begin + _READ_BYTES)]),
        path=subject.path,
        member=subject.member,
        base_offset=subject.base + entry.begin,
        limits=subject.limits,
        policy=subject.policy,
        persistent_ids=PersistentIdRule.UNKNOWN,
    )
    if result.is_dangerous:
        answer.find(RULES["gguf.hidden-pickle"], entry.key, offset=entry.begin)
        answer.take(result.findings, ())


def _judge_vocabulary(seen: dict[str, Entry], answer: Answer) -> None:
    tokens = seen.get(_TOKENS)
    if tokens is None or tokens.kind != ARRAY:
        return
    for key in _BESIDE_TOKENS:
        entry = seen.get(key)
        if entry is None or entry.kind != ARRAY or entry.count == tokens.count:
            continue
        severity = None if entry.count < tokens.count else Severity.LOW
        shown = f"{entry.count} values of {key} for {tokens.count} tokens"
        answer.find(RULES["gguf.vocabulary"], shown, offset=entry.begin, severity=severity)
