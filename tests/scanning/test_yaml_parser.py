"""YAML is read into the same nodes as PyYAML reads, and never into a guess."""

from __future__ import annotations

import contextlib
import time
from itertools import pairwise
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.scanning.parsers.yaml import Node, YamlError, as_plain, expanded_size, parse

TEXTS = {
    "mapping": "a: 1\nb:\n  c: x y\n  d: 'it''s'\ne: \"q\\u00e9\\n\"\n",
    "list at the column of its key": "a:\n- 1\n- b: 2\n  c: 3\n- - x\n  - y\nd: 4\n",
    "flow": "a: [1, 'b', {c: d, \"e\": [f]}, ]\nb: {x: , y: 'z',}\nc: []\nd: {}\n",
    "flow over lines": "a: [1,\n  2, # two\n  3]\nb: {x: 1,\n y: 2}\n",
    "blocks": "a: |\n  one\n   two\n\n  three\nb: >-\n  one\n  two\n\n  three\nc: |+\n  x\n\nd: 1\n",
    "indentation indicator": "a: |2\n    x\n  y\n",
    "comments": "# top\na: 1 # one\n# between\nb: x#y\n",
    "documents": "%YAML 1.1\n---\na: 1\n...\n---\n- b\n--- c\n",
    "anchors": "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n",
    "tags": "a: !!python/name:os.system\nb: !local {c: 1}\nd: !<tag:x.y,2000:z> e\nf: !!str 1\n",
    "tag handles": "%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system [id]\n",
    "escaped tag": "a: !!python/object/apply:os%2Esystem [id]\n",
    "tag before a block": "a: !!python/object:x.Y\n  b: 1\n- c\n"[:-4],
    "properties of keys": "&a k: v\n!!str x: *a\n",
    "complex keys": "? a\n: b\n? [c, d]\n: e\n",
    "plain text over lines": "a: one\n  two\n\n  three\nb: x\n",
    "colons inside": "a: http://x.invalid:80/y\nb: 10:20\n- c"[:-4],
    "quoted keys": "'a b': 1\n\"c: d\": 2\n",
    "empty": "",
    "only comments": "# nothing\n",
    "a lone scalar": "just text\n",
    "nothing in keys": "a:\nb: ~\nc: null\n",
    "windows lines": "a: 1\r\nb:\r\n  - x\r\n",
}


def ours(node: Node) -> Any:
    if node.items is not None:
        return [ours(item) for item in node.items]
    if node.pairs is not None:
        return [(ours(key), ours(value)) for key, value in node.pairs]
    return node.text


def theirs(node: Any) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [theirs(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return [(theirs(key), theirs(value)) for key, value in node.value]
    return node.value


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_texts_are_read_as_pyyaml_reads_them(text: str) -> None:
    expected = [theirs(node) for node in yaml.compose_all(text) if node is not None]
    found = [ours(node) for node in parse(text)]
    assert found == expected or (expected == [] and found in ([], [""]))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc: #-'\"é", max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES, st.booleans(), st.integers(20, 200))
@settings(max_examples=150, deadline=None)
def test_what_pyyaml_writes_is_read_as_it_reads_it(value: Any, flow: bool, width: int) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, width=width, allow_unicode=True)
    expected = [theirs(node) for node in yaml.compose_all(text)]
    assert [ours(node) for node in parse(text)] == expected


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("!!python/name:os.system x", "tag:yaml.org,2002:python/name:os.system"),
        ("!<tag:yaml.org,2002:python/name:os.system> x", "tag:yaml.org,2002:python/name:os.system"),
        ("%TAG ! tag:yaml.org,2002:\n---\n!python/name:os.system x",
         "tag:yaml.org,2002:python/name:os.system"),
        ("!!python/name:os%2Esystem x", "tag:yaml.org,2002:python/name:os.system"),
        ("!mine x", "!mine"),
    ],
)  # fmt: skip
def test_tags_are_resolved_as_loaders_resolve_them(text: str, tag: str) -> None:
    (node,) = parse(text)
    assert node.tag == tag
    (known,) = yaml.compose_all(text)
    assert known.tag == tag


@pytest.mark.parametrize(
    "text",
    [
        "a: b: c\n", "a: [1\n", "a: 'x\n", "a: *nothing\n", "a: 1\n b: 2\n", "- a\nb: 1\n",
        "a: @x\n", 'a: "\\q"\n', "key\nother: 1\n", "a: |x\n  y\n",
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_an_error_with_a_line(text: str) -> None:
    with pytest.raises(YamlError, match="in line"):
        parse(text)


def test_aliases_share_their_node_and_are_counted_as_often_as_they_are_met() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghijklmnopqrstuvwx")
    )
    (root,) = parse(bomb)
    assert expanded_size(root, 10**6) == 10**6 + 1
    plain = as_plain(root)
    assert plain["b"][0] is plain["b"][1]


def test_a_node_that_holds_itself_is_walked_once() -> None:
    (root,) = parse("&a [*a, x]\n")
    assert expanded_size(root, 10) >= 2
    assert as_plain(root)[1] == "x"


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{a: " * 10_000, "- " * 50_000, "? " * 50_000, "&a " * 50_000, "!<" * 50_000,
     "'" * 100_000, '"\\' * 50_000, "a: |\n" + " x\n" * 30_000, "a\n" * 30_000, "*a " * 20_000,
     "a:\n" + "\n".join(" " * n + "k:" for n in range(1, 300)), "\t" * 100_000, "# " * 50_000],
)  # fmt: skip
def test_text_made_to_break_readers_ends_soon(text: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(YamlError):
        parse(text)
    assert time.process_time() - begun < 5


@given(st.text("abk:-?[]{},&*!|>'\"%@`# \n\t~<0.", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except YamlError as error:
        assert error.line >= 1
