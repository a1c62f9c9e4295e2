"""Tokenizers: vocabularies are data, rules that change words are not."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import judge

USUAL = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [{"id": 0, "content": "<s>", "special": True}],
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "\u2581"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
            {"type": "Replace", "pattern": {"Regex": "(?<!\\n)^"}, "content": "x"},
            {"type": "Replace", "pattern": {"String": "``"}, "content": '"'},
        ],
    },
    "pre_tokenizer": {"type": "ByteLevel"},
    "post_processor": {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A"}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}},
    },
    "decoder": {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
    "model": {"type": "BPE", "vocab": {"<s>": 0, "os.system": 1}, "merges": ["a b"]},
}


def tokenizer(**changes: object) -> bytes:
    return json.dumps(USUAL | changes).encode()


def test_a_usual_tokenizer_is_clean() -> None:
    judged = judge(tokenizer(), "tokenizer.json")
    assert judged.verdict is Verdict.CLEAN, judged


@pytest.mark.parametrize("part", ["normalizer", "pre_tokenizer", "decoder"])
@pytest.mark.parametrize(
    ("pattern", "content"),
    [
        ({"String": "bank.com"}, "bank.evil.com"),
        ({"Regex": "safe|harmless"}, "dangerous"),
        ({"String": "\u2581"}, "https://example.invalid/"),
    ],
)
def test_words_replaced_by_words(part: str, pattern: object, content: str) -> None:
    step = {"type": "Replace", "pattern": pattern, "content": content}
    nested = {"type": "Sequence", f"{part}s": [{"type": "Fuse"}, step]}
    judged = judge(tokenizer(**{part: nested}), "tokenizer.json")
    assert "tokenizer.replaced-words" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_a_row_of_tokens_around_every_text() -> None:
    special = {"<s>": {"id": "<s>", "ids": list(range(12)), "tokens": ["a"] * 12}}
    processor = {"type": "TemplateProcessing", "single": [], "special_tokens": special}
    judged = judge(tokenizer(post_processor=processor), "tokenizer.json")
    assert judged.rules == {"tokenizer.added-tokens"}


@pytest.mark.parametrize(
    "value", [None, [], 5, {"type": "Replace"}, {"type": "Replace", "content": 1}]
)
def test_shapes_nobody_expects(value: object) -> None:
    judge(tokenizer(normalizer=value, post_processor=value), "tokenizer.json")


def ranks(count: int = 300) -> bytes:
    rows = (f"{base64.b64encode(f'token{i}'.encode()).decode()} {i}\n" for i in range(count))
    return "".join(rows).encode()


@pytest.mark.parametrize("name", ["cl100k_base.tiktoken", "tokenizer.model", "ranks"])
def test_ranks_are_data_under_any_name(name: str) -> None:
    judged = judge(ranks(), name)
    assert judged.family == "tiktoken"
    assert judged.verdict is Verdict.CLEAN


def test_ranks_that_go_on_as_something_else_are_unread() -> None:
    judged = judge(ranks() + b"import os\n", "a.tiktoken")
    assert judged.verdict is Verdict.UNKNOWN
    assert "line 301" in judged.unread[0]


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["type", "content", "pattern", "special_tokens", "normalizers", "ids"]), inner, max_size=3)
), max_leaves=8))  # fmt: skip
def test_any_shape_has_an_answer(value: object) -> None:
    judge(tokenizer(normalizer=value, post_processor=value, decoder=value), "tokenizer.json")
