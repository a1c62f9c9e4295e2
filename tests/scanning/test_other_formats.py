"""Java objects, word vectors, and pickles inside JSON."""

from __future__ import annotations

import base64
import json
import pickle
import struct

import pytest

from assay.core.finding import Verdict
from scanning.container_making import COMMAND, Member, judge, zip_of


def java(*names: str) -> bytes:
    """A stream with a class descriptor for each name."""
    raw = b"\xac\xed\0\x05"
    for name in names:
        raw += b"sr" + struct.pack(">H", len(name)) + name.encode() + bytes(8) + b"\x02\0\0xp"
    return raw


def vectors(words: list[str], size: int = 4, end: bytes = b"\n") -> bytes:
    """What word2vec writes."""
    rows = (w.encode() + b" " + struct.pack(f"<{size}f", *range(size)) + end for w in words)
    return f"{len(words)} {size}\n".encode() + b"".join(rows)


def test_a_model_of_a_known_java_library_is_clean() -> None:
    judged = judge(java("weka.classifiers.trees.J48", "[D", "java.util.ArrayList"), "j48.model")
    assert (judged.family, judged.verdict) == ("java-objects", Verdict.CLEAN)


@pytest.mark.parametrize(
    "name",
    [
        "org.apache.commons.collections.functors.InvokerTransformer",
        "com.sun.org.apache.xalan.internal.xsltc.trax.TemplatesImpl",
        "java.net.URL",
        "org.codehaus.groovy.runtime.MethodClosure",
    ],
)
def test_a_class_of_a_public_chain_is_malicious(name: str) -> None:
    judged = judge(java("java.util.HashMap", name), "weights.bin")
    assert judged.rules == {"java.gadget"}
    assert judged.verdict is Verdict.MALICIOUS


def test_classes_nobody_knows_need_a_person() -> None:
    judged = judge(java("com.acme.Model", "com.acme.Layer"), "m.model")
    assert judged.rules == {"java.unknown-class"}
    assert judged.verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize("end", [b"\n", b""])
def test_word_vectors_are_clean(end: bytes) -> None:
    judged = judge(vectors(["</s>", "the", "café"], end=end), "vectors.bin")
    assert (judged.family, judged.verdict) == ("word-vectors", Verdict.CLEAN)


@pytest.mark.parametrize("cut", [1, 9, 20])
def test_word_vectors_that_are_cut_off_are_not_clean(cut: int) -> None:
    data = vectors([f"w{n}" for n in range(40)], end=b"")
    assert judge(data[:-cut], "vectors.bin").verdict is Verdict.UNKNOWN


def test_what_follows_word_vectors_is_not_passed_over() -> None:
    assert judge(vectors(["a", "b"]) + b"hidden", "v.bin").verdict is Verdict.UNKNOWN


def serialized(content: bytes) -> bytes:
    row = {":type:": "<class 'x'>", ":serialized:": base64.b64encode(content).decode()}
    return json.dumps({"policy_class": row, "n_envs": 1}).encode()


def test_a_pickle_inside_json_is_judged_as_one() -> None:
    for data, name in (
        (serialized(COMMAND), "data.json"),
        (zip_of([Member("data", serialized(COMMAND))]), "ppo.zip"),
    ):
        judged = judge(data, name)
        assert "pickle.dangerous-import" in judged.rules
        assert judged.verdict is Verdict.MALICIOUS


def test_plain_data_pickled_inside_json_is_clean() -> None:
    judged = judge(serialized(pickle.dumps({"a": [1, 2.5]})), "data.json")
    assert judged.verdict is Verdict.CLEAN, judged
