"""MessagePack and Flax: arrays that are arrays, sizes that can be, and nothing hidden."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.parsers.msgpack import Kind, Reader
from scanning.container_making import COMMAND, ELF, Judged, judge
from scanning.msgpack_making import Extension, Raw, array, pack

NAME = "flax_model.msgpack"
PICKLE = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."
KERNEL = array([2, 2], "float32", struct.pack("<4f", 0.5, -1, 2, 3))
HONEST: dict[str, object] = {
    "parameters": {
        "params": {"dense": {"kernel": KERNEL, "bias": array([2], "float32", bytes(8))}}
    },
    "types": {
        "half": array([3], "bfloat16", bytes(6)),
        "eighth": array([3], "float8_e4m3fn", bytes(3)),
        "complex": array([1], "complex64", bytes(8)),
        "none": array([0, 4], "float32", b""),
        "scalar": array([], "float32", bytes(4), code=3),
        "number": Extension(2, pack([1.0, 2.0])),
        "time": Extension(-1, bytes(8)),
    },
    "values": {"step": 3, "big": 1 << 40, "text": "os.system", "x": None, "l": [1, -4, 1.5, True]},
    "bytes": {"tokenizer": bytes(range(256))},
    "chunks": {"__msgpack_chunked_array__": True, "shape": {"0": 2}, "chunks": {"0": KERNEL}},
    "nothing": {"params": {}},
}


def of(tree: object, name: str = NAME, after: bytes = b"") -> Judged:
    return judge(pack(tree) + after, name)


@pytest.mark.parametrize("name", HONEST)
def test_what_flax_writes_is_clean(name: str) -> None:
    judged = of(HONEST[name])
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "msgpack"


def test_it_is_known_by_content() -> None:
    assert of(HONEST["parameters"], "checkpoint").family == "msgpack"
    assert of({"w": Extension(42, PICKLE)}, "checkpoint").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "tree",
    [
        {"w": Raw(b"\xdd\xff\xff\xff\xff" + b"\xc0" * 100)},
        {"w": Raw(b"\xdf\x7f\xff\xff\xff")},
        {"w": Raw(b"\xc6\xff\xff\xff\xf0abc")},
        {"w": Raw(b"\xc9\xff\xff\xff\xff\x01")},
        Raw(b"\x91" * 5000 + b"\xc0"),
        Raw(b"\x81\xa1a" * 5000 + b"\xc0"),
    ],
)
def test_claimed_sizes_and_depths_no_writer_writes(tree: object) -> None:
    judged = of(tree)
    assert judged.rules == {"msgpack.claimed-size"}
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (array([1 << 40, 1 << 20], "float32", bytes(16)), "msgpack.array"),
        (array([64, 64], "float32", bytes(16)), "msgpack.array"),
        (array([-4], "float32", bytes(16)), "msgpack.array"),
        (array([1], "__import__", bytes(8)), "msgpack.array"),
        (array([1], "O", PICKLE), "msgpack.object-array"),
        (array([1], "object", bytes(8)), "msgpack.object-array"),
        (Extension(1, b"nothing"), "msgpack.array"),
        (Extension(1, PICKLE), "pickle.dangerous-import"),
        (Extension(2, b"\xc0"), "msgpack.array"),
        (Extension(42, COMMAND), "pickle.dangerous-import"),
        (array([len(ELF)], "uint8", ELF), "tensor.executable"),
        (PICKLE, "tensor.pickle"),
        (ELF, "tensor.executable"),
    ],
)
def test_values_that_are_not_what_they_should_be(value: object, rule: str) -> None:
    judged = of({"ok": KERNEL, "w": value})
    assert rule in judged.rules, judged
    assert judged.verdict is Verdict.MALICIOUS


def test_an_extension_of_unknown_type_is_to_be_looked_at() -> None:
    assert of({"w": Extension(42, b"\x01\x02")}).verdict is Verdict.SUSPICIOUS


def test_bytes_behind_the_document() -> None:
    assert of({"w": KERNEL}, after=b"\0\0").verdict is Verdict.SUSPICIOUS
    assert of({"w": KERNEL}, after=PICKLE).verdict is Verdict.MALICIOUS


def test_a_pickle_named_so_is_a_pickle() -> None:
    assert judge(PICKLE, NAME).verdict is Verdict.MALICIOUS


def test_a_file_that_is_cut_off_is_never_clean() -> None:
    whole = pack(HONEST["parameters"])
    for size in range(1, len(whole)):
        assert judge(whole[:size], NAME).verdict is Verdict.UNKNOWN, size


def test_every_value_in_order() -> None:
    tree = {"a": [1, {"b": None}], "c": b"x"}
    items = [(i.kind, i.depth, i.key) for i in Reader(pack(tree))]
    assert items == [
        (Kind.MAP, 0, False),
        (Kind.TEXT, 1, True),
        (Kind.LIST, 1, False),
        (Kind.INTEGER, 2, False),
        (Kind.MAP, 2, False),
        (Kind.TEXT, 3, True),
        (Kind.NIL, 3, False),
        (Kind.TEXT, 1, True),
        (Kind.BYTES, 1, False),
    ]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_mutation_is_answered(data: st.DataObject) -> None:
    tree = {**HONEST["types"], "w": Extension(42, PICKLE)}  # type: ignore[dict-item]
    whole = bytearray(pack(tree))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(whole), NAME).verdict in set(Verdict)
