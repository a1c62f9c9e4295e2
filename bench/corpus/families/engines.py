"""TensorRT engines and MXNet models: libraries they name or carry."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator

from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, safetensors
from bench.corpus.writers import opcodes as op

TRT = Family("tensorrt", "TensorRT runtime")
MX = Family("mxnet", "mxnet, GluonCV")
EVIL = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))


def engine(*parts: bytes, magic: bytes = b"ftrt") -> bytes:
    """A serialised engine's outer shape: tag, version words, size, body."""
    body = b"".join(struct.pack("<I", len(part)) + part for part in parts)
    return magic + struct.pack("<IIQ", 0, 0x0A03, len(body)) + body


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _tensorrt(rng)
    yield from _mxnet(rng)


def _tensorrt(rng: random.Random) -> Iterator[Unit]:
    weights = safetensors.floats(rng, 128)

    def bad(
        technique: str,
        variant: str,
        body: bytes,
        payload: str = "names or carries a native library",
    ) -> Unit:
        return TRT.bad(technique, variant, {"model.engine": body}, payload=payload)

    elf = binaries.elf(b"getPluginCreators", b"initLibNvInferPlugins", b"system")
    yield bad("plugin-library", "embedded-elf", engine(b"conv1", weights, elf))
    yield bad(
        "plugin-library",
        "embedded-pe",
        engine(b"conv1", binaries.pe(b"getPluginCreators"), weights),
    )
    yield bad(
        "plugin-library", "path", engine(b"conv1", b"/tmp/../tmp/libevil_plugin.so\0", weights)
    )
    yield bad(
        "plugin-library",
        "share",
        engine(b"conv1", b"\\\\example.invalid\\p\\plugin.dll\0", weights),
    )
    yield bad(
        "plugin-script", "python", engine(b"PyPlugin", b"import os; os.system('true')", weights)
    )
    yield bad("plugin-library", "at-end", engine(b"conv1", weights) + elf)
    yield bad("disguised", "pickle", EVIL, "runs a command")
    yield bad("disguised", "elf", binaries.elf(b"main", shared=False), "is a program")
    for variant, parts in {
        "plain": (b"conv1", weights),
        "many": (b"conv1", weights, b"relu1", b"fc", weights, b"softmax"),
        "plugin-name": (b"EfficientNMS_TRT", b"1", weights),
        "noise": (b"conv1", rng.randbytes(4000)),
    }.items():
        yield TRT.good("engine", variant, {"model.engine": engine(*parts)})
    yield TRT.good("engine", "plan", {"model.plan": engine(b"fc", weights, magic=b"ptrt")})
    files = {
        "1/model.plan": engine(b"fc", weights),
        "config.pbtxt": 'name: "fc"\nplatform: "tensorrt_plan"\nmax_batch_size: 8\ninput [{ name: "x" data_type: TYPE_FP32 dims: [ 4 ] }]\n',
    }
    yield TRT.good("repository", "triton", files)


def symbol(*nodes: dict[str, object], **attrs: object) -> str:
    first: dict[str, object] = {"op": "null", "name": "data", "inputs": []}
    return json.dumps(
        {
            "nodes": [first, *nodes],
            "arg_nodes": [0],
            "node_row_ptr": list(range(len(nodes) + 2)),
            "heads": [[len(nodes), 0, 0]],
            "attrs": {"mxnet_version": ["int", 10900], **attrs},
        },
        indent=2,
    )


def node(kind: str, name: str, **attrs: str) -> dict[str, object]:
    return {"op": kind, "name": name, "attrs": attrs, "inputs": [[0, 0, 0]]}


def params(data: bytes, *, count: int = 1, dims: tuple[int, ...] = (4, 4), kind: int = 0) -> bytes:
    """An NDArray list: magic, arrays (V2), names."""
    array = struct.pack("<IiI", 0xF993FAC9, 0, len(dims)) + b"".join(
        struct.pack("<q", n) for n in dims
    )
    array += struct.pack("<iii", 1, 0, kind) + data
    name = b"arg:fc_weight"
    return struct.pack("<QQQ", 0x112, 0, count) + array + struct.pack("<QQ", 1, len(name)) + name


def _mxnet(rng: random.Random) -> Iterator[Unit]:
    weights = safetensors.floats(rng, 16)
    fc = node("FullyConnected", "fc", num_hidden="4")
    good = {"model-symbol.json": symbol(fc), "model-0000.params": params(weights)}

    def bad(
        technique: str,
        variant: str,
        text: str,
        body: bytes = params(weights),
        payload: str = "calls foreign code",
    ) -> Unit:
        return MX.bad(
            technique,
            variant,
            {"model-symbol.json": text, "model-0000.params": body},
            payload=payload,
        )

    yield bad(
        "custom-operator",
        "custom",
        symbol(fc, node("Custom", "c", op_type="evil_prop", command=COMMAND)),
    )
    inner = {
        **node("_subgraph", "s"),
        "subgraphs": [json.loads(symbol(node("Custom", "c", op_type="evil")))],
    }
    yield bad("custom-operator", "subgraph", symbol(fc, inner))
    yield bad("custom-operator", "native", symbol(node("_Native", "n", info="0x41414141")))
    yield bad("custom-operator", "ndarray", symbol(node("_NDArray", "n", info="0x41414141")))
    yield bad("library-attribute", "path", symbol(node("my_gemm", "g", library="/tmp/libevil.so")))
    yield bad("library-attribute", "graph", symbol(fc, library=["str", "../libcustom.so"]))
    yield bad(
        "bounds",
        "dimensions",
        symbol(fc),
        params(weights, dims=(1 << 40, 1 << 40)),
        "reads outside its buffer",
    )
    yield bad(
        "bounds", "count", symbol(fc), params(weights, count=1 << 60), "reads outside its buffer"
    )
    yield bad(
        "embedded-executable",
        "elf",
        symbol(fc),
        params(binaries.elf(b"x"), dims=(512,), kind=3),
        "carries code",
    )
    yield bad("disguised", "pickle-params", symbol(fc), EVIL, "runs a command")
    yield MX.good("model", "dense", good)
    conv = [
        node("Convolution", "c", kernel="(3, 3)", num_filter="8"),
        node("BatchNorm", "b"),
        node("Activation", "a", act_type="relu"),
        node("SoftmaxOutput", "s"),
    ]
    yield MX.good(
        "model",
        "conv",
        {"resnet-symbol.json": symbol(*conv), "resnet-0001.params": params(weights)},
    )
    yield MX.good("model", "symbol-only", {"model-symbol.json": symbol(fc)})
    yield MX.good("model", "params-only", {"model-0000.params": params(weights)})
    hidden = node(
        "FullyConnected", "custom_fc", num_hidden="4", __layout__="NCHW", __lr_mult__="0.1"
    )
    yield MX.good("model", "hidden-attributes", {"m-symbol.json": symbol(hidden)})
    control = {**node("_cond", "if"), "subgraphs": [json.loads(symbol(fc)), json.loads(symbol(fc))]}
    yield MX.good("model", "control-flow", {"m-symbol.json": symbol(control)})
    yield MX.good(
        "model", "labels", {**good, "synset.txt": "n01440764 tench\nn01443537 goldfish\n"}
    )
