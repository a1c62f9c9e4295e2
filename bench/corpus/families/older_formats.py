"""Older and rarer formats: Torch7, Caffe, CNTK, RKNN.

Sources: torch7 File.lua; caffe/src/caffe/proto/caffe.proto; CNTK Source/CNTKv2LibraryDll/proto;
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator, Sequence

from bench.corpus.families.archived_formats import EVIL
from bench.corpus.unit import COMMAND, Family, Unit
from bench.corpus.writers import binaries, safetensors
from bench.corpus.writers.protobuf import field, message

LUA = Family("torch7", "torch.load in Lua, or torchfile")


CAFFE = Family("caffe", "Caffe, OpenCV dnn")


CNTK = Family("cntk", "CNTK")


RKNN = Family("rknn", "RKNN runtime")


def units(rng: random.Random) -> Iterator[Unit]:
    yield from _torch7(rng)
    yield from _caffe(rng)
    yield from _binary(rng)


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
    proposal = python("rpn.proposal_layer", "ProposalLayer")
    yield CAFFE.good("network", "proposal-layer", {"test.prototxt": proposal}, expect="suspicious")
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
