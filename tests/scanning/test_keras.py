"""Keras: what a configuration makes a loader import, unpack or open, wherever it is stored."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.finding import Verdict
from scanning.container_making import ELF, Judged, Member, judge, torch_members, zip_of
from scanning.hdf5_making import External, Group, hdf5_of
from scanning.keras_making import (
    Config,
    archive,
    bytecode,
    function,
    h5,
    layer,
    model,
    stored,
)

PICKLE = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."
DENSE = layer("Dense", units=4, activation="relu")
Store = Callable[[Config], tuple[bytes, str]]


def in_archive(config: Config) -> tuple[bytes, str]:
    return archive(config), "m.keras"


def in_hdf5(config: Config) -> tuple[bytes, str]:
    return h5(config), "m.h5"


def alone(config: Config) -> tuple[bytes, str]:
    return json.dumps(config).encode(), "config.json"


STORES = [in_archive, in_hdf5, alone]


def of(config: Config, store: Store = in_archive) -> Judged:
    return judge(*store(config))


# What models are made of


HONEST: dict[str, Config] = {
    "dense": model(DENSE, layer("Flatten"), layer("Dense", None, units=2)),
    "optimizer": model(
        DENSE,
        compile_config={
            "optimizer": layer("AdamW", "keras.optimizers", learning_rate={
                "module": "keras.optimizers.schedules", "class_name": "CosineDecay", "config": {}}),
            "loss": function("builtins", "sparse_categorical_crossentropy"),
            "metrics": ["accuracy", layer("MeanMetricWrapper", "keras.metrics")],
        },
    ),
    "functions": model(
        layer("Activation", activation=function("keras.activations", "gelu")),
        layer("Activation", activation=function("builtins", "relu")),
        layer("Add", node=function("keras.ops", "mean")),
        layer("X", None, f=function("tensorflow.python.ops.gen_nn_ops", "relu")),
    ),
    "functional": {
        "module": "keras.src.models.functional", "class_name": "Functional",
        "config": {"layers": [DENSE | {"inbound_nodes": [{"args": [
            {"class_name": "__keras_tensor__", "config": {"shape": [None, 4]}}]}]}]},
        "registered_name": "Functional",
    },
    "own class": model(layer("Gate", "my_project.layers") | {"registered_name": "mine>Gate"}),
    "own class in a script": model(layer("Gate", "__main__")),
    "own function": model(layer("Dense", activation={
        "module": "builtins", "class_name": "function", "config": "Custom>act"})),
    "library": model(layer("RotaryEmbedding", "keras_hub.layers")),
    "feature space": layer("FeatureSpace", "keras.utils", features={}),
    "vocabulary": model(layer("StringLookup", vocabulary=["os.system", "/etc/passwd", "eval"])),
    "graph operations": model(
        layer("TFOpLambda", None, function="math.reduce_mean"),
        layer("TFOpLambda", None, function="image.resize"),
        layer("TFOpLambda", None, function="io.decode_jpeg"),
        layer("SlicingOpLambda", None, function="__operators__.getitem"),
        layer("ClassMethod", None, cls_symbol="sparse.SparseTensor", method_name="from_dense"),
    ),
    "names that say nothing": model(layer("Dense", None) | {"config": {"name": "os.system"}}),
    "policy": model(layer("Dense", dtype=layer("DTypePolicy", "keras", policy="mixed_float16"))),
    "built-in function in a Lambda": model(
        layer("Lambda", None, function="relu", function_type="function", module="my.code")),
}  # fmt: skip


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", HONEST)
def test_honest_models_are_clean(name: str, store: Store) -> None:
    judged = of(HONEST[name], store)
    assert judged.verdict is Verdict.CLEAN, judged


# What runs


LAMBDA = layer("Lambda", function=stored(), arguments={})
OLD = layer("Lambda", None, function=[bytecode(), None, None], function_type="lambda")
HARMFUL: dict[str, tuple[Config, str]] = {
    "Lambda": (model(DENSE, LAMBDA), "code.runs-other-code"),
    "old Lambda": (model(OLD), "code.runs-other-code"),
    "Lambda as TensorFlow writes tuples": (
        model(layer("Lambda", None, function={
            "class_name": "__tuple__", "items": [bytecode(), None, None]})),
        "code.runs-other-code"),
    "Lambda of the time between": (
        model(layer("Lambda", function={"class_name": "__lambda__",
            "config": {"value": [bytecode(), None, None]}})), "code.runs-other-code"),
    "output shape": (
        model(layer("Lambda", None, function="relu", function_type="function",
            output_shape=[bytecode(), None, None], output_shape_type="lambda")),
        "code.runs-other-code"),
    "mask": (
        model(layer("Lambda", None, function="relu", function_type="function",
            mask=[bytecode(), None, None], mask_type="lambda")), "code.runs-other-code"),
    "inside another layer": (model(layer("TimeDistributed", layer=LAMBDA)), "code.runs-other-code"),
    "inside a model": (model(DENSE, model(model(OLD))), "code.runs-other-code"),
    "as an initialiser": (model(layer("Dense", kernel_initializer=stored())),
        "code.runs-other-code"),
    "as a loss": (model(DENSE, compile_config={"loss": stored()}), "code.runs-other-code"),
    "os.system": (model(layer("Lambda", function=function("os", "system"))),
        "keras.dangerous-reference"),
    "eval": (model(layer("Dense", kernel_regularizer=function("builtins", "eval"))),
        "keras.dangerous-reference"),
    "a class of the standard library": (model(layer("Popen", "subprocess")),
        "keras.dangerous-reference"),
    "the model itself": ({"module": "os", "class_name": "system", "config": {}},
        "keras.dangerous-reference"),
    "a registered name for cover": (
        model(layer("system", "os") | {"registered_name": "mine>Gate"}),
        "keras.dangerous-reference"),
    "what a module of Keras imported": (model(layer("X", f=function("keras.src.utils", "Popen"))),
        "keras.dangerous-reference"),
    "attributes of a module of Keras": (
        model(layer("X", f=function("keras.layers", "os.system"))), "keras.dangerous-reference"),
    "a type specification": (
        {"class_name": "__typespec__", "spec_name": "Popen", "module": "subprocess", "config": []},
        "keras.dangerous-reference"),
    "the globals of an old Lambda": (
        model(layer("Lambda", None, function="system", function_type="function", module="os")),
        "keras.dangerous-reference"),
    "get_file": (model(layer("Lambda", function=function("keras.utils", "get_file"),
        arguments={"origin": "http://host/x"})), "keras.loading-function"),
    "extract_archive": (
        model(layer("X", f=function("keras.src.utils.file_utils", "extract_archive"))),
        "keras.loading-function"),
    "load_model": (model(layer("X", f=function("keras.models", "load_model"))),
        "keras.loading-function"),
    "unsafe mode": (
        model(layer("X", f=function("keras.config", "enable_unsafe_deserialization"))),
        "keras.loading-function"),
    "another name of Keras": (
        model(layer("X", f=function("tensorflow.python.keras.utils.data_utils", "get_file"))),
        "keras.loading-function"),
    "a path for a vocabulary": (model(layer("StringLookup", vocabulary="/etc/passwd")),
        "keras.file-read"),
    "an address for a vocabulary": (
        model(layer("IntegerLookup", vocabulary="https://host/v.txt")), "keras.file-read"),
    "a path upwards": (model(layer("TextVectorization", vocabulary="../../v.txt")),
        "keras.file-read"),
    "reading a file": (model(layer("TFOpLambda", None, function="io.read_file")),
        "keras.graph-operation"),
    "writing a file": (model(layer("TFOpLambda", None, function="raw_ops.WriteFile")),
        "keras.graph-operation"),
    "calling Python": (model(layer("TFOpLambda", None, function="py_function")),
        "keras.graph-operation"),
    "a node of a graph": (
        model(layer("TensorFlowOpLayer", None, node_def='{"name": "r", "op": "ReadFile"}')),
        "keras.graph-operation"),
    "a model elsewhere": (model(layer("TFSMLayer", filepath="/tmp/model")), "keras.other-model"),
    "a PyTorch module": (
        model(layer("TorchModuleWrapper", module_=0) | {
            "config": {"module": base64.b64encode(PICKLE).decode()}}), "pickle.dangerous-import"),
    "a PyTorch module as torch.save writes it": (
        model(layer("TorchModuleWrapper") | {"config": {
            "module": base64.b64encode(zip_of(torch_members(PICKLE))).decode()}}),
        "pickle.dangerous-import"),
}  # fmt: skip


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", HARMFUL)
def test_what_runs_or_reads_blocks(name: str, store: Store) -> None:
    config, rule = HARMFUL[name]
    judged = of(config, store)
    assert rule in judged.rules, judged
    assert judged.verdict is Verdict.MALICIOUS


DOUBTFUL: dict[str, Config] = {
    "harmless Lambda": model(layer("Lambda", function=stored("lambda x: x / 255.0"))),
    "function of the author's in a Lambda": model(
        layer("Lambda", None, function="scale", function_type="function", module="my.code")),
    "unregistered class elsewhere": model(layer("Gate", "my_project.layers")),
    "function elsewhere": model(layer("Dense", activation=function("my_project", "act"))),
    "vocabulary beside": model(layer("StringLookup", vocabulary="vocab.txt")),
    "model beside": model(layer("TFSMLayer", filepath="saved_model")),
    "model from a hub": model(layer("KerasLayer", "tensorflow_hub.keras_layer",
        handle="https://tfhub.dev/google/x/1")),
    "harmless PyTorch module": model(layer("TorchModuleWrapper") | {"config": {
        "module": base64.b64encode(zip_of(torch_members())).decode()}}),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_a_person_must_look_at_does_not_block(name: str) -> None:
    judged = of(DOUBTFUL[name])
    assert judged.verdict is Verdict.SUSPICIOUS, judged


# Evasions


def test_escapes_and_other_encodings_of_json() -> None:
    text = json.dumps(model(LAMBDA)).replace("__lambda__", "__lam\\u0062da__")
    assert judge(archive(text.encode()), "m.keras").verdict is Verdict.MALICIOUS
    wide = json.dumps(model(LAMBDA)).encode("utf-16")
    assert judge(archive(wide), "m.keras").verdict is Verdict.MALICIOUS


def test_the_last_of_two_keys_is_what_keras_takes() -> None:
    safe, evil = json.dumps(model(DENSE)), json.dumps(model(LAMBDA)["config"])
    judged = judge(archive((safe[:-1] + ', "config": ' + evil + "}").encode()), "m.keras")
    assert {"keras.duplicate-key", "code.runs-other-code"} <= judged.rules


def test_bytecode_that_is_not_base64_is_taken_as_text() -> None:
    """`func_load` goes on with the text itself where Base64 fails."""
    raw = base64.b64decode(bytecode()).decode("latin-1")
    config = model(layer("Lambda", None, function=[raw, None, None], function_type="lambda"))
    assert of(config).verdict is Verdict.MALICIOUS


def test_bytecode_that_cannot_be_read_is_unknown() -> None:
    broken = {"class_name": "__lambda__", "config": {"code": "AAAA"}}
    assert of(model(layer("Lambda", function=broken))).verdict is Verdict.UNKNOWN


def test_a_configuration_inside_another_document() -> None:
    text = json.dumps({"history": [], "model": {"it": model(LAMBDA)}}).encode()
    assert judge(text, "run.json").verdict is Verdict.MALICIOUS


def test_the_training_configuration_counts() -> None:
    judged = judge(h5(model(DENSE), {"loss": stored()}), "m.h5")
    assert judged.verdict is Verdict.MALICIOUS


def test_a_name_of_keras_that_is_longer_than_any() -> None:
    config = model(layer("X", f=function("keras." + "a." * 100_000 + "os", "system")))
    assert of(config).verdict is Verdict.SUSPICIOUS


def test_deep_nesting_is_answered() -> None:
    config: Any = DENSE
    for _ in range(200):
        config = layer("TimeDistributed", layer=config)
    assert of(model(config)).verdict is Verdict.CLEAN
    deep = b'{"class_name":"a","config":' * 50_000 + b"1" + b"}" * 50_000
    assert judge(archive(deep), "m.keras").verdict is Verdict.UNKNOWN
    assert judge(deep, "config.json").verdict is Verdict.UNKNOWN


# The archive


def test_archives_are_known_by_content() -> None:
    assert judge(archive(model(DENSE)), "model.bin").verdict is Verdict.CLEAN
    assert judge(archive(model(LAMBDA)), "model.bin").verdict is Verdict.MALICIOUS


def test_a_configuration_alone_in_an_archive() -> None:
    data = zip_of([Member("config.json", json.dumps(model(LAMBDA)).encode())])
    assert judge(data, "m.keras").verdict is Verdict.MALICIOUS
    assert judge(data, "m.zip").verdict is Verdict.MALICIOUS


def test_a_folder_of_something_else_with_a_configuration_is_no_keras_model() -> None:
    data = zip_of([Member("config.json", b'{"model_type": "bert"}'), Member("a.txt", b"text")])
    assert judge(data, "m.zip").verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "member",
    [
        Member("assets/x.so", ELF),
        Member("extra.pkl", PICKLE),
        Member("assets/../../x", b"text"),
        Member("model.weights.h5", hdf5_of(Group({"a": External("/etc/passwd")}))),
    ],
)
def test_other_members_are_judged_by_what_they_are(member: Member) -> None:
    assert judge(archive(model(DENSE), member), "m.keras").verdict is Verdict.MALICIOUS


def test_assets_of_vocabularies_are_clean() -> None:
    member = Member("assets/layers/string_lookup/vocabulary.txt", b"a\nb\n")
    assert judge(archive(model(DENSE), member), "m.keras").verdict is Verdict.CLEAN


def test_a_configuration_that_is_no_json_is_unknown() -> None:
    assert judge(archive(b"{"), "m.keras").verdict is Verdict.UNKNOWN


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_any_mutation_of_a_configuration_is_answered(data: st.DataObject) -> None:
    config = model(
        DENSE, LAMBDA, OLD, layer("TorchModuleWrapper", module_=PICKLE.decode("latin-1"))
    )
    whole = bytearray(json.dumps(config).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(32, 126))
    assert judge(archive(bytes(whole)), "m.keras").verdict in set(Verdict)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "class_name config module registered_name function function_type code value items "
                "node_def vocabulary filepath handle spec_name".split()
            ),
            inner
            | st.sampled_from(
                ["Lambda", "__lambda__", "function", "TorchModuleWrapper", "TFOpLambda"]
            ),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(_VALUES)
def test_any_document_is_answered(document: object) -> None:
    whole = {"class_name": "X", "config": document}
    assert judge(json.dumps(whole).encode(), "config.json").verdict in set(Verdict)
