"""TensorFlow.js and Zarr: paths that stay in their folder, codecs that load no pickles."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from assay.core.finding import Verdict
from scanning.container_making import COMMAND, ELF, Judged, judge
from scanning.keras_making import function, layer, model

NUMBERS = struct.pack("<64f", *range(64))


def web(topology: object, *paths: str) -> Judged:
    weights = [{"name": "dense/kernel", "shape": [4, 2], "dtype": "float32"}]
    document = {
        "format": "layers-model",
        "generatedBy": "keras v2.15.0",
        "convertedBy": "TensorFlow.js Converter v4.20.0",
        "modelTopology": topology,
        "weightsManifest": [{"paths": list(paths) or ["group1-shard1of1.bin"], "weights": weights}],
    }
    return judge(json.dumps(document).encode(), "model.json")


KERAS = {"keras_version": "2.15.0", "model_config": model(layer("Dense", None, units=2))}
GRAPH = {"node": [{"name": "x", "op": "MatMul"}], "library": {}, "versions": {"producer": 1}}


@pytest.mark.parametrize("topology", [KERAS, GRAPH, None])
def test_models_are_clean(topology: object) -> None:
    assert web(topology).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "path", ["../x.bin", "/etc/passwd", "file:///x", "https://h/x", "a\\..\\x"]
)
def test_weights_elsewhere(path: str) -> None:
    assert web(KERAS, "group1-shard1of2.bin", path).rules == {"tfjs.weights-path"}


def test_the_configuration_inside_is_judged() -> None:
    harmful = {"model_config": model(layer("X", f=function("os", "system")))}
    assert web(harmful).rules == {"keras.dangerous-reference"}


@pytest.mark.parametrize("where", ["node", "library"])
def test_operations_that_read_or_write(where: str) -> None:
    nodes = [{"name": "r", "op": "ReadFile"}]
    graph = {"node": nodes} if where == "node" else {"library": {"function": [{"nodeDef": nodes}]}}
    assert web(graph).rules == {"tfjs.operation"}


def test_files_of_numbers() -> None:
    assert judge(NUMBERS, "web/group1-shard1of2.bin").verdict is Verdict.CLEAN
    assert judge(b"\xfe\0" * 50, "group1-shard1of2").verdict is Verdict.CLEAN
    assert judge(ELF + NUMBERS, "group1-shard1of2.bin").verdict is Verdict.MALICIOUS
    assert judge(COMMAND + b"\0", "group1-shard1of2.bin").verdict is Verdict.MALICIOUS


# Zarr and Orbax


def described(**more: Any) -> Judged:
    document = {"zarr_format": 2, "chunks": [2], "dtype": "<f4", "shape": [4], **more}
    return judge(json.dumps(document).encode(), "a/.zarray")


def test_descriptions_of_arrays() -> None:
    assert described(compressor={"id": "zstd", "level": 1}, filters=None).verdict is Verdict.CLEAN
    judged = described(dtype="|O", filters=[{"id": "pickle", "protocol": 5}])
    assert judged.rules == {"zarr.pickle-codec"}
    nested = {
        "name": "sharding_indexed",
        "configuration": {"codecs": [{"name": "numcodecs.pickle"}]},
    }
    document = {"zarr_format": 3, "node_type": "array", "codecs": [nested]}
    assert judge(json.dumps(document).encode(), "zarr.json").rules == {"zarr.pickle-codec"}


ZSTANDARD = b"\x28\xb5\x2f\xfd\x20\x08\x41\x00\x00\x05\x00"
NODE = b"\x0c\xdb\x20\xde" + (40).to_bytes(8, "little") + b"\0\1" + bytes(26)


@pytest.mark.parametrize(
    "name",
    ["params.kernel/0.0", "p/c/0/0", "step/0", "i/c", "ocdbt.process_0/d/" + "0a" * 16],
)
def test_chunks_are_clean_where_chunks_are(name: str) -> None:
    assert judge(ZSTANDARD, name).verdict is Verdict.CLEAN
    assert judge(b"\xfe\0\1" * 50, name).verdict is Verdict.CLEAN
    assert judge(COMMAND + b"\0", name).verdict is Verdict.MALICIOUS
    assert judge(ELF, name).verdict is Verdict.MALICIOUS


def test_chunks_anywhere_else_are_unknown() -> None:
    assert judge(ZSTANDARD, "model.bin").verdict is Verdict.UNKNOWN
    assert judge(b"\xfe\0\1" * 50, "params/kernel").verdict is Verdict.UNKNOWN


def test_nodes_of_the_database_are_known_by_content() -> None:
    judged = judge(NODE, "manifest.ocdbt")
    assert judged.family == "tensorstore"
    assert judged.verdict is Verdict.CLEAN
    assert judge(NODE[:-1], "manifest.ocdbt").verdict is Verdict.UNKNOWN
