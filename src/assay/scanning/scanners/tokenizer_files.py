"""Tokenizers: `tokenizer.json` of the tokenizers library, and ranks as tiktoken keeps them.

A vocabulary may hold anything. What changes text on its way to or from the model is another
matter: rules that replace words, and templates that add tokens nobody wrote.
Sources: `tokenizers` (Rust), modules `normalizers::replace`, `processors::template`;
`tiktoken.load.load_tiktoken_bpe`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.finding import Confidence, References, Severity
from assay.scanning.rules import Rule, table
from assay.scanning.scanners.jinja_template.wording import address, words
from assay.scanning.subject import Answer, Buffer, Subject

_CHANGED = References(
    atlas=("AML.T0018.002", "AML.T0051.001"), cwe=("CWE-506",), owasp=("LLM03:2025", "LLM04:2025")
)
_RANKS = re.compile(rb"(?:[A-Za-z0-9+/]{1,4096}={0,2} \d{1,9}\r?\n){3,}")
_LINE = re.compile(rb"(?:[A-Za-z0-9+/]{1,65536}={0,2} \d{1,9}\r?(?:\n|\Z))*+")
_SAMPLE = 4096
_MOST_IDS = 4
_MOST_PARTS = 10_000

TITLE = "Tokenizers"
RULES = table(
    (
        Rule(
            "tokenizer.replaced-words",
            "Replaces words by other words",
            Severity.HIGH,
            Confidence.MEDIUM,
            "The tokenizer replaces words by others before the model reads a text, or before a "
            "person reads the answer. Tokenizers replace spaces and marks, never words.",
            "Take the tokenizer of the model this one was derived from.",
            _CHANGED,
        ),
        Rule(
            "tokenizer.added-tokens",
            "Adds tokens nobody wrote",
            Severity.MEDIUM,
            Confidence.MEDIUM,
            "The tokenizer puts a row of tokens around every text. Others put one or two marks, "
            "such as the one for the beginning.",
            "Take the tokenizer of the model this one was derived from.",
            _CHANGED,
        ),
    )
)


def is_ranks(data: Buffer, subject: Subject) -> bool:
    """Whether it is lines of Base64 with a rank each."""
    del subject
    return _RANKS.match(bytes(data[:_SAMPLE])) is not None


def scan_ranks(data: Buffer, subject: Subject, answer: Answer) -> None:
    """Every line is a token and its rank; anything else is unread."""
    del subject
    text = bytes(data)
    found = _LINE.match(text)
    end = found.end() if found else 0
    if text[end:].strip():
        line = text.count(b"\n", 0, end) + 1
        answer.unread(f"line {line} is no token with its rank")


def scan_json(document: Any, subject: Subject, answer: Answer) -> None:
    """Judge what changes text on its way in or out."""
    del subject
    for part in ("normalizer", "pre_tokenizer", "decoder"):
        for step in _steps(document.get(part)):
            _judge_step(part, step, answer)
    for step in _steps(document.get("post_processor")):
        _judge_template(step, answer)


def _steps(value: Any) -> Iterator[Mapping[str, Any]]:
    """A step, and the steps it is a sequence of."""
    waiting, left = [value], _MOST_PARTS
    while waiting and left:
        left -= 1
        item = waiting.pop()
        if isinstance(item, Mapping):
            yield item
            waiting.extend(v for v in item.values() if isinstance(v, (list, dict)))
        elif isinstance(item, list):
            waiting.extend(v for v in item if isinstance(v, (list, dict)))


def _judge_step(part: str, step: Mapping[str, Any], answer: Answer) -> None:
    """Words in place of words, or an address in place of anything."""
    content, pattern = step.get("content"), step.get("pattern")
    if step.get("type") != "Replace" or not isinstance(content, str):
        return
    wanted = next(iter(pattern.values()), "") if isinstance(pattern, Mapping) else pattern
    if address(content) or (words(content) and words(str(wanted))):
        shown = f"{part}: {str(wanted)[:80]!r} by {content[:80]!r}"
        answer.find(RULES["tokenizer.replaced-words"], shown)


def _judge_template(step: Mapping[str, Any], answer: Answer) -> None:
    """A template's special token stands for one token of the vocabulary, or a few."""
    special = step.get("special_tokens")
    if step.get("type") != "TemplateProcessing" or not isinstance(special, Mapping):
        return
    for name, token in special.items():
        ids = token.get("ids") if isinstance(token, Mapping) else None
        if isinstance(ids, list) and len(ids) > _MOST_IDS:
            shown = f"{str(name)[:60]!r} stands for {len(ids)} tokens"
            answer.find(RULES["tokenizer.added-tokens"], shown)
